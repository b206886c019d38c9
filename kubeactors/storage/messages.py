"""The store's requests, in etcd's terms: the second protocol that crosses rooms.

The store keeps opaque immutable values under text keys. It knows nothing of Kubernetes.

Source: etcd api/etcdserverpb/rpc.proto, api/mvccpb/kv.proto (v3.5).
"""

from typing import Protocol, TypeAlias

import msgspec

from kubeactors.message import Message, Recipient, Request

Value: TypeAlias = object
"""An immutable value. In memory it is shared by all readers; a `Codec` encodes it."""


class Codec(Protocol):
    """Encodes and decodes values."""

    def encode(self, value: Value) -> bytes:
        """The bytes to store; they need not contain the revision."""
        ...

    def decode(self, data: bytes, mod_revision: int) -> Value:
        """The value that was encoded as these bytes, as written at that revision."""
        ...

    def stamp(self, value: Value, mod_revision: int) -> Value:
        """The value as it is once written at that revision, which it may contain."""
        ...


class KeyValue(msgspec.Struct, frozen=True, gc=False):
    """One key at one revision. `version` counts the writes since the key was created; 1 is the first."""

    key: str
    value: Value
    create_revision: int
    mod_revision: int
    version: int
    lease: int = 0


class Compare(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A precondition on a key: its mod revision equals this one; 0: the key does not exist."""

    key: str
    mod_revision: int


class PutOp(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Write a value."""

    key: str
    value: Value
    lease: int = 0


class DeleteOp(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Delete a key, or the keys from `key` up to but without `range_end`."""

    key: str
    range_end: str = ""


class RangeOp(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Read a key, or the keys from `key` up to but without `range_end`, in key order.

    `revision` 0 is the newest; `limit` 0 is no limit.
    """

    key: str
    range_end: str = ""
    revision: int = 0
    limit: int = 0
    count_only: bool = False


Op: TypeAlias = PutOp | DeleteOp | RangeOp


class Compacted(Message, frozen=True):
    """Rejected: the revision is older than the last compaction; read again at a newer one."""

    compact_revision: int


class FutureRevision(Message, frozen=True):
    """Rejected: there is no such revision yet; the newest is `revision`."""

    revision: int


class LeaseNotFound(Message, frozen=True):
    """Rejected: the lease of a put has ended; grant a new one and write again."""

    lease: int


class ValueTooLarge(Message, frozen=True, kw_only=True):
    """Rejected: the value is too large for the backend; write less under each key. Sizes are in bytes."""

    key: str
    size: int
    limit: int


class RangeReply(Message, frozen=True, kw_only=True):
    """The result of a range. `revision` is the store's; `count` counts all matches, also beyond the limit."""

    revision: int
    kvs: tuple[KeyValue, ...]
    more: bool
    count: int


class PutReply(Message, frozen=True, kw_only=True):
    """The key as written (with its value stamped), and its previous version, if there was one."""

    kv: KeyValue
    previous: KeyValue | None


class DeleteReply(Message, frozen=True, kw_only=True):
    """The keys that were deleted, with their last versions."""

    deleted: tuple[KeyValue, ...]


OpReply: TypeAlias = PutReply | DeleteReply | RangeReply


class TxnReply(Message, frozen=True, kw_only=True):
    """The result of a transaction. `succeeded` tells which branch ran; all its writes are at `revision`."""

    revision: int
    succeeded: bool
    replies: tuple[OpReply, ...]


class Range(Request[RangeReply | Compacted | FutureRevision], frozen=True, kw_only=True):
    """Read keys."""

    op: RangeOp


class Txn(Request[TxnReply | Compacted | FutureRevision | LeaseNotFound | ValueTooLarge], frozen=True, kw_only=True):
    """If all comparisons hold, do `success`, else `failure`; atomically. An acknowledged write is durable."""

    compare: tuple[Compare, ...] = ()
    success: tuple[Op, ...] = ()
    failure: tuple[Op, ...] = ()


class CompactReply(Message, frozen=True, kw_only=True):
    """History before `compact_revision` is compacted; versions that are current at it are kept."""

    revision: int
    compact_revision: int


class Compact(Request[CompactReply | Compacted | FutureRevision], frozen=True, kw_only=True):
    """Compact: forget versions that were overwritten or deleted at or before `revision`."""

    revision: int


class StoreEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A put (`kv` is the new version) or a deletion (`kv` has the key and the revision of the deletion; value None)."""

    deleted: bool
    kv: KeyValue
    previous: KeyValue | None


class StoreEvents(Message, frozen=True, kw_only=True):
    """Events of one watch in order of revision. The events of one revision are never split over two messages.

    Without events it is a progress notification: all events up to `revision` have been sent.
    """

    watch: int
    revision: int
    events: tuple[StoreEvent, ...]


class StoreWatchCancelled(Message, frozen=True, kw_only=True):
    """The watch has ended; with a `compact_revision`, because its next events are compacted: range again."""

    watch: int
    compact_revision: int = 0


class WatchCreated(Message, frozen=True, kw_only=True):
    """The watch is registered; events from its start revision on follow. `revision` is the store's."""

    revision: int


class WatchCreate(Request[WatchCreated | Compacted], frozen=True, kw_only=True):
    """Stream the events of keys in [key, range_end) from `start_revision` on (0: from now on).

    `watch` is the subscriber's own number for it. The watch ends when the subscriber stops, or by `WatchCancel`.
    """

    subscriber: Recipient[StoreEvents | StoreWatchCancelled]
    watch: int
    key: str
    range_end: str = ""
    start_revision: int = 0


class WatchCancel(Message, frozen=True, kw_only=True):
    """Cancel a watch."""

    subscriber: Recipient[StoreEvents | StoreWatchCancelled]
    watch: int


class Progress(Request[RangeReply], frozen=True, kw_only=True):
    """Ask for the current revision (an empty range).

    Synced watches of the caller get a progress notification first, if they have not had it.
    """


class LeaseGrant(Request[int], frozen=True, kw_only=True):
    """Grant a lease; keys put with it are deleted when it ends. The reply is its id."""

    ttl_seconds: int


class LeaseKeepAlive(Request[bool], frozen=True, kw_only=True):
    """Renew a lease; False if it has ended."""

    lease: int


class LeaseRevoke(Request[bool], frozen=True, kw_only=True):
    """Revoke a lease and delete its keys; False if it has ended."""

    lease: int


StoreMessage: TypeAlias = (
    Range | Txn | Compact | WatchCreate | WatchCancel | Progress | LeaseGrant | LeaseKeepAlive | LeaseRevoke
)


def prefix_end(prefix: str) -> str:
    """The end of the range of all keys that start with the prefix.

    >>> prefix_end("/pods/")
    '/pods0'
    """
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
