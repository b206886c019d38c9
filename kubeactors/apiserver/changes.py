"""A change of an object, as watchers see it through their selectors."""

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ADDED, DELETED, MODIFIED, WatchEvent
from kubeactors.apiserver.objects import stamped
from kubeactors.apiserver.selection import Predicate


class Change:
    """A write or a deletion. Its watch events are built for the first watcher that needs them, and shared by all.

    `current` is None after a deletion, `previous` before the first write. At least one of them is set.
    """

    __slots__ = ("_changed", "_entered", "_left", "current", "previous", "revision")

    def __init__(self, revision: int, current: TypedObject | None, previous: TypedObject | None) -> None:
        self.revision: int = revision
        self.current: TypedObject | None = current
        self.previous: TypedObject | None = previous
        self._entered: WatchEvent | None = None
        self._changed: WatchEvent | None = None
        self._left: WatchEvent | None = None

    def seen_through(self, matches: Predicate | None) -> WatchEvent | None:
        """The event for a watcher of the objects that `matches` accepts (None: all); None if it sees no change.

        An object that starts to match is ADDED, one that stops matching is DELETED. A DELETED event shows the last
        matching state, at the revision of the change.
        """
        now, before = self.current, self.previous
        if now is not None and (matches is None or matches(now)):
            if before is not None and (matches is None or matches(before)):
                return self._modified(now)
            return self._added(now)
        if before is not None and (matches is None or matches(before)):
            return self._deleted(before)
        return None

    def _added(self, now: TypedObject) -> WatchEvent:
        if self._entered is None:
            self._entered = WatchEvent(ADDED, now)
        return self._entered

    def _modified(self, now: TypedObject) -> WatchEvent:
        if self._changed is None:
            self._changed = WatchEvent(MODIFIED, now)
        return self._changed

    def _deleted(self, before: TypedObject) -> WatchEvent:
        if self._left is None:
            self._left = WatchEvent(DELETED, stamped(before, self.revision))
        return self._left
