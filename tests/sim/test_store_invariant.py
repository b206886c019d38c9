"""The store's answers are compared with what it has committed."""

from collections.abc import Callable
from typing import cast

import pytest

from kubeactors.actor import Actor, SimSystem
from kubeactors.actor.cell import Cell
from kubeactors.sim.invariants.storage import StoreIsLinearizable
from kubeactors.sim.network import StoreRequest
from kubeactors.sim.world import World
from kubeactors.storage import (
    Compact,
    Compacted,
    CompactReply,
    Compare,
    DeleteOp,
    FutureRevision,
    KeyValue,
    Progress,
    PutOp,
    Range,
    RangeOp,
    RangeReply,
    StoreEvent,
    StoreEvents,
    Txn,
    TxnReply,
    WatchCreate,
    WatchCreated,
)
from kubeactors.storage.mvcc import Mvcc

A2, B3 = (KeyValue(key, b"", revision, revision, 1) for key, revision in (("a", 2), ("b", 3)))
A4 = KeyValue("a", b"x", 2, 4, 2)


def read(revision: int, *kvs: KeyValue, count: int | None = None) -> RangeReply:
    """The answer to a range."""
    return RangeReply(revision=revision, kvs=kvs, more=False, count=len(kvs) if count is None else count)


def put(key: str) -> PutOp:
    """A put."""
    return PutOp(key=key, value=b"x")


class Bench:
    """A store that has written a, b, and a again, at the revisions 2, 3 and 4."""

    def __init__(self) -> None:
        self.sim = SimSystem()
        self.invariant = StoreIsLinearizable(World(), self.sim.kernel.root)
        self.mvcc = Mvcc(lambda value, _: value)
        for key, value in (("a", b""), ("b", b""), ("a", b"x")):
            self.mvcc.txn(Txn(success=(PutOp(key=key, value=value),)))
        assert not self.take()

    def take(self) -> list[str]:
        """Show the invariant the committed events."""
        events = self.mvcc.take_changes().events
        return [problem for event in events for problem in self.invariant.stored(event)]

    def said(self, request: StoreRequest, answer: object, between: Callable[[], object] = bool) -> list[str]:
        """The violations for an answer."""
        known = self.invariant.asked(request)
        between()
        self.take()
        return list(self.invariant.answered(request, known, answer))


@pytest.mark.parametrize(
    ("request_", "answer", "problem"),
    [
        (Range(op=RangeOp(key="a")), read(4, A4), ""),
        (Range(op=RangeOp(key="a")), read(4, A2), "returned a at 2, not a at 4"),
        (Range(op=RangeOp(key="a")), read(3, A4), "reports revision 3"),
        (Range(op=RangeOp(key="a", range_end="c")), read(4, A4, B3), ""),
        (Range(op=RangeOp(key="a", range_end="c")), read(4, B3, A4), "not a at 4, b at 3"),
        (Range(op=RangeOp(key="a", range_end="c", revision=2)), read(4, A2), ""),
        (Range(op=RangeOp(key="a", range_end="c")), read(4, A4, B3, count=3), "reports count 3"),
        (Range(op=RangeOp(key="a", revision=3)), FutureRevision(4), "read at 3 was rejected as in the future"),
        (Range(op=RangeOp(key="a", revision=3)), Compacted(4), "though only revisions before 0 are"),
        (Progress(), read(4), ""),
        (Progress(), read(3), "progress reports revision 3"),
        (Compact(revision=3), CompactReply(revision=4, compact_revision=3), ""),
        (Compact(revision=3), FutureRevision(4), "compaction to 3 was rejected"),
    ],
)
def test_an_answer_is_compared_with_the_state_of_the_store(
    request_: StoreRequest, answer: object, problem: str
) -> None:
    problems = Bench().said(request_, answer)
    assert len(problems) == bool(problem), problems
    assert not problem or problem in problems[0]


def test_a_compaction_whose_answer_was_lost_may_have_been_done() -> None:
    bench = Bench()
    bench.invariant.asked(Compact(revision=3))
    assert not bench.said(Compact(revision=3), Compacted(3))
    assert not bench.said(Range(op=RangeOp(key="a", revision=2)), Compacted(3))
    assert bench.said(Compact(revision=4), Compacted(3)) == [
        "compaction to 4 was rejected at revision 4: Compacted(compact_revision=3)"
    ]


@pytest.mark.parametrize(
    ("txn", "answer", "problems"),
    [
        (Txn(compare=(Compare(key="a", mod_revision=4),), success=(put("a"),)), None, 0),
        (Txn(compare=(Compare(key="a", mod_revision=2),), success=(put("a"),)), None, 0),
        (Txn(success=(DeleteOp(key="b"),)), None, 0),
        (Txn(compare=(Compare(key="a", mod_revision=4),)), TxnReply(revision=4, succeeded=False, replies=()), 1),
        (Txn(success=(put("a"),)), TxnReply(revision=4, succeeded=True, replies=()), 1),
    ],
)
def test_a_transaction_succeeds_exactly_if_its_compares_hold(txn: Txn, answer: TxnReply | None, problems: int) -> None:
    bench = Bench()
    replies: list[object] = [answer]

    def run() -> None:
        replies.append(bench.mvcc.txn(txn) if answer is None else answer)

    known = bench.invariant.asked(txn)
    run()
    bench.take()
    assert len(list(bench.invariant.answered(txn, known, replies[-1]))) == problems


@pytest.mark.parametrize(
    ("kvs", "revision", "problem"),
    [((B3, A4), 4, ""), ((A4,), 4, "not b at 3, a at 4"), ((B3,), 3, ""), ((A2, B3, A4), 4, "received a at 2")],
)
def test_a_watch_receives_every_event_since_its_start(kvs: tuple[KeyValue, ...], revision: int, problem: str) -> None:
    bench = Bench()
    cell = cast("Cell", bench.sim.spawn(Actor, name="server"))
    watch = WatchCreate(subscriber=cell, watch=1, key="a", range_end="c", start_revision=3)
    assert not bench.said(watch, WatchCreated(revision=4))
    previous = {A4: A2}
    events = tuple(StoreEvent(deleted=False, kv=kv, previous=previous.get(kv)) for kv in kvs)
    problems = list(bench.invariant.told(cell, StoreEvents(watch=1, revision=revision, events=events)))
    assert len(problems) == bool(problem), problems
    assert not problem or problem in problems[0]


def test_an_event_that_does_not_follow_from_the_last_state_is_a_violation() -> None:
    bench = Bench()
    late = KeyValue("a", b"y", 5, 5, 1)
    assert len(list(bench.invariant.stored(StoreEvent(deleted=False, kv=late, previous=None)))) == 2
