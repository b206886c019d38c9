"""The etcd backend, against a real server: acknowledged writes are kept, and one store at a time may write."""

import base64
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import anyio
import httpx2
import msgspec
import pytest

from kubeactors.actor import ActorStopped, ActorSystem, Ref, SimSystem
from kubeactors.storage import (
    BytesCodec,
    Compacted,
    FutureRevision,
    NotAStore,
    PutOp,
    Range,
    RangeOp,
    RangeReply,
    StaleCommit,
    StorageError,
    Store,
    StoreCorrupt,
    StoreLocked,
    StoreMessage,
    StoreTooNew,
    StoreUnavailable,
    Txn,
    ValueTooLarge,
)
from kubeactors.storage.backends.etcd import MAX_VALUE_BYTES, EtcdBackend, Head, LeaseRow, Row
from kubeactors.storage.backends.etcd_client import TIMEOUT_SECONDS, Credentials, EtcdClient, Op, Put
from kubeactors.storage.mvcc import Mvcc
from tests.actor.messages import Add, Counter, GetTotal
from tests.storage.certificates import Authority
from tests.storage.etcd_server import ETCD, EtcdServer, etcd_cluster

pytestmark = pytest.mark.skipif(ETCD is None, reason="etcd is not installed")

CODEC = BytesCodec()
PREFIX = "test/"


@pytest.fixture
def etcd(tmp_path: Path) -> Iterator[EtcdServer]:
    with EtcdServer(tmp_path / "etcd") as server:
        yield server


@pytest.fixture
def client(etcd: EtcdServer) -> Iterator[EtcdClient]:
    with EtcdClient([etcd.url]) as client:
        yield client


