"""Invariant of admission policies and webhooks (here: rules): those in force apply to what they match, and to nothing else.

Computed from the description that each rule carries (`sim/users/admission_objects.py`), without the code of admission.

Source: apiserver/pkg/admission/plugin/policy, apiserver/pkg/admission/plugin/webhook (v1.36).
"""

from bisect import bisect_right
from collections.abc import Iterator
from typing import ClassVar, cast

import msgspec
from msgspec.structs import replace

from kubeactors.actor.cell import Cell
from kubeactors.api.admissionregistration.v1.mutating import MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding
from kubeactors.api.admissionregistration.v1.validating import (
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
)
from kubeactors.api.admissionregistration.v1.webhooks import (
    MutatingWebhookConfiguration,
    ValidatingWebhookConfiguration,
)
from kubeactors.api.core.v1 import ConfigMap
from kubeactors.apimachinery.meta import HasMeta, TypedObject
from kubeactors.apimachinery.requests import Create, Delete, Patch, Result, Update
from kubeactors.apimachinery.serializer import to_builtins
from kubeactors.apimachinery.status import Status
from kubeactors.sim.invariants.apiserver.server_view import KNOWN
from kubeactors.sim.invariants.invariant import Invariant, ServerInvariant
from kubeactors.sim.network import Served
from kubeactors.sim.tree import actors_of
from kubeactors.sim.users.admission_objects import (
    PLURALS,
    TIMEOUT_SECONDS,
    WHICH,
    Binding,
    Hooks,
    Policy,
    mark_of,
    rule_in,
    rule_name,
)
from kubeactors.sim.users.auxiliary import NUMBER, TENANT
from kubeactors.sim.users.manifests import NAMESPACE
from kubeactors.sim.users.tenancy import TYPES
from kubeactors.sim.webhooks import Plain, Question, WebhookPrograms
from kubeactors.sim.workload import SetAdmissionRule, Sort
from kubeactors.sim.world import Commit, World, as_of

FORMS: tuple[tuple[type[Policy | Hooks], type[Binding] | None], ...] = (
    (ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding),
    (MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding),
    (ValidatingWebhookConfiguration, None),
    (MutatingWebhookConfiguration, None),
)
"""The kinds of rules, and the bindings that put them into force."""
SORTS: dict[str, Sort] = {plural: sort for sort, plural in PLURALS.items()}
FAILURE = "Failure"


class _Write(msgspec.Struct, frozen=True):
    """A write that rules may match."""

    operation: str
    resource: str
    namespace: str
    name: str
    numbers: tuple[str, ...]
    """Values of the label that rules select by, on the old and the new object."""


