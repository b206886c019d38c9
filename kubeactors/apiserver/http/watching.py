"""A watch over HTTP: its subscriber, and the stream of lines that a client reads.

Source: apiserver/pkg/endpoints/handlers/watch.go (v1.36).
"""

from collections.abc import Callable, Iterable
from itertools import chain
from typing import TypeAlias

import anyio
import msgspec

from kubeactors.apimachinery.requests import WatchClosed, WatchEvent, WatchEvents
from kubeactors.apimachinery.status import Status
from kubeactors.apiserver.http.messages import Write

CAPACITY_EVENTS = 10_000
"""How far a client may be behind. An event waits as a reference to an object that the server holds anyway."""

EventEncoder: TypeAlias = Callable[[WatchEvent], Iterable[bytes]]
"""One event as a line of JSON, newline included, in pieces."""


class WatchSink:
    """The subscriber of one watch: takes events from the server, hands them to the stream in batches.

    It lives in the same event loop as the server. While its client is too far behind it takes no more: the server
    keeps the rest, and ends the watch if that becomes too much. The client then watches again from the last revision
    it has seen, or is told there to list again.
    """

    def __init__(self, capacity: int = CAPACITY_EVENTS) -> None:
        self._capacity = capacity
        self._events: list[WatchEvent] = []
        self._ready = anyio.Event()
        self.ended: bool = False
        self.status: Status | None = None

    def tell(self, message: WatchEvents | WatchClosed, /) -> bool:
        """Take a message of the server; False if there is no room now, or the stream has ended."""
        if self.ended:
            return False
        if isinstance(message, WatchClosed):
            self.status = message.status
            self.ended = True
        elif len(self._events) < self._capacity:
            self._events.extend(message.events)
        else:
            return False
        self._ready.set()
        return True

    def close(self) -> None:
        """End the stream after what has arrived."""
        self.tell(WatchClosed(0))

    async def take(self) -> list[WatchEvent]:
        """All events that have arrived, in order; waits for the first. Empty: the stream has ended."""
        while not self._events and not self.ended:
            await self._ready.wait()
            self._ready = anyio.Event()
        events, self._events = self._events, []
        return events


class WatchStream:
    """The lines of one watch."""

    def __init__(
        self,
        sink: WatchSink,
        encode: EventEncoder,
        *,
        content_type: str,
        stop: Callable[[], object],
    ) -> None:
        self._sink = sink
        self._encode = encode
        self.content_type = content_type
        self._stop = stop

    async def run(self, write: Write) -> None:
        """Write events until the server ends the watch, at its timeout for one. Says why if it is a refusal."""
        try:
            while events := await self._sink.take():
                await write(b"".join(chain.from_iterable(map(self._encode, events))))
            if self._sink.status is not None:
                await write(error_line(self._sink.status))
        finally:
            self._stop()

    def close(self) -> None:
        """End the stream after what has arrived."""
        self._sink.close()


def error_line(status: Status) -> bytes:
    """The event that tells a watcher why its stream ends.

    >>> error_line(Status(status="Failure", message="too old", reason="Expired", code=410)).decode()[:41]
    '{"type":"ERROR","object":{"kind":"Status"'
    """
    return b'{"type":"ERROR","object":' + msgspec.json.encode(status) + b"}\n"
