"""MVCC against a model that keeps the whole store at every revision, under any writes, compactions and restarts."""

from collections.abc import Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kubeactors.storage.errors import DuplicateKey
from kubeactors.storage.leases import Lease
from kubeactors.storage.messages import (
    Compacted,
    CompactReply,
    Compare,
    DeleteOp,
    FutureRevision,
    KeyValue,
    Op,
    PutOp,
    RangeOp,
    RangeReply,
    StoreEvent,
    Txn,
    TxnReply,
    Value,
)
from kubeactors.storage.mvcc import Mvcc, check_duplicates

KEYS = "abcdef"
keys = st.sampled_from(KEYS)
values = st.binary(max_size=2)
puts = st.builds(PutOp, key=keys, value=values, lease=st.sampled_from((0, 0, 1)))
deletes = st.builds(DeleteOp, key=keys, range_end=st.sampled_from(("", *KEYS, "z")))
State = dict[str, KeyValue]


def unstamped(value: Value, mod_revision: int) -> Value:
    del mod_revision
    return value


def makes_sense(ops: Sequence[Op]) -> bool:
    try:
        check_duplicates(tuple(ops))
    except DuplicateKey:
        return False
    return True


def within(name: str, key: str, range_end: str) -> bool:
    return key <= name < range_end if range_end else name == key


class MvccLikeItsModel(RuleBasedStateMachine):
    """`states[r]` is the whole store at revision r; `rows` are those of a backend."""

    def __init__(self) -> None:
        super().__init__()
        self.mvcc = Mvcc(unstamped)
        self.mvcc.leases.restore(Lease(1, 60))
        self.states: list[State] = [{}, {}]
        self.events: list[StoreEvent] = []
        self.rows: dict[tuple[int, str], KeyValue] = {}
        self.compacted = 0

    @property
    def revision(self) -> int:
        return len(self.states) - 1

    @rule(ops=st.lists(puts | deletes, min_size=1, max_size=4).filter(makes_sense))
    def write(self, ops: list[PutOp | DeleteOp]) -> None:
        self.mvcc.txn(Txn(success=tuple(ops)))
        self.apply(ops)

    @rule(key=keys, ahead=st.integers(-1, 1), op=puts, other=deletes)
    def compare(self, key: str, ahead: int, op: PutOp, other: DeleteOp) -> None:
        now = self.states[-1].get(key)
        expected = (now.mod_revision if now else 0) + ahead
        reply = self.mvcc.txn(Txn(compare=(Compare(key=key, mod_revision=expected),), success=(op,), failure=(other,)))
        assert isinstance(reply, TxnReply)
        assert reply.succeeded is (ahead == 0)
        self.apply([op] if ahead == 0 else [other])
        assert reply.revision == self.revision

    @rule(revision=st.integers(0, 60), pieces=st.integers(1, 5))
    def compact(self, revision: int, pieces: int) -> None:
        reply = self.mvcc.compact(revision, self.mvcc.revision)
        if revision <= self.compacted:
            assert reply == Compacted(self.compacted)
        elif revision > self.revision:
            assert reply == FutureRevision(self.revision)
        else:
            assert reply == CompactReply(revision=self.revision, compact_revision=revision)
            self.compacted = revision
        while self.mvcc.trim(pieces):
            pass
        self.keep_rows()

    @rule()
    def restart(self) -> None:
        self.keep_rows()
        lease = self.mvcc.leases.get(1)
        assert lease is not None
        self.mvcc = Mvcc(unstamped)
        self.mvcc.leases.restore(lease)
        self.mvcc.replay(self.rows.values(), self.compacted)

    @rule()
    def lease_ends(self) -> None:
        ops = [DeleteOp(key=key) for key in sorted(self.states[-1]) if self.states[-1][key].lease]
        assert self.mvcc.revoke(1)
        self.mvcc.leases.restore(Lease(1, 60))
        self.apply(ops)

    @rule(key=keys, end=st.sampled_from(("", *KEYS, "z")), at=st.integers(0, 60), limit=st.integers(0, 3))
    def range(self, key: str, end: str, at: int, limit: int) -> None:
        reply = self.mvcc.range(RangeOp(key=key, range_end=end, revision=at, limit=limit), self.mvcc.revision)
        if at > self.revision:
            assert reply == FutureRevision(self.revision)
        elif 0 < at < self.compacted:
            assert reply == Compacted(self.compacted)
        else:
            state = self.states[at or self.revision]
            found = tuple(kv for name, kv in sorted(state.items()) if within(name, key, end))
            shown = found[:limit] if limit else found
            assert reply == RangeReply(
                revision=self.revision, kvs=shown, more=len(shown) < len(found), count=len(found)
            )

    @invariant()
    def history_holds_every_event_since_the_compaction(self) -> None:
        expected = [event for event in self.events if event.kv.mod_revision >= self.compacted]
        assert self.mvcc.history.read(max(self.compacted, 1), self.revision, 10_000) == expected

    @invariant()
    def revisions_agree(self) -> None:
        assert (self.mvcc.revision, self.mvcc.compact_revision) == (self.revision, self.compacted)

    def keep_rows(self) -> None:
        """Commit changes, as a backend does."""
        changes = self.mvcc.take_changes()
        self.rows |= {(event.kv.mod_revision, event.kv.key): event.kv for event in changes.events}
        for kv in changes.forgotten:
            del self.rows[kv.mod_revision, kv.key]

    def apply(self, ops: Sequence[Op]) -> None:
        """Apply a request to the model."""
        state = dict(self.states[-1])
        revision = len(self.states)
        changed = False
        for op in ops:
            if isinstance(op, PutOp):
                old = state.get(op.key)
                created, version = (old.create_revision, old.version) if old else (revision, 0)
                state[op.key] = KeyValue(op.key, op.value, created, revision, version + 1, op.lease)
                self.events.append(StoreEvent(deleted=False, kv=state[op.key], previous=old))
                changed = True
            elif isinstance(op, DeleteOp):
                for key in sorted(state):
                    if within(key, op.key, op.range_end):
                        gone = KeyValue(key, None, 0, revision, 0)
                        self.events.append(StoreEvent(deleted=True, kv=gone, previous=state.pop(key)))
                        changed = True
        if changed:
            self.states.append(state)


MvccLikeItsModel.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestMvccLikeItsModel = MvccLikeItsModel.TestCase
