"""Opens the file of a store, and never damages any other file.

Nothing is opened for writing before the header shows that the file is a store, and a read-only connection has checked its
integrity. From then on exactly one connection holds it exclusively.

Source: https://www.sqlite.org/fileformat.html, https://www.sqlite.org/wal.html.
"""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from kubeactors.storage.errors import (
    NotAStore,
    StorageError,
    StoreCorrupt,
    StoreLocked,
    StoreTooNew,
    StoreUnavailable,
)

APPLICATION_ID = 0x6B616374
"""The text "kact", at byte 68 of the file."""
SCHEMA_VERSION = 1
"""The version of the tables; at byte 60 of the file."""

_MAGIC = b"SQLite format 3\0"
_HEADER_SIZE = 100
_LOG_MAGIC = (bytes.fromhex("377f0682"), bytes.fromhex("377f0683"))

_SCHEMA = """
BEGIN;
CREATE TABLE history (
  id INTEGER PRIMARY KEY,  -- the order of writing
  mod_revision INTEGER NOT NULL,
  key TEXT NOT NULL,
  value BLOB,  -- NULL: deleted
  create_revision INTEGER NOT NULL,
  version INTEGER NOT NULL,  -- 0: deleted
  lease INTEGER NOT NULL,
  UNIQUE (mod_revision, key)
);
CREATE TABLE leases (id INTEGER PRIMARY KEY, ttl_seconds INTEGER NOT NULL);
CREATE TABLE meta (compact_revision INTEGER NOT NULL, last_lease INTEGER NOT NULL);
INSERT INTO meta VALUES (0, 0);
COMMIT;
"""
_TABLES = [("history",), ("leases",), ("meta",)]


def open_store(path: Path) -> sqlite3.Connection:
    """The only connection to the store at `path`, which is created if it does not exist.

    Raises:
        StorageError: see `SqliteBackend`.
    """
    try:
        if not path.exists():
            _create(path)
        check_header(path)
        check_log(path)
        _check_integrity(path)
        return _connect(path)
    except sqlite3.Error as error:
        raise translated(error, path) from error
    except OSError as error:
        raise StoreUnavailable(f"{path}: {error.strerror}; choose another directory, or repair this one") from error


def check_log(path: Path) -> None:
    """Check that the write-ahead log starts like one. SQLite would silently discard anything else.

    Raises:
        StoreCorrupt: it does not; acknowledged writes may be in it.
    """
    log = path.with_name(f"{path.name}-wal")
    if not log.exists():
        return
    with log.open("rb") as file:
        header = file.read(4)
    if header and header not in _LOG_MAGIC:
        raise StoreCorrupt(
            f"{log}: damaged (no write-ahead log); nothing was changed: restore a backup, or move it away"
        )


def translated(error: sqlite3.Error, path: Path) -> StorageError:
    """The store's error for an error of SQLite."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_MISUSE) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreLocked(f"{path}: in use by another process; stop that one, or use another data directory")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT, sqlite3.SQLITE_ERROR):
        return StoreCorrupt(f"{path}: damaged ({error}); nothing was changed: restore a backup, or move it away")
    return StoreUnavailable(f"{path}: {error}; check permissions and free space, then start again")


def _create(path: Path) -> None:
    """Create an empty store, atomically. It never replaces another file."""
    unfinished = path.with_name(f"{path.name}.new-{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_empty())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(unfinished, path)
        except FileExistsError:
            return  # another process was faster
    finally:
        unfinished.unlink()
    _sync_directory(path.parent)


def _empty() -> bytes:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(_SCHEMA)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        return connection.serialize()


def _sync_directory(path: Path) -> None:
    if os.name != "posix":
        return  # not possible, and not needed, on other systems
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_header(path: Path) -> None:
    """Raise `NotAStore` or `StoreTooNew` if the file is not a store of a known version."""
    with path.open("rb") as file:
        header = file.read(_HEADER_SIZE)
    application_id = int.from_bytes(header[68:72], "big")
    if len(header) < _HEADER_SIZE or not header.startswith(_MAGIC) or application_id != APPLICATION_ID:
        raise NotAStore(f"{path}: not a store of kubeactors; it was left alone: use another data directory")
    _check_version(path, int.from_bytes(header[60:64], "big"))


def _check_version(path: Path, version: int) -> None:
    if version > SCHEMA_VERSION:
        raise StoreTooNew(
            f"{path}: has format {version}, this version of kubeactors knows up to {SCHEMA_VERSION}; upgrade kubeactors"
        )


def _check_integrity(path: Path) -> None:
    """Check the file through a connection that cannot write."""
    log, shared = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
    if not log.exists():
        _quick_check(path, "mode=ro&immutable=1")  # immutable: SQLite creates no files beside it
        return
    was_shared = shared.exists()
    try:
        _quick_check(path, "mode=ro")
    finally:
        if not was_shared:
            shared.unlink(missing_ok=True)


def _quick_check(path: Path, mode: str) -> None:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, timeout=0)) as connection:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        _check_version(path, version)
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    if verdict == "ok" and tables != _TABLES:
        verdict = "tables are missing"
    if verdict != "ok":
        told = " ".join(verdict.split())
        raise StoreCorrupt(f"{path}: damaged ({told}); nothing was changed: restore a backup, or move it away")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0, cached_statements=16)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE").fetchone()
        connection.execute("PRAGMA journal_mode = WAL").fetchone()
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")  # takes the lock, which is then kept
        connection.execute("COMMIT")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
