"""A state of the store, kept: every key as it is at one revision."""

import msgspec

from kubeactors.message import Request
from kubeactors.storage.keys import SortedKeys
from kubeactors.storage.leases import Leases
from kubeactors.storage.messages import KeyValue


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """All keys at one revision. Values are those of the store itself: nothing is copied but references.

    Nobody writes into it; stores that begin with it copy the references again. What was before it is not known to
    them, as after a compaction, and as when etcd restores a snapshot.
    """

    revision: int
    current: dict[str, KeyValue]
    keys: SortedKeys
    leases: Leases

    def values(self) -> list[object]:
        """All values, in no order that means anything."""
        return [kv.value for kv in self.current.values()]


class TakeSnapshot(Request[Snapshot], frozen=True):
    """The state of the store as of now; answered when it is durable."""
