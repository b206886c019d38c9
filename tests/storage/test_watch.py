"""Watches: every event once, in order, in whole revisions; or a cancellation, if it is compacted."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kubeactors.storage.messages import (
    Compacted,
    DeleteOp,
    PutOp,
    StoreEvent,
    StoreEvents,
    StoreWatchCancelled,
    Txn,
    Value,
    WatchCreate,
)
from kubeactors.storage.mvcc import Mvcc
from kubeactors.storage.watch import RangeIndex, Watcher, Watches
from kubeactors.testing.store_requests import delete, put


class Inbox:
    """A subscriber that can reject messages."""

    def __init__(self) -> None:
        self.full = False
        self.got: list[StoreEvents | StoreWatchCancelled] = []

    def tell(self, message: StoreEvents | StoreWatchCancelled, /) -> bool:
        if not self.full:
            self.got.append(message)
        return not self.full


class House:
    """MVCC and watches, combined as in the store."""

    def __init__(self, piece: int = 1000) -> None:
        self.mvcc = Mvcc(unstamped)
        self.watches = Watches(self.mvcc.history, self.mvcc.revision, piece)

    def write(self, *txns: Txn) -> list[StoreEvent]:
        """Write all, then publish them together, as a group commit does."""
        for txn in txns:
            self.mvcc.txn(txn)
        events = self.mvcc.take_changes().events
        self.watches.publish(events, self.mvcc.revision)
        return events

    def compact(self, revision: int) -> None:
        self.mvcc.compact(revision, self.mvcc.revision)
        while self.mvcc.trim(100):
            pass

    def watch(self, inbox: Inbox, start: int = 0, keys: tuple[str, str] = ("a", "z"), watch: int = 1) -> object:
        create = WatchCreate(subscriber=inbox, watch=watch, key=keys[0], range_end=keys[1], start_revision=start)
        return self.watches.create(create, self.mvcc.compact_revision)

    def sync(self) -> bool:
        return self.watches.sync(self.mvcc.compact_revision)


def unstamped(value: Value, mod_revision: int) -> Value:
    del mod_revision
    return value


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


def test_a_watch_from_now_gets_each_event_at_once(house: House, inbox: Inbox) -> None:
    house.write(put("a", b"before"))
    house.watch(inbox)
    (event,) = house.write(put("b", b"1"))
    assert inbox.got == [StoreEvents(watch=1, revision=3, events=(event,))]


def test_a_watch_from_an_old_revision_gets_past_events_in_one_message(house: House, inbox: Inbox) -> None:
    house.write(put("a", b"1"))
    second = house.write(put("a", b"2"), put("zz", b""))
    third = house.write(delete("a"))
    house.watch(inbox, start=3)
    assert inbox.got == []
    assert house.sync()
    assert inbox.got == [StoreEvents(watch=1, revision=5, events=(second[0], third[0]))]
    assert not house.watches.behind


def test_a_watch_from_a_future_revision_gets_nothing_older(house: House, inbox: Inbox) -> None:
    house.watch(inbox, start=4)
    house.write(put("a", b"2"))
    house.watches.progress()
    (_, third, fourth) = house.write(put("a", b"3"), put("a", b"4"), put("a", b"5"))
    assert inbox.got == [StoreEvents(watch=1, revision=5, events=(third, fourth))]


def test_a_watch_of_one_key_gets_only_its_events(house: House, inbox: Inbox) -> None:
    house.watch(inbox, keys=("b", ""))
    events = house.write(put("a", b""), put("b", b""), put("bb", b""))
    assert inbox.got == [StoreEvents(watch=1, revision=4, events=(events[1],))]


def test_a_group_of_revisions_is_one_message_per_watch(house: House, inbox: Inbox) -> None:
    house.watch(inbox, watch=1)
    house.watch(inbox, watch=2, keys=("b", "c"))
    events = house.write(put("a", b""), put("b", b""), delete("a"))
    assert inbox.got == [
        StoreEvents(watch=1, revision=4, events=tuple(events)),
        StoreEvents(watch=2, revision=4, events=(events[1],)),
    ]


def test_a_watcher_whose_mailbox_was_full_gets_all_events_later(house: House, inbox: Inbox) -> None:
    house.watch(inbox)
    inbox.full = True
    events = [event for key in "abc" for event in house.write(put(key, b""))]
    assert house.watches.behind
    assert not house.sync()
    inbox.full = False
    assert house.sync()
    assert inbox.got == [StoreEvents(watch=1, revision=4, events=tuple(events))]
    live = house.write(put("d", b""))
    assert inbox.got[1:] == [StoreEvents(watch=1, revision=5, events=tuple(live))]


def test_a_watch_from_a_compacted_revision_is_rejected_as_compacted(house: House, inbox: Inbox) -> None:
    house.write(put("a", b""), put("a", b""), put("a", b""))
    house.compact(3)
    assert house.watch(inbox, start=2) == Compacted(3)
    assert house.watch(inbox, start=3) is None
    assert len(house.watches) == 1


def test_a_watcher_whose_next_event_is_compacted_is_cancelled_when_it_has_room(house: House, inbox: Inbox) -> None:
    house.watch(inbox)
    inbox.full = True
    house.write(put("a", b""))
    house.write(put("a", b""))
    house.compact(3)
    assert not house.sync()
    inbox.full = False
    assert house.sync()
    assert inbox.got == [StoreWatchCancelled(watch=1, compact_revision=3)]
    assert len(house.watches) == 0


def test_an_idle_watcher_survives_compaction(house: House, inbox: Inbox) -> None:
    house.watch(inbox, keys=("a", "b"))
    house.write(put("x", b""), put("x", b""), put("x", b""))
    house.compact(4)
    inbox.full = True
    (event,) = house.write(put("a", b""))
    inbox.full = False
    assert house.sync()
    assert inbox.got == [StoreEvents(watch=1, revision=5, events=(event,))]


def test_a_progress_notification_is_sent_once_and_only_if_it_is_new(house: House, inbox: Inbox) -> None:
    house.watch(inbox, keys=("a", "b"))
    house.watches.progress()
    house.write(put("x", b""))
    house.watches.progress()
    house.watches.progress()
    assert inbox.got == [StoreEvents(watch=1, revision=2, events=())]


def test_cancelled_watches_and_those_of_stopped_subscribers_are_removed(house: House, inbox: Inbox) -> None:
    dead = Inbox()
    for number in (1, 2):
        house.watch(inbox, watch=number)
        house.watch(dead, watch=number, start=1)
    house.watches.cancel(inbox, 2)
    house.watches.cancel(inbox, 3)
    assert house.watches.has(dead)
    house.watches.forget(dead)
    assert not house.watches.has(dead)
    house.sync()
    events = house.write(put("a", b""))
    assert dead.got == []
    assert inbox.got == [StoreEvents(watch=1, revision=2, events=tuple(events))]


def test_the_same_watch_created_again_replaces_the_first(house: House, inbox: Inbox) -> None:
    house.watch(inbox, keys=("a", "b"))
    house.watch(inbox, keys=("b", "c"))
    events = house.write(put("a", b""), put("b", b""))
    assert inbox.got == [StoreEvents(watch=1, revision=3, events=(events[1],))]


def test_an_index_finds_nested_and_overlapping_ranges() -> None:
    inbox = Inbox()
    ranges = [("a", "z"), ("b", "d"), ("c", "e"), ("b", "b\0"), ("x", "a")]
    watchers = [Watcher(inbox, number, keys, 1) for number, keys in enumerate(ranges)]
    index = RangeIndex(watchers)
    for key in ("", "a", "aa", "b", "b\0", "bb", "c", "d", "e", "y", "z", "zz"):
        expected = [number for number, (start, end) in enumerate(ranges) if start <= key < end]
        assert [watcher.watch for watcher in index.find(key)] == expected


keys = st.sampled_from("abcd")
txns = st.lists(
    st.builds(PutOp, key=keys, value=st.just(b""))
    | st.builds(DeleteOp, key=keys, range_end=st.sampled_from(("", "z"))),
    min_size=1,
    max_size=1,
).map(lambda ops: Txn(success=tuple(ops)))


class WatchersSeeHistory(RuleBasedStateMachine):
    """Watchers that sometimes reject, and a store that compacts: watchers get the history without gaps.

    Pieces of history are so small that catching up takes several turns.
    """

    def __init__(self) -> None:
        super().__init__()
        self.house = House(piece=2)
        self.happened: list[StoreEvent] = []
        self.inboxes: list[tuple[Inbox, int, tuple[str, str]]] = []

    @rule(some=st.lists(txns, max_size=4))
    def write(self, some: list[Txn]) -> None:
        self.happened += self.house.write(*some)

    @rule(back=st.integers(-2, 6), key=keys, end=st.sampled_from(("", "c", "z")))
    def watch(self, back: int, key: str, end: str) -> None:
        inbox, start = Inbox(), max(1, self.house.mvcc.revision + 1 - back)
        if self.house.watch(inbox, start, (key, end)) is None:
            self.inboxes.append((inbox, start, (key, end or key + "\0")))
        else:
            assert start < self.house.mvcc.compact_revision

    @rule(index=st.integers(0, 9))
    def refuse_or_listen(self, index: int) -> None:
        if index < len(self.inboxes):
            inbox = self.inboxes[index][0]
            inbox.full = not inbox.full

    @rule(back=st.integers(0, 4))
    def compact(self, back: int) -> None:
        self.house.compact(self.house.mvcc.revision - back)

    @rule()
    def sync(self) -> None:
        self.house.sync()

    @rule()
    def progress(self) -> None:
        self.house.watches.progress()

    @invariant()
    def nobody_misses_anything(self) -> None:
        for inbox, start, (key, end) in self.inboxes:
            told = [message for message in inbox.got if isinstance(message, StoreEvents)]
            upto = told[-1].revision if told else start - 1
            expected = [e for e in self.happened if start <= e.kv.mod_revision <= upto and key <= e.kv.key < end]
            assert [event for message in told for event in message.events] == expected
            assert [message.revision for message in told] == sorted({message.revision for message in told})

    def teardown(self) -> None:
        for inbox, _, _ in self.inboxes:
            inbox.full = False
        while self.house.sync():
            pass
        self.house.watches.progress()
        assert not self.house.watches.behind
        self.nobody_misses_anything()
        for inbox, start, _ in self.inboxes:
            if start <= self.house.mvcc.revision:
                last = inbox.got[-1]
                assert isinstance(last, StoreWatchCancelled) or last.revision == self.house.mvcc.revision


WatchersSeeHistory.TestCase.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)


TestWatchersSeeHistory = WatchersSeeHistory.TestCase
