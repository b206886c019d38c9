"""Keeps the store's data in memory: for tests, simulations and clusters without persistence."""

from collections.abc import Callable

from kubeactors.storage.changes import Changes
from kubeactors.storage.messages import Codec
from kubeactors.storage.mvcc import Mvcc
from kubeactors.storage.snapshot import Snapshot


def _committed() -> None:
    """Does nothing: the data structure itself is kept."""


class MemoryBackend:
    """Keeps the data structure itself: a restart of the store costs nothing, and values are shared by all readers.

    Args:
        snapshot: the initial state; by default the store is empty.
    """

    blocking = False
    max_value_bytes = 0

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self._snapshot = snapshot
        self._mvcc: Mvcc | None = None

    def load(self, codec: Codec) -> Mvcc:
        """See `Backend.load`. The codec of the first call is used."""
        if self._mvcc is None:
            self._mvcc = Mvcc(codec.stamp) if self._snapshot is None else Mvcc.of(self._snapshot, codec.stamp)
            self._snapshot = None
        self._mvcc.take_changes()
        return self._mvcc

    def stage(self, changes: Changes, codec: Codec) -> Callable[[], None]:
        """See `Backend.stage`."""
        return _committed
