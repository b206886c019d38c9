"""Opening a file that is not a store, locked, corrupted or too new: a clear error, and the file is unchanged."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from kubeactors.actor import SimSystem
from kubeactors.storage import (
    BytesCodec,
    Compact,
    NotAStore,
    RangeOp,
    StaleCommit,
    StorageError,
    Store,
    StoreCorrupt,
    StoreLocked,
    StoreTooNew,
    StoreUnavailable,
)
from kubeactors.storage.backends.sqlite import SqliteBackend
from kubeactors.testing.store_requests import EVERYTHING, contents, put


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def write(path: Path, keys: int) -> None:
    """A store with so many keys, and overwritten versions of them."""
    with SqliteBackend(path) as backend:
        mvcc = backend.load(BytesCodec())
        for value in (b"old" * 500, b"new" * 500):
            for number in range(keys):
                mvcc.txn(put(f"key-{number}", value))
            backend.stage(mvcc.take_changes(), BytesCodec())()


def directory(path: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in sorted(path.parent.iterdir())}


def refusal(path: Path) -> StorageError:
    """The error of opening; nothing in the directory has changed."""
    before = directory(path)
    with pytest.raises(StorageError) as caught:
        SqliteBackend(path)
    assert directory(path) == before
    return caught.value


def rows(path: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT mod_revision, key FROM history ORDER BY id").fetchall()


def test_a_new_store_is_private_to_its_user_and_leaves_no_other_file(path: Path) -> None:
    SqliteBackend(path).close()
    assert list(directory(path)) == ["store.db"]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"precious", b"precious" * 1000, b"SQLite format 3\0" + bytes(4080)])
def test_a_file_that_is_not_a_store_is_left_unchanged(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    error = refusal(path)
    assert isinstance(error, NotAStore)
    assert str(error) == f"{path}: not a store of kubeactors; it was left alone: use another data directory"


def test_another_programs_database_is_left_unchanged(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE history (precious TEXT)")
    assert isinstance(refusal(path), NotAStore)


def test_a_store_of_a_newer_version_is_left_unchanged(path: Path) -> None:
    write(path, 1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")
    error = refusal(path)
    assert isinstance(error, StoreTooNew)
    assert str(error) == f"{path}: has format 2, this version of kubeactors knows up to 1; upgrade kubeactors"


@pytest.mark.parametrize("damage", ["truncated", "overwritten", "no tables"])
def test_a_corrupted_store_is_left_unchanged(path: Path, damage: str) -> None:
    write(path, 100)
    content = path.read_bytes()
    match damage:
        case "truncated":
            path.write_bytes(content[: len(content) // 2])
        case "overwritten":
            middle = len(content) // 8192 * 4096
            path.write_bytes(content[:8192] + b"\xff" * (middle - 8192) + content[middle:])
        case _:
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("DROP TABLE meta")
    error = refusal(path)
    assert isinstance(error, StoreCorrupt)
    assert str(error).startswith(f"{path}: damaged (")
    assert str(error).endswith("); nothing was changed: restore a backup, or move it away")


def as_after_a_power_cut(path: Path, copy: Path) -> None:
    """Write, and copy the files while the store is open: the newest commits are only in the write-ahead log."""
    write(path, 100)
    with SqliteBackend(path) as backend:
        mvcc = backend.load(BytesCodec())
        mvcc.txn(put("last", b"words"))
        backend.stage(mvcc.take_changes(), BytesCodec())()
        for suffix in ("", "-wal"):
            copy.with_name(copy.name + suffix).write_bytes(path.with_name(path.name + suffix).read_bytes())


def test_writes_that_are_only_in_the_log_are_recovered_after_a_crash(
    path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = tmp_path_factory.mktemp("copy") / "store.db"
    as_after_a_power_cut(path, copy)
    with SqliteBackend(copy) as backend:
        mvcc = backend.load(BytesCodec())
        assert contents(mvcc.range(RangeOp(key="last"), mvcc.revision)) == [("last", b"words", 202)]
    assert list(directory(copy)) == ["store.db"]


def test_a_corrupted_store_is_left_unchanged_with_its_log(path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    copy = tmp_path_factory.mktemp("copy") / "store.db"
    as_after_a_power_cut(path, copy)
    content = copy.read_bytes()
    copy.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
    assert isinstance(refusal(copy), StoreCorrupt)


def test_a_file_that_is_no_log_is_not_discarded(path: Path) -> None:
    SqliteBackend(path).close()
    log = path.with_name(f"{path.name}-wal")
    log.write_bytes(b"what was acknowledged may be in here")
    with pytest.raises(StoreCorrupt, match="no write-ahead log"):
        SqliteBackend(path)
    assert log.read_bytes() == b"what was acknowledged may be in here"


def test_a_value_that_cannot_be_decoded_names_its_key(path: Path) -> None:
    class Picky(BytesCodec):
        def decode(self, data: bytes, mod_revision: int) -> object:
            raise ValueError(f"bad {data[:3].decode()} of {mod_revision}")

    write(path, 1)
    with SqliteBackend(path) as backend, pytest.raises(StoreCorrupt, match=r"'key-0' at revision 2 .*bad old of 2"):
        backend.load(Picky())


def test_a_store_in_use_is_locked_for_a_second_backend_of_this_process(path: Path) -> None:
    with SqliteBackend(path) as backend:
        error = refusal(path)
        assert isinstance(error, StoreLocked)
        assert str(error) == f"{path}: in use by another process; stop that one, or use another data directory"
        assert backend.load(BytesCodec()).revision == 1
    SqliteBackend(path).close()


OTHER_PROCESS = """
import sys
from pathlib import Path
from kubeactors.storage import StorageError
from kubeactors.storage.backends.sqlite import SqliteBackend
try:
    SqliteBackend(Path(sys.argv[1])).close()
