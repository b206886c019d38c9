"""The store's disk in a simulation: a journal of commits in memory, which shows each commit to a listener and can fail.

An acknowledged commit is durable, whatever happens. A commit that fails is never acknowledged: after a restart either
nothing of it is there, not even half, or all of it is.
"""

from collections.abc import Callable, Iterator

import msgspec

from kubeactors.sim.chaos.crash import SimulatedCrash
from kubeactors.sim.chaos.faults import Tear
from kubeactors.storage import StoreEvent
from kubeactors.storage.changes import Changes
from kubeactors.storage.leases import Lease
from kubeactors.storage.messages import Codec, KeyValue
from kubeactors.storage.mvcc import Mvcc


class Record(msgspec.Struct, frozen=True):
    """One commit as it is on the disk. It is torn if it has fewer rows than `length`."""

    rows: tuple[KeyValue, ...]
    length: int
    granted: tuple[Lease, ...]
    ended: tuple[int, ...]
    compact_revision: int

    @property
    def is_whole(self) -> bool:
        """Whether all of it was written."""
        return len(self.rows) == self.length


class Disk:
    """A backend that outlives stores.

    Args:
        listener: sees each event as it is committed.
    """

    blocking = False
    max_value_bytes = 0

    def __init__(self, listener: Callable[[StoreEvent], object]) -> None:
        self.listener: Callable[[StoreEvent], object] = listener
        self._journal: list[Record] = []
        self._mvcc: Mvcc | None = None
        self._full = 0
        self._tears: list[tuple[Tear, Callable[[], object]]] = []
        self.on_refused: Callable[[], object] = bool
        """Called when a commit finds the disk full."""

    # Faults.

    def fill(self) -> None:
        """No commit succeeds until `free` has been called as often as `fill`."""
        self._full += 1

    def free(self) -> None:
        """Undo one `fill`."""
        self._full -= 1

    def tear(self, how: Tear, fired: Callable[[], object]) -> Callable[[], None]:
        """The store crashes in its next commit. The returned function disarms that, if it has not happened yet."""
        armed = (how, fired)
        self._tears.append(armed)

        def disarm() -> None:
            if armed in self._tears:
                self._tears.remove(armed)

        return disarm

    # The backend of the store.

    def load(self, codec: Codec) -> Mvcc:
        """The durable state. The in-memory structure of the last store is reused unless one of its commits failed."""
        if self._mvcc is None:
            self._mvcc = self._recovered(codec)
        self._mvcc.take_changes()
        return self._mvcc

    def stage(self, changes: Changes, codec: Codec) -> Callable[[], None]:
        """Commit at once.

        Raises:
            SimulatedCrash: the commit failed.
        """
        if self._full:
            self._mvcc = None
            self.on_refused()
            raise SimulatedCrash("the disk is full")
        if self._tears:
            self._crash_in(changes)
        self._commit(changes)
        return _done

    def _commit(self, changes: Changes) -> None:
        self._journal.append(_record(changes))
        for event in changes.events:
            self.listener(event)

    def _crash_in(self, changes: Changes) -> None:
        how, fired = self._tears.pop(0)
        if how == "torn":
            whole = _record(changes)
            self._journal.append(msgspec.structs.replace(whole, rows=whole.rows[:-1], length=max(whole.length, 1)))
        elif how == "unanswered":
            self._commit(changes)
        self._mvcc = None
        fired()
        raise SimulatedCrash(f"the store crashes in a commit, which is {how}")

    def _recovered(self, codec: Codec) -> Mvcc:
        """Replay the journal. Only the last commit can be torn: it is dropped."""
        if self._journal and not self._journal[-1].is_whole:
            self._journal.pop()
        assert all(record.is_whole for record in self._journal), "a commit other than the last is torn"
        mvcc = Mvcc(codec.stamp)
        for lease in self._leases():
            mvcc.leases.restore(lease)
        compacted = max((record.compact_revision for record in self._journal), default=0)
        mvcc.replay([row for record in self._journal for row in record.rows], compacted)
        return mvcc

    def _leases(self) -> Iterator[Lease]:
        ended = dict.fromkeys(lease for record in self._journal for lease in record.ended)
        return (lease for record in self._journal for lease in record.granted if lease.id not in ended)


def _record(changes: Changes) -> Record:
    rows = tuple(event.kv for event in changes.events)
    return Record(rows, len(rows), tuple(changes.granted), tuple(changes.ended), changes.compact_revision)


def _done() -> None:
    """Nothing is left to do: the changes are committed."""
