"""Whether a user action has an effect: whether any of its writes succeeds."""

from collections.abc import Awaitable, Generator
from typing import Generic, TypeVar

from kubeactors.apimachinery.requests import ApiRequest, Create, Delete, DeleteCollection, Patch, StopWatch, Update
from kubeactors.apimachinery.status import Status
from kubeactors.client import Transport

R = TypeVar("R")

WRITES = (Create, Update, Patch, Delete, DeleteCollection)
FAILURE = "Failure"
"""The status of a failure. A `Status` may also be a success, of a delete that completes at once."""


class EffectTransport:
    """A transport for one action that records whether a write succeeded.

    Args:
        transport: to send by.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.has_written: bool = False

    def send(self, request: ApiRequest[R]) -> Awaitable[R]:
        """See `Transport.send`."""
        reply = self._transport.send(request)
        return _ObservedReply(self, reply) if isinstance(request, WRITES) else reply

    def stop_watch(self, message: StopWatch) -> None:
        """See `Transport.stop_watch`."""
        self._transport.stop_watch(message)


class _ObservedReply(Generic[R]):
    """Awaits the reply to a write, and records its success."""

    __slots__ = ("_reply", "_way")

    def __init__(self, way: EffectTransport, reply: Awaitable[R]) -> None:
        self._way = way
        self._reply = reply

    def __await__(self) -> Generator[object, None, R]:
        reply = yield from self._reply.__await__()
        self._way.has_written = self._way.has_written or not (isinstance(reply, Status) and reply.status == FAILURE)
        return reply
