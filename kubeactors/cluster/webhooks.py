"""Carries the API server's questions to webhooks of admission."""

from typing import TYPE_CHECKING

from kubeactors.actor import Actor, Ref, handle
from kubeactors.apiserver.admission.webhooks.call import Call, CallWebhook, Posted, WebhookReply

if TYPE_CHECKING:
    from kubeactors.cluster.webhook_client import WebhookClient

MOMENT_SECONDS = 1.0
"""Beyond the time-out of a call, which comes first."""


class WebhookCalls(Actor[CallWebhook], reentrant=True):
    """Asks webhooks, several questions at one time."""

    def __init__(self) -> None:
        self._client: WebhookClient | None = None

    @handle
    async def call(self, message: CallWebhook) -> WebhookReply:
        """Post, and say what came back."""
        if self._client is None:
            from kubeactors.cluster.webhook_client import WebhookClient  # noqa: PLC0415 -- most clusters ask nobody

            self._client = WebhookClient()
        return await self._client.post(message)


def asking(calls: Ref[CallWebhook]) -> Call:
    """How the server reaches the actor; one that is gone is a webhook that does not answer."""

    def call(request: CallWebhook) -> Posted:
        return Posted(calls.send_request(request, timeout_seconds=request.timeout_seconds + MOMENT_SECONDS))

    return call
