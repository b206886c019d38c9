"""Watches: who watches which keys, and up to which revision events were sent.

A watcher is synced (it has all events, and gets new ones at once) or behind (it starts in the past, or its mailbox was
full). One that is behind catches up from history in `sync`, apart from writes.

Source: etcd server/storage/mvcc/watchable_store.go, watcher_group.go (v3.5).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import TypeAlias

from kubeactors.message import Recipient
from kubeactors.storage.history import History
from kubeactors.storage.messages import (
    Compacted,
    StoreEvent,
    StoreEvents,
    StoreWatchCancelled,
    WatchCreate,
)

Subscriber: TypeAlias = Recipient[StoreEvents | StoreWatchCancelled]


class Watcher:
    """One watch of one subscriber on the keys in [start, end)."""

    __slots__ = ("behind", "end", "next_revision", "start", "subscriber", "watch")

    def __init__(self, subscriber: Subscriber, watch: int, keys: tuple[str, str], next_revision: int) -> None:
        self.subscriber: Subscriber = subscriber
        self.watch: int = watch
        self.start: str = keys[0]
        self.end: str = keys[1]
        self.next_revision: int = next_revision
        """All events before this revision have been sent; for a synced watcher possibly later ones, if none concerned it."""
        self.behind: bool = False

    def is_next(self, event: StoreEvent) -> bool:
        """Whether the event concerns it, and has not been sent."""
        kv = event.kv
        return self.start <= kv.key < self.end and self.next_revision <= kv.mod_revision

    def tell(self, events: Iterable[StoreEvent], revision: int) -> bool:
        """Send it events up to a revision. False if its mailbox was full."""
        if not self.subscriber.tell(StoreEvents(watch=self.watch, revision=revision, events=tuple(events))):
            return False
        self.next_revision = revision + 1
        return True

    def report_progress(self, revision: int) -> None:
        """Send a progress notification for this revision, if it has not had it. It may get lost."""
        if not self.behind and self.next_revision <= revision:
            self.tell((), revision)


class RangeIndex:
    """Finds the watchers of a key: the ends of all ranges cut the key space into pieces, each with its watchers."""

    __slots__ = ("_cuts", "_pieces")

    def __init__(self, watchers: Iterable[Watcher]) -> None:
        watchers = list(watchers)
        self._cuts = sorted(dict.fromkeys(cut for watcher in watchers for cut in (watcher.start, watcher.end)))
        pieces: list[list[Watcher]] = [[] for _ in self._cuts]
        for watcher in watchers:
            for at in range(bisect_left(self._cuts, watcher.start), bisect_left(self._cuts, watcher.end)):
                pieces[at].append(watcher)
        self._pieces = [tuple(piece) for piece in pieces]

    def find(self, key: str) -> tuple[Watcher, ...]:
        """The watchers of a key, in the order of their creation."""
        at = bisect_right(self._cuts, key) - 1
        return self._pieces[at] if at >= 0 else ()


class Watches:
    """All watches of a store. `revision` is the newest one that was published: no later event is sent.

    Args:
        history: from which watchers that are behind catch up.
        revision: the store's.
        piece: about how many events of history a watcher that is behind gets per `sync`.
    """

    def __init__(self, history: History, revision: int, piece: int = 1000) -> None:
        self.revision: int = revision
        self._piece = piece
        self._history = history
        self._watchers: dict[tuple[Subscriber, int], Watcher] = {}
        self._behind: dict[Watcher, None] = {}
        self._index: RangeIndex | None = None  # None after the watchers have changed; made when it is needed

    def __len__(self) -> int:
        return len(self._watchers)

    @property
    def behind(self) -> bool:
        """Whether `sync` has work."""
        return bool(self._behind)

    def create(self, create: WatchCreate, compact_revision: int) -> Compacted | None:
        """Register a watch; it replaces one with the same subscriber and number. One that starts in the past is behind."""
        start = create.start_revision or self.revision + 1
        if start < compact_revision:
            return Compacted(compact_revision)
        self.cancel(create.subscriber, create.watch)
        end = create.range_end or create.key + "\0"
        watcher = Watcher(create.subscriber, create.watch, (create.key, end), start)
        self._watchers[create.subscriber, create.watch] = watcher
        self._index = None
        if start <= self.revision:
            self._falls_behind(watcher)
        return None

    def cancel(self, subscriber: Subscriber, watch: int) -> None:
        """Remove a watch, if it exists."""
        watcher = self._watchers.pop((subscriber, watch), None)
        if watcher is not None:
            self._behind.pop(watcher, None)
            self._index = None

    def forget(self, subscriber: object) -> None:
        """Remove all watches of a subscriber that has stopped."""
        for key in [key for key in self._watchers if key[0] is subscriber]:
            self.cancel(*key)

    def has(self, subscriber: object) -> bool:
        """Whether the subscriber has a watch."""
        return any(key[0] is subscriber for key in self._watchers)

    def publish(self, events: list[StoreEvent], revision: int) -> None:
        """Send synced watchers the events that are durable now: all up to `revision`."""
        self.revision = revision
        if len(self._watchers) == 1:  # only an API server: no index is needed
            (watcher,) = self._watchers.values()
            concerned = [one for one in events if watcher.is_next(one)]
            if concerned and not watcher.behind:
                self._tell(watcher, concerned, revision)
            return
        if self._index is None:
            self._index = RangeIndex(self._watchers.values())
        find = self._index.find
        batches: dict[Watcher, list[StoreEvent]] = {}
        for event in events:
            for watcher in find(event.kv.key):
                if not watcher.behind and watcher.next_revision <= event.kv.mod_revision:
                    batches.setdefault(watcher, []).append(event)
        for watcher, batch in batches.items():
            self._tell(watcher, batch, revision)

    def _tell(self, watcher: Watcher, events: list[StoreEvent], revision: int) -> None:
        if not watcher.tell(events, revision):
            watcher.next_revision = events[0].kv.mod_revision
            self._falls_behind(watcher)

    def _falls_behind(self, watcher: Watcher) -> None:
        watcher.behind = True
        self._behind[watcher] = None

    def sync(self, compact_revision: int) -> bool:
        """Send each watcher that is behind its next piece of history. False: the mailboxes of all that are left are full.

        One whose next event is compacted is cancelled.
        """
        progress = False
        for watcher in list(self._behind):
            if watcher.next_revision < compact_revision:
                progress |= self._cancel_compacted(watcher, compact_revision)
            else:
                progress |= self._catch_up(watcher)
        return progress

    def _cancel_compacted(self, watcher: Watcher, compact_revision: int) -> bool:
        cancelled = StoreWatchCancelled(watch=watcher.watch, compact_revision=compact_revision)
        if not watcher.subscriber.tell(cancelled):
            return False
        self.cancel(watcher.subscriber, watcher.watch)
        return True

    def _catch_up(self, watcher: Watcher) -> bool:
        piece = self._history.read(watcher.next_revision, self.revision, self._piece)
        upto = piece[-1].kv.mod_revision if len(piece) >= self._piece else self.revision
        events = [event for event in piece if watcher.start <= event.kv.key < watcher.end]
        if events and not watcher.tell(events, upto):
            return False
        if upto < self.revision:
            watcher.next_revision = upto + 1
        else:
            watcher.behind = False
            del self._behind[watcher]
        return True

    def progress(self, subscriber: object = None) -> None:
        """Send progress notifications to synced watchers (of one subscriber, or all) that have not had them."""
        for watcher in self._watchers.values():
            if subscriber is None or watcher.subscriber is subscriber:
                watcher.report_progress(self.revision)

    def end(self) -> None:
        """Tell every watcher that its watch is cancelled."""
        for watcher in self._watchers.values():
            watcher.subscriber.tell(StoreWatchCancelled(watch=watcher.watch))
