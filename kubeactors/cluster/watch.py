"""A watch as a stream: the existing objects, then changes, for `async for`."""

from typing import TYPE_CHECKING

from kubeactors.actor import ActorSystem, MessageStream
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import BOOKMARK, ListOptions, WatchClosed, WatchEvent, WatchEvents
from kubeactors.client.objects import revision_of

if TYPE_CHECKING:
    from kubeactors.client import Client

CAPACITY = 10_000
"""The number of events that may wait for the reader, and of existing objects."""


class WatchStream(MessageStream[WatchEvent]):
    """The events of a collection, from the first read until the stream is closed.

    It begins with an ADDED event for each existing object. If the watch ends, or the reader is too slow for it, the
    stream resumes after the last event read, so that nothing is missed or repeated; during initial events it starts over.

    Raises (when read):
        Expired: the reader was away for so long that the server no longer has the history; start a new watch.
        StreamOverflowed: there are more objects than the stream holds.
        StatusError: the server rejects the watch.
    """

    def __init__(  # noqa: PLR0913 -- the parameters of a watch
        self,
        system: ActorSystem,
        client: "Client",
        type_: type[TypedObject],
        namespace: str,
        *,
        label_selector: str = "",
        field_selector: str = "",
        capacity: int = CAPACITY,
    ) -> None:
        super().__init__(system, capacity, position=self._revision, resume=self._watch)
        self._client = client
        self._type = type_
        self._namespace = namespace
        self._selectors = (label_selector, field_selector)
        self._feed = _Feed(self)
        self._begun = False
        """Whether all initial events have been read: only then a revision is a place to resume from."""
        self.interrupt()

    async def __anext__(self) -> WatchEvent:
        """See `MessageStream.__anext__`."""
        while (event := await super().__anext__()).type == BOOKMARK:
            """Skip it: only its revision matters."""
        return event

    def close(self) -> None:
        """See `MessageStream.close`."""
        super().close()
        self._feed.stop(self._client)

    def _revision(self, event: WatchEvent) -> int:
        self._begun = self._begun or event.type == BOOKMARK
        return revision_of(event.object.metadata) if self._begun else 0

    async def _watch(self, _: MessageStream[WatchEvent], position: int) -> None:
        self._feed.stop(self._client)
        options = ListOptions(
            label_selector=self._selectors[0],
            field_selector=self._selectors[1],
            resource_version=str(position) if position else "",
            resource_version_match="" if position else "NotOlderThan",
            allow_watch_bookmarks=True,
            send_initial_events=None if position else True,
        )
        await self._client.watch(self._type, self._feed, self._feed.number, options, self._namespace)


class _Feed:
    """Receives the messages of one watch after the other."""

    def __init__(self, stream: WatchStream) -> None:
        self._stream = stream
        self.number: int = 0

    def stop(self, client: "Client") -> None:
        """Stop the current watch."""
        if self.number:
            client.stop_watch(self, self.number)
        self.number += 1

    def tell(self, message: WatchEvents | WatchClosed, /) -> bool:
        """Pass a message on if it is of the current watch."""
        if message.watch == self.number:
            if isinstance(message, WatchClosed):
                self._stream.interrupt()
            else:
                return all(self._stream.tell(event) for event in message.events)
        return True
