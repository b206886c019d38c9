"""Calls the webhooks that match a write, and applies their responses.

Mutating webhooks are called one after the other, by the name of the configuration; each sees the changes of those
before it. Validating webhooks are called concurrently; of several rejections the first in the same order is reported.

Source: apiserver/pkg/admission/plugin/webhook/{mutating,validating}/dispatcher.go (v1.36).
"""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeAlias

from kubeactors.actor import Caller
from kubeactors.api.admissionregistration.v1.webhooks import (
    MutatingWebhook,
    ValidatingWebhook,
)
from kubeactors.apimachinery import patches
from kubeactors.apimachinery.cel.library.authorizer import answering
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import JSON_PATCH
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import StatusError
from kubeactors.apiserver.admission.plugin import Attributes, Lookup, refused
from kubeactors.apiserver.admission.policies.expressions import Failed, Scope, answers_of, conditions_hold, values_of
from kubeactors.apiserver.admission.policies.matching import meant, seen_in, selects
from kubeactors.apiserver.admission.policies.policy_index import GROUP, Hook, PolicyIndex, Webhook
from kubeactors.apiserver.admission.reinvocation import IF_NEEDED
from kubeactors.apiserver.admission.webhooks.call import Call
from kubeactors.apiserver.admission.webhooks.invocation import IGNORE, Invocation, internal
from kubeactors.apiserver.authorization import Authorizer

PLUGIN = "MutatingAdmissionWebhook"

Admit: TypeAlias = Callable[[TypedObject, Attributes], TypedObject]


class RequestContext(Protocol):
    """The part of the server's context that concerns the current request."""

    @property
    def caller(self) -> Caller:
        """Who sent the request."""
        ...

    def uid(self) -> str:
        """A fresh UUID."""
        ...


class Webhooks:
    """Calls the webhooks of the cluster."""

    def __init__(  # called in one place
        self, index: PolicyIndex, lookup: Lookup, authorizer: Authorizer, context: RequestContext, call: Call
    ) -> None:
        self._index = index
        self._authorizer = authorizer
        self._lookup = lookup
        self._context = context
        self._call = call

    def concern(self, attributes: Attributes) -> bool:
        """Whether the rules of any webhook match such requests."""
        found = self._index.webhooks
        return bool(found) and attributes.kind.group != GROUP and any(self._by_rules(attributes))

    async def mutate(self, value: TypedObject, attributes: Attributes, admit: Admit) -> TypedObject:
        """The object after all mutations; in each round those of `admit` come before those of webhooks.

        Raises:
            StatusError: the request is rejected, or a call has failed and the failure policy is Fail.
        """
        value = await self._changed_by_all(admit(value, attributes), attributes)
        if attributes.reinvocation.begins():
            value = await self._changed_by_all(admit(value, attributes), attributes)
        return value

    async def _changed_by_all(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        turns = attributes.reinvocation.turns_of(PLUGIN)
        turns.resume(value)
        for hook, kind in self._by_rules(attributes):
            one = hook.webhook
            if (
                isinstance(one, MutatingWebhook)
                and turns.has(hook.name)
                and self._selects(one, kind, value, attributes)
            ):
                before, value = value, await self._mutated(one, kind, value, attributes)
                turns.taken(hook.name, changes=value != before, again=one.reinvocation_policy == IF_NEEDED)
        turns.leave(value)
        return value

    async def ask_mutating(self, attributes: Attributes) -> None:
        """Call the mutating webhooks about a deletion.

        Raises:
            StatusError: the deletion is rejected, or a response has a patch, for which there is no object.
        """
        for hook, kind in self._by_rules(attributes):
            one = hook.webhook
            if isinstance(one, MutatingWebhook) and self._selects(one, kind, None, attributes):
                verdict = await self._ask(one, kind, None, attributes).verdict()
                attributes.warnings.extend(verdict.warnings)
                if verdict.patch:
                    what = "attempted to modify the object, which is not supported for this operation"
                    raise internal(f'admission webhook "{one.name}" {what}')

    async def validate(self, value: TypedObject | None, attributes: Attributes) -> None:
        """Call the validating webhooks, concurrently, about the object as it will be stored; None for a deletion.

        Raises:
            StatusError: the request is rejected, or a call has failed and the failure policy is Fail.
        """
        concerned = [
            (hook.webhook, kind)
            for hook, kind in self._by_rules(attributes)
            if isinstance(hook.webhook, ValidatingWebhook) and self._selects(hook.webhook, kind, value, attributes)
        ]
        asked = [self._ask(one, kind, value, attributes) for one, kind in concerned]
        refusals: list[StatusError] = []
        for one in asked:
            try:
                attributes.warnings.extend((await one.verdict()).warnings)
            except StatusError as refusal:
                refusals.append(refusal)
        if refusals:
            raise refusals[0]

    def _by_rules(self, attributes: Attributes) -> Iterator[tuple[Hook, Kind[TypedObject]]]:
        """The webhooks with a matching rule, and the version in the rule."""
        for hook in self._index.webhooks:
            one = hook.webhook
            kind = meant(one.rules, attributes, one.match_policy, self._index.scheme)
            if kind is not None:
                yield hook, kind

    def _selects(
        self, one: Webhook, kind: Kind[TypedObject], value: TypedObject | None, attributes: Attributes
    ) -> bool:
        if not selects(one.namespace_selector, one.object_selector, value, attributes, self._lookup):
            return False
        if not one.match_conditions:
            return True
        values = values_of(*seen_in(kind, value, attributes, self._index.scheme), self._lookup)
        scope = Scope({name: values[name] for name in ("object", "oldObject", "request", "authorizer")})
        try:
            with answering(answers_of(self._authorizer, attributes.user)):
                return conditions_hold(one.match_conditions, scope)
        except Failed as failure:
            if one.failure_policy == IGNORE:
                return False
            raise refused(value, attributes, str(failure)) from failure

    async def _mutated(
        self, one: MutatingWebhook, kind: Kind[TypedObject], value: TypedObject, attributes: Attributes
    ) -> TypedObject:
        verdict = await self._ask(one, kind, value, attributes).verdict()
        attributes.warnings.extend(verdict.warnings)
        if not verdict.patch:
            return value
        seen, _ = seen_in(kind, value, attributes, self._index.scheme)
        assert seen is not None, "there is an object before, so there is one after"
        try:
            patched = patches.apply(seen, JSON_PATCH, verdict.patch).object
        except StatusError as error:
            raise internal(f"jsonpatch of webhook {one.name} cannot be applied: {error}") from error
        return kind.to_stored(kind.default(patched))

    def _ask(
        self, one: Webhook, kind: Kind[TypedObject], value: TypedObject | None, attributes: Attributes
    ) -> Invocation:
        seen, as_seen = seen_in(kind, value, attributes, self._index.scheme)
        uid, caller = self._context.uid(), self._context.caller
        return Invocation(one, seen, as_seen, self._lookup, self._call, uid, caller)
