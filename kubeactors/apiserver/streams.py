"""The watches while they last: how they begin and end, and when what is gathered for them is sent."""

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
"""Until a watcher that had no room is tried again."""
LAST_BOOKMARK_SECONDS = 2
"""So long before a watch ends it gets a bookmark, so that the next one need not go far back."""


class Streams:
    """All watches of a server, which hands over its context, and tells this what its own messages say.

    A watch without a timeout lasts one to two times `usual_seconds`.
    """

    def __init__(self, ctx: Context[M], hub: WatchHub, cacher: Cacher, usual_seconds: float) -> None:
        self._ctx = cast("Context[Flush | EndWatch]", ctx)
        self._hub = hub
        self._cacher = cacher
        self._usual_seconds = usual_seconds
        self.flushing: bool = False
        """A `Flush` is on its way."""

    def begin(self, request: Watch, selection: Selection, start: int, shown: Shown | None = None) -> None:
        """Begin a watch. One from a revision that is forgotten ends at once, and its end says why.

        `shown` puts objects into the version that is watched, if that is not the stored one.
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
        """Its subscriber wants no more of it."""
        watcher = self._hub.find(subscriber, number)
        if watcher is not None:
            self._forget(watcher)

    def gone(self, subscriber: Subscriber) -> None:
        """The subscriber is gone."""
        for watcher in self._hub.of(subscriber):
            self._forget(watcher)

    def end(self, message: EndWatch) -> None:
        """The time of a watch is over, or almost."""
        watcher = self._hub.find(message.subscriber, message.watch)
        if watcher is None:
            return
        if message.bookmark:
            self._hub.offer(watcher, self._cacher.of(watcher.resource).bookmark(self._cacher.revision))
        else:
            self._close(watcher)
        self.schedule_flush()

    def close_of(self, resource: GroupVersionResource) -> None:
        """No more changes for those who watch a resource; they are told."""
        for watcher in [one for one in self._cacher.of(resource).watchers if one.resource == resource]:
            self._close(watcher)
        self.schedule_flush()

    def close_all(self) -> None:
        """No more changes for anybody; all subscribers are told."""
        for cache in self._cacher:
            for watcher in tuple(cache.watchers):
                self._close(watcher)
        self.schedule_flush()

    def end_all(self) -> None:
        """The server ends: all subscribers are told, also those who have no room for what came before."""
        self.close_all()
        self.flush()
        for watcher in self._hub.unheard():
            if isinstance(watcher.subscriber, Ref):
                watcher.subscriber.signal(watcher.end)

    def send_bookmarks(self) -> None:
        """Tell watchers who want to know it how far they have seen, if there is news."""
        revision = self._cacher.revision
        for cache in self._cacher:
            bookmark = cache.bookmark(revision)
            for watcher in cache.watchers:
                if watcher.bookmarks and watcher.marked < revision:
                    watcher.marked = revision
                    self._hub.offer(watcher, bookmark)
        self.schedule_flush()

    def schedule_flush(self) -> None:
        """One flush for everything that this round of messages brings."""
        if self._hub.pending and not self.flushing:
            self.flushing = True
            if not self._ctx.self.tell(Flush()):  # no room among the requests
                self._ctx.after(0.0, Flush(), key="flush")

    def flush(self) -> list[Watcher]:
        """Send what is gathered; those without room are tried again, those too far behind are closed.

        Those whose objects must be converted first are returned, and tried again as well.
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
        """Nothing more can be shown to a watcher, who is told why."""
        watcher.buffer.clear()
        watcher.end = WatchClosed(watcher.number, status)
        self._close(watcher)
        self.schedule_flush()

    def _refuse(self, request: Watch, selection: Selection, end: WatchClosed) -> None:
        """Tell the end of a watch that does not begin; again and again, if the subscriber has no room for it."""
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
        """No more changes; the subscriber is told."""
        if not watcher.closed:
            self._cacher.of(watcher.resource).watchers.remove(watcher)
            self._hub.close(watcher)

    def _forget(self, watcher: Watcher) -> None:
        """The subscriber is not told anything any more."""
        for timer in watcher.timers:
            timer.cancel()
        if not watcher.closed:
            self._cacher.of(watcher.resource).watchers.remove(watcher)
        if self._hub.forget(watcher) and isinstance(watcher.subscriber, Ref):
            self._ctx.unwatch(watcher.subscriber)
