"""The backend of etcd, against a real server: what is acknowledged is kept, by one store at a time."""

import base64
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx2
import msgspec
import pytest

from kubeactors.actor import SimSystem
from kubeactors.storage import (
    BytesCodec,
    NotAStore,
    PutOp,
    RangeOp,
    RangeReply,
    StaleCommit,
    StorageError,
    Store,
    StoreCorrupt,
    StoreLocked,
    StoreTooNew,
    StoreUnavailable,
    Txn,
    ValueTooLarge,
)
from kubeactors.storage.backends.etcd import MAX_VALUE_BYTES, EtcdBackend, Head, Note, Row
from kubeactors.storage.backends.etcd_client import EtcdClient, Op, Put
from kubeactors.storage.mvcc import Mvcc
from tests.storage.etcd_server import ETCD, EtcdServer

pytestmark = pytest.mark.skipif(ETCD is None, reason="etcd is not installed")

CODEC = BytesCodec()
PREFIX = "test/"


@pytest.fixture
def etcd(tmp_path: Path) -> Iterator[EtcdServer]:
    with EtcdServer(tmp_path / "etcd") as server:
        yield server


@pytest.fixture
def client(etcd: EtcdServer) -> Iterator[EtcdClient]:
    with EtcdClient(etcd.url) as client:
        yield client


def write(backend: EtcdBackend, mvcc: Mvcc, **values: bytes) -> None:
    """Write all in one transaction, and commit it."""
    mvcc.txn(Txn(success=tuple(PutOp(key=key, value=value) for key, value in values.items())))
    backend.stage(mvcc.take_changes(), CODEC)()


def contents(mvcc: Mvcc) -> dict[str, object]:
    reply = mvcc.range(RangeOp(key="a", range_end="z"), mvcc.revision)
    assert isinstance(reply, RangeReply)
    return {kv.key: kv.value for kv in reply.kvs}


def keys(client: EtcdClient, prefix: str = PREFIX) -> list[str]:
    return [found.key.decode() for found in client.pages(prefix.encode())]


def test_a_transaction_larger_than_etcd_takes_at_once_is_kept_as_a_whole(etcd: EtcdServer) -> None:
    values = {f"k{number}": bytes([number % 256]) * 9_000 for number in range(700)}
    with EtcdBackend(etcd.url, PREFIX) as backend:
        write(backend, backend.load(CODEC), **values)
    with EtcdBackend(etcd.url, PREFIX) as backend:
        loaded = backend.load(CODEC)
        assert (loaded.revision, contents(loaded)) == (2, values)


def test_the_largest_value_is_kept(etcd: EtcdServer) -> None:
    value = bytes(MAX_VALUE_BYTES)
    with EtcdBackend(etcd.url, PREFIX) as backend:
        write(backend, backend.load(CODEC), **{"k" * 500: value, "small": b"1"})
        assert contents(backend.load(CODEC)) == {"k" * 500: value, "small": b"1"}


def test_a_value_that_is_too_large_is_refused_and_nobody_else_notices(etcd: EtcdServer) -> None:
    sim = SimSystem(seed=1)
    with EtcdBackend(etcd.url, PREFIX) as backend:
        store = sim.spawn(lambda: Store(backend), name="store")
        large = bytes(MAX_VALUE_BYTES + 1)
        writes = [
            Txn(success=(PutOp(key=key, value=value),)) for key, value in (("a", b"1"), ("b", large), ("c", b"1"))
        ]
        answers = [sim.ask(store, txn) for txn in writes]
        refused = ValueTooLarge(key="b", size=MAX_VALUE_BYTES + 1, limit=MAX_VALUE_BYTES)
        assert [answer if isinstance(answer, ValueTooLarge) else None for answer in answers] == [None, refused, None]
        assert contents(backend.load(CODEC)) == {"a": b"1", "c": b"1"}


def test_what_was_begun_and_never_committed_is_not_there_and_is_cleared_away(
    etcd: EtcdServer, client: EtcdClient
) -> None:
    with EtcdBackend(etcd.url, PREFIX) as backend:
        mvcc = backend.load(CODEC)
        write(backend, mvcc, a=b"1")
    begun: list[Op] = [
        Put(b"test/row/0000000000000003/a", msgspec.msgpack.encode(Row(2, 0, ("a", 2, 3, 2, 0), b"2"))),
        Put(b"test/lease/0000000000000001", msgspec.msgpack.encode(Note(2, 1, 10))),
    ]
    head = client.get(b"test/head")
    assert head is not None
    client.txn(b"test/head", head.mod_revision, begun)
    with EtcdBackend(etcd.url, PREFIX) as backend:
        mvcc = backend.load(CODEC)
        assert (mvcc.revision, contents(mvcc), list(mvcc.leases)) == (2, {"a": b"1"}, [])
        write(backend, mvcc, b=b"1")
        assert contents(backend.load(CODEC)) == {"a": b"1", "b": b"1"}
    assert keys(client) == ["test/head", "test/row/0000000000000002/a", "test/row/0000000000000003/b"]


def test_who_loads_takes_over_and_who_had_it_before_writes_no_more(etcd: EtcdServer) -> None:
    with EtcdBackend(etcd.url, PREFIX) as one, EtcdBackend(etcd.url, PREFIX) as other:
        before = one.load(CODEC)
        write(one, before, a=b"1")
        after = other.load(CODEC)
        with pytest.raises(StaleCommit, match="another store has taken it over"):
            write(one, before, a=b"stale")
        write(other, after, b=b"1")
        with pytest.raises(StoreLocked, match="in use by another store"):
            one.load(CODEC)
        assert contents(other.load(CODEC)) == {"a": b"1", "b": b"1"}


