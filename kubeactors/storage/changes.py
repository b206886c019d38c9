"""What a backend has to commit: the changes of the store since the last commit."""

import msgspec

from kubeactors.storage.leases import Lease
from kubeactors.storage.messages import KeyValue, StoreEvent


class Changes(msgspec.Struct):
    """All changes since the last `Mvcc.take_changes`. Committed as a whole or not at all."""

    events: list[StoreEvent] = []
    """Puts and deletions, in order; whole revisions."""
    granted: list[Lease] = []
    ended: list[int] = []
    """Ids of leases that were revoked or have expired."""
    compact_revision: int = 0
    """0: unchanged."""
    forgotten: list[KeyValue] = []
    """Compacted versions and tombstones, which nobody can read any more. A backend may delete them at any time."""
