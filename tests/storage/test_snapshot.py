"""Snapshots: stores restored from one have its keys and no history, and are independent."""

from kubeactors.storage import Compacted, DeleteOp, PutOp, RangeOp, RangeReply, Txn
from kubeactors.storage.mvcc import Mvcc


def put(mvcc: Mvcc, key: str, value: bytes, lease: int = 0) -> None:
    mvcc.txn(Txn(success=(PutOp(key=key, value=value, lease=lease),)))


def everything(mvcc: Mvcc, revision: int = 0) -> dict[str, object] | Compacted:
    reply = mvcc.range(RangeOp(key="a", range_end="z", revision=revision), mvcc.revision)
    assert isinstance(reply, RangeReply | Compacted)
    return {kv.key: kv.value for kv in reply.kvs} if isinstance(reply, RangeReply) else reply


def stamped(value: object, _: int) -> object:
    return value


def test_stores_that_begin_with_a_snapshot_diverge() -> None:
    origin = Mvcc(stamped)
    for key in ("a", "b", "c"):
        put(origin, key, b"old")
    snapshot = origin.snapshot()
    one, other = Mvcc.of(snapshot, stamped), Mvcc.of(snapshot, stamped)
    put(one, "b", b"new")
    one.txn(Txn(success=(DeleteOp(key="a"),)))
    put(other, "d", b"more")
    put(origin, "a", b"newer")
    assert everything(one) == {"b": b"new", "c": b"old"}
    assert everything(other) == {"a": b"old", "b": b"old", "c": b"old", "d": b"more"}
    assert everything(origin) == {"a": b"newer", "b": b"old", "c": b"old"}
    assert everything(Mvcc.of(snapshot, stamped)) == {"a": b"old", "b": b"old", "c": b"old"}


def test_revisions_before_a_snapshot_are_compacted() -> None:
    origin = Mvcc(stamped)
    put(origin, "a", b"1")
    put(origin, "a", b"2")
    future = Mvcc.of(origin.snapshot(), stamped)
    assert everything(future, origin.revision) == {"a": b"2"}
    assert everything(future, origin.revision - 1) == Compacted(origin.revision)
    put(future, "a", b"3")
    assert (future.revision, everything(future, origin.revision)) == (origin.revision + 1, {"a": b"2"})


def test_leases_end_in_each_store_independently() -> None:
    origin = Mvcc(stamped)
    lease = origin.grant(10)
    put(origin, "a", b"1", lease.id)
    future = Mvcc.of(origin.snapshot(), stamped)
    assert future.revoke(lease.id)
    assert (everything(future), everything(origin)) == ({}, {"a": b"1"})
    assert future.grant(1).id == lease.id + 1
