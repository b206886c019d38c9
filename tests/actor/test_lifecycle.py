"""Links, graceful stops, jitter, statistics and the tree."""

from typing import ClassVar, cast

import pytest

from kubeactors.actor import Actor, ActorStopped, Fifo, Ref, Restart, SimSystem, Supervision, Terminated, handle
from kubeactors.message import Message
from tests.actor.messages import Add, Break, Counter, GetTotal


class Work(Message, frozen=True):
    seconds: float


class Worker(Actor[Work]):
    """Its handler waits; it records what it has done."""

    stop_seconds: ClassVar[float] = 5.0

    def __init__(self, diary: list[str]) -> None:
        self.diary = diary

    @handle
    async def work(self, message: Work) -> None:
        await self.ctx.sleep(message.seconds)
        self.diary.append(f"{self.ctx.name} worked")

    def stopped(self) -> None:
        self.diary.append(f"{self.ctx.name} stopped")


def workers(*seconds: float) -> tuple[SimSystem, list[str]]:
    diary: list[str] = []
    sim = SimSystem(schedule=Fifo())
    for number, time in enumerate(seconds):
        worker = sim.spawn(lambda: Worker(diary), name=f"worker-{number}")
        worker.tell(Work(time))
        worker.tell(Work(time))
    sim.run(0.5)
    return sim, diary


def test_a_handler_may_finish_within_stop_seconds_and_the_order_of_stops_is_kept() -> None:
    sim, diary = workers(3, 2)
    sim.shutdown()
    assert diary == ["worker-1 worked", "worker-1 stopped", "worker-0 worked", "worker-0 stopped"]


def test_a_handler_that_does_not_finish_in_time_is_cancelled_and_logged() -> None:
    sim, diary = workers(60)
    sim.shutdown()
    assert diary == ["worker-0 stopped"]
    assert sim.now == 5_500_000_000
    assert [line[2:] for line in sim.logged] == [("actor.stop_timed_out", "/worker-0", {"seconds": 5.0})]


class Linked(Counter):
    def __init__(self, other: Ref[Add]) -> None:
        super().__init__()
        self.other = other

    def started(self) -> None:
        self.ctx.link(self.other)


class Family(Actor[Terminated]):
    """Two linked children that are not restarted."""

    def __init__(self, died: list[str]) -> None:
        self.died = died

    def started(self) -> None:
        one = self.ctx.spawn(Counter, name="one", restart=Restart.TEMPORARY)
        two = self.ctx.spawn(lambda: Linked(one), name="two", restart=Restart.TEMPORARY)
        self.ctx.watch(one)
        self.ctx.watch(two)
        self.ctx.after(1, Terminated(ref=cast("Ref[object]", one), reason="go"))

    @handle
    def terminated(self, message: Terminated) -> None:
        self.died.append(message.reason)


def test_linked_actors_fail_together() -> None:
    died: list[str] = []
    sim = SimSystem(schedule=Fifo())
    sim.spawn(lambda: Family(died), name="family")
    sim.settle()
    family = sim.kernel.root.children
    assert family is not None
    children = family["family"].children
    assert children is not None
    children["one"].tell(Break("bug"))
    sim.settle()
    assert died == [
        "failed: ValueError('bug')",
        """failed: LinkedActorFailed("/family/one failed: ValueError('bug')")""",
    ]


def test_jitter_is_random_and_depends_on_the_seed() -> None:
    rule = Supervision(backoff_seconds=1.0, jitter=0.5)
    assert [rule.backoff(1, chance) for chance in (0.0, 0.5, 1.0)] == [1_000_000_000, 1_250_000_000, 1_500_000_000]


def test_the_tree_and_the_statistics_show_every_actor() -> None:
    sim = SimSystem(schedule=Fifo())
    sim.spawn(lambda: Family([]), name="family")
    sim.settle()
    assert sim.tree().splitlines() == [
        "└─ family  Family",
        "   ├─ one  Counter",
        "   └─ two  Linked",
    ]
    assert [one.path for one in sim.statistics()] == ["/family", "/family/one", "/family/two"]


def test_statistics_count_messages_and_restarts() -> None:
    sim = SimSystem(schedule=Fifo())
    counter = sim.spawn(Counter)
    for message in (Add(1), Break("bug"), Add(1)):
        counter.tell(message)
    sim.settle()
    (statistics,) = sim.statistics()
    assert (statistics.handled, statistics.restarts, statistics.mailbox, statistics.state) == (3, 1, 0, "running")


