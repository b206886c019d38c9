"""The requests that the store answers, in etcd's words: the second protocol that crosses rooms.

The store keeps opaque immutable values under text keys. It knows nothing of Kubernetes.

Source: etcd api/etcdserverpb/rpc.proto, api/mvccpb/kv.proto (v3.5).
"""

from typing import Protocol, TypeAlias

import msgspec

from kubeactors.message import Message, Recipient, Request

Value: TypeAlias = object
"""An immutable value. In memory it is shared by everybody who reads it; `Codec` makes bytes of it."""


class Codec(Protocol):
    """What the store must know of its values."""

    def encode(self, value: Value) -> bytes:
        """The bytes to keep; they need not hold the revision."""
        ...

    def decode(self, data: bytes, mod_revision: int) -> Value:
        """The value of bytes that `encode` made, as it was at that revision."""
        ...

    def stamp(self, value: Value, mod_revision: int) -> Value:
        """The value as it is after it was written at that revision (it may carry its revision)."""
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
    """A condition on one key: its mod revision equals this one; 0 means that it does not exist."""

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

    `revision` 0 reads the newest; `limit` 0 is no limit.
    """

    key: str
    range_end: str = ""
    revision: int = 0
    limit: int = 0
    count_only: bool = False


Op: TypeAlias = PutOp | DeleteOp | RangeOp


class Compacted(Message, frozen=True):
    """Refused: the revision is older than the last compaction; read again at a newer one."""

    compact_revision: int


class FutureRevision(Message, frozen=True):
    """Refused: that revision has not happened yet; the newest is `revision`."""

    revision: int


class LeaseNotFound(Message, frozen=True):
    """Refused: the lease of a put has ended; grant a new one and write again."""

    lease: int


class ValueTooLarge(Message, frozen=True, kw_only=True):
    """Refused: where the store keeps its data takes no value of so many bytes; write less under each key."""

    key: str
    size: int
    limit: int


class RangeReply(Message, frozen=True, kw_only=True):
    """What a range found. `revision` is the store's at the time; `count` counts all matches, beyond the limit too."""

    revision: int
    kvs: tuple[KeyValue, ...]
    more: bool
    count: int


class PutReply(Message, frozen=True, kw_only=True):
    """The key as it is now (its value stamped), and as it was before, if it was."""

    kv: KeyValue
    previous: KeyValue | None


class DeleteReply(Message, frozen=True, kw_only=True):
    """The keys that were deleted, as they were before."""

    deleted: tuple[KeyValue, ...]


OpReply: TypeAlias = PutReply | DeleteReply | RangeReply


class TxnReply(Message, frozen=True, kw_only=True):
    """`succeeded` tells which branch ran; all its writes have one revision, `revision`."""

    revision: int
    succeeded: bool
    replies: tuple[OpReply, ...]


class Range(Request[RangeReply | Compacted | FutureRevision], frozen=True, kw_only=True):
    """Read."""

    op: RangeOp


class Txn(Request[TxnReply | Compacted | FutureRevision | LeaseNotFound | ValueTooLarge], frozen=True, kw_only=True):
    """If all comparisons hold do `success`, else `failure`; atomically. Acknowledged when durable."""

    compare: tuple[Compare, ...] = ()
    success: tuple[Op, ...] = ()
    failure: tuple[Op, ...] = ()


class CompactReply(Message, frozen=True, kw_only=True):
    """History up to `compact_revision` is gone; what is current at it stays."""

    revision: int
    compact_revision: int


class Compact(Request[CompactReply | Compacted | FutureRevision], frozen=True, kw_only=True):
    """Forget what was overwritten or deleted at or before `revision`."""

    revision: int


class StoreEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A put (kv is the new state) or a deletion (kv has the key and the revision of the deletion; value None)."""

    deleted: bool
    kv: KeyValue
    previous: KeyValue | None


class StoreEvents(Message, frozen=True, kw_only=True):
    """Events of one watch in order of revision; the events of one revision are never split over two messages.

    No events: a progress notification; everything up to `revision` has been sent.
    """

    watch: int
    revision: int
    events: tuple[StoreEvent, ...]


class StoreWatchCancelled(Message, frozen=True, kw_only=True):
    """The watch has ended; with `compact_revision`, because what it wanted to see is compacted: range again."""

    watch: int
    compact_revision: int = 0


class WatchCreated(Message, frozen=True, kw_only=True):
    """The watch is registered; events from its start revision on follow. `revision` is the store's now."""

    revision: int


class WatchCreate(Request[WatchCreated | Compacted], frozen=True, kw_only=True):
    """Stream the events of keys in [key, range_end) from `start_revision` on (0: from now on).

    `watch` is the subscriber's own number for it. It ends with the subscriber's death, or by `WatchCancel`.
    """

    subscriber: Recipient[StoreEvents | StoreWatchCancelled]
    watch: int
    key: str
    range_end: str = ""
    start_revision: int = 0


class WatchCancel(Message, frozen=True, kw_only=True):
    """The subscriber wants no more of its watch."""

    subscriber: Recipient[StoreEvents | StoreWatchCancelled]
    watch: int


class Progress(Request[RangeReply], frozen=True, kw_only=True):
    """Ask for the current revision (a range of nothing).

    Watches of the asker that have been told everything get a progress notification first, if it is news to them.
    """


class LeaseGrant(Request[int], frozen=True, kw_only=True):
    """Make a lease; keys put with it are deleted when it expires. The reply is its id."""

    ttl_seconds: int


class LeaseKeepAlive(Request[bool], frozen=True, kw_only=True):
    """Renew a lease; False if it is gone."""

    lease: int


class LeaseRevoke(Request[bool], frozen=True, kw_only=True):
    """End a lease and delete its keys; False if it is gone."""

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
