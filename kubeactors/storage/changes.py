"""What a backend has to keep: the difference between two moments of the store."""

import msgspec

from kubeactors.storage.leases import Lease
from kubeactors.storage.messages import KeyValue, StoreEvent


class Changes(msgspec.Struct):
    """Everything that changed since the last time somebody asked. Kept as a whole or not at all."""

    events: list[StoreEvent] = []
    """Writes, in order; whole revisions."""
    granted: list[Lease] = []
    ended: list[int] = []
    """Ids of leases."""
    compact_revision: int = 0
    """0: as it was."""
    forgotten: list[KeyValue] = []
    """Overwritten states and deletions that nobody can read any more. They may go at any later time, or now."""