except StorageError as error:
    print(type(error).__name__)
else:
    print("opened")
"""


def test_a_store_in_use_is_locked_for_other_processes_until_it_is_closed(path: Path) -> None:
    def try_it() -> str:
        command = [sys.executable, "-c", OTHER_PROCESS, str(path)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    with SqliteBackend(path) as backend:
        assert try_it() == "StoreLocked\n"
        mvcc = backend.load(BytesCodec())
        mvcc.txn(put("a", b"1"))
        backend.stage(mvcc.take_changes(), BytesCodec())()
        assert try_it() == "StoreLocked\n"
    assert try_it() == "opened\n"


def test_a_directory_that_does_not_exist_or_is_one_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere" / "store.db", tmp_path):
        with pytest.raises(StoreUnavailable, match=str(path)):
            SqliteBackend(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreUnavailable, match="Permission denied"):
        SqliteBackend(tmp_path / "store.db")


def test_compaction_deletes_rows_even_after_an_interruption(path: Path) -> None:
    """A version overwritten at the compact revision itself is kept: it is the previous version in that event."""
    write(path, 3)
    with SqliteBackend(path) as backend:
        sim = SimSystem()
        store = sim.spawn(lambda: Store(backend))
        sim.ask(store, Compact(revision=6))
        sim.shutdown()
    assert rows(path) == [(number + 2, f"key-{number % 3}") for number in range(6)]
    with SqliteBackend(path) as backend:
        sim = SimSystem()
        sim.spawn(lambda: Store(backend))
        sim.run(1)
        sim.shutdown()
    assert rows(path) == [(3, "key-1"), (4, "key-2"), (5, "key-0"), (6, "key-1"), (7, "key-2")]


def test_changes_staged_before_another_load_are_never_committed(path: Path) -> None:
    with SqliteBackend(path) as backend:
        mvcc = backend.load(BytesCodec())
        mvcc.txn(put("a", b"late"))
        late = backend.stage(mvcc.take_changes(), BytesCodec())
        again = backend.load(BytesCodec())
        with pytest.raises(StaleCommit):
            late()
        again.txn(put("b", b"1"))
        backend.stage(again.take_changes(), BytesCodec())()
        assert contents(backend.load(BytesCodec()).range(EVERYTHING, 2)) == [("b", b"1", 2)]


def test_a_commit_that_fails_keeps_nothing_of_it(path: Path) -> None:
    """An SQLite trigger stands for a disk that fails during a commit of several statements."""
    write(path, 1)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TRIGGER planted BEFORE UPDATE OF last_lease ON meta BEGIN SELECT RAISE(ABORT, 'planted'); END"
        )
    with SqliteBackend(path) as backend:
        mvcc = backend.load(BytesCodec())
        mvcc.txn(put("a", b"1"))
        mvcc.grant(10)
        with pytest.raises(StoreUnavailable, match="planted"):
            backend.stage(mvcc.take_changes(), BytesCodec())()
        mvcc = backend.load(BytesCodec())
        assert mvcc.revision == 3
        assert list(mvcc.leases) == []
