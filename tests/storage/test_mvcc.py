"""MVCC by example: what etcd means by revisions, transactions, ranges, compaction and leases."""

import pytest

from kubeactors.storage.errors import DuplicateKey
from kubeactors.storage.messages import (
    Compacted,
    CompactReply,
    DeleteOp,
    DeleteReply,
    FutureRevision,
    KeyValue,
    LeaseNotFound,
    PutOp,
    PutReply,
    RangeOp,
    RangeReply,
    StoreEvent,
    Txn,
    TxnReply,
    Value,
)
from kubeactors.storage.mvcc import Mvcc
from kubeactors.testing.store_requests import EVERYTHING, contents, delete, put, put_if


def stamp(value: Value, mod_revision: int) -> Value:
    assert isinstance(value, bytes)
    return value + b"@%d" % mod_revision


@pytest.fixture
def mvcc() -> Mvcc:
    return Mvcc(stamp)


def test_an_empty_store_is_at_revision_1_as_in_etcd(mvcc: Mvcc) -> None:
    assert mvcc.range(EVERYTHING, mvcc.revision) == RangeReply(revision=1, kvs=(), more=False, count=0)


def test_a_write_has_a_new_revision_and_its_value_is_stamped_with_it(mvcc: Mvcc) -> None:
    first = KeyValue("a", b"x@2", 2, 2, 1)
    second = KeyValue("a", b"y@3", 2, 3, 2)
    assert mvcc.txn(put("a", b"x")) == TxnReply(
        revision=2, succeeded=True, replies=(PutReply(kv=first, previous=None),)
    )
    assert mvcc.txn(put("a", b"y")) == TxnReply(
        revision=3, succeeded=True, replies=(PutReply(kv=second, previous=first),)
    )
    assert mvcc.take_changes().events == [
        StoreEvent(deleted=False, kv=first, previous=None),
        StoreEvent(deleted=False, kv=second, previous=first),
    ]


def test_a_recreated_key_has_version_1(mvcc: Mvcc) -> None:
    for txn in (put("a", b"x"), put("a", b"y"), delete("a"), put("a", b"z")):
        mvcc.txn(txn)
    reply = mvcc.range(RangeOp(key="a"), mvcc.revision)
    assert reply == RangeReply(revision=5, kvs=(KeyValue("a", b"z@5", 5, 5, 1),), more=False, count=1)


def test_a_failed_comparison_runs_the_other_branch(mvcc: Mvcc) -> None:
    mvcc.txn(put("a", b"x"))
    reply = mvcc.txn(put_if("a", 1, b"y", failure=(RangeOp(key="a"),)))
    found = RangeReply(revision=2, kvs=(KeyValue("a", b"x@2", 2, 2, 1),), more=False, count=1)
    assert reply == TxnReply(revision=2, succeeded=False, replies=(found,))


def test_revision_zero_in_a_comparison_means_that_the_key_does_not_exist(mvcc: Mvcc) -> None:
    created = mvcc.txn(put_if("a", 0, b"x"))
    again = mvcc.txn(put_if("a", 0, b"y"))
    assert isinstance(created, TxnReply)
    assert created.succeeded
    assert again == TxnReply(revision=2, succeeded=False, replies=())


def test_a_transaction_that_changes_nothing_has_no_revision(mvcc: Mvcc) -> None:
    reply = mvcc.txn(Txn(success=(DeleteOp(key="a"), DeleteOp(key="a", range_end="z"), RangeOp(key="a"))))
    assert isinstance(reply, TxnReply)
    assert reply.revision == 1
    assert reply.replies[:2] == (DeleteReply(deleted=()), DeleteReply(deleted=()))
    assert not mvcc.changed


