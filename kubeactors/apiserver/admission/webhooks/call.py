"""The question that is carried to a webhook, and what comes back."""

from collections.abc import Awaitable, Callable, Generator
from typing import TypeAlias

from kubeactors.actor import AskError
from kubeactors.message import Message, Request


class WebhookReply(Message, frozen=True):
    """What came back. `error` says why nothing did."""

    status: int = 200
    body: bytes = b""
    error: str = ""


class CallWebhook(Request[WebhookReply], frozen=True):
    """Post a JSON body to a URL, within so many seconds.

    `authority` is the PEM of whoever signed the program's certificate; empty: one that the system trusts.
    `server_name` is the name that the certificate is for, if it is not that of the URL.
    """

    url: str
    body: bytes
    timeout_seconds: float
    authority: bytes = b""
    server_name: str = ""


Call: TypeAlias = Callable[[CallWebhook], Awaitable[WebhookReply]]
"""Posts at once, and is awaited later; it raises nothing."""


class Posted:
    """A question that an actor carries. Awaitable: what came back; of one that is gone, that nothing did."""

    def __init__(self, reply: Awaitable[WebhookReply]) -> None:
        self._reply = reply

    def __await__(self) -> Generator[object, object, WebhookReply]:
        """The reply."""
        try:
            return (yield from self._reply.__await__())
        except AskError as error:
            return WebhookReply(error=str(error))


async def no_call(call: CallWebhook) -> WebhookReply:
    """There is no way to a webhook."""
    return WebhookReply(error=f'Post "{call.url}": webhooks cannot be reached from here')
