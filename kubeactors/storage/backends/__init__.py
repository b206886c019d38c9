"""Backends: durable storage for the store's data.

The caller makes a backend and passes it to the `Store`, which it outlives, as a disk would. One store at a time uses it.
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
        """Whether a load or a commit may block, and so must run in a thread."""
        ...

    @property
    def max_value_bytes(self) -> int:
        """The largest encoded value that it takes; 0: no limit."""
        ...

    def load(self, codec: Codec) -> Mvcc:
        """Load all that was committed. Each instance of the store calls it once, before anything else.

        What an earlier instance has staged but not committed is dropped.

        Raises:
            StorageError: it cannot be read; the class says why.
        """
        ...

    def stage(self, changes: Changes, codec: Codec) -> Callable[[], None]:
        """Stage changes, encoding their values. The returned function, which may run in a thread, commits them.

        They are durable when it returns. If it raises a `StorageError`, all of them are committed or none: load again to
        know. Staged changes are committed in order, one commit at a time.
        """
        ...