def test_ranges_in_a_transaction_see_what_it_wrote_before(mvcc: Mvcc) -> None:
    mvcc.txn(put("b", b"old"))
    reply = mvcc.txn(
        Txn(success=(PutOp(key="a", value=b"x"), DeleteOp(key="b"), EVERYTHING, PutOp(key="c", value=b"y")))
    )
    assert isinstance(reply, TxnReply)
    assert contents(reply.replies[2]) == [("a", b"x@3", 3)]
    assert contents(mvcc.range(EVERYTHING, 3)) == [("a", b"x@3", 3), ("c", b"y@3", 3)]


def test_all_writes_of_a_transaction_have_one_revision_and_keep_their_order(mvcc: Mvcc) -> None:
    for key in "xyz":
        mvcc.txn(put(key, b""))
    mvcc.take_changes()
    mvcc.txn(Txn(success=(PutOp(key="b", value=b""), DeleteOp(key="x", range_end="z"), PutOp(key="a", value=b""))))
    events = mvcc.take_changes().events
    assert [(event.kv.key, event.deleted, event.kv.mod_revision) for event in events] == [
        ("b", False, 5),
        ("x", True, 5),
        ("y", True, 5),
        ("a", False, 5),
    ]


@pytest.mark.parametrize(
    "ops",
    [
        (PutOp(key="a", value=b""), PutOp(key="a", value=b"")),
        (PutOp(key="a", value=b""), DeleteOp(key="a")),
        (DeleteOp(key="a", range_end="b"), PutOp(key="a", value=b"")),
    ],
)
def test_a_transaction_that_writes_a_key_twice_does_nothing(
    mvcc: Mvcc, ops: tuple[PutOp | DeleteOp, PutOp | DeleteOp]
) -> None:
    with pytest.raises(DuplicateKey):
        mvcc.txn(Txn(success=(PutOp(key="z", value=b""), *ops)))
    assert mvcc.revision == 1
    assert contents(mvcc.range(EVERYTHING, 1)) == []


def test_a_value_that_cannot_be_stamped_leaves_no_partial_transaction(mvcc: Mvcc) -> None:
    with pytest.raises(AssertionError):
        mvcc.txn(Txn(success=(PutOp(key="a", value=b""), PutOp(key="b", value=None))))
    assert not mvcc.changed
    assert contents(mvcc.range(EVERYTHING, 1)) == []


def test_past_revisions_can_be_read(mvcc: Mvcc) -> None:
    for txn in (put("a", b"1"), put("b", b"1"), put("a", b"2"), delete("b"), put("b", b"2")):
        mvcc.txn(txn)
    states = [contents(mvcc.range(RangeOp(key="a", range_end="z", revision=at), mvcc.revision)) for at in range(1, 7)]
    assert states == [
        [],
        [("a", b"1@2", 2)],
        [("a", b"1@2", 2), ("b", b"1@3", 3)],
        [("a", b"2@4", 4), ("b", b"1@3", 3)],
        [("a", b"2@4", 4)],
        [("a", b"2@4", 4), ("b", b"2@6", 6)],
    ]


def test_a_limited_range_says_that_there_is_more_and_how_much_there_is(mvcc: Mvcc) -> None:
    for key in "abcd":
        mvcc.txn(put(key, b""))
    for revision in (0, 4, 5):
        reply = mvcc.range(RangeOp(key="a", range_end="z", limit=2, revision=revision), mvcc.revision)
        assert isinstance(reply, RangeReply)
        assert [kv.key for kv in reply.kvs] == ["a", "b"]
        assert (reply.more, reply.count, reply.revision) == (True, 3 if revision == 4 else 4, 5)
    assert mvcc.range(RangeOp(key="a", range_end="z", count_only=True), 5) == RangeReply(
        revision=5, kvs=(), more=False, count=4
    )
    exact = mvcc.range(RangeOp(key="a", range_end="z", limit=4), 5)
    assert isinstance(exact, RangeReply)
    assert (exact.more, exact.count) == (False, 4)


