"""Search strategies, recorded orders, and exhaustive search of small systems."""

import math
from collections.abc import Callable, Sequence
from functools import partial

import pytest
from msgspec.structs import replace

from kubeactors.actor import Actor, Ref, SimSystem, handle
from kubeactors.actor.cell import Cell
from kubeactors.actor.envelope import Envelope
from kubeactors.actor.schedules import Fifo, RandomDelays, Schedule
from kubeactors.message import Request
from kubeactors.sim import Outcome, Plan, PlanError, Simulation
from kubeactors.sim.campaigns.batches import Job, scenarios_of
from kubeactors.sim.campaigns.campaign import UnknownName, known_strategy, smallest
from kubeactors.sim.campaigns.finding import Finding
from kubeactors.sim.grammar import generate
from kubeactors.sim.invariants import CONVERGES
from kubeactors.sim.judge import Violation
from kubeactors.sim.plan import AnyStep, decode, encode
from kubeactors.sim.search import (
    FIFO,
    STRATEGIES,
    TAPE,
    Deviation,
    Priorities,
    Recorder,
    Tape,
    explore,
    shrink_tape,
)
from kubeactors.sim.shrinking.shrink import shrink
from kubeactors.sim.workload import CreateDeployment, DeleteDeployment, Pause
from tests.sim.small import STEPS, Go, Mail, Sender, UniformQueue, senders, writers

DEPLOY = CreateDeployment(at=0.0, name="web", replicas=2)

# All orders.


def test_two_writers_that_compare_and_swap_lose_nothing_in_any_order() -> None:
    reduced, everything = explore(writers), explore(writers, reduce=False, most=500)
    assert (reduced.complete, reduced.problem) == (True, "")
    assert not everything.complete
    assert reduced.schedules * 50 < everything.schedules


def test_three_writers_lose_nothing_in_any_order() -> None:
    found = explore(partial(writers, count=3))
    assert (found.complete, found.problem) == (True, "")


def test_an_order_in_which_blind_writers_lose_an_update_is_found() -> None:
    found = explore(partial(writers, careful=False))
    assert found.problem == "2 additions came to 1"
    assert not found.complete
    assert _played(partial(writers, careful=False), Tape(found.tape)) == found.problem


def test_a_search_that_is_cut_short_proves_nothing() -> None:
    assert not explore(writers, most=2).complete


class Length(Request[int], frozen=True):
    pass


class Box(Actor[Mail | Length]):
    """Keeps letters in order, and passes every second one on."""

    def __init__(self, letters: list[str], to: Ref[Mail] | None = None) -> None:
        self.letters = letters
        self.to = to

    @handle
    def mail(self, message: Mail) -> None:
        self.letters.append(message.sender)
        if self.to is not None and len(self.letters) % 2:
            self.to.tell(Mail(f"{self.ctx.name}:{message.sender}"))

    @handle
    def length(self, message: Length) -> int:
        return len(self.letters)


class Asker(Actor[Go]):
    """Asks a box how many letters it has, now and a second later; then a child of it tells another box."""

    def __init__(self, box: Ref[Mail | Length], to: Ref[Mail]) -> None:
        self.box = box
        self.to = to

    @handle
    async def go(self, message: Go) -> None:
        seen = await self.box.ask(Length())
        await self.ctx.sleep(1.0)
        self.ctx.spawn(partial(Sender, self.to, 1), name=f"saw-{seen}").tell(message)


def _tangle(sim: SimSystem, outcomes: set[tuple[tuple[str, ...], ...]], *, asks: bool) -> Callable[[], str]:
    """Two boxes, a sender, and an asker or another sender: what the boxes hold depends on the order."""
    first: list[str] = []
    last: list[str] = []
    second = sim.spawn(partial(Box, last), name="second")
    box = sim.spawn(partial(Box, first, second), name="first")
    sim.spawn(partial(Sender, box, 1), name="a").tell(Go())
    other = partial(Asker, box, second) if asks else partial(Sender, second, 2)
    sim.spawn(other, name="b").tell(Go())

    def question() -> str:
        outcomes.add((tuple(first), tuple(last)))
        return ""

    return question


@pytest.mark.parametrize("asks", [False, True])
def test_orders_pruned_by_reduction_make_no_difference(*, asks: bool) -> None:
    outcomes: list[set[tuple[tuple[str, ...], ...]]] = [set(), set()]
    reduced = explore(partial(_tangle, outcomes=outcomes[0], asks=asks), seconds=5)
    everything = explore(partial(_tangle, outcomes=outcomes[1], asks=asks), seconds=5, reduce=False)
    assert (reduced.complete, everything.complete) == (True, True)
    assert sorted(outcomes[0]) == sorted(outcomes[1])
    assert len(outcomes[1]) > 1
    assert reduced.schedules * 10 < everything.schedules


# Orders that are drawn.


def _played(build: Callable[[SimSystem], Callable[[], str]], schedule: Schedule) -> str:
    sim = SimSystem(0, schedule=schedule)
    question = build(sim)
    sim.run(10)
    return question()


