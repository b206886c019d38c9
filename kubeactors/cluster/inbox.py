"""A watch outside of actors: an inbox that can be awaited."""

from collections import deque

import anyio

from kubeactors.apimachinery.requests import WatchClosed, WatchEvent, WatchEvents


class Inbox:
    """Subscribes to watches without an actor. Unbounded: its reader must keep up."""

    def __init__(self) -> None:
        self._events: deque[WatchEvent] = deque()
        self._arrived = anyio.Event()
        self.closed: bool = False
        """Whether the watch has ended; a new one is needed then."""

    def tell(self, message: WatchEvents | WatchClosed, /) -> bool:
        """Handle a message of the API server."""
        if isinstance(message, WatchEvents):
            self._events.extend(message.events)
        else:
            self.closed = True
        self._arrived.set()
        return True

    async def next(self) -> WatchEvent | None:
        """The next event; None when the watch has ended."""
        while not self._events:
            if self.closed:
                return None
            self._arrived = anyio.Event()
            await self._arrived.wait()
        return self._events.popleft()