def test_a_commit_that_was_staged_before_another_load_is_dropped(etcd: EtcdServer) -> None:
    with EtcdBackend(etcd.url, PREFIX) as backend:
        mvcc = backend.load(CODEC)
        mvcc.txn(Txn(success=(PutOp(key="a", value=b"1"),)))
        commit = backend.stage(mvcc.take_changes(), CODEC)
        assert contents(backend.load(CODEC)) == {}
        with pytest.raises(StaleCommit):
            commit()
        assert contents(backend.load(CODEC)) == {}


def test_what_was_acknowledged_is_there_after_etcd_was_killed_and_writing_goes_on(etcd: EtcdServer) -> None:
    with EtcdBackend(etcd.url, PREFIX) as backend:
        mvcc = backend.load(CODEC)
        write(backend, mvcc, a=b"1")
        etcd.kill()
        with pytest.raises(StoreUnavailable, match="see that etcd runs there"):
            write(backend, mvcc, a=b"2")
        etcd.start()
        with pytest.raises(StaleCommit):  # nobody knows whether the one before is kept
            write(backend, mvcc, a=b"3")
        mvcc = backend.load(CODEC)
        assert contents(mvcc) == {"a": b"1"}
        write(backend, mvcc, a=b"4")
        assert contents(backend.load(CODEC)) == {"a": b"4"}


def test_a_connection_that_broke_between_two_writes_is_made_anew(etcd: EtcdServer) -> None:
    with EtcdBackend(etcd.url, PREFIX) as backend:
        mvcc = backend.load(CODEC)
        etcd.kill()
        etcd.start()  # the connection from before is broken
        write(backend, mvcc, a=b"1")
        assert contents(backend.load(CODEC)) == {"a": b"1"}


def test_what_is_compacted_and_what_has_ended_leaves_etcd(etcd: EtcdServer, client: EtcdClient) -> None:
    with EtcdBackend(etcd.url, PREFIX) as backend:
        mvcc = backend.load(CODEC)
        lease = mvcc.grant(10)
        for value in (b"1", b"2", b"3"):
            write(
                backend, mvcc, a=value
            )  # at revisions 2 to 4; what was before 4 is what a watch from 4 on shows of it
        mvcc.revoke(lease.id)
        mvcc.compact(4, mvcc.revision)
        while mvcc.trim(10):
            backend.stage(mvcc.take_changes(), CODEC)()
    assert keys(client) == ["test/head", "test/row/0000000000000003/a", "test/row/0000000000000004/a"]


def test_what_others_have_written_can_still_be_read_as_it_was_after_a_compaction(
    etcd: EtcdServer, client: EtcdClient
) -> None:
    first = client.txn(b"other", 0, [Put(b"other", b"1")])
    assert first is not None
    client.txn(b"other", first, [Put(b"other", b"2")])
    with EtcdBackend(etcd.url, PREFIX) as backend:
        mvcc = backend.load(CODEC)
        for value in (b"1", b"2", b"3"):
            write(backend, mvcc, a=value)
        mvcc.compact(4, mvcc.revision)
        while mvcc.trim(10):
            backend.stage(mvcc.take_changes(), CODEC)()
    asked = {"key": base64.b64encode(b"other").decode(), "revision": first}
    reply = httpx2.post(f"{etcd.url}/v3/kv/range", json=asked).json()
    assert [base64.b64decode(kv["value"]) for kv in reply["kvs"]] == [b"1"]


def test_an_empty_prefix_is_refused() -> None:
    with pytest.raises(ValueError, match="an empty prefix tells the keys of a store in etcd from no others"):
        EtcdBackend("http://127.0.0.1:2379", "")


def test_other_keys_are_left_alone(etcd: EtcdServer, client: EtcdClient) -> None:
    client.txn(b"tesu", 0, [Put(b"tesu", b"1"), Put(b"tes", b"2"), Put(b"test", b"3")])
    with EtcdBackend(etcd.url, PREFIX) as backend:
        assert contents(backend.load(CODEC)) == {}
    assert keys(client, "tes") == ["tes", "test", "test/head", "tesu"]


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [
        ("head", b"hello", NotAStore),
        ("head", msgspec.json.encode(Head(format=2)), StoreTooNew),
        ("row/0000000000000002/a", b"\xc1", StoreCorrupt),
        ("lease/0000000000000001", msgspec.msgpack.encode({}), StoreCorrupt),
    ],
)
def test_what_cannot_be_read_is_refused_and_kept(
    key: str, value: bytes, error: type[StorageError], etcd: EtcdServer, client: EtcdClient
) -> None:
    at = PREFIX.encode() + key.encode()
    client.txn(at, 0, [Put(at, value)])
    with EtcdBackend(etcd.url, PREFIX) as backend, pytest.raises(error):
        backend.load(CODEC)
    kept = client.get(at)
    assert kept is not None
    assert kept.value == value


def test_who_is_no_etcd_is_told_apart(tmp_path: Path) -> None:
    server = EtcdServer(tmp_path)
    with EtcdBackend(server.url, PREFIX) as backend, pytest.raises(StoreUnavailable, match="see that etcd runs"):
        backend.load(CODEC)
    secure = server.url.replace("http:", "https:")
    with EtcdBackend(secure, PREFIX, ssl.create_default_context()) as backend, pytest.raises(StoreUnavailable):
        backend.load(CODEC)