def _by_priorities(seed: int) -> Priorities:
    return Priorities(str(seed), depth=4, steps=STEPS)


def test_priorities_find_a_bug_of_depth_four_within_500_seeds() -> None:
    found = [seed for seed in range(500) if _played(senders, _by_priorities(seed))]
    assert found


def test_uniform_choice_does_not_find_it() -> None:
    """Not in 500 seeds here, and not in 20,000: `python -m benchmarks.search`."""
    for seed in range(500):
        sim = SimSystem(0, queue=UniformQueue(seed))
        question = senders(sim)
        sim.run(10)
        assert not question()


def test_the_priority_of_an_actor_does_not_depend_on_other_actors() -> None:
    alone, together = Priorities("7"), Priorities("7")
    together.turn(1, "deliver:/other:Mail", 0)
    assert alone.turn(1, "deliver:/a:Mail", 0) == together.turn(2, "deliver:/a:Mail", 0)


# Orders that are kept.


def _recorded(schedule: Schedule) -> tuple[str, Sequence[Deviation]]:
    recorder = Recorder(schedule)
    sim = SimSystem(0, queue=recorder)
    question = senders(sim)
    sim.run(10)
    return question(), recorder.deviations


def _noted(trace: list[str], cell: Cell, envelope: Envelope) -> Envelope:
    trace.append(f"{cell.path} {envelope[0]!r}")
    return envelope


def test_a_delay_is_the_same_whether_its_label_was_seen_before_or_not() -> None:
    seen, label = range(3), "deliver:/nobody/has/asked/for:This"
    first = [RandomDelays("7", one_in=1).turn(0, label, occurrence) for occurrence in reversed(seen)]
    again = [RandomDelays("7", one_in=1).turn(0, label, occurrence) for occurrence in seen]
    assert first[::-1] == again == [RandomDelays("7", one_in=1).turn(0, label, occurrence) for occurrence in seen]


@pytest.mark.parametrize("schedule", [Fifo(), RandomDelays("3"), _by_priorities(3)], ids=lambda one: type(one).__name__)
def test_a_tape_reproduces_any_order(schedule: Schedule) -> None:
    traces: list[list[str]] = []
    tape: Sequence[Deviation] = ()
    for one in (schedule, None):
        recorder = Recorder(one if one is not None else Tape(tape))
        sim = SimSystem(0, queue=recorder)
        trace: list[str] = []
        sim.kernel.interceptor = partial(_noted, trace)
        senders(sim)
        sim.run(10)
        traces.append(trace)
        tape = tape or recorder.deviations
    assert traces[0] == traces[1]
    assert len(traces[0]) > 200
    assert bool(tape) == (not isinstance(schedule, Fifo))


def test_a_tape_is_shrunk_to_the_depth_of_the_bug() -> None:
    seed = next(seed for seed in range(500) if _played(senders, _by_priorities(seed)))
    problem, tape = _recorded(_by_priorities(seed))
    assert problem == "broken"
    noise = [Deviation(label="deliver:/nobody:Go", occurrence=number, turns=9) for number in range(50)]
    small = shrink_tape([*noise, *tape], lambda some: _played(senders, Tape(some)) == problem)
    assert _played(senders, Tape(small)) == problem
    assert len(small) <= len(tape)
    assert not any(_played(senders, Tape([*small[:index], *small[index + 1 :]])) for index in range(len(small)))


def test_a_failure_in_any_order_has_an_empty_tape() -> None:
    assert shrink_tape([Deviation(label="deliver:/a:Go", turns=1)], lambda _: True) == ()


# Orders in plans.


def test_a_plan_keeps_its_order_as_text() -> None:
    tape = (Deviation(label="deliver:/a:Go", occurrence=3, turns=2), Deviation(label="resume:/b", turns=1))
    for plan in (
        Plan(seed=7),
        Plan(seed=7).with_order("priorities"),
        Plan(seed=7, steps=(DEPLOY,)).with_order(TAPE, tape),
    ):
        assert decode(encode(plan)).plan == plan


def test_an_unknown_strategy_is_rejected_with_the_known_ones() -> None:
    with pytest.raises(PlanError, match=r"no strategy is named 'luck'; there are delays, .*, tape"):
        decode(encode(Plan(seed=7).with_order("luck")))
    with pytest.raises(UnknownName, match=r"no strategy is named 'luck'; there are delays"):
        known_strategy("luck")


def test_a_tape_reproduces_the_order_of_a_whole_control_plane() -> None:
    plan = Plan(seed=5, steps=(DEPLOY,)).with_order("priorities")
    first = Simulation(plan, record=True)
    assert not first.run(20).violations
    second = Simulation(plan.with_order(TAPE, first.tape), record=True)
    second.run(20)
    assert first.tape == second.tape
    assert second.sim.kernel.total_handled() == first.sim.kernel.total_handled() > 300


def test_a_campaign_tries_every_strategy_but_the_plain_one_unless_one_is_named() -> None:
    assert {generate(seed).schedule for seed in range(8)} == {*STRATEGIES} - {FIFO}
    assert scenarios_of(Job(first=0, count=1, strategy=FIFO)).generate(3).schedule == FIFO


