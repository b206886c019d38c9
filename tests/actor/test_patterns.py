"""Names, routers, topics, batches, circuit breakers."""

from collections.abc import Sequence
from functools import partial

import pytest

from kubeactors.actor import (
    Actor,
    ActorFailed,
    ActorStopped,
    Batch,
    Broadcast,
    CircuitBreaker,
    CircuitOpen,
    ConsistentHash,
    Fifo,
    Later,
    LeastLoaded,
    Missed,
    Name,
    Publish,
    Published,
    Restart,
    Router,
    SimSystem,
    Subscribe,
    Topic,
    Unsubscribe,
    handle,
)
from kubeactors.message import Request
from kubeactors.testing import TestProbe
from tests.actor.messages import Add, Break, Counter, Divide, GetTotal

COUNTER: Name[Add | GetTotal | Break | Divide] = Name("counter")


class Named(Counter):
    def started(self) -> None:
        self.ctx.register(COUNTER)


def test_a_registered_name_is_kept_over_restarts_until_the_actor_stops() -> None:
    sim = SimSystem(schedule=Fifo())
    named = sim.spawn(Named)
    sim.settle()
    named.tell(Break("bug"))
    sim.settle()
    assert sim.find(COUNTER) is named
    _ = sim.stop(named)
    assert sim.find(COUNTER) is None
    again = sim.spawn(Named)
    sim.settle()
    assert sim.find(COUNTER) is again


def test_a_registered_name_is_unique() -> None:
    sim = SimSystem(schedule=Fifo())
    sim.spawn(Named, name="first")
    second = sim.spawn(Named, name="second", restart=Restart.TEMPORARY)
    sim.settle()
    assert sim.find(COUNTER) is not second
    assert "/first is registered as 'counter' already" in str(sim.logged[0][4]["error"])


def counters(sim: SimSystem, count: int) -> list[TestProbe]:
    return [TestProbe(sim, name=f"probe-{number}") for number in range(count)]


def test_a_router_sends_to_its_routees_in_turn() -> None:
    sim = SimSystem(schedule=Fifo())
    probes = counters(sim, 3)
    router = Router([probe.ref for probe in probes])
    for number in range(5):
        router.tell(Add(number))
    assert [probe.drain() for probe in probes] == [(Add(0), Add(3)), (Add(1), Add(4)), (Add(2),)]


def test_a_router_finds_the_least_loaded() -> None:
    sim = SimSystem(schedule=Fifo())
    probes = counters(sim, 2)
    sim.settle()
    probes[0].ref.tell(Add(0))
    router = Router([probe.ref for probe in probes], LeastLoaded())
    router.tell(Add(1))
    router.tell(Add(2))
    assert [len(probe.drain()) for probe in probes] == [2, 1]


def test_the_load_includes_the_message_being_handled() -> None:
    class Slow(Counter):
        @handle
        async def divide(self, message: Divide) -> int:
            await self.ctx.sleep(10)
            return message.by

    sim = SimSystem(schedule=Fifo())
    first, second = sim.spawn(Slow), sim.spawn(Slow)
    sim.settle()
    _ = first.ask(Divide(1))
    sim.settle()
    assert (first.load, second.load) == (1, 0)
    router = Router([first, second], LeastLoaded())
    _ = router.ask(Divide(2))
    sim.settle()
    assert (first.load, second.load, router.load) == (1, 1, 2)
    sim.run(11)
    assert router.load == 0


def test_a_router_leaves_out_stopped_routees_and_fails_when_none_is_left() -> None:
    sim = SimSystem(schedule=Fifo())
    probes = counters(sim, 3)
    router = Router([probe.ref for probe in probes])
    sim.settle()
    _ = sim.stop(probes[1].ref)
    assert [router.tell(Add(number)) for number in range(4)] == [True] * 4
    assert [probe.drain() for probe in probes] == [(Add(0), Add(1), Add(3)), (), (Add(2),)]
    assert sim.kernel.dead_letters.count == 0
    ended = [router.ended]
    for probe in (probes[0], probes[2]):
        _ = sim.stop(probe.ref)
        ended.append(router.ended)
    assert ended == [False, False, True]
    assert not router.tell(Add(9))
    assert sim.kernel.dead_letters.count == 1
    with pytest.raises(ActorStopped, match="/probe-2 does not take GetTotal"):
        sim.ask(router, GetTotal())


def test_a_broadcast_leaves_out_stopped_routees() -> None:
    sim = SimSystem()
    probes = counters(sim, 3)
    everybody = Broadcast([probe.ref for probe in probes])
    sim.settle()
    _ = sim.stop(probes[0].ref)
    assert everybody.tell(Add(1))
    assert [probe.drain() for probe in probes] == [(), (Add(1),), (Add(1),)]
    for probe in probes:
        _ = sim.stop(probe.ref)
    assert not everybody.tell(Add(2))


def test_a_consistent_hash_moves_only_the_keys_of_stopped_routees() -> None:
    sim = SimSystem()
    probes = counters(sim, 4)
    router = Router([probe.ref for probe in probes], ConsistentHash(str))
    messages = [Add(number) for number in range(100)]
    sim.settle()

    def owners() -> dict[object, int]:
        assert all(router.tell(message) for message in messages)
        return {message: number for number, probe in enumerate(probes) for message in probe.drain()}

    before = owners()
    _ = sim.stop(probes[1].ref)
    after = owners()
    assert 1 in before.values()
    assert 1 not in after.values()
    assert all(after[message] == owner for message, owner in before.items() if owner != 1)


