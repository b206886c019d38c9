"""The store's disk in a simulation: keeps what is committed in memory, and shows it to who judges."""

from collections.abc import Callable

from kubeactors.storage import StoreEvent
from kubeactors.storage.backends.memory import MemoryBackend
from kubeactors.storage.changes import Changes
from kubeactors.storage.messages import Codec
from kubeactors.storage.mvcc import Mvcc


class Disk:
    """A backend that outlives stores.

    Args:
        listener: sees each event as it is committed.
    """

    blocking = False

    def __init__(self, listener: Callable[[StoreEvent], object]) -> None:
        self._memory = MemoryBackend()
        self.listener: Callable[[StoreEvent], object] = listener

    def load(self, codec: Codec) -> Mvcc:
        """What the last store left."""
        return self._memory.load(codec)

    def stage(self, changes: Changes, codec: Codec) -> Callable[[], None]:
        """Commit them, now."""
        for event in changes.events:
            self.listener(event)
        return self._memory.stage(changes, codec)
