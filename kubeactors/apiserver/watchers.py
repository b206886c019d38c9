"""The watches of the server: which changes each one sees, and its events that are not sent yet.

Pending events are buffered per watcher and sent by `flush` in one message: a slow watcher gets a few large messages
instead of many small ones. One that is too far behind is closed, and has to list again.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias, cast

from kubeactors.actor import Timer
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource, WatchClosed, WatchEvent, WatchEvents
from kubeactors.apiserver.changes import Change
from kubeactors.apiserver.customresources.conversions import NeedsConversion
from kubeactors.apiserver.selection import NodeOf, Predicate, Selection
from kubeactors.message import Recipient

Subscriber: TypeAlias = Recipient[WatchEvents | WatchClosed]
Scope: TypeAlias = tuple[str, str, str]
"""Namespace, name and node; empty is any."""
_ANYWHERE: Scope = ("", "", "")


Shown: TypeAlias = Callable[[TypedObject], TypedObject]


def _shown(event: WatchEvent, shown: Shown) -> WatchEvent:
    return WatchEvent(event.type, shown(cast("TypedObject", event.object)))


class Watcher:
    """A watch, which its subscriber knows by `number`. Changes at or before the revision `since` are not sent."""

    __slots__ = (
        "bookmarks",
        "buffer",
        "closed",
        "end",
        "marked",
        "matches",
        "number",
        "resource",
        "scope",
        "sequence",
        "shown",
        "since",
        "subscriber",
        "timers",
    )

    def __init__(
        self, subscriber: Subscriber, number: int, resource: GroupVersionResource, selection: Selection, since: int
    ) -> None:
        self.subscriber: Subscriber = subscriber
        self.number: int = number
        self.resource: GroupVersionResource = resource
        self.scope: Scope = selection.scope
        self.matches: Predicate | None = selection.matches
        self.since: int = since
        self.bookmarks: bool = False
        self.marked: int = since
        """The revision of the last bookmark."""
        self.buffer: list[WatchEvent] = []
        self.sequence: int = 0
        self.closed: bool = False
        self.end: WatchClosed = WatchClosed(number)
        """The last message of the watch."""
        self.timers: list[Timer] = []
        self.shown: Shown | None = None
        """Converts objects to the watched version, if that is not the stored one."""

    def deliver(self) -> bool:
        """Send pending events, and the end if there is one; False if the subscriber has no room now."""
        if self.buffer:
            events = self.buffer if self.shown is None else [_shown(one, self.shown) for one in self.buffer]
            if not self.subscriber.tell(WatchEvents(self.number, tuple(events), self.sequence + 1)):
                return False
            self.sequence += 1
            self.buffer.clear()
        return not self.closed or self.subscriber.tell(self.end)


class ResourceWatchers:
    """The watchers of one resource, indexed by scope: everything, a namespace, a node, an object."""

    def __init__(self, node_of: NodeOf | None) -> None:
        self._by_scope: dict[Scope, list[Watcher]] = {}
        self._node_of = node_of

    def __iter__(self) -> Iterator[Watcher]:
        for group in self._by_scope.values():
            yield from group

    def add(self, watcher: Watcher) -> None:
        """Register a watcher."""
        self._by_scope.setdefault(watcher.scope, []).append(watcher)

    def remove(self, watcher: Watcher) -> None:
        """Remove a watcher."""
        group = self._by_scope[watcher.scope]
        group.remove(watcher)
        if not group:
            del self._by_scope[watcher.scope]

    def concerned(self, change: Change) -> Sequence[Watcher]:
        """The watchers whose scope contains a change; their selectors still apply."""
        groups = self._by_scope
        if not groups:
            return []
        everywhere = groups.get(_ANYWHERE, [])
        if everywhere and len(groups) == 1:
            return everywhere  # there are no others, as for most kinds
        value = change.current or change.previous
        assert value is not None, "a change has an object"
        namespace, name = value.metadata.namespace, value.metadata.name
        found = [*everywhere, *groups.get((namespace, name, ""), ())]
        if namespace:
            found += groups.get((namespace, "", ""), ())
        if self._node_of is not None:
            for node in self._nodes(self._node_of, change.current, change.previous):
                found += groups.get(("", "", node), ())
                found += groups.get((namespace, "", node), ())
        return found

    @staticmethod
    def _nodes(node_of: NodeOf, current: TypedObject | None, previous: TypedObject | None) -> tuple[str, ...]:
        now = "" if current is None else node_of(current)
        before = "" if previous is None else node_of(previous)
        if before in ("", now):
            return (now,) if now else ()
        return (now, before) if now else (before,)


class WatchHub:
    """All watchers of the server, by subscriber and number, and those with pending events."""

    def __init__(self, backlog: int) -> None:
        self._backlog = backlog
        self._watchers: dict[Subscriber, dict[int, Watcher]] = {}
        self._behind: dict[Watcher, None] = {}

    def __len__(self) -> int:
        return sum(len(numbers) for numbers in self._watchers.values())

    @property
    def pending(self) -> bool:
        """Whether there are pending events."""
        return bool(self._behind)

    def add(self, watcher: Watcher) -> bool:
        """Register a watcher; True if it is the first of its subscriber."""
        numbers = self._watchers.get(watcher.subscriber)
        if numbers is None:
            self._watchers[watcher.subscriber] = {watcher.number: watcher}
            return True
        numbers[watcher.number] = watcher
        return False

    def find(self, subscriber: Subscriber, number: int) -> Watcher | None:
        """The watcher of that number."""
        return self._watchers.get(subscriber, {}).get(number)

    def of(self, subscriber: Subscriber) -> tuple[Watcher, ...]:
        """The watchers of a subscriber."""
        return tuple(self._watchers.get(subscriber, {}).values())

    def forget(self, watcher: Watcher) -> bool:
        """Drop a watcher and its pending events; True if its subscriber has no other."""
        self._behind.pop(watcher, None)
        numbers = self._watchers.get(watcher.subscriber)
        if numbers is None or numbers.get(watcher.number) is not watcher:
            return False
        del numbers[watcher.number]
        if numbers:
            return False
        del self._watchers[watcher.subscriber]
        return True

    def offer(self, watcher: Watcher, event: WatchEvent) -> None:
        """Queue an event for a watcher."""
        if not watcher.buffer:
            self._behind[watcher] = None
        watcher.buffer.append(event)

    def close(self, watcher: Watcher) -> None:
        """End a watch after its pending events."""
        watcher.closed = True
        self._behind[watcher] = None

    def pending_watchers(self) -> tuple[Watcher, ...]:
        """The watchers with pending events, or whose end is not sent yet."""
        return tuple(self._behind)

    def flush(self) -> tuple[list[Watcher], list[Watcher], list[Watcher]]:
        """Send all pending events.

        Returns the watchers that have ended, those too far behind, and those whose objects must be converted first.
        """
        ended: list[Watcher] = []
        lost: list[Watcher] = []
        blocked: list[Watcher] = []
        behind, self._behind = self._behind, {}
        for watcher in behind:
            try:
                delivered = watcher.deliver()
            except NeedsConversion:
                blocked.append(watcher)
                delivered = False
            if not delivered:
                self._behind[watcher] = None
                if len(watcher.buffer) > self._backlog and not watcher.closed:
                    lost.append(watcher)
            elif watcher.closed:
                ended.append(watcher)
        return ended, lost, blocked
