"""A watch as seen from ordinary code: an inbox that can be awaited."""

from collections import deque

import anyio

from kubeactors.apimachinery.requests import WatchClosed, WatchEvent, WatchEvents


class Inbox:
    """Subscribes to watches in place of an actor. Unbounded: its reader must keep up."""

    def __init__(self) -> None:
        self._events: deque[WatchEvent] = deque()
        self._arrived = anyio.Event()
        self.closed: bool = False
        """The watch has ended; a new one is needed."""

    def tell(self, message: WatchEvents | WatchClosed, /) -> bool:
        """Take what the API server says."""
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