class Crew(Actor[Add | GetTotal]):
    """Routes to counters that it has spawned."""

    router: Router[Add | GetTotal | Break | Divide]

    def started(self) -> None:
        self.router = Router.spawn(self.ctx, Counter, 3, name="counter")

    @handle
    def add(self, message: Add) -> None:
        self.ctx.forward(self.router, message)

    @handle
    def get_total(self, message: GetTotal) -> Later[int]:
        return self.ctx.delegate(self.router, message)


def test_a_router_may_spawn_its_routees_which_are_supervised() -> None:
    sim = SimSystem(schedule=Fifo())
    crew = sim.spawn(Crew, name="crew")
    for number in (1, 2, 3):
        crew.tell(Add(number))
    assert [sim.ask(crew, GetTotal()) for _ in range(3)] == [1, 2, 3]
    assert [one.path for one in sim.statistics()] == [
        "/crew",
        "/crew/counter-0",
        "/crew/counter-1",
        "/crew/counter-2",
    ]


def test_a_consistent_hash_keeps_most_keys_when_an_actor_is_added() -> None:
    sim = SimSystem()
    refs = [probe.ref for probe in counters(sim, 5)]
    keys = [str(number) for number in range(1_000)]
    four, five = (ConsistentHash(str), ConsistentHash(str))
    moved = sum(four.choose(refs[:4], key) != five.choose(refs, key) for key in keys)
    assert 100 < moved < 350
    assert all(four.choose(refs[:4], key) == four.choose(refs[:4], key) for key in keys)


def test_a_broadcast_sends_to_all_routees() -> None:
    sim = SimSystem()
    probes = counters(sim, 3)
    assert Broadcast([probe.ref for probe in probes]).tell(Add(1))
    assert [probe.drain() for probe in probes] == [(Add(1),)] * 3


def test_a_topic_sends_to_all_subscribers_in_one_order_and_forgets_stopped_ones() -> None:
    sim = SimSystem(schedule=Fifo())
    topic = sim.spawn(Topic[str])
    one, two = counters(sim, 2)
    for probe in (one, two):
        topic.tell(Subscribe(probe.ref))
    topic.tell(Publish("a"))
    sim.settle()
    topic.tell(Unsubscribe(one.ref))
    topic.tell(Publish("b"))
    assert one.drain() == (Published(1, "a"),)
    assert two.drain() == (Published(1, "a"), Published(2, "b"))
    _ = sim.stop(two.ref)
    topic.tell(Publish("c"))
    sim.settle()
    assert sim.kernel.dead_letters.count == 0


def test_a_topic_replays_its_history_after_an_event_or_reports_a_gap() -> None:
    sim = SimSystem(schedule=Fifo())
    topic = sim.spawn(lambda: Topic[str](history=2))
    for event in "abc":
        topic.tell(Publish(event))
    one, two = counters(sim, 2)
    topic.tell(Subscribe(one.ref, after=1))
    topic.tell(Subscribe(two.ref, after=0))
    assert one.drain() == (Published(2, "b"), Published(3, "c"))
    assert two.drain() == (Missed(4),)


class Square(Request[int], frozen=True):
    of: int


class Squares(Actor[Square]):
    """Squares many numbers at once."""

    batch: Batch[int, int]

    def __init__(self, batches: list[list[int]]) -> None:
        self.batches = batches

    def started(self) -> None:
        self.batch = Batch(self.ctx, self.work, size=3, seconds=1.0)

    async def work(self, numbers: list[int]) -> Sequence[int]:
        self.batches.append(numbers)
        await self.ctx.sleep(0.1)
        return [10 // number for number in numbers]

    @handle
    def square(self, message: Square) -> Later[int]:
        return self.batch.add(message.of)


def test_a_batch_is_done_when_it_is_full_or_its_time_is_over() -> None:
    batches: list[list[int]] = []
    sim = SimSystem(schedule=Fifo())
    ref = sim.spawn(partial(Squares, batches))
    for number in (1, 2, 5):
        _ = ref.ask(Square(number))
    assert sim.ask(ref, Square(2)) == 5
    assert batches == [[1, 2, 5], [2]]
    assert sim.now == 1_100_000_000


def test_an_error_of_a_batch_is_raised_in_every_caller() -> None:
    sim = SimSystem(schedule=Fifo())
    ref = sim.spawn(partial(Squares, []))
    with pytest.raises(ZeroDivisionError):
        sim.ask(ref, Square(0))


class Careful(Actor[Divide | GetTotal]):
    breaker: CircuitBreaker

    def started(self) -> None:
        self.breaker = CircuitBreaker(self.ctx, failures=2, reset_seconds=10)

    async def work(self, by: int) -> int:
        return 10 // by

    @handle
    async def divide(self, message: Divide) -> int:
        try:
            return await self.breaker.call(lambda: self.work(message.by))
        except ZeroDivisionError:
            return -1

    @handle
    def get_total(self, message: GetTotal) -> int:
        return ["closed", "open", "half-open"].index(self.breaker.state)


def test_a_circuit_opens_after_failures_and_closes_after_a_success() -> None:
    sim = SimSystem()
    ref = sim.spawn(Careful)
    assert [sim.ask(ref, Divide(0)) for _ in range(2)] == [-1, -1]
    with pytest.raises(ActorFailed) as failure:
        sim.ask(ref, Divide(1))
    assert isinstance(failure.value.__cause__, CircuitOpen)