class AdmissionPoliciesAreEnforced(ServerInvariant):
    """What a rule denies is not written, what it adds is present, and no rule denies what it does not match.

    A policy is in force while it and its binding exist, and a webhook while its configuration exists. The server may know
    the state of a few seconds ago; while it is disturbed, any past one.
    """

    name: ClassVar[str] = "admission-policies-are-enforced"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (
        *(one for form in FORMS for one in form if one is not None),
        ConfigMap,
    )

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._versions: dict[str, list[tuple[int, SetAdmissionRule | None]]] = {}
        """By name: the versions of a rule, and since when (virtual nanoseconds) each is in force."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Note the version in force from now on."""
        name = commit.current.metadata.name
        if not isinstance(commit.current, ConfigMap) or name in self._versions:
            self._versions.setdefault(name, [(0, None)]).append((self.root.kernel.now, self._in_force(name)))
        yield from ()

    def _in_force(self, name: str) -> SetAdmissionRule | None:
        for type_, binding in FORMS:
            found = self.world.find(type_, name, "")
            if found is not None and (binding is None or self.world.find(binding, name, "") is not None):
                return self._with_parameter(rule_in(found), name)
        return None

    def _with_parameter(self, rule: SetAdmissionRule, name: str) -> SetAdmissionRule | None:
        if rule.by != "parameter":
            return rule
        found = self.world.find(ConfigMap, name, TENANT)
        return None if found is None else replace(rule, which=int(found.data[WHICH]))

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Compare each write, or its rejection, with all rules."""
        write = self._write(served) if self._versions else None
        if write is None:
            return
        told = f"{write.operation.lower()} of {write.resource} {write.namespace}/{write.name}"
        for name in self._versions:
            states = self._states(name, served.at)
            if isinstance(answer, Status) and answer.status == FAILURE:
                if name in answer.message and not any(one is not None and _denies(one, write) for one in states):
                    yield f"{told} was denied by {name}, which does not match it: {answer.message}"
            elif all(one is not None and _denies(one, write) for one in states):
                yield f"{told} was accepted, though {name} denies it"
            else:
                yield from self._uncalled(served, states, write, answer)
                if isinstance(answer, Result):
                    yield from _lacks(states, write, answer.object, told)

    def _states(self, name: str, asked: int) -> list[SetAdmissionRule | None]:
        """The versions of a rule that the server may have used for a request that arrived at `asked`."""
        said = self._versions[name]
        if asked < self.world.faults.affected_until() + 2 * KNOWN:
            return [rule for _, rule in said]
        first = bisect_right(said, asked - KNOWN, key=lambda one: one[0]) - 1
        return [rule for _, rule in said[max(first, 0) :]]

    def _uncalled(
        self, served: Served, states: list[SetAdmissionRule | None], write: _Write, answer: object
    ) -> Iterator[str]:
        """Whether a validating webhook was not called with exactly the object that was written."""
        looking = [one for one in states if one is not None and _sees_result(one) and _matches(one, write)]
        if len(looking) < len(states):
            return
        name, told = (
            rule_name(looking[0]),
            f"{write.operation.lower()} of {write.resource} {write.namespace}/{write.name}",
        )
        asked = [one for at, mark, one in self._questions() if at >= served.at and mark == mark_of(looking[0])]
        asked = [one for one in asked if (one.namespace, one.name) == (write.namespace, write.name)]
        if write.operation == "DELETE":
            gone = _deleted(answer)
            if gone and gone not in [_uid(one.old) for one in asked]:
                yield f"{told} was accepted, but the webhook {name} was not called for {gone}"
        elif isinstance(answer, Result) and _content(to_builtins(answer.object)) not in [
            _content(one.new) for one in asked
        ]:
            yield f"{told} was accepted, but the webhook {name} was not called with the written object: {answer.object}"

    def _questions(self) -> Iterator[tuple[int, str, Question]]:
        for _, programs in actors_of(self.root, WebhookPrograms):
            yield from cast("WebhookPrograms", programs).asked

    def _write(self, served: Served) -> _Write | None:
        """The requested write; None if no rule can match it, or its result is unknown."""
        request = served.request
        if not isinstance(request, Create | Update | Patch | Delete):
            return None
        resource = request.resource
        if request.subresource or resource.group or resource.resource not in SORTS:
            return None
        objects: list[HasMeta] = [request.object] if isinstance(request, Create | Update) else []
        name = request.object.metadata.name if isinstance(request, Create) else request.name
        if not isinstance(request, Create):
            history = self.world.histories(TYPES[SORTS[resource.resource]]).get((request.namespace, name), ())
            old = as_of(history, served.revision)
            if old is None:
                return None
            objects.append(old)
        operation = "CREATE" if isinstance(request, Create) else "DELETE" if isinstance(request, Delete) else "UPDATE"
        numbers = tuple(one.metadata.labels.get(NUMBER, "") for one in objects)
        return _Write(operation, resource.resource, request.namespace, name, numbers)


def _matches(rule: SetAdmissionRule, write: _Write) -> bool:
    if PLURALS[rule.sort] != write.resource or not {"*", write.operation} & {*rule.operations}:
        return False
    is_there = {
        "tenant": write.namespace == TENANT,
        "elsewhere": write.namespace != TENANT,
        "default": write.namespace == NAMESPACE,
    }
    is_named = write.name == f"{rule.sort}-{rule.which}"
    match rule.by:
        case "all":
            is_matched = True
        case "label":
            is_matched = str(rule.which) in write.numbers
        case "exclusion":
            is_matched = not is_named
        case "condition" | "name" | "parameter":
            is_matched = is_named
    return is_there[rule.place] and is_matched


def _denies(rule: SetAdmissionRule, write: _Write) -> bool:
    """Whether it denies a write. A mutating policy does so only if its expression fails.

    A webhook denies what its program denies, and, unless its failure policy is Ignore, calls that fail.
    """
    if rule.form.endswith("webhook"):
        refuses = rule.answer == "refuse" if _is_answered(rule) else not rule.soft
    else:
        refuses = not rule.soft and (rule.form != "mutating" or rule.errs)
    return refuses and _matches(rule, write)


def _is_answered(rule: SetAdmissionRule) -> bool:
    """Whether a program answers the webhook's call in time."""
    return rule.answer in ("allow", "refuse", "mark") and rule.takes_seconds <= TIMEOUT_SECONDS


def _sees_result(rule: SetAdmissionRule) -> bool:
    """Whether it is a validating webhook whose program must have been called with the final object."""
    return rule.form == "validating-webhook" and rule.answer == "allow" and _is_answered(rule) and not rule.soft


def _deleted(answer: object) -> str:
    """The uid of the object that an answer reports as deleted."""
    if isinstance(answer, Result):
        return answer.object.metadata.uid
    return answer.details.uid if isinstance(answer, Status) and answer.details is not None else ""


def _uid(value: Plain | None) -> object:
    return cast("Plain", (value or {}).get("metadata", {})).get("uid")


def _content(value: Plain | None) -> Plain:
    """The object without the metadata that the server sets when it stores the object."""
    metadata = cast("Plain", (value or {}).get("metadata", {}))
    said = {key: one for key, one in metadata.items() if key not in ("resourceVersion", "managedFields")}
    return {**(value or {}), "metadata": said}


def _lacks(states: list[SetAdmissionRule | None], write: _Write, shown: HasMeta, told: str) -> Iterator[str]:
    marks = [mark_of(one) for one in states if one is not None and _marks(one) and _matches(one, write)]
    if len(marks) == len(states) and isinstance(shown, ConfigMap) and marks[0] not in shown.data:
        yield f"{told} was accepted, but the result lacks the mutation {marks[0]}"


def _marks(rule: SetAdmissionRule) -> bool:
    if rule.form == "mutating-webhook":
        return rule.answer == "mark" and _is_answered(rule)
    return rule.form == "mutating" and not rule.errs


INVARIANTS: tuple[type[Invariant], ...] = (AdmissionPoliciesAreEnforced,)
