"""Keeps the store's data in etcd, below a prefix, with a key for each version of each key since the compaction.

    PREFIX head                        the owner, and the number of the last commit
    PREFIX row/REVISION/KEY            a version of a key
    PREFIX lease/ID, PREFIX ended/ID   a lease was granted, has ended

A commit may be larger than etcd's limits for a request (128 operations, 1.5 MB). So it is written in parts, each with the
commit's number, and the last one together with the head that has this number: rows with a higher number than the head
were never committed. Every write has the head's revision as a precondition, and each `load` writes the head: previous
owners cannot write any more.

The backend never asks etcd for a compaction, which would affect all of its keys: etcd's own history of keys that are
overwritten or deleted here is compacted by its `--auto-compaction-retention`.
"""

import threading  # noqa: TID251 -- a lock between the loop's thread and the one that commits
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from types import TracebackType
from typing import Self

import msgspec

from kubeactors.storage.backends.etcd_client import Delete, EtcdClient, Found, Op, Put
from kubeactors.storage.changes import Changes
from kubeactors.storage.errors import NotAStore, StaleCommit, StoreCorrupt, StoreLocked, StoreTooNew
from kubeactors.storage.leases import Lease
from kubeactors.storage.messages import Codec, KeyValue
from kubeactors.storage.mvcc import Mvcc

