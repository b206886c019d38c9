"""One webhook is asked about one request.

Source: apiserver/pkg/admission/plugin/webhook/{mutating,validating}/dispatcher.go (v1.36).
"""

from collections.abc import Awaitable

import msgspec

from kubeactors.api.admissionregistration.v1.webhooks import MutatingWebhook
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.status import InternalError, StatusError
from kubeactors.apiserver.admission.plugin import Attributes, Lookup
from kubeactors.apiserver.admission.policies.book import Webhook
from kubeactors.apiserver.admission.webhooks.call import Call, CallWebhook, WebhookReply
from kubeactors.apiserver.admission.webhooks.endpoint import Endpoint, Unreachable, endpoint_of
from kubeactors.apiserver.admission.webhooks.review import Answer, Nonsense, patch_in, question, read_answer, refusal

IGNORE = "Ignore"
_USUAL_SECONDS = 10
_OK = 200
_NOTHING_TO_SAY = Answer(allowed=True)


class Verdict(msgspec.Struct, frozen=True):
    """A webhook allows a request."""

    warnings: tuple[str, ...] = ()
    patch: bytes = b""
    """What it wants changed, as a JSON patch."""


class _CallFailed(Exception):
    """There is no answer; the message says why."""


class Asking:
    """A question that is on its way.

    Args:
        one: who is asked.
        value: the object as he sees it; None for a deletion.
        attributes: what else the request is about.
        lookup: finds the service that he is behind.
        call: carries the question there.
        uid: names the question.
    """

    def __init__(  # noqa: PLR0913, PLR0917 -- made in one place
        self, one: Webhook, value: TypedObject | None, attributes: Attributes, lookup: Lookup, call: Call, uid: str
    ) -> None:
        self._one = one
        self._uid = uid
        self._failure = ""
        self._reply: Awaitable[WebhookReply] | None = None
        self._seconds = one.timeout_seconds or _USUAL_SECONDS
        self._shown = ""
        try:
            endpoint = endpoint_of(one.client_config, lookup)
        except Unreachable as error:
            self._failure = f"failed to call webhook: {error}"
        else:
            if endpoint is not None:
                self._shown = endpoint.shown
                self._reply = call(self._call(endpoint, question(uid, value, attributes)))

    def _call(self, endpoint: Endpoint, body: bytes) -> CallWebhook:
        return CallWebhook(
            url=f"{endpoint.url}?timeout={self._seconds}s",
            body=body,
            timeout_seconds=self._seconds,
            authority=self._one.client_config.ca_bundle,
            server_name=endpoint.server_name,
        )

    async def verdict(self) -> Verdict:
        """What comes of it, if the request is not refused.

        Raises:
            StatusError: the webhook refuses it, or cannot be asked and must be.
        """
        try:
            answer = await self._answer()
            patch = patch_in(answer) if answer.allowed else b""
        except (_CallFailed, Nonsense) as failure:
            if self._one.failure_policy == IGNORE:
                return Verdict()
            raise internal(f'failed calling webhook "{self._one.name}": {failure}') from failure
        if not answer.allowed:
            raise refusal(self._one.name, answer)
        return Verdict(answer.warnings, patch)

    async def _answer(self) -> Answer:
        """What the webhook says.

        Raises:
            _CallFailed: nothing.
            Nonsense: nothing that is an answer.
        """
        if self._failure:
            raise _CallFailed(self._failure)
        if self._reply is None:
            return _NOTHING_TO_SAY
        reply = await self._reply
        if reply.error:
            posted = f'Post "{self._shown}?timeout={self._seconds}s": {reply.error}'
            raise _CallFailed(f"failed to call webhook: {posted}")
        if reply.status != _OK:
            raise _CallFailed(f"failed to call webhook: the server responded with status {reply.status}")
        return read_answer(reply.body, self._uid, may_patch=isinstance(self._one, MutatingWebhook))


def internal(said: str) -> StatusError:
    """The server cannot go on."""
    return InternalError.saying(f"Internal error occurred: {said}")