def opened(
    *urls: str,
    tls: ssl.SSLContext | None = None,
    user: Credentials | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> EtcdBackend:
    return EtcdBackend(EtcdClient(urls, tls, user, timeout_seconds), PREFIX)


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


def test_a_transaction_above_etcds_limits_is_committed_as_a_whole(etcd: EtcdServer) -> None:
    values = {f"k{number}": bytes([number % 256]) * 9_000 for number in range(700)}
    with opened(etcd.url) as backend:
        write(backend, backend.load(CODEC), **values)
    with opened(etcd.url) as backend:
        loaded = backend.load(CODEC)
        assert (loaded.revision, contents(loaded)) == (2, values)


def test_the_largest_value_is_kept(etcd: EtcdServer) -> None:
    value = bytes(MAX_VALUE_BYTES)
    with opened(etcd.url) as backend:
        write(backend, backend.load(CODEC), **{"k" * 500: value, "small": b"1"})
        assert contents(backend.load(CODEC)) == {"k" * 500: value, "small": b"1"}


def test_a_value_that_is_too_large_is_rejected_without_effect_on_others(etcd: EtcdServer) -> None:
    sim = SimSystem(seed=1)
    with opened(etcd.url) as backend:
        store = sim.spawn(lambda: Store(backend), name="store")
        large = bytes(MAX_VALUE_BYTES + 1)
        writes = [
            Txn(success=(PutOp(key=key, value=value),)) for key, value in (("a", b"1"), ("b", large), ("c", b"1"))
        ]
        answers = [sim.ask(store, txn) for txn in writes]
        refused = ValueTooLarge(key="b", size=MAX_VALUE_BYTES + 1, limit=MAX_VALUE_BYTES)
        assert [answer if isinstance(answer, ValueTooLarge) else None for answer in answers] == [None, refused, None]
        assert contents(backend.load(CODEC)) == {"a": b"1", "c": b"1"}


def test_uncommitted_parts_are_ignored_and_deleted(etcd: EtcdServer, client: EtcdClient) -> None:
    with opened(etcd.url) as backend:
        mvcc = backend.load(CODEC)
        write(backend, mvcc, a=b"1")
    begun: list[Op] = [
        Put(b"test/row/0000000000000003/a", msgspec.msgpack.encode(Row(2, 0, ("a", 2, 3, 2, 0), b"2"))),
        Put(b"test/lease/0000000000000001", msgspec.msgpack.encode(LeaseRow(2, 1, 10))),
    ]
    head = client.get(b"test/head")
    assert head is not None
    client.txn(b"test/head", head.mod_revision, begun)
    with opened(etcd.url) as backend:
        mvcc = backend.load(CODEC)
        assert (mvcc.revision, contents(mvcc), list(mvcc.leases)) == (2, {"a": b"1"}, [])
        write(backend, mvcc, b=b"1")
        assert contents(backend.load(CODEC)) == {"a": b"1", "b": b"1"}
    assert keys(client) == ["test/head", "test/row/0000000000000002/a", "test/row/0000000000000003/b"]


def test_a_load_takes_over_and_the_previous_owner_cannot_write_any_more(etcd: EtcdServer) -> None:
    with opened(etcd.url) as one, opened(etcd.url) as other:
        before = one.load(CODEC)
        write(one, before, a=b"1")
        after = other.load(CODEC)
        with pytest.raises(StaleCommit, match="another backend has taken it over"):
            write(one, before, a=b"stale")
        write(other, after, b=b"1")
        with pytest.raises(StoreLocked, match="taken over by another store"):
            one.load(CODEC)
        assert contents(other.load(CODEC)) == {"a": b"1", "b": b"1"}


def test_a_store_is_taken_over_from_an_owner_that_commits_all_the_time(etcd: EtcdServer) -> None:
    def write_until_refused(backend: EtcdBackend, mvcc: Mvcc, number: int) -> int:
        """The last number that was written."""
        while True:
            try:
                write(backend, mvcc, a=b"%d" % (number + 1))
            except StaleCommit:
                return number
            number += 1

    with ThreadPoolExecutor() as pool:
        for _ in range(5):
            with opened(etcd.url) as one, opened(etcd.url) as other:
                before = one.load(CODEC)
                write(one, before, a=b"0")
                writing = pool.submit(write_until_refused, one, before, 0)
                after = other.load(CODEC)
                assert contents(after) == {"a": b"%d" % writing.result()}


def test_a_commit_that_was_staged_before_another_load_is_dropped(etcd: EtcdServer) -> None:
    with opened(etcd.url) as backend:
        mvcc = backend.load(CODEC)
        mvcc.txn(Txn(success=(PutOp(key="a", value=b"1"),)))
        commit = backend.stage(mvcc.take_changes(), CODEC)
        assert contents(backend.load(CODEC)) == {}
        with pytest.raises(StaleCommit):
            commit()
        assert contents(backend.load(CODEC)) == {}


def test_acknowledged_writes_survive_a_kill_of_etcd_and_writing_continues(etcd: EtcdServer) -> None:
    with opened(etcd.url) as backend:
        mvcc = backend.load(CODEC)
        write(backend, mvcc, a=b"1")
        etcd.kill()
        with pytest.raises(StoreUnavailable, match="check that etcd runs there"):
            write(backend, mvcc, a=b"2")
        etcd.start()
        with pytest.raises(StaleCommit):  # the outcome of the previous one is unknown
            write(backend, mvcc, a=b"3")
        mvcc = backend.load(CODEC)
        assert contents(mvcc) == {"a": b"1"}
        write(backend, mvcc, a=b"4")
        assert contents(backend.load(CODEC)) == {"a": b"4"}


def test_a_connection_that_broke_between_two_writes_is_reopened(etcd: EtcdServer) -> None:
    with opened(etcd.url) as backend:
        mvcc = backend.load(CODEC)
        etcd.kill()
        etcd.start()  # the old connection is broken
        write(backend, mvcc, a=b"1")
        assert contents(backend.load(CODEC)) == {"a": b"1"}


def test_compacted_versions_and_ended_leases_are_deleted_from_etcd(etcd: EtcdServer, client: EtcdClient) -> None:
    with opened(etcd.url) as backend:
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


def test_other_keys_keep_their_history_in_etcd_after_a_compaction(etcd: EtcdServer, client: EtcdClient) -> None:
    first = client.txn(b"other", 0, [Put(b"other", b"1")])
    assert first is not None
    client.txn(b"other", first, [Put(b"other", b"2")])
    with opened(etcd.url) as backend:
        mvcc = backend.load(CODEC)
        for value in (b"1", b"2", b"3"):
            write(backend, mvcc, a=value)
        mvcc.compact(4, mvcc.revision)
        while mvcc.trim(10):
            backend.stage(mvcc.take_changes(), CODEC)()
    asked = {"key": base64.b64encode(b"other").decode(), "revision": first}
    reply = httpx2.post(f"{etcd.url}/v3/kv/range", json=asked).json()
    assert [base64.b64decode(kv["value"]) for kv in reply["kvs"]] == [b"1"]


def test_an_empty_prefix_is_rejected() -> None:
    with pytest.raises(ValueError, match="the prefix is empty"):
        EtcdBackend(EtcdClient(["http://127.0.0.1:2379"]), "")


def test_other_keys_are_left_unchanged(etcd: EtcdServer, client: EtcdClient) -> None:
    client.txn(b"tesu", 0, [Put(b"tesu", b"1"), Put(b"tes", b"2"), Put(b"test", b"3")])
    with opened(etcd.url) as backend:
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
def test_unreadable_data_is_rejected_and_kept(
    key: str, value: bytes, error: type[StorageError], etcd: EtcdServer, client: EtcdClient
) -> None:
    at = PREFIX.encode() + key.encode()
    client.txn(at, 0, [Put(at, value)])
    with opened(etcd.url) as backend, pytest.raises(error):
        backend.load(CODEC)
    kept = client.get(at)
    assert kept is not None
    assert kept.value == value


def test_a_server_that_is_not_etcd_is_detected(tmp_path: Path) -> None:
    server = EtcdServer(tmp_path)
    with opened(server.url) as backend, pytest.raises(StoreUnavailable, match="check that etcd runs"):
        backend.load(CODEC)
    secure = server.url.replace("http:", "https:")
    with opened(secure, tls=ssl.create_default_context()) as backend, pytest.raises(StoreUnavailable):
        backend.load(CODEC)


def test_a_write_goes_to_the_next_member_when_one_is_killed(tmp_path: Path) -> None:
    with etcd_cluster(tmp_path) as members, opened(*(member.url for member in members)) as backend:
        mvcc = backend.load(CODEC)
        write(backend, mvcc, a=b"1")
        members[0].kill()
        for value in (b"2", b"3"):  # the first may find a broken connection, or no leader
            try:
                write(backend, mvcc, a=value)
            except StorageError:
                mvcc = until_loaded(backend)
        write(backend, mvcc, b=b"1")
        members[0].start()
        members[1].kill()
        mvcc = until_loaded(backend)
        write(backend, mvcc, c=b"1")
        assert contents(backend.load(CODEC)).keys() == {"a", "b", "c"}


def until_loaded(backend: EtcdBackend) -> Mvcc:
    """Load, with retries."""
    while True:
        try:
            return backend.load(CODEC)
        except (StoreUnavailable, StaleCommit):
            continue


def test_an_absent_or_silent_member_is_skipped(etcd: EtcdServer, tmp_path: Path) -> None:
    absent = EtcdServer(tmp_path / "absent")
    with EtcdServer(tmp_path / "silent") as silent:
        silent.pause()
        with opened(absent.url, silent.url, etcd.url, timeout_seconds=1.0) as backend:
            write(backend, backend.load(CODEC), a=b"1")
            assert contents(backend.load(CODEC)) == {"a": b"1"}


def test_if_no_member_can_be_reached_each_is_named(tmp_path: Path) -> None:
    urls = [EtcdServer(tmp_path).url, EtcdServer(tmp_path).url]
    said = f"{urls[0]}: .* check that etcd runs there, and {urls[1]}: .* check that etcd runs there"
    with opened(*urls) as backend, pytest.raises(StoreUnavailable, match=said):
        backend.load(CODEC)


def test_a_write_sent_to_a_silent_member_is_sent_to_no_other(etcd: EtcdServer, tmp_path: Path) -> None:
    with (
        EtcdServer(tmp_path / "other") as other,
        opened(etcd.url, other.url, timeout_seconds=1.0) as backend,
        EtcdClient([other.url]) as client,
    ):
        mvcc = backend.load(CODEC)
        etcd.pause()
        with pytest.raises(StoreUnavailable, match="check that etcd runs there"):
            write(backend, mvcc, a=b"1")
        assert keys(client) == []
        etcd.resume()


USER = Credentials("kubeactors", "secret")


def with_users(etcd: EtcdServer) -> str:
    """Enable authentication, with the users root and one that may use our prefix. Returns a token of root."""
    end = base64.b64encode(b"test0").decode()
    permission = {"permType": "READWRITE", "key": base64.b64encode(b"test/").decode(), "range_end": end}
    for path, body in (
        ("auth/user/add", {"name": "root", "password": "root"}),
        ("auth/role/add", {"name": "root"}),
        ("auth/user/grant", {"user": "root", "role": "root"}),
        ("auth/user/add", {"name": USER.name, "password": USER.password}),
        ("auth/role/add", {"name": "store"}),
        ("auth/role/grant", {"name": "store", "perm": permission}),
        ("auth/user/grant", {"user": USER.name, "role": "store"}),
        ("auth/enable", {}),
    ):
        etcd.ask(path, dict[str, object](body))
    return etcd.ask("auth/authenticate", {"name": "root", "password": "root"})["token"]


def test_only_the_right_password_is_accepted(etcd: EtcdServer) -> None:
    with_users(etcd)
    with opened(etcd.url, user=USER) as backend:
        write(backend, backend.load(CODEC), a=b"1")
        assert contents(backend.load(CODEC)) == {"a": b"1"}
    for user, said in ((None, "user name is empty"), (Credentials(USER.name, "wrong"), "authentication failed")):
        with opened(etcd.url, user=user) as backend, pytest.raises(StoreUnavailable, match=said):
            backend.load(CODEC)


def test_a_stale_token_is_replaced_during_writes(etcd: EtcdServer) -> None:
    token = with_users(etcd)
    with opened(etcd.url, user=USER) as backend:
        mvcc = backend.load(CODEC)
        etcd.ask("auth/user/add", {"name": "another", "password": "x"}, token)  # the revision of users is a new one
        write(backend, mvcc, a=b"1")
        etcd.kill()
        etcd.start()  # forgets all tokens
        write(backend, mvcc, b=b"1")
        assert contents(backend.load(CODEC)) == {"a": b"1", "b": b"1"}


def test_credentials_are_ignored_by_an_etcd_without_authentication(etcd: EtcdServer) -> None:
    with opened(etcd.url, user=USER) as backend:
        write(backend, backend.load(CODEC), a=b"1")
        assert contents(backend.load(CODEC)) == {"a": b"1"}


def test_a_client_certificate_is_sent_to_an_etcd_that_needs_one(tmp_path: Path) -> None:
    authority, foreign = Authority(tmp_path, "authority"), Authority(tmp_path, "foreign")
    with EtcdServer(tmp_path / "etcd", authority) as etcd:
        with opened(etcd.url, tls=etcd.tls(authority.issue("client"))) as backend:
            write(backend, backend.load(CODEC), a=b"1")
            assert contents(backend.load(CODEC)) == {"a": b"1"}
        for pair in (None, foreign.issue("intruder")):
            with opened(etcd.url, tls=etcd.tls(pair)) as backend, pytest.raises(StoreUnavailable):
                backend.load(CODEC)


async def test_a_silent_etcd_holds_up_its_store_and_no_other_actor(etcd: EtcdServer) -> None:
    with opened(etcd.url, timeout_seconds=1.0) as backend:
        async with ActorSystem() as system:
            counter = await system.spawn(Counter)
            store = cast("Ref[StoreMessage]", await system.spawn(lambda: Store(backend), name="store"))
            await store.ask(Txn(success=(PutOp(key="a", value=b"1"),)))
            etcd.pause()
            with pytest.raises(ActorStopped):
                await store.ask(Txn(success=(PutOp(key="a", value=b"2"),)))
            answered: list[RangeReply | Compacted | FutureRevision] = []

            async def read() -> None:
                answered.append(await store.ask(Range(op=RangeOp(key="a"))))

            async with anyio.create_task_group() as group:
                group.start_soon(read)
                for number in range(1, 101):
                    counter.tell(Add(1))
                    assert await counter.ask(GetTotal()) == number
                assert answered == []  # nothing is answered before the load
                etcd.resume()
    (found,) = answered
    assert isinstance(found, RangeReply)
    assert [kv.value for kv in found.kvs] in ([b"1"], [b"2"])  # the second write may have taken effect
