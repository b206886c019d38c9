"""Snapshots: the state of the store at one revision."""

import msgspec

from kubeactors.message import Request
from kubeactors.storage.keys import SortedKeys
from kubeactors.storage.leases import Leases
from kubeactors.storage.messages import KeyValue


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """All keys at one revision. Values are shared with the store: only references are copied.

    It is never modified: a store that is restored from it copies the references again. To such a store earlier revisions
    are compacted, as when etcd restores a snapshot.
    """

    revision: int
    current: dict[str, KeyValue]
    keys: SortedKeys
    leases: Leases

    def values(self) -> list[object]:
        """All values, in no particular order."""
        return [kv.value for kv in self.current.values()]


class TakeSnapshot(Request[Snapshot], frozen=True):
    """Take a snapshot of the present state. The reply is sent when that is durable."""
