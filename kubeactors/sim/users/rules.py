"""Admission policies and webhooks, and writes that they apply to."""

from collections.abc import Awaitable
from contextlib import suppress
from functools import partial
from typing import cast

import msgspec
from msgspec.structs import replace

from kubeactors.api.core.v1 import ConfigMap, Namespace
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import APPLY_PATCH, MERGE_PATCH, Patch, WriteOptions
from kubeactors.apimachinery.status import NotFound
from kubeactors.sim.users.admission_objects import (
    Hooks,
    Policy,
    binding_of,
    hooks_of,
    parameters,
    policy_of,
    rule_in,
    rule_name,
)
from kubeactors.sim.users.auxiliary import TENANT
from kubeactors.sim.users.session import Session
from kubeactors.sim.users.tenancy import TYPES
from kubeactors.sim.workload import LabelTenantObject, RuleAction, SetAdmissionRule

MARK, MANAGER = "mark", "kubectl"
END_ATTEMPTS = 60
"""How often deleting a rule is retried: it must succeed."""


class Rules:
    """Performs actions about them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def do(self, action: RuleAction) -> Awaitable[None]:
        """Perform the action."""
        return self._rule(action) if isinstance(action, SetAdmissionRule) else self._label(action)

    async def _rule(self, rule: SetAdmissionRule) -> None:
        """Create the rule, let it select another object half-way, and delete it, its binding last."""
        session, found = self._session, policy_of(rule) if _is_policy(rule) else hooks_of(rule)
        with_parameter, with_binding = rule.by == "parameter", _is_policy(rule)
        other = session.world.find(type(found), rule_name(rule), "")
        if other is not None and replace(rule_in(other), which=rule.which) != rule:
            return
        if with_parameter:
            await session.ensure(Namespace(metadata=ObjectMeta(name=TENANT)))
            await session.ensure(parameters(rule))
        await session.ensure(found)
        if with_binding:
            await session.ensure(binding_of(rule))
        await session.sleep(rule.seconds / 2)
        await session.persist(partial(self._go_on, rule, type(found)), END_ATTEMPTS)
        await session.sleep(rule.seconds / 2)
        ends: list[TypedObject] = [found]
        ends += [binding_of(rule)] if with_binding else []
        ends += [parameters(rule)] if with_parameter else []
        for one in ends:
            name, namespace = one.metadata.name, one.metadata.namespace
            await session.persist(partial(session.remove, type(one), name, namespace), END_ATTEMPTS)

    async def _go_on(self, rule: SetAdmissionRule, type_: type[TypedObject]) -> None:
        """Let the rule select the object of the next number."""
        later = replace(rule, which=rule.which + 1)
        with suppress(NotFound):
            if rule.by == "parameter":
                data = parameters(later).data
                name = parameters(rule).metadata.name
                await self._session.change(ConfigMap, name, lambda live: replace(live, data=data), TENANT)
                return
            wanted = policy_of(later) if _is_policy(rule) else hooks_of(later)
            await self._session.change(type_, wanted.metadata.name, lambda live: _as_wanted(live, wanted), "")

    async def _label(self, action: LabelTenantObject) -> None:
        type_, name = TYPES[action.sort], f"{action.sort}-{action.number}"
        if action.how == "update":
            await self._session.change(type_, name, lambda live: _marked(live, action.mark), TENANT)
            return
        client, labels = self._session.client, {MARK: action.mark}
        applies, kind = action.how == "apply", type_()
        body: dict[str, object] = {"metadata": {"labels": labels}}
        if applies:
            body |= {"apiVersion": kind.api_version, "kind": kind.kind}
        await client.send(
            Patch(
                resource=client.resource(type_),
                namespace=TENANT,
                name=name,
                patch_type=APPLY_PATCH if applies else MERGE_PATCH,
                patch=msgspec.json.encode(body),
                options=WriteOptions(
                    field_manager=MANAGER if applies else "",
                    force=applies or None,
                    dry_run=("All",) if action.how == "try" else (),
                ),
                user=client.user,
            )
        )


def _is_policy(rule: SetAdmissionRule) -> bool:
    return not rule.form.endswith("webhook")


def _marked(live: TypedObject, mark: str) -> TypedObject:
    labels = {**live.metadata.labels, MARK: mark}
    return replace(live, metadata=replace(live.metadata, labels=labels))


def _as_wanted(live: TypedObject, wanted: Policy | Hooks) -> TypedObject:
    """The wanted rule with the metadata of the live one."""
    annotations = wanted.metadata.annotations
    return cast("TypedObject", replace(wanted, metadata=replace(live.metadata, annotations=annotations)))