def test_a_failure_in_any_order_is_shrunk_to_first_in_first_out() -> None:
    plan = Plan(seed=5, steps=(DEPLOY, replace(DEPLOY, name="api"))).with_order("priorities")
    outcome = Outcome(violations=(), virtual_seconds=1.0, faults={}, messages=1, revision=1)
    violation = Violation(invariant="surge", at=9.0, revision=1, message="")

    def run(plan: Plan, /, *, deadline: float = math.inf) -> Outcome:
        assert deadline >= violation.at
        return replace(outcome, violations=(violation,)) if DEPLOY in plan.steps else outcome

    found = smallest(Finding(violation=violation, plan=plan), run)
    assert found.plan == Plan(seed=5, steps=(DEPLOY,)).with_order(FIFO)
    assert plan.steps != found.plan.steps


def test_a_failure_in_one_order_keeps_the_deviations_that_it_needs() -> None:
    wanted = Deviation(label="deliver:/a:Go", turns=2)
    tape = (wanted, Deviation(label="deliver:/b:Go", turns=2), Deviation(label="deliver:/c:Go", turns=2))
    plan = Plan(seed=5, steps=(DEPLOY,)).with_order("priorities")
    outcome = Outcome(violations=(), virtual_seconds=1.0, faults={}, messages=1, revision=1)
    violation = Violation(invariant="surge", at=9.0, revision=1, message="")

    def run(plan: Plan, /, *, deadline: float = math.inf) -> Outcome:
        assert deadline >= violation.at
        fails = plan.schedule == "priorities" or wanted in plan.tape
        return replace(outcome, violations=(violation,)) if fails else outcome

    found = smallest(Finding(violation=violation, plan=plan), run, record=lambda _: tape)
    assert found.plan == Plan(seed=5, steps=()).with_order(TAPE, (wanted,))


# Smaller plans.


def test_an_action_and_its_reversal_are_removed_together() -> None:
    undo = DeleteDeployment(at=1.0, name="web")
    wanted = Pause(at=2.0, name="api")

    def fails(plan: Plan) -> bool:
        return wanted in plan.steps and (DEPLOY in plan.steps) == (undo in plan.steps)

    assert shrink(Plan(steps=(DEPLOY, undo, wanted)), fails).steps == (wanted,)


def test_a_field_keeps_an_unusual_value_only_if_the_failure_needs_it() -> None:
    odd = replace(DEPLOY, recreate=True, probes=True, flaps=True, cpu="2")

    def fails(plan: Plan) -> bool:
        return any(isinstance(one, CreateDeployment) and one.recreate and one.cpu == "2" for one in plan.steps)

    assert shrink(Plan(steps=(odd,)), fails).steps == (replace(DEPLOY, recreate=True, cpu="2"),)


def test_hundreds_of_steps_are_shrunk_in_few_runs() -> None:
    steps: tuple[AnyStep, ...] = (DEPLOY, *(Pause(at=0.1 * number, name="web") for number in range(1, 400)))
    plan = Plan(seed=5, steps=steps)
    outcome = Outcome(violations=(), virtual_seconds=1.0, faults={}, messages=1, revision=1)
    violation = Violation(invariant="surge", at=38.0, revision=1, message='deployment "web" has too many')
    needed, sizes = (DEPLOY, steps[372], steps[377]), list[int]()

    def run(plan: Plan, /, *, deadline: float = math.inf) -> Outcome:
        assert deadline >= violation.at
        sizes.append(len(plan.steps))
        return replace(outcome, violations=(violation,)) if set(needed) <= set(plan.steps) else outcome

    assert smallest(Finding(violation=violation, plan=plan), run).plan.steps == needed
    assert max(sizes) <= 20
    assert len(sizes) <= 40


def test_a_cause_long_before_its_violation_is_found_in_few_runs() -> None:
    steps: tuple[AnyStep, ...] = (DEPLOY, *(Pause(at=1.0 * number, name="web") for number in range(1, 400)))
    outcome = Outcome(violations=(), virtual_seconds=1.0, faults={}, messages=1, revision=1)
    seen = Violation(invariant="statuses-are-accurate", at=500.0, revision=1, message='deployment "default/web" says 2')
    other = replace(seen, invariant=CONVERGES, message="deployment web has 2 pods, and wants 3")
    needed, sizes = (DEPLOY, steps[140], steps[144]), list[int]()

    def run(plan: Plan, /, *, deadline: float = math.inf) -> Outcome:
        assert deadline >= other.at
        sizes.append(len(plan.steps))
        return replace(outcome, violations=(other,)) if set(needed) <= set(plan.steps) else outcome

    found = smallest(Finding(violation=seen, plan=Plan(seed=5, steps=steps)), run)
    assert (found.plan.steps, found.violation) == (needed, other)
    assert max(sizes) <= len(steps) // 2 + 1
    assert len(sizes) <= 60


def test_a_smaller_plan_must_not_fail_much_later() -> None:
    assert Simulation(Plan(seed=5, steps=(DEPLOY,))).run(deadline=20.0).virtual_seconds == 20.0
