"""Posts to webhooks over HTTPS. It needs an HTTP client, and is imported at the first call."""

import ssl

import httpx2

from kubeactors.apiserver.admission.webhooks.call import CallWebhook, WebhookReply


class WebhookClient:
    """Keeps an HTTP client per CA."""

    def __init__(self) -> None:
        self._clients: dict[bytes, httpx2.AsyncClient] = {}

    async def post(self, message: CallWebhook) -> WebhookReply:
        """Post; returns the reply."""
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
