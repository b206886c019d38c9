"""The store: opaque values under text keys, in revisions, with etcd's terms and semantics.

- `Store` is the actor. It holds all keys in memory (`Mvcc`), sends events to watchers (`Watches`), and acknowledges a
  write when it is durable in its `Backend`.
- `backends.memory.MemoryBackend` is the disk of simulations; `backends.sqlite.SqliteBackend` is that of real clusters;
  `backends.etcd.EtcdBackend` keeps their state in an etcd. The caller makes the backend, which outlives the store: after
  a restart the store loads from it.
- `Codec` encodes values. The store knows no Kubernetes; the API server's codec does.
- `Snapshot` is the store's state at one revision. Taking and restoring one shares the values.

Senders: the API server sends the requests of `messages.py`; nobody else does, except for `TakeSnapshot`.
Sends: `StoreEvents` and `StoreWatchCancelled` to subscribers of watches.
Source: etcd v3.5 (server/storage/mvcc, server/lease, api/etcdserverpb).
"""

from kubeactors.storage.backends import Backend
from kubeactors.storage.backends.memory import MemoryBackend
from kubeactors.storage.backends.sqlite import SqliteBackend
from kubeactors.storage.codec import BytesCodec
from kubeactors.storage.errors import (
    DuplicateKey,
    NotAStore,
    StaleCommit,
    StorageError,
    StoreCorrupt,
    StoreLocked,
    StoreTooNew,
    StoreUnavailable,
    StoreUnusable,
)
from kubeactors.storage.eventsourcing import EventSourced, EventTooLarge, JournalConflict
from kubeactors.storage.messages import (
    Codec,
    Compact,
    Compacted,
    CompactReply,
    Compare,
    DeleteOp,
    DeleteReply,
    FutureRevision,
    KeyValue,
    LeaseGrant,
    LeaseKeepAlive,
    LeaseNotFound,
    LeaseRevoke,
    Op,
    OpReply,
    Progress,
    PutOp,
    PutReply,
    Range,
    RangeOp,
    RangeReply,
    StoreEvent,
    StoreEvents,
    StoreMessage,
    StoreWatchCancelled,
    Txn,
    TxnReply,
    Value,
    ValueTooLarge,
    WatchCancel,
    WatchCreate,
    WatchCreated,
    prefix_end,
)
from kubeactors.storage.snapshot import Snapshot, TakeSnapshot
from kubeactors.storage.store import Store

__all__ = [
    "Backend",
    "BytesCodec",
    "Codec",
    "Compact",
    "CompactReply",
    "Compacted",
    "Compare",
    "DeleteOp",
    "DeleteReply",
    "DuplicateKey",
    "EventSourced",
    "EventTooLarge",
    "FutureRevision",
    "JournalConflict",
    "KeyValue",
    "LeaseGrant",
    "LeaseKeepAlive",
    "LeaseNotFound",
    "LeaseRevoke",
    "MemoryBackend",
    "NotAStore",
    "Op",
    "OpReply",
    "Progress",
    "PutOp",
    "PutReply",
    "Range",
    "RangeOp",
    "RangeReply",
    "Snapshot",
    "SqliteBackend",
    "StaleCommit",
    "StorageError",
    "Store",
    "StoreCorrupt",
    "StoreEvent",
    "StoreEvents",
    "StoreLocked",
    "StoreMessage",
    "StoreTooNew",
    "StoreUnavailable",
    "StoreUnusable",
    "StoreWatchCancelled",
    "TakeSnapshot",
    "Txn",
    "TxnReply",
    "Value",
    "ValueTooLarge",
    "WatchCancel",
    "WatchCreate",
    "WatchCreated",
    "prefix_end",
]
