"""Keeps the store's data in a SQLite file, with a row for each version of each key since the compaction.

A commit is durable when it returns (write-ahead log, `synchronous=FULL`).

A commit runs in a thread beside the event loop. Each step of an SQL statement releases the interpreter lock, and waits
up to 5 ms to get it back from a busy loop. So one statement inserts many rows: with a busy loop that reaches 7,000 rows/s
in groups of 50, and one step per row (`executemany`) 150.
"""

import sqlite3
import threading  # noqa: TID251 -- a lock between the loop's thread and the one that commits
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

import msgspec

from kubeactors.storage.backends import sqlite_file
from kubeactors.storage.changes import Changes
from kubeactors.storage.errors import StaleCommit, StoreCorrupt
from kubeactors.storage.leases import Lease
from kubeactors.storage.messages import Codec, KeyValue, StoreEvent
from kubeactors.storage.mvcc import Mvcc

Column: TypeAlias = "str | int | bytes | None"
Statement: TypeAlias = "tuple[str, list[Column]]"

ROWS = 1000
"""Rows that one statement inserts: 6,000 parameters, of the 32,766 that SQLite allows."""

_ROW = "(?,?,?,?,?,?)"
_INSERT = "INSERT INTO history (mod_revision, key, value, create_revision, version, lease) VALUES "
_SELECT = "SELECT key, value, create_revision, mod_revision, version, lease FROM history ORDER BY id"
_FORGET = (
    "DELETE FROM history WHERE (mod_revision, key) IN "
    "(SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))"
)


class SqliteBackend:
    """The store in the file at `path`, created if it does not exist; locked until `close` or the end of the process.

    Raises:
        NotAStore: the file was written by something else.
        StoreTooNew: it was written by a newer version.
        StoreLocked: another process uses it.
        StoreCorrupt: it is corrupted.
        StoreUnavailable: the operating system failed.
        In all these cases the file is unchanged.
    """

    blocking = True
    max_value_bytes = 0

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = sqlite_file.open_store(path)
        self._lock = threading.Lock()
        self._incarnation = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release the file. What is staged but not committed is dropped."""
        with self._lock:
            self._incarnation += 1
            self._connection.close()

    def load(self, codec: Codec) -> Mvcc:
        """See `Backend.load`; waits for a commit in flight.

        Raises:
            StoreCorrupt: SQLite cannot read a row, or the codec cannot decode a value.
            StoreUnavailable: the operating system failed.
        """
        with self._lock:
            self._incarnation += 1
            try:
                return self._load(codec)
            except sqlite3.Error as error:
                raise sqlite_file.translated(error, self._path) from error

    def _load(self, codec: Codec) -> Mvcc:
        execute = self._connection.execute
        mvcc = Mvcc(codec.stamp)
        compact_revision, mvcc.leases.last = execute("SELECT compact_revision, last_lease FROM meta").fetchone()
        for lease, ttl_seconds in execute("SELECT id, ttl_seconds FROM leases ORDER BY id"):
            mvcc.leases.restore(Lease(lease, ttl_seconds))
        mvcc.replay(self._read(codec), compact_revision)
        return mvcc

    def _read(self, codec: Codec) -> Iterator[KeyValue]:
        for key, data, create_revision, mod_revision, version, lease in self._connection.execute(_SELECT):
            try:
                value = codec.decode(data, mod_revision) if version else None
            except Exception as error:
                raise StoreCorrupt(
                    f"{self._path}: {key!r} at revision {mod_revision} cannot be decoded ({error}); restore a backup"
                ) from error
            yield KeyValue(key, value, create_revision, mod_revision, version, lease)

    def stage(self, changes: Changes, codec: Codec) -> Callable[[], None]:
        """See `Backend.stage`.

        The returned function raises `StoreUnavailable` if the disk is full or fails, and `StaleCommit` after another
        `load` or `close`.
        """
        return partial(self._commit, list(_statements(changes, codec)), self._incarnation)

    def _commit(self, statements: list[Statement], incarnation: int) -> None:
        with self._lock:
            if incarnation != self._incarnation:
                raise StaleCommit(f"{self._path}: loaded again, or closed, before this commit; load again")
            try:
                self._execute(statements)
            except sqlite3.Error as error:
                raise sqlite_file.translated(error, self._path) from error

    def _execute(self, statements: list[Statement]) -> None:
        execute = self._connection.execute
        if len(statements) == 1:
            execute(*statements[0])  # one statement is a transaction of its own
            return
        execute("BEGIN IMMEDIATE")
        try:
            for statement in statements:
                execute(*statement)
            execute("COMMIT")
        except sqlite3.Error:
            if self._connection.in_transaction:
                execute("ROLLBACK")
            raise


def _statements(changes: Changes, codec: Codec) -> Iterator[Statement]:
    events = changes.events
    for at in range(0, len(events), ROWS):
        part = events[at : at + ROWS]
        yield _INSERT + ",".join([_ROW] * len(part)), [column for event in part for column in _columns(event, codec)]
    for lease in changes.granted:
        yield "INSERT INTO leases (id, ttl_seconds) VALUES (?, ?)", [lease.id, lease.ttl_seconds]
        yield "UPDATE meta SET last_lease = ?", [lease.id]
    for ended in changes.ended:
        yield "DELETE FROM leases WHERE id = ?", [ended]
    if changes.compact_revision:
        yield "UPDATE meta SET compact_revision = ?", [changes.compact_revision]
    if changes.forgotten:
        rows = [(kv.mod_revision, kv.key) for kv in changes.forgotten]
        yield _FORGET, [msgspec.json.encode(rows).decode()]


def _columns(event: StoreEvent, codec: Codec) -> tuple[Column, ...]:
    kv = event.kv
    data = None if event.deleted else codec.encode(kv.value)
    return kv.mod_revision, kv.key, data, kv.create_revision, kv.version, kv.lease
