"""The store: opaque values under text keys, every state with its revision, in etcd's words and with etcd's meaning.

- `Store` is the actor. It holds all keys in memory (`Mvcc`), tells watchers what has changed (`Watches`), and keeps
  every change in its `Backend` before it acknowledges.
- `backends.memory.MemoryBackend` is the disk of simulations; `backends.sqlite.SqliteBackend` that of real clusters;
  `backends.etcd.EtcdBackend` keeps their state in an etcd. A backend is made outside and outlives the store, which loads
  from it after a restart.
- `Codec` says what values are. It knows no Kubernetes; the API server's codec does.

- `Snapshot` is its state at one revision, taken and restored by sharing values: stores that begin with it diverge.

Who sends to it: the API server, the requests of `messages.py`. Nobody else, but for who takes a `Snapshot`.
What it sends: `StoreEvents` and `StoreWatchCancelled` to subscribers of watches.
Where its behaviour comes from: etcd v3.5 (server/storage/mvcc, server/lease, api/etcdserverpb).
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
