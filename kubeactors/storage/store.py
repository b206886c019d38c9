"""The store: the single-writer actor that owns the keys."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias, TypeVar

from kubeactors.actor import Actor, Later, Ref, Terminated, handle
from kubeactors.message import Message
from kubeactors.storage.backends import Backend
from kubeactors.storage.changes import Changes
from kubeactors.storage.codec import BytesCodec
from kubeactors.storage.leases import Lease
from kubeactors.storage.messages import (
    Codec,
    Compact,
    Compacted,
    CompactReply,
    FutureRevision,
    LeaseGrant,
    LeaseKeepAlive,
    LeaseNotFound,
    LeaseRevoke,
    Progress,
    PutOp,
    Range,
    RangeReply,
    StoreMessage,
    Txn,
    TxnReply,
    ValueTooLarge,
    WatchCancel,
    WatchCreate,
    WatchCreated,
)
from kubeactors.storage.mvcc import Mvcc
from kubeactors.storage.snapshot import Snapshot, TakeSnapshot
from kubeactors.storage.watch import Watches

R = TypeVar("R")

TxnAnswer: TypeAlias = TxnReply | Compacted | FutureRevision | LeaseNotFound | ValueTooLarge
CompactAnswer: TypeAlias = CompactReply | Compacted | FutureRevision

RETRY_SECONDS = 0.1
"""The delay before a watcher whose mailbox was full is retried, as in etcd."""
PROGRESS_SECONDS = 5.0
"""The delay of progress notifications after a write; Kubernetes runs etcd with this value."""
TRIM_SECONDS = 0.01
TRIM_EVENTS = 1000
"""Compaction forgets so many events at a time (about 1 ms), so that requests are handled in between."""


class Commit(Message, frozen=True):
    """Commit the changes that have gathered."""


class Committed(Message, frozen=True):
    """The commit in flight is done: everything up to `revision` is durable."""

    revision: int


class Sync(Message, frozen=True):
    """Let watchers that are behind catch up."""


class ReportProgress(Message, frozen=True):
    """Send progress notifications."""


class Trim(Message, frozen=True):
    """Forget a piece of the compacted history."""


class Expire(Message, frozen=True):
    """A lease has expired."""

    lease: int


class Store(
    Actor[StoreMessage | TakeSnapshot | Commit | Committed | Sync | ReportProgress | Trim | Expire], deterministic=True
):
    """Handles requests in memory, one at a time, and commits every change to its backend.

    An acknowledged write is durable: replies and events wait for the commit of what they show. While one commit is in
    flight, changes gather for the next (group commit). Reads show the newest durable revision and never wait.

    When a commit fails, the store fails: its supervisor restarts it, and it loads what is durable. It fails with
    `StoreUnusable` when a restart cannot help. All watches end with the instance; subscribers are told, unless their
    mailboxes are full, and create them again.

    Args:
        backend: made by the caller; it outlives restarts of the store.
        codec: encodes values.
    """

    def __init__(self, backend: Backend, codec: Codec | None = None) -> None:
        self._backend = backend
        self._codec: Codec = codec or BytesCodec()
        self._begin(Mvcc(self._codec.stamp))
        self._committing = False  # a commit is in flight, or about to start
        self._changes = Changes()  # of the commit in flight
        self._in_flight: list[Callable[[], None]] = []  # replies that wait for the commit in flight
        self._gathering: list[Callable[[], None]] = []  # replies that wait for the next commit
        self._syncing = False  # a Sync is scheduled
        self._reporting = False  # a ReportProgress is scheduled

    def _begin(self, mvcc: Mvcc) -> None:
        """Serve these keys from now on."""
        self._mvcc = mvcc
        self._durable = mvcc.revision
        self._watches = Watches(mvcc.history, mvcc.revision)

    def started(self) -> Awaitable[None] | None:
        """Load from the backend, in a thread if that may block. No request is handled before that is done."""
        if self._backend.blocking:
            return self._load_in_thread()
        self._resume(self._backend.load(self._codec))
        return None

    async def _load_in_thread(self) -> None:
        self._resume(await self.ctx.in_thread(partial(self._backend.load, self._codec)))

    def _resume(self, loaded: Mvcc) -> None:
        """Start leases with their full time to live, and continue an interrupted compaction."""
        self._begin(loaded)
        for lease in loaded.leases:
            self._arm(lease)
        self.ctx.after(TRIM_SECONDS, Trim(), key="trim")

    def stopped(self) -> None:
        """End all watches."""
        self._watches.end()

    # Requests.

    @handle
    def range(self, message: Range) -> RangeReply | Compacted | FutureRevision:
        """Read the newest durable revision, or an earlier one."""
        return self._mvcc.range(message.op, self._durable)

    @handle
    def txn(self, message: Txn) -> TxnAnswer | Later[TxnAnswer]:
        """Compare and write. Values that are too large are rejected before the commit, which they would make fail for all."""
        return self._acknowledge(self._too_large(message) or self._mvcc.txn(message))

    @handle
    def compact(self, message: Compact) -> CompactAnswer | Later[CompactAnswer]:
        """Compact, and start to forget the compacted history."""
        reply = self._mvcc.compact(message.revision, self._durable)
        self.ctx.after(TRIM_SECONDS, Trim(), key="trim")
        return self._acknowledge(reply)

    @handle
    def progress(self, message: Progress) -> RangeReply:
        """Reply with the durable revision."""
        if self.ctx.sender is not None:
            self._watches.progress(self.ctx.sender)
        return RangeReply(revision=self._durable, kvs=(), more=False, count=0)

    @handle
    def watch_create(self, message: WatchCreate) -> WatchCreated | Compacted:
        """Register a watch; past events follow in messages of their own."""
        refused = self._watches.create(message, self._mvcc.compact_revision)
        if refused is not None:
            return refused
        if isinstance(message.subscriber, Ref):
            self.ctx.watch(message.subscriber)
        self._sync_after(0.0)
        return WatchCreated(revision=self._durable)

    @handle
    def watch_cancel(self, message: WatchCancel) -> None:
        """Remove a watch."""
        self._watches.cancel(message.subscriber, message.watch)
        if isinstance(message.subscriber, Ref) and not self._watches.has(message.subscriber):
            self.ctx.unwatch(message.subscriber)

    @handle
    def terminated(self, message: Terminated) -> None:
        """Remove the watches of a subscriber that has stopped."""
        self._watches.forget(message.ref)

    @handle
    def lease_grant(self, message: LeaseGrant) -> int | Later[int]:
        """Grant a lease."""
        lease = self._mvcc.grant(message.ttl_seconds)
        self._arm(lease)
        return self._acknowledge(lease.id)

    @handle
    def lease_keep_alive(self, message: LeaseKeepAlive) -> bool:
        """Renew a lease."""
        lease = self._mvcc.leases.get(message.lease)
        if lease is not None:
            self._arm(lease)
        return lease is not None

    @handle
    def lease_revoke(self, message: LeaseRevoke) -> bool | Later[bool]:
        """Revoke a lease."""
        self.ctx.cancel_timer(_timer(message.lease))
        return self._acknowledge(self._mvcc.revoke(message.lease))

    @handle
    def take_snapshot(self, message: TakeSnapshot) -> Snapshot | Later[Snapshot]:
        """Take a snapshot."""
        return self._acknowledge(self._mvcc.snapshot())

    # Messages of the store to itself.

    @handle
    def expire(self, message: Expire) -> None:
        """End a lease that has expired."""
        self._mvcc.revoke(message.lease)
        self._settle()

    @handle
    def trim(self, message: Trim) -> None:
        """Forget a piece of the compacted history, and schedule the next if there is more."""
        if self._mvcc.trim(TRIM_EVENTS):
            self._settle()
            self.ctx.after(TRIM_SECONDS, Trim(), key="trim")

    @handle
    def sync(self, message: Sync) -> None:
        """Let watchers that are behind catch up: again at once if there was progress, else later."""
        self._syncing = False
        progress = self._watches.sync(self._mvcc.compact_revision)
        self._sync_after(0.0 if progress else RETRY_SECONDS)

    @handle
    def report_progress(self, message: ReportProgress) -> None:
        """Send progress notifications to synced watchers."""
        self._reporting = False
        self._watches.progress()

    @handle
    def commit(self, message: Commit) -> None:
        """Commit the gathered changes in a thread; requests are handled meanwhile."""
        self._changes, revision = self._mvcc.take_changes(), self._mvcc.revision
        self._in_flight, self._gathering = self._gathering, []
        work = self.ctx.in_thread(self._backend.stage(self._changes, self._codec))
        self.ctx.pipe_to_self(work, lambda _: Committed(revision))

    @handle
    def committed(self, message: Committed) -> None:
        """Publish the commit, send the replies that waited for it, and commit what has gathered meanwhile."""
        self._publish(self._changes, message.revision)
        for reply in self._in_flight:
            reply()
        if self._mvcc.changed:
            self.commit(Commit())
        else:
            self._committing = False

    # From change to commit to publication.

    def _too_large(self, txn: Txn) -> ValueTooLarge | None:
        """The reply if a value exceeds the backend's limit. If there is a limit, values are encoded once more to check it."""
        limit = self._backend.max_value_bytes
        for op in (*txn.success, *txn.failure) if limit else ():
            if type(op) is PutOp and (size := self._size(op)) > limit:
                return ValueTooLarge(key=op.key, size=size, limit=limit)
        return None

    def _size(self, op: PutOp) -> int:
        return len(self._codec.encode(self._codec.stamp(op.value, self._mvcc.revision + 1)))

    def _acknowledge(self, reply: R) -> R | Later[R]:
        """Reply when everything that the reply shows is durable; often at once."""
        self._settle()
        if not self._committing:
            return reply
        later: Later[R] = self.ctx.later()
        waiting = self._gathering if self._mvcc.changed else self._in_flight
        waiting.append(partial(later.reply, reply))
        return later

    def _settle(self) -> None:
        """Commit and publish changes: at once, or in a thread, if the backend blocks."""
        if self._committing or not self._mvcc.changed:
            return
        if self._backend.blocking:
            self._committing = True
            self.ctx.after(0.0, Commit())
        else:
            changes = self._mvcc.take_changes()
            self._backend.stage(changes, self._codec)()
            self._publish(changes, self._mvcc.revision)

    def _publish(self, changes: Changes, revision: int) -> None:
        self._durable = revision
        if changes.events:
            self._watches.publish(changes.events, revision)
            self._sync_after(RETRY_SECONDS)
            if not self._reporting and self._watches:
                self._reporting = True
                self.ctx.after(PROGRESS_SECONDS, ReportProgress())

    def _sync_after(self, seconds: float) -> None:
        if self._watches.behind and (not self._syncing or not seconds):
            self._syncing = True
            self.ctx.after(seconds, Sync(), key="sync")

    def _arm(self, lease: Lease) -> None:
        self.ctx.after(lease.ttl_seconds, Expire(lease.id), key=_timer(lease.id))


def _timer(lease: int) -> str:
    return f"lease {lease}"
