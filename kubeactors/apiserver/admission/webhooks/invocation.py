"""A call of a webhook about a request.

Source: apiserver/pkg/admission/plugin/webhook/{mutating,validating}/dispatcher.go (v1.36).
"""

from collections.abc import Awaitable

import msgspec

from kubeactors.actor import Caller
from kubeactors.api.admissionregistration.v1.webhooks import MutatingWebhook
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.status import InternalError, StatusDetails, StatusError, Timeout
from kubeactors.apiserver.admission.plugin import Attributes, Lookup
from kubeactors.apiserver.admission.policies.policy_index import Webhook
from kubeactors.apiserver.admission.webhooks.call import Call, CallWebhook, WebhookReply
from kubeactors.apiserver.admission.webhooks.endpoint import Endpoint, Unreachable, endpoint_of
from kubeactors.apiserver.admission.webhooks.review import (
    AdmissionResponse,
    InvalidResponse,
    patch_in,
    question,
    read_response,
    refusal,
)

IGNORE = "Ignore"
_USUAL_SECONDS = 10
_OK = 200
_NOTHING_TO_SAY = AdmissionResponse(allowed=True)


class Verdict(msgspec.Struct, frozen=True):
    """The webhook allows the request."""

    warnings: tuple[str, ...] = ()
    patch: bytes = b""
    """The JSON patch to apply."""


class _CallFailed(Exception):
    """The call has failed; the message says why."""


class Invocation:
    """A call in flight.

    Args:
        one: the webhook.
        value: the object in the version of the webhook's rule; None for a deletion.
        attributes: the other attributes of the request.
        lookup: finds the service of the webhook.
        call: carries the call.
        uid: identifies the call.
        caller: who sent the request.
    """

    def __init__(  # noqa: PLR0913, PLR0917 -- made in one place
        self,
        one: Webhook,
        value: TypedObject | None,
        attributes: Attributes,
        lookup: Lookup,
        call: Call,
        uid: str,
        caller: Caller,
    ) -> None:
        self._one = one
        self._caller = caller
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
        """The response, if the request is not rejected.

        Raises:
            StatusError: the webhook rejects it, or the call has failed and the failure policy is Fail; or the client has
                closed its connection meanwhile, which cancels its request.
        """
        try:
            response = await self._response()
            patch = patch_in(response) if response.allowed else b""
        except (_CallFailed, InvalidResponse) as failure:
            if self._one.failure_policy == IGNORE:
                return Verdict()
            raise internal(f'failed calling webhook "{self._one.name}": {failure}') from failure
        if not response.allowed:
            raise refusal(self._one.name, response)
        return Verdict(response.warnings, patch)

    async def _response(self) -> AdmissionResponse:
        """The response of the webhook.

        Raises:
            _CallFailed: there is none.
            InvalidResponse: it is not valid.
            StatusError: nobody waits for the reply to the request any more.
        """
        if self._failure:
            raise _CallFailed(self._failure)
        if self._reply is None:
            return _NOTHING_TO_SAY
        reply = await self._reply
        if not self._caller.is_waiting:
            raise Timeout.saying("Timeout: request did not complete within requested timeout", StatusDetails())
        if reply.error:
            posted = f'Post "{self._shown}?timeout={self._seconds}s": {reply.error}'
            raise _CallFailed(f"failed to call webhook: {posted}")
        if reply.status != _OK:
            raise _CallFailed(f"failed to call webhook: the server responded with status {reply.status}")
        return read_response(reply.body, self._uid, may_patch=isinstance(self._one, MutatingWebhook))


def internal(said: str) -> StatusError:
    """An internal error."""
    return InternalError.saying(f"Internal error occurred: {said}")
