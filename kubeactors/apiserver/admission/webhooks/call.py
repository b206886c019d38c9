"""The message that carries a webhook call, and its reply."""

from collections.abc import Awaitable, Callable, Generator
from typing import TypeAlias

from kubeactors.actor import AskError
from kubeactors.message import Message, Request


class WebhookReply(Message, frozen=True):
    """The reply. `error` says why there is none."""

    status: int = 200
    body: bytes = b""
    error: str = ""


class CallWebhook(Request[WebhookReply], frozen=True):
    """Post a JSON body to a URL, with a timeout in seconds.

    `authority` is the PEM of the CA that signed the program's certificate; empty: the system's trust roots.
    `server_name` is the name in the certificate, if it is not that of the URL.
    """

    url: str
    body: bytes
    timeout_seconds: float
    authority: bytes = b""
    server_name: str = ""


Call: TypeAlias = Callable[[CallWebhook], Awaitable[WebhookReply]]
"""Posts at once; awaiting the result raises nothing."""


class Posted:
    """A call that an actor carries. Awaitable: the reply, with an error if the actor has stopped."""

    def __init__(self, reply: Awaitable[WebhookReply]) -> None:
        self._reply = reply

    def __await__(self) -> Generator[object, object, WebhookReply]:
        """The reply."""
        try:
            return (yield from self._reply.__await__())
        except AskError as error:
            return WebhookReply(error=str(error))


async def no_call(call: CallWebhook) -> WebhookReply:
    """The call of a server without access to webhooks."""
    return WebhookReply(error=f'Post "{call.url}": webhooks cannot be reached from here')
