"""Whether what a user does has an effect: whether anything that he asks for in it is written."""

from collections.abc import Awaitable, Generator
from typing import Generic, TypeVar

from kubeactors.apimachinery.requests import ApiRequest, Create, Delete, DeleteCollection, Patch, StopWatch, Update
from kubeactors.apimachinery.status import Status
from kubeactors.client import Transport

R = TypeVar("R")

WRITES = (Create, Update, Patch, Delete, DeleteCollection)
FAILURE = "Failure"
"""Success is a `Status`, too, of an object that is gone at once."""


class NotedTransport:
    """The way of one action to the API server; knows whether a write was granted on it.

    Args:
        transport: which it is a part of.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.has_written: bool = False

    def send(self, request: ApiRequest[R]) -> Awaitable[R]:
        """See `Transport.send`."""
        reply = self._transport.send(request)
        return _Noted(self, reply) if isinstance(request, WRITES) else reply

    def stop_watch(self, message: StopWatch) -> None:
        """See `Transport.stop_watch`."""
        self._transport.stop_watch(message)


class _Noted(Generic[R]):
    """The reply to a write."""

    __slots__ = ("_reply", "_way")

    def __init__(self, way: NotedTransport, reply: Awaitable[R]) -> None:
        self._way = way
        self._reply = reply

    def __await__(self) -> Generator[object, None, R]:
        reply = yield from self._reply.__await__()
        self._way.has_written = self._way.has_written or not (isinstance(reply, Status) and reply.status == FAILURE)
        return reply