FORMAT = 1
"""The version of the format."""
PART_OPS = 100
"""Operations per request; etcd allows 128 (`--max-txn-ops`)."""
PART_BYTES = 1_000_000
"""Bytes per request; etcd allows 1.5 MiB (`--max-request-bytes`). A larger value is sent alone."""
TAKE_OVER_ATTEMPTS = 100
"""An owner that commits at this moment is overtaken by one of the first few."""
MAX_VALUE_BYTES = 1_500_000
"""Leaves room in 1.5 MiB for the keys and the head."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """The head: metadata of the store."""

    format: int = FORMAT
    owner: str = ""
    """The backend that loaded last, and may write."""
    commit: int = 0
    """The number of the last commit."""
    compact_revision: int = 0
    last_lease: int = 0


class Row(msgspec.Struct, frozen=True, array_like=True):
    """A version of a key, or its tombstone."""

    commit: int
    place: int
    """Its position within the commit."""
    kv: tuple[str, int, int, int, int]
    """Key, create revision, mod revision, version and lease."""
    value: bytes | None


class LeaseRow(msgspec.Struct, frozen=True, array_like=True):
    """A lease that was granted, or has ended."""

    commit: int
    lease: int
    ttl_seconds: int = 0


class EtcdBackend:
    """The store below a prefix of an etcd. One store at a time uses it: loading takes it over.

    After that the previous owner's next commit fails with `StaleCommit`, and its loads fail with `StoreLocked`: it has
    lost the store for good. No acknowledged write is lost.

    `load` and commits send requests in the calling thread, and do not retry those that fail. A member that cannot be
    connected to blocks that thread for at most a second, one that accepts the connection but does not answer for ten.

    Args:
        client: the client of the etcd; closed with the backend.
        prefix: of all keys; other keys are left alone.

    Raises:
        ValueError: the prefix is empty.
    """

    blocking = True
    max_value_bytes = MAX_VALUE_BYTES

    def __init__(self, client: EtcdClient, prefix: str = "kubeactors/") -> None:
        if not prefix:
            raise ValueError("the prefix is empty; the keys of a store in etcd need one to be told from others")
        self._client = client
        self._where = f"{','.join(client.urls)} {prefix}"
        self._prefix = prefix.encode()
        self._head_key = self._prefix + b"head"
        self._lock = threading.Lock()
        self._owner = uuid.uuid4().hex  # noqa: TID251 -- tells processes apart; nothing else depends on it
        self._head = Head()
        self._head_revision = 0
        self._incarnation = 0
        self._sound = False
        """Whether the store and etcd are known to agree: not before a load, nor after a failed commit."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the client. What is staged but not committed is dropped."""
        with self._lock:
            self._incarnation += 1
            self._client.close()

    # Reading.

    def load(self, codec: Codec) -> Mvcc:
        """See `Backend.load`: take the store over and read it; waits for a commit in flight.

        Raises:
            StoreUnavailable: etcd cannot be reached, or rejects a request.
            StoreLocked: another backend has taken it over since this one loaded it.
            StaleCommit: another backend takes it over at this moment.
            StoreTooNew: it was written by a newer version.
            NotAStore: the head was written by something else.
            StoreCorrupt: it is corrupted.
        """
        with self._lock:
            self._incarnation += 1
            self._sound = False
            self._take_over()
            try:
                loaded = self._read(codec)
            except msgspec.DecodeError as error:
                raise StoreCorrupt(f"{self._where}: damaged ({error}); restore a backup") from error
            self._sound = True
            return loaded

    def _take_over(self) -> None:
        """Write the head with this owner; again if the owner before commits meanwhile."""
        for attempt in range(1, TAKE_OVER_ATTEMPTS + 1):
            found = self._client.get(self._head_key)
            head = self._decoded(found.value) if found is not None else Head()
            if self._head.owner and head.owner != self._owner:
                raise StoreLocked(
                    f"{self._where}: taken over by another store; use another prefix, or stop that one and start again"
                )
            head = msgspec.structs.replace(head, owner=self._owner)
            try:
                self._write(head, [], 0 if found is None else found.mod_revision)
            except StaleCommit:
                if attempt == TAKE_OVER_ATTEMPTS:
                    raise
            else:
                return

    def _decoded(self, data: bytes) -> Head:
        try:
            head = msgspec.json.decode(data, type=Head)
        except msgspec.DecodeError as error:
            raise NotAStore(f"{self._where}: not a store of kubeactors; use another prefix") from error
        if head.format > FORMAT:
            raise StoreTooNew(f"{self._where}: has format {head.format}; upgrade kubeactors")
        return head

    def _read(self, codec: Codec) -> Mvcc:
        rows: list[Row] = []
        granted: dict[int, LeaseRow] = {}
        ended: dict[int, LeaseRow] = {}
        unwanted: list[Op] = []
        for found in self._client.pages(self._prefix):
            record = self._record(found)
            if record is not None and record.commit > self._head.commit:
                unwanted.append(Delete(found.key))
            elif isinstance(record, Row):
                rows.append(record)
            elif record is not None:
                (ended if found.key == self._key("ended", record.lease) else granted)[record.lease] = record
        for lease in ended:
            unwanted += (Delete(self._key("lease", lease)), Delete(self._key("ended", lease)))
        for part in _parts(unwanted):
            self._write(self._head, part, self._head_revision)
        return self._replayed(rows, [row for lease, row in granted.items() if lease not in ended], codec)

    def _record(self, found: Found) -> Row | LeaseRow | None:
        """The record under a key; None if that is the head."""
        kind = found.key[len(self._prefix) :].partition(b"/")[0]
        if kind == b"row":
            return msgspec.msgpack.decode(found.value, type=Row)
        return msgspec.msgpack.decode(found.value, type=LeaseRow) if kind in (b"lease", b"ended") else None

    def _replayed(self, rows: list[Row], leases: list[LeaseRow], codec: Codec) -> Mvcc:
        mvcc = Mvcc(codec.stamp)
        mvcc.leases.last = self._head.last_lease
        for row in leases:
            mvcc.leases.restore(Lease(row.lease, row.ttl_seconds))
        rows.sort(key=lambda row: (row.commit, row.place))
        mvcc.replay((self._state(row, codec) for row in rows), self._head.compact_revision)
        return mvcc

    def _state(self, row: Row, codec: Codec) -> KeyValue:
        key, create_revision, mod_revision, version, lease = row.kv
        try:
            value = None if row.value is None else codec.decode(row.value, mod_revision)
        except Exception as error:
            raise StoreCorrupt(
                f"{self._where}: {key!r} at revision {mod_revision} cannot be decoded ({error}); restore a backup"
            ) from error
        return KeyValue(key, value, create_revision, mod_revision, version, lease)

    # Writing.

    def stage(self, changes: Changes, codec: Codec) -> Callable[[], None]:
        """See `Backend.stage`.

        The returned function raises `StoreUnavailable` if etcd cannot be reached or rejects a request, and `StaleCommit`
        after another `load` or `close`, or if another backend has taken the store over.
        """
        values = [None if event.deleted else codec.encode(event.kv.value) for event in changes.events]
        return partial(self._commit, changes, values, self._incarnation)

    def _commit(self, changes: Changes, values: list[bytes | None], incarnation: int) -> None:
        with self._lock:
            if incarnation != self._incarnation or not self._sound:
                raise StaleCommit(
                    f"{self._where}: loaded again, or closed, or in doubt, before this commit; load again"
                )
            self._sound = False  # if this fails, only another load can tell whether it is committed
            self._keep(changes, values)
            self._sound = True

    def _keep(self, changes: Changes, values: list[bytes | None]) -> None:
        head = self._after(changes)
        *parts, last = _parts(list(self._puts(head.commit, changes, values))) or [[]]
        for part in parts:
            self._write(self._head, part, self._head_revision)
        self._write(head, last, self._head_revision)
        for part in _parts(list(self._forgotten(changes))):
            self._write(self._head, part, self._head_revision)

    def _after(self, changes: Changes) -> Head:
        head = self._head
        return msgspec.structs.replace(
            head,
            commit=head.commit + 1,
            compact_revision=changes.compact_revision or head.compact_revision,
            last_lease=max([head.last_lease, *(lease.id for lease in changes.granted)]),
        )

    def _puts(self, commit: int, changes: Changes, values: list[bytes | None]) -> Iterator[Op]:
        for place, (event, value) in enumerate(zip(changes.events, values, strict=True)):
            kv = event.kv
            state = (kv.key, kv.create_revision, kv.mod_revision, kv.version, kv.lease)
            yield Put(self._row_key(kv), msgspec.msgpack.encode(Row(commit, place, state, value)))
        for lease in changes.granted:
            row = LeaseRow(commit, lease.id, lease.ttl_seconds)
            yield Put(self._key("lease", lease.id), msgspec.msgpack.encode(row))
        for gone in changes.ended:
            yield Put(self._key("ended", gone), msgspec.msgpack.encode(LeaseRow(commit, gone)))

    def _forgotten(self, changes: Changes) -> Iterator[Op]:
        """Deletes keys that nobody reads after the commit. If this is interrupted, the next load does it."""
        for kv in changes.forgotten:
            yield Delete(self._row_key(kv))
        for gone in changes.ended:
            yield Delete(self._key("lease", gone))
            yield Delete(self._key("ended", gone))

    def _write(self, head: Head, ops: list[Op], head_revision: int) -> None:
        """Write in one transaction, unless another backend has written the head."""
        put = Put(self._head_key, msgspec.json.encode(head))
        revision = self._client.txn(self._head_key, head_revision, [*ops, put])
        if revision is None:
            raise StaleCommit(f"{self._where}: another backend has taken it over")
        self._head, self._head_revision = head, revision

    def _row_key(self, kv: KeyValue) -> bytes:
        return self._prefix + f"row/{kv.mod_revision:016d}/{kv.key}".encode()

    def _key(self, kind: str, lease: int) -> bytes:
        return self._prefix + f"{kind}/{lease:016d}".encode()


def _parts(ops: list[Op]) -> list[list[Op]]:
    """Operations in groups within etcd's limits for a request.

    >>> [len(part) for part in _parts([Delete(b"a")] * 250)]
    [100, 100, 50]
    """
    parts: list[list[Op]] = []
    size = 0
    for op in ops:
        more = len(op.key) + (len(op.value) if isinstance(op, Put) else 0)
        if not parts or len(parts[-1]) == PART_OPS or size + more > PART_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(op)
        size += more
    return parts
