"""The actor that calls webhooks for the API server."""

from typing import TYPE_CHECKING

from kubeactors.actor import Actor, Ref, handle
from kubeactors.apiserver.admission.webhooks.call import Call, CallWebhook, Posted, WebhookReply

if TYPE_CHECKING:
    from kubeactors.cluster.webhook_client import WebhookClient

MOMENT_SECONDS = 1.0
"""Added to the timeout of a call, which applies first."""


class WebhookCalls(Actor[CallWebhook], reentrant=True):
    """Calls webhooks, concurrently."""

    def __init__(self) -> None:
        self._client: WebhookClient | None = None

    @handle
    async def call(self, message: CallWebhook) -> WebhookReply:
        """Post; returns the reply."""
        if self._client is None:
            from kubeactors.cluster.webhook_client import WebhookClient  # noqa: PLC0415 -- few clusters have webhooks

            self._client = WebhookClient()
        return await self._client.post(message)


def asking(calls: Ref[CallWebhook]) -> Call:
    """Calls through the actor; if it has stopped, the webhook does not answer."""

    def call(request: CallWebhook) -> Posted:
        return Posted(calls.send_request(request, timeout_seconds=request.timeout_seconds + MOMENT_SECONDS))

    return call
