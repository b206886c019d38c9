"""A watch over HTTP: its subscriber, and its stream of lines.

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
"""How many events a client may lag behind. A buffered event is a reference to an object that the server has anyway."""

EventEncoder: TypeAlias = Callable[[WatchEvent], Iterable[bytes]]
"""Encodes an event as a line of JSON with its newline, in pieces."""


class WatchSink:
    """The subscriber of a watch: receives events of the server, and hands them to the stream in batches.

    It lives in the server's event loop. While its client is too far behind, it accepts nothing: the server buffers the
    rest, and closes the watch if that becomes too much. The client then watches again from the last revision that it
    has seen, where it may be told to list again.
    """

    def __init__(self, capacity: int = CAPACITY_EVENTS) -> None:
        self._capacity = capacity
        self._events: list[WatchEvent] = []
        self._ready = anyio.Event()
        self.ended: bool = False
        self.status: Status | None = None

    def tell(self, message: WatchEvents | WatchClosed, /) -> bool:
        """Accept a message of the server; False if there is no room now, or the stream has ended."""
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
        """End the stream after the events received so far."""
        self.tell(WatchClosed(0))

    async def take(self) -> list[WatchEvent]:
        """All events received, in order; waits for the first. Empty: the stream has ended."""
        while not self._events and not self.ended:
            await self._ready.wait()
            self._ready = anyio.Event()
        events, self._events = self._events, []
        return events


class WatchStream:
    """The lines of a watch."""

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
        """Write events until the server ends the watch, at its timeout or with an error, which is the last line."""
        try:
            while events := await self._sink.take():
                await write(b"".join(chain.from_iterable(map(self._encode, events))))
            if self._sink.status is not None:
                await write(error_line(self._sink.status))
        finally:
            self._stop()

    def close(self) -> None:
        """End the stream after the events received so far."""
        self._sink.close()


def error_line(status: Status) -> bytes:
    """The ERROR event at the end of a watch.

    >>> error_line(Status(status="Failure", message="too old", reason="Expired", code=410)).decode()[:41]
    '{"type":"ERROR","object":{"kind":"Status"'
    """
    return b'{"type":"ERROR","object":' + msgspec.json.encode(status) + b"}\n"