def test_a_range_shows_nothing_newer_than_it_may(mvcc: Mvcc) -> None:
    for txn in (put("a", b"1"), put("a", b"2"), put("b", b"1")):
        mvcc.txn(txn)
    assert contents(mvcc.range(EVERYTHING, 2)) == [("a", b"1@2", 2)]
    assert contents(mvcc.range(RangeOp(key="a"), 2)) == [("a", b"1@2", 2)]
    assert mvcc.range(RangeOp(key="a", revision=3), 2) == FutureRevision(2)


def test_compaction_rejects_older_reads_and_keeps_current_versions(mvcc: Mvcc) -> None:
    for txn in (put("a", b"1"), put("b", b"1"), put("a", b"2"), delete("b"), put("c", b"1")):
        mvcc.txn(txn)
    assert mvcc.compact(4, mvcc.revision) == CompactReply(revision=6, compact_revision=4)
    while mvcc.trim(1):
        pass
    assert mvcc.range(RangeOp(key="a", revision=3), 6) == Compacted(4)
    assert mvcc.txn(Txn(success=(RangeOp(key="a", revision=3), PutOp(key="a", value=b"")))) == Compacted(4)
    assert contents(mvcc.range(RangeOp(key="a", range_end="z", revision=4), 6)) == [("a", b"2@4", 4), ("b", b"1@3", 3)]
    assert contents(mvcc.range(EVERYTHING, 6)) == [("a", b"2@4", 4), ("c", b"1@6", 6)]


def test_compaction_forgets_exactly_what_nobody_can_read(mvcc: Mvcc) -> None:
    for txn in (put("a", b"1"), put("a", b"2"), put("b", b"1"), delete("b"), put("c", b"1")):
        mvcc.txn(txn)
    mvcc.take_changes()
    mvcc.compact(6, mvcc.revision)
    while mvcc.trim(2):
        pass
    assert [(kv.key, kv.mod_revision) for kv in mvcc.take_changes().forgotten] == [("a", 2), ("b", 4), ("b", 5)]
    assert len(mvcc.history) == 1


def test_deletions_at_the_compact_revision_are_still_sent_to_watches(mvcc: Mvcc) -> None:
    mvcc.txn(put("a", b"1"))
    mvcc.txn(delete("a"))
    mvcc.compact(3, mvcc.revision)
    while mvcc.trim(9):
        pass
    (event,) = mvcc.history.read(3, 3, 9)
    assert (event.kv.key, event.deleted, event.previous) == ("a", True, KeyValue("a", b"1@2", 2, 2, 1))


def test_compacting_twice_or_at_a_future_revision_is_rejected(mvcc: Mvcc) -> None:
    mvcc.txn(put("a", b"1"))
    assert mvcc.compact(3, mvcc.revision) == FutureRevision(2)
    assert mvcc.compact(2, mvcc.revision) == CompactReply(revision=2, compact_revision=2)
    assert mvcc.compact(2, mvcc.revision) == Compacted(2)


def test_the_keys_of_an_ended_lease_are_deleted_at_one_revision(mvcc: Mvcc) -> None:
    lease = mvcc.grant(10)
    for key in "cab":
        mvcc.txn(put(key, b"", lease.id))
    mvcc.txn(put("b", b""))  # a put without a lease detaches the key
    mvcc.txn(delete("c"))
    mvcc.txn(put("c", b"", lease.id))
    mvcc.take_changes()
    assert mvcc.revoke(lease.id)
    events = mvcc.take_changes().events
    assert [(event.kv.key, event.deleted, event.kv.mod_revision) for event in events] == [
        ("a", True, 8),
        ("c", True, 8),
    ]
    assert not mvcc.revoke(lease.id)


def test_a_put_with_an_ended_lease_is_rejected(mvcc: Mvcc) -> None:
    lease = mvcc.grant(10)
    mvcc.revoke(lease.id)
    assert mvcc.txn(put("a", b"", lease.id)) == LeaseNotFound(lease.id)
    assert mvcc.grant(10).id > lease.id
