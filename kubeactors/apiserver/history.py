"""The recent changes of one resource, for watches that resume."""

from bisect import bisect_right
from operator import attrgetter

from kubeactors.apiserver.changes import Change

_revision = attrgetter("revision")


class History:
    """Changes in order of revision. The oldest are dropped once there are twice `capacity`.

    >>> history = History(capacity=1, floor=5)
    >>> for revision in (6, 7):
    ...     history.append(Change(revision, None, None))
    >>> [change.revision for change in history.after(6)], history.floor
    ([7], 6)
    """

    def __init__(self, capacity: int, floor: int) -> None:
        self._capacity = capacity
        self._changes: list[Change] = []
        self.floor: int = floor
        """Every change after this revision is still here."""

    def append(self, change: Change) -> None:
        """Append the newest change."""
        self._changes.append(change)
        if len(self._changes) >= 2 * self._capacity:
            self.floor = self._changes[-self._capacity - 1].revision
            del self._changes[: -self._capacity]

    def after(self, revision: int) -> list[Change]:
        """The changes after a revision, which must not be below the floor."""
        return self._changes[bisect_right(self._changes, revision, key=_revision) :]
