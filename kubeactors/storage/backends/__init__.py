"""Where the store's data lies when no store runs.

A backend is made outside, handed to the `Store`, and outlives it: it is the disk. One store at a time uses it.
"""

from collections.abc import Callable
from typing import Protocol

from kubeactors.storage.changes import Changes
from kubeactors.storage.messages import Codec
from kubeactors.storage.mvcc import Mvcc


class Backend(Protocol):
    """Keeps what a store has committed."""

    @property
    def blocking(self) -> bool:
        """Whether committing may take long, so that it belongs into a thread."""
        ...

    @property
    def max_value_bytes(self) -> int:
        """The largest value that it takes, as the codec makes it; 0: it does not matter how large they are."""
        ...

    def load(self, codec: Codec) -> Mvcc:
        """Everything that was committed. Called once by each incarnation of the store, before anything else.

        What an earlier incarnation staged and did not commit yet will never be committed.

        Raises:
            StorageError: it cannot be read; the class says why.
        """
        ...

    def stage(self, changes: Changes, codec: Codec) -> Callable[[], None]:
        """Prepare to keep changes (`codec` makes bytes of values). The returned function, which may run in a thread, commits them.

        When it returns, they are durable. When it raises a `StorageError`, nothing of them is kept, or all:
        load again to know. Staged changes are committed in order, the next not before the last is done.
        """
        ...