def test_the_tree_shows_what_is_unusual_and_sums_up_many_siblings() -> None:
    sim = SimSystem(schedule=Fifo())
    first, second, *_ = [sim.spawn(Counter, name=f"counter-{number}") for number in range(4)]
    sim.settle()
    first.tell(Add(1))
    second.tell(Break("bug"))
    sim.settle()
    first.tell(Add(1))
    assert sim.tree(siblings=2).splitlines() == [
        "├─ counter-0  Counter  mailbox=1  handled=1",
        "├─ counter-1  Counter  handled=1  restarts=1",
        "└─ and 2 more",
    ]


def test_totals_include_actors_that_have_stopped_or_changed_their_class() -> None:
    class Tired(Counter):
        """What a counter becomes after a hundred."""

    class Changing(Counter):
        @handle
        def add(self, message: Add) -> None:
            self.ctx.become(Tired())

    sim = SimSystem(schedule=Fifo())
    changing, ending, staying = (sim.spawn(factory) for factory in (Changing, Counter, Counter))
    sim.settle()
    for message in (Add(1), Add(2), Add(3)):
        for ref in (changing, ending, staying):
            ref.tell(message)
        sim.settle()
    _ = sim.stop(ending)
    staying.tell(Break("bug"))
    sim.settle()
    assert [(one.actor, one.handled, one.restarts) for one in sim.snapshot().totals] == [
        ("Changing", 1, 0),
        ("Counter", 7, 1),
        ("Tired", 2, 0),
    ]
    changing.tell(Break("bug"))
    sim.settle()
    _ = sim.stop(changing)
    assert [(one.actor, one.handled, one.restarts) for one in sim.snapshot().totals] == [
        ("Changing", 1, 0),
        ("Counter", 7, 1),
        ("Tired", 3, 1),
    ]
    assert (sim.snapshot().spawned, [one.path for one in sim.snapshot().actors]) == (3, [staying.path])


def test_a_stopped_actor_cannot_spawn() -> None:
    class Late(Counter):
        def stopped(self) -> None:
            with pytest.raises(ActorStopped):
                self.ctx.spawn(Counter)
            tried.append(True)

    tried: list[bool] = []
    sim = SimSystem()
    late = sim.spawn(Late)
    sim.settle()
    _ = sim.stop(late)
    assert tried == [True]


class Punctual(Actor[GetTotal]):
    """Its handler finishes at the very moment of its timeout."""

    stop_seconds = 1.0

    @handle
    async def get_total(self, message: GetTotal) -> int:
        await self.ctx.sleep(2.0)
        return 1


@pytest.mark.parametrize("seed", range(10))
def test_a_handler_may_finish_at_the_moment_of_its_timeout(seed: int) -> None:
    sim = SimSystem(seed)
    for number in range(2):
        punctual = sim.spawn(Punctual, name=f"punctual-{number}")
        _ = punctual.ask(GetTotal())
    sim.run(1.0)
    sim.shutdown()
    assert (sim.statistics(), sim.kernel.graceful_stops) == ((), 0)


class Sleepy(Actor[GetTotal]):
    @handle
    async def get_total(self, message: GetTotal) -> int:
        await self.ctx.sleep(3600)
        return 1


def test_the_waits_of_a_stopped_actor_are_forgotten() -> None:
    sim = SimSystem()
    sleepy = sim.spawn(Sleepy)
    _ = sleepy.ask(GetTotal(), timeout_seconds=10_000)
    sim.run(1.0)
    _ = sim.stop(sleepy)
    assert sim.kernel.timers.next_due() == 10_000_000_000_000  # the deadline of the ask, which has ended, too


class Dicing(Actor[GetTotal]):
    @handle
    def get_total(self, message: GetTotal) -> int:
        return self.ctx.random.randrange(1_000_000)


def test_random_streams_are_kept_only_for_paths_that_can_be_used_again() -> None:
    sim = SimSystem()
    drawn: list[int] = []
    for name in ("named", "named", "", ""):
        dicing = sim.spawn(Dicing, name=name)
        drawn.append(sim.ask(dicing, GetTotal()))
        _ = sim.stop(dicing)
    assert len(set(drawn)) == 4
    assert sim.kernel.random_streams.paths == ["/named"]
