"""Carries the API server's questions to webhooks of admission over HTTPS."""

import ssl

import httpx2

from kubeactors.actor import Actor, AskError, Ref, handle
from kubeactors.apiserver.admission.webhooks.call import Call, CallWebhook, WebhookReply

MOMENT_SECONDS = 1.0
"""Beyond the time-out of a call, which comes first."""


class WebhookCalls(Actor[CallWebhook], reentrant=True):
    """Keeps a client for each authority that signs certificates. Several questions may be on their way at one time."""

    def __init__(self) -> None:
        self._clients: dict[bytes, httpx2.AsyncClient] = {}

    @handle
    async def call(self, message: CallWebhook) -> WebhookReply:
        """Post, and say what came back."""
        headers = {"Content-Type": "application/json"}
        named = {"sni_hostname": message.server_name} if message.server_name else {}
        if message.server_name:
            headers["Host"] = message.server_name
        try:
            response = await self._client(message.authority).post(
                message.url,
                content=message.body,
                headers=headers,
                extensions=named,
                timeout=message.timeout_seconds,
            )
        except httpx2.TimeoutException:
            return WebhookReply(error="context deadline exceeded")
        except (httpx2.HTTPError, OSError, ValueError) as error:
            return WebhookReply(error=str(error) or type(error).__name__)
        return WebhookReply(response.status_code, response.content)

    def _client(self, authority: bytes) -> httpx2.AsyncClient:
        found = self._clients.get(authority)
        if found is None:
            context = ssl.create_default_context(cadata=authority.decode() or None)
            found = self._clients[authority] = httpx2.AsyncClient(verify=context)
        return found


def asking(calls: Ref[CallWebhook]) -> Call:
    """How the server reaches the actor; one that is gone is a webhook that does not answer."""

    async def call(request: CallWebhook) -> WebhookReply:
        try:
            return await calls.ask(request, timeout_seconds=request.timeout_seconds + MOMENT_SECONDS)
        except AskError as error:
            return WebhookReply(error=str(error))

    return call
