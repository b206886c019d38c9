"""Keeps the store's data in memory: for tests, simulation and throw-away clusters."""

from collections.abc import Callable

from kubeactors.storage.changes import Changes
from kubeactors.storage.messages import Codec
from kubeactors.storage.mvcc import Mvcc


def _committed() -> None:
    """Nothing is left to be done: the data structure itself is kept."""


class MemoryBackend:
    """Keeps the data structure itself: a restart of the store is free, and values are shared by all who read them."""

    blocking = False

    def __init__(self) -> None:
        self._mvcc: Mvcc | None = None

    def load(self, codec: Codec) -> Mvcc:
        """What the last store left. The codec of the first one counts."""
        if self._mvcc is None:
            self._mvcc = Mvcc(codec.stamp)
        self._mvcc.take_changes()
        return self._mvcc

    def stage(self, changes: Changes, codec: Codec) -> Callable[[], None]:
        """Nothing to do."""
        return _committed
