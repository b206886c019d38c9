"""The life of watches: how they begin and end, and when their pending events are sent."""

from typing import TypeVar, cast

from kubeactors.actor import Context, Ref
from kubeactors.apimachinery.requests import GroupVersionResource, Watch, WatchClosed, WatchEvent
from kubeactors.apimachinery.status import Expired, Status
from kubeactors.apiserver.cacher import Cacher
from kubeactors.apiserver.messages import EndWatch, Flush
from kubeactors.apiserver.selection import Selection
from kubeactors.apiserver.watchers import Shown, Subscriber, Watcher, WatchHub
from kubeactors.apiserver.watching import begin

M = TypeVar("M")

RETRY_SECONDS = 0.05
"""The delay before a watcher whose mailbox was full is tried again."""
LAST_BOOKMARK_SECONDS = 2
"""How long before the end of a watch its last bookmark is sent, so that the next watch need not start far back."""


class Streams:
    """All watches of a server. The server passes its context in, and forwards `Flush` and `EndWatch`.

    A watch without a timeout lasts one to two times `usual_seconds`.
    """

    def __init__(self, ctx: Context[M], hub: WatchHub, cacher: Cacher, usual_seconds: float) -> None:
        self._ctx = cast("Context[Flush | EndWatch]", ctx)
        self._hub = hub
        self._cacher = cacher
        self._usual_seconds = usual_seconds
        self.flushing: bool = False
        """Whether a `Flush` is on its way."""

    def begin(self, request: Watch, selection: Selection, start: int, shown: Shown | None = None) -> None:
        """Begin a watch. If its revision is compacted, it ends at once with that error.

        `shown` converts objects to the watched version, if that is not the stored one.
        """
        self.stop(request.subscriber, request.watch)
        try:
            watcher, events = begin(request, selection, start, self._cacher)
        except Expired as refusal:
            self._refuse(request, selection, WatchClosed(request.watch, refusal.status))
            return
        watcher.shown = shown
        self._register(watcher, events, request.options.timeout_seconds)

    def stop(self, subscriber: Subscriber, number: int) -> None:
        """Drop a watch that its subscriber has cancelled."""
        watcher = self._hub.find(subscriber, number)
        if watcher is not None:
            self._forget(watcher)

    def gone(self, subscriber: Subscriber) -> None:
        """Drop the watches of a subscriber that has stopped."""
        for watcher in self._hub.of(subscriber):
            self._forget(watcher)

    def end(self, message: EndWatch) -> None:
        """A watch has timed out, or is about to."""
        watcher = self._hub.find(message.subscriber, message.watch)
        if watcher is None:
            return
        if message.bookmark:
            self._hub.offer(watcher, self._cacher.of(watcher.resource).bookmark(self._cacher.revision))
        else:
            self._close(watcher)
        self.schedule_flush()

    def close_of(self, resource: GroupVersionResource) -> None:
        """Close the watches of a resource; subscribers are told."""
        for watcher in [one for one in self._cacher.of(resource).watchers if one.resource == resource]:
            self._close(watcher)
        self.schedule_flush()

    def close_all(self) -> None:
        """Close all watches; subscribers are told."""
        for cache in self._cacher:
            for watcher in tuple(cache.watchers):
                self._close(watcher)
        self.schedule_flush()

    def end_all(self) -> None:
        """The server stops: tell all subscribers, even those without room for the events before."""
        self.close_all()
        self.flush()
        for watcher in self._hub.pending_watchers():
            if isinstance(watcher.subscriber, Ref):
                watcher.subscriber.signal(watcher.end)

    def send_bookmarks(self) -> None:
        """Send bookmarks to the watchers that allow them, if the revision has advanced."""
        revision = self._cacher.revision
        for cache in self._cacher:
            bookmark = cache.bookmark(revision)
            for watcher in cache.watchers:
                if watcher.bookmarks and watcher.marked < revision:
                    watcher.marked = revision
                    self._hub.offer(watcher, bookmark)
        self.schedule_flush()

    def schedule_flush(self) -> None:
        """Schedule one flush for all events of this round of messages."""
        if self._hub.pending and not self.flushing:
            self.flushing = True
            if not self._ctx.self.tell(Flush()):  # the mailbox is full
                self._ctx.after(0.0, Flush(), key="flush")

    def flush(self) -> list[Watcher]:
        """Send pending events. Watchers without room are tried again; those too far behind are closed.

        Returns those whose objects must be converted first; they are tried again as well.
        """
        ended, lost, blocked = self._hub.flush()
        for watcher in ended:
            self._forget(watcher)
        for watcher in lost:
            self._close(watcher)
        if self._hub.pending and not self.flushing:
            self.flushing = True
            self._ctx.after(RETRY_SECONDS, Flush(), key="flush")
        return blocked

    def fail(self, watcher: Watcher, status: Status) -> None:
        """End a watch with an error."""
        watcher.buffer.clear()
        watcher.end = WatchClosed(watcher.number, status)
        self._close(watcher)
        self.schedule_flush()

    def _refuse(self, request: Watch, selection: Selection, end: WatchClosed) -> None:
        """Reject a watch that cannot begin, and retry while the subscriber has no room for that."""
        if not request.subscriber.tell(end):
            watcher = Watcher(request.subscriber, request.watch, request.resource, selection, 0)
            watcher.end = end
            self._add(watcher)
            self._hub.close(watcher)
            self.schedule_flush()

    def _add(self, watcher: Watcher) -> None:
        if self._hub.add(watcher) and isinstance(watcher.subscriber, Ref):
            self._ctx.watch(watcher.subscriber)

    def _register(self, watcher: Watcher, events: list[WatchEvent], timeout_seconds: int | None) -> None:
        subscriber = watcher.subscriber
        self._add(watcher)
        self._cacher.watch(watcher, events)
        self.schedule_flush()
        seconds = timeout_seconds or self._usual_seconds * (1 + self._ctx.random.random())
        watcher.timers.append(self._ctx.after(seconds, EndWatch(subscriber, watcher.number)))
        if timeout_seconds and timeout_seconds > LAST_BOOKMARK_SECONDS and watcher.bookmarks:
            mark = EndWatch(subscriber, watcher.number, bookmark=True)
            watcher.timers.append(self._ctx.after(seconds - LAST_BOOKMARK_SECONDS, mark))

    def _close(self, watcher: Watcher) -> None:
        """Close a watch; the subscriber is told."""
        if not watcher.closed:
            self._cacher.of(watcher.resource).watchers.remove(watcher)
            self._hub.close(watcher)

    def _forget(self, watcher: Watcher) -> None:
        """Drop a watch; the subscriber is not told."""
        for timer in watcher.timers:
            timer.cancel()
        if not watcher.closed:
            self._cacher.of(watcher.resource).watchers.remove(watcher)
        if self._hub.forget(watcher) and isinstance(watcher.subscriber, Ref):
            self._ctx.unwatch(watcher.subscriber)
