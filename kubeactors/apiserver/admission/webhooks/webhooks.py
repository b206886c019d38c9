"""Whom a write concerns, and what follows from the answers.

Mutating webhooks are asked one after the other, in the order of their configurations' names; each sees what those before
it have changed. Validating webhooks are asked together; of several refusals that of the first in the same order counts.

Source: apiserver/pkg/admission/plugin/webhook/{mutating,validating}/dispatcher.go (v1.36).
"""

from collections.abc import Callable, Iterator
from typing import TypeAlias

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
from kubeactors.apiserver.admission.policies.book import GROUP, Book, Hook, Webhook
from kubeactors.apiserver.admission.policies.expressions import Failed, Scope, answers_of, conditions_hold, values_of
from kubeactors.apiserver.admission.policies.matching import meant, seen_in, selects
from kubeactors.apiserver.admission.reinvocation import IF_NEEDED
from kubeactors.apiserver.admission.webhooks.asking import IGNORE, Asking, internal
from kubeactors.apiserver.admission.webhooks.call import Call
from kubeactors.apiserver.authorization import Authorizer
from kubeactors.apiserver.registry.metadata import Environment

PLUGIN = "MutatingAdmissionWebhook"

Admit: TypeAlias = Callable[[TypedObject, Attributes], TypedObject]


class Webhooks:
    """Asks the webhooks of the cluster."""

    def __init__(  # it is made in one place
        self, book: Book, lookup: Lookup, authorizer: Authorizer, environment: Environment, call: Call
    ) -> None:
        self._book = book
        self._authorizer = authorizer
        self._lookup = lookup
        self._environment = environment
        self._call = call

    def concern(self, attributes: Attributes) -> bool:
        """Whether anybody is to be asked about such requests at all, as far as rules tell."""
        found = self._book.webhooks
        return bool(found) and attributes.kind.group != GROUP and any(self._by_rules(attributes))

    async def mutate(self, value: TypedObject, attributes: Attributes, admit: Admit) -> TypedObject:
        """The object after all changes, those that `admit` makes in each round, before webhooks do.

        Raises:
            StatusError: somebody refuses the request, or cannot be asked and must be.
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
        """Ask about a deletion those who could change other requests.

        Raises:
            StatusError: somebody refuses it, or wants something changed: there is nothing that could be.
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
        """Ask about the object as it will be stored; None for a deletion. All are asked at the same time.

        Raises:
            StatusError: somebody refuses the request, or cannot be asked and must be.
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
        """Whom rules mean, with the version that they name."""
        for hook in self._book.webhooks:
            one = hook.webhook
            kind = meant(one.rules, attributes, one.match_policy, self._book.scheme)
            if kind is not None:
                yield hook, kind

    def _selects(
        self, one: Webhook, kind: Kind[TypedObject], value: TypedObject | None, attributes: Attributes
    ) -> bool:
        if not selects(one.namespace_selector, one.object_selector, value, attributes, self._lookup):
            return False
        if not one.match_conditions:
            return True
        values = values_of(*seen_in(kind, value, attributes, self._book.scheme), self._lookup)
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
        seen, _ = seen_in(kind, value, attributes, self._book.scheme)
        assert seen is not None, "there is an object before, so there is one after"
        try:
            patched = patches.apply(seen, JSON_PATCH, verdict.patch).object
        except StatusError as error:
            raise internal(f"jsonpatch of webhook {one.name} cannot be applied: {error}") from error
        return kind.to_stored(kind.default(patched))

    def _ask(self, one: Webhook, kind: Kind[TypedObject], value: TypedObject | None, attributes: Attributes) -> Asking:
        seen, as_seen = seen_in(kind, value, attributes, self._book.scheme)
        return Asking(one, seen, as_seen, self._lookup, self._call, self._environment.uid())
