"""Whom a write concerns, and what follows from the answers.

Mutating webhooks are asked one after the other, in the order of their configurations' names; each sees what those before
it have changed. Validating webhooks are asked in the same order; the first refusal counts.

Source: apiserver/pkg/admission/plugin/webhook/{mutating,validating}/dispatcher.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.admissionregistration.v1.webhooks import (
    MutatingWebhook,
    ValidatingWebhook,
)
from kubeactors.apimachinery import patches
from kubeactors.apimachinery.cel.library.authorizer import answering
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import JSON_PATCH
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apimachinery.status import InternalError, StatusError
from kubeactors.apiserver.admission.plugin import Attributes, Lookup, refused
from kubeactors.apiserver.admission.policies.book import GROUP, Book, Webhook
from kubeactors.apiserver.admission.policies.expressions import Failed, Scope, answers_of, conditions_hold, values_of
from kubeactors.apiserver.admission.policies.matching import meant, seen_in, selects
from kubeactors.apiserver.admission.webhooks.call import Call, CallWebhook
from kubeactors.apiserver.admission.webhooks.endpoint import Endpoint, Unreachable, endpoint_of
from kubeactors.apiserver.admission.webhooks.review import Answer, Nonsense, question, read_answer, refusal
from kubeactors.apiserver.authorization import Authorizer
from kubeactors.apiserver.registry.metadata import Environment

IGNORE, AGAIN = "Ignore", "IfNeeded"
NO_PATCHES = (b"", b"[]")
_USUAL_SECONDS = 10
_NOTHING_TO_SAY = Answer(allowed=True)


class _CallFailed(Exception):
    """There is no answer; the message says why."""


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

    async def mutate(self, value: TypedObject, attributes: Attributes) -> TypedObject:
        """The object after all changes. Webhooks that ask for it see what those after them have changed.

        Raises:
            StatusError: somebody refuses the request, or cannot be asked and must be.
        """
        before = value
        changed_last = ""
        for one, kind in self._mutating(value, attributes):
            made = await self._mutated(one, kind, value, attributes)
            if made is not value:
                value, changed_last = made, one.name
        if value is not before:
            for one, kind in self._mutating(value, attributes):
                if one.reinvocation_policy == AGAIN and one.name != changed_last:
                    value = await self._mutated(one, kind, value, attributes)
        return value

    async def ask_mutating(self, attributes: Attributes) -> None:
        """Ask about a deletion those who could change other requests.

        Raises:
            StatusError: somebody refuses it, or wants something changed: there is nothing that could be.
        """
        for one, kind in self._mutating(None, attributes):
            answer = await self._asked(one, *seen_in(kind, None, attributes, self._book.scheme))
            if answer.patch.strip() not in NO_PATCHES:
                what = "attempted to modify the object, which is not supported for this operation"
                raise _internal(f'admission webhook "{one.name}" {what}')

    async def validate(self, value: TypedObject | None, attributes: Attributes) -> None:
        """Ask about the object as it will be stored; None for a deletion.

        Raises:
            StatusError: somebody refuses the request, or cannot be asked and must be.
        """
        for one, kind in self._validating(value, attributes):
            await self._asked(one, *seen_in(kind, value, attributes, self._book.scheme))

    def _mutating(
        self, value: TypedObject | None, attributes: Attributes
    ) -> Iterator[tuple[MutatingWebhook, Kind[TypedObject]]]:
        for one, kind in self._by_rules(attributes):
            if isinstance(one, MutatingWebhook) and self._selects(one, kind, value, attributes):
                yield one, kind

    def _validating(
        self, value: TypedObject | None, attributes: Attributes
    ) -> Iterator[tuple[ValidatingWebhook, Kind[TypedObject]]]:
        for one, kind in self._by_rules(attributes):
            if isinstance(one, ValidatingWebhook) and self._selects(one, kind, value, attributes):
                yield one, kind

    def _by_rules(self, attributes: Attributes) -> Iterator[tuple[Webhook, Kind[TypedObject]]]:
        """Whom rules mean, with the version that they name."""
        for one in self._book.webhooks:
            kind = meant(one.rules, attributes, one.match_policy, self._book.scheme)
            if kind is not None:
                yield one, kind

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
        seen, as_seen = seen_in(kind, value, attributes, self._book.scheme)
        answer = await self._asked(one, seen, as_seen)
        if not answer.patch or seen is None:
            return value
        try:
            patched = patches.apply(seen, JSON_PATCH, answer.patch).object
        except StatusError as error:
            raise _internal(f"jsonpatch of webhook {one.name} cannot be applied: {error}") from error
        return kind.to_stored(kind.default(patched))

    async def _asked(self, one: Webhook, value: TypedObject | None, attributes: Attributes) -> Answer:
        """The answer of somebody who allows the request."""
        try:
            answer = await self._answer(one, value, attributes)
        except _CallFailed as failure:
            if one.failure_policy == IGNORE:
                return _NOTHING_TO_SAY
            raise _internal(f'failed calling webhook "{one.name}": {failure}') from failure
        attributes.warnings.extend(answer.warnings)
        if not answer.allowed:
            raise refusal(one.name, answer)
        return answer

    async def _answer(self, one: Webhook, value: TypedObject | None, attributes: Attributes) -> Answer:
        """What somebody says.

        Raises:
            _CallFailed: nothing.
        """
        try:
            endpoint = endpoint_of(one.client_config, self._lookup)
        except Unreachable as error:
            raise _CallFailed(f"failed to call webhook: {error}") from error
        if endpoint is None:
            return _NOTHING_TO_SAY
        uid = self._environment.uid()
        body = await self._posted(one, endpoint, question(uid, value, attributes))
        try:
            return read_answer(body, uid, may_patch=isinstance(one, MutatingWebhook))
        except Nonsense as error:
            raise _CallFailed(str(error)) from error

    async def _posted(self, one: Webhook, endpoint: Endpoint, body: bytes) -> bytes:
        seconds = one.timeout_seconds or _USUAL_SECONDS
        reply = await self._call(
            CallWebhook(
                url=f"{endpoint.url}?timeout={seconds}s",
                body=body,
                timeout_seconds=seconds,
                authority=one.client_config.ca_bundle,
                server_name=endpoint.server_name,
            )
        )
        if reply.error:
            raise _CallFailed(f'failed to call webhook: Post "{endpoint.shown}?timeout={seconds}s": {reply.error}')
        if reply.status != 200:
            raise _CallFailed(f"failed to call webhook: the server responded with status {reply.status}")
        return reply.body


def _internal(said: str) -> StatusError:
    return InternalError.saying(f"Internal error occurred: {said}")
