"""Failures, restarts, ordered stops and death watch."""

import re
from collections.abc import Callable
from functools import partial
from typing import ClassVar

import pytest

from kubeactors.actor import (
    Actor,
    Exit,
    Fifo,
    Ref,
    Restart,
    SimSystem,
    Strategy,
    Supervision,
    SystemFailed,
    Terminated,
    handle,
)
from kubeactors.message import Message, Request
from tests.actor.messages import Add, Break, Counter, GetTotal


class Child(Actor[Break]):
    """Records its life cycle in a shared diary."""

    def __init__(self, name: str, diary: list[str]) -> None:
        self.name = name
        self.diary = diary

    def started(self) -> None:
        self.diary.append(f"start {self.name}")

    def stopped(self) -> None:
        self.diary.append(f"stop {self.name}")

    @handle
    def break_(self, message: Break) -> None:
        raise ValueError(message.why)


class GetChildren(Request[tuple[Ref[Break], ...]], frozen=True):
    pass


class Parent(Actor[GetChildren]):
    def __init__(self, diary: list[str]) -> None:
        self.diary = diary
        self.children: tuple[Ref[Break], ...] = ()

    def started(self) -> None:
        self.children = tuple(self.ctx.spawn(partial(Child, name, self.diary), name=name) for name in "abc")

    def stopped(self) -> None:
        self.diary.append("stop parent")

    @handle
    def get_children(self, message: GetChildren) -> tuple[Ref[Break], ...]:
        return self.children


class AllParent(Parent):
    supervision: ClassVar[Supervision] = Supervision(strategy=Strategy.ONE_FOR_ALL)


class RestParent(Parent):
    supervision: ClassVar[Supervision] = Supervision(strategy=Strategy.REST_FOR_ONE)


def family(
    parent: Callable[[list[str]], Parent],
) -> tuple[SimSystem, Ref[GetChildren], tuple[Ref[Break], ...], list[str]]:
    diary: list[str] = []
    sim = SimSystem(schedule=Fifo())
    ref = sim.spawn(partial(parent, diary))
    children = sim.ask(ref, GetChildren())
    sim.settle()
    assert diary == ["start a", "start b", "start c"]
    diary.clear()
    return sim, ref, children, diary


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        (Parent, ["stop b", "start b"]),
        (AllParent, ["stop c", "stop b", "stop a", "start a", "start b", "start c"]),
        (RestParent, ["stop c", "stop b", "start b", "start c"]),
    ],
)
def test_each_strategy_restarts_its_children_in_order(parent: type[Parent], expected: list[str]) -> None:
    sim, _, (_, b, _), diary = family(parent)
    b.tell(Break("bug"))
    sim.settle()
    assert diary == expected


def test_children_stop_last_started_first_and_before_their_parent() -> None:
    sim, parent, _, diary = family(Parent)
    _ = sim.stop(parent)
    assert diary == ["stop c", "stop b", "stop a", "stop parent"]


def test_a_restart_makes_a_fresh_instance_and_keeps_the_mailbox() -> None:
    sim = SimSystem(schedule=Fifo())
    counter = sim.spawn(Counter)
    for message in (Add(1), Break("bug"), Add(10)):
        counter.tell(message)
    assert sim.ask(counter, GetTotal()) == 10


def test_too_many_failures_reach_the_top() -> None:
    sim = SimSystem(supervision=Supervision())
    counter = sim.spawn(Counter)
    for _ in range(4):
        counter.tell(Break("bug"))
    with pytest.raises(SystemFailed, match=r"4 failures of children of the system within 5\.0 s"):
        sim.settle()


def test_with_per_child_each_child_has_its_own_restart_intensity() -> None:
    sim = SimSystem(supervision=Supervision(max_restarts=1, per_child=True))
    one, other = sim.spawn(Counter), sim.spawn(Counter)
    for counter in (one, other):
        counter.tell(Break("bug"))
    sim.settle()
    one.tell(Break("bug"))
    with pytest.raises(
        SystemFailed, match=r"/\$2 failed; 2 failures of it within 5\.0 s, the last .*ValueError\('bug'\)"
    ):
        sim.settle()


class GetLoser(Request["Ref[LoseIt | Break]"], frozen=True):
    pass


class Lost(Exception):
    """Fails at every start."""


class LoseIt(Message, frozen=True):
    pass


class Loser(Actor[LoseIt | Break]):
    @handle
    def lose(self, message: LoseIt) -> None:
        raise Lost

    @handle
    def break_(self, message: Break) -> None:
        raise ValueError(message.why)


class LosersParent(Actor[GetLoser]):
    supervision: ClassVar[Supervision] = Supervision(max_restarts=None, escalates=(Lost,))

    def started(self) -> None:
        self.loser = self.ctx.spawn(Loser, name="loser")

    @handle
    def get(self, message: GetLoser) -> Ref[LoseIt | Break]:
        return self.loser


@pytest.mark.parametrize(("rule", "cause"), [(Supervision(escalates=(Lost,)), Lost), (Supervision(), None)])
def test_an_escalated_failure_reaches_the_parent_at_once(rule: Supervision, cause: type[Exception] | None) -> None:
    sim = SimSystem(supervision=rule)
    parent = sim.spawn(LosersParent, name="parent")
    loser = sim.ask(parent, GetLoser())
    for _ in range(10):
        loser.tell(Break("bug"))  # others do not
    sim.settle()
    loser.tell(LoseIt())
    if cause is None:  # its parent is restarted, as its own parent's rule says
        sim.settle()
        assert (loser.ended, sim.ask(parent, GetLoser()).ended) == (True, False)
    else:
        with pytest.raises(SystemFailed) as failed:
            sim.settle()
        assert isinstance(failed.value.__cause__, cause)


class Quitter(Actor[Add]):
    """Stops itself, and takes a second for it."""

    @handle
    def add(self, message: Add) -> None:
        self.ctx.stop(reason="enough")

    async def stopped(self) -> None:
        await self.ctx.sleep(1.0)


def test_a_permanent_actor_that_stops_itself_too_often_is_not_said_to_have_failed() -> None:
    sim = SimSystem(supervision=Supervision(max_restarts=1, per_child=True))
    quitter = sim.spawn(Quitter, name="quitter", restart=Restart.PERMANENT)
    quitter.tell(Add(1))
    sim.run(seconds=2.0)
    quitter.tell(Add(1))
    expected = "/quitter stopped itself; 2 stops of it within 5.0 s, the last of them StoppedItself('/quitter: enough')"
    with pytest.raises(SystemFailed, match=re.escape(expected)):
        sim.run(seconds=2.0)


def test_the_end_of_a_graceful_stop_may_be_awaited_in_virtual_time() -> None:
    sim = SimSystem()
    quitter = sim.spawn(Quitter)
    sim.settle()

    async def stop() -> tuple[str, Exit]:
        ended = await sim.stop(quitter, "early")
        return ended.reason, ended.exit

    assert (sim.play(stop()), sim.now) == (("early", Exit.SHUTDOWN), 1_000_000_000)


def test_the_end_of_a_prompt_stop_may_be_awaited_in_virtual_time() -> None:
    sim = SimSystem()
    counter = sim.spawn(Counter)
    sim.settle()

    async def stop() -> tuple[str, Exit]:
        ended = await sim.stop(counter, "early")
        return ended.reason, ended.exit

    assert (sim.play(stop()), sim.now) == (("early", Exit.SHUTDOWN), 0)


def test_a_failing_actor_at_the_top_backs_off_up_to_a_second() -> None:
    sim = SimSystem()
    counter = sim.spawn(Counter)
    waited: list[float] = []
    for _ in range(9):
        counter.tell(Break("bug"))
        sim.settle()
        before = sim.now
        assert sim.ask(counter, GetTotal()) == 0
        waited.append((sim.now - before) / 1e9)
    assert waited == [0.0, 0.0, 0.0, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


def test_per_child_is_rejected_for_strategies_that_restart_several_children() -> None:
    with pytest.raises(ValueError, match="one_for_all restarts children together, so it cannot count them per_child"):
        Supervision(strategy=Strategy.ONE_FOR_ALL, per_child=True)


class Patient(Parent):
    supervision: ClassVar[Supervision] = Supervision(max_restarts=10, backoff_seconds=1.0)


def test_restarts_back_off_exponentially() -> None:
    sim, _, (a, _, _), diary = family(Patient)
    starts: list[float] = []
    for _ in range(3):
        a.tell(Break("bug"))
        sim.run_until(lambda: diary[-1:] == ["start a"])
        starts.append(sim.now / 1e9)
        diary.clear()
    assert starts == [1.0, 3.0, 7.0]


def test_a_temporary_child_ends_with_its_failure() -> None:
    sim = SimSystem()
    counter = sim.spawn(Counter, restart=Restart.TEMPORARY)
    counter.tell(Break("bug"))
    sim.settle()
    assert not counter.tell(Add(1))


class Watch(Message, frozen=True):
    ref: Ref[Break]


class Obituaries(Request[tuple[str, ...]], frozen=True):
    pass


class Watcher(Actor[Watch | Obituaries | Terminated]):
    def __init__(self) -> None:
        self.dead: list[str] = []

    @handle
    def watch(self, message: Watch) -> None:
        self.ctx.watch(message.ref)

    @handle
    def terminated(self, message: Terminated) -> None:
        self.dead.append(f"{message.ref!r} {message.reason}")

    @handle
    def obituaries(self, message: Obituaries) -> tuple[str, ...]:
        return tuple(self.dead)


def test_a_watcher_receives_terminated_once_even_if_it_watches_late() -> None:
    sim, parent, (a, b, _), _ = family(Parent)
    watcher = sim.spawn(Watcher)
    watcher.tell(Watch(a))
    sim.settle()
    _ = sim.stop(parent)
    watcher.tell(Watch(b))
    sim.settle()
    assert sim.ask(watcher, Obituaries()) == (
        "Ref(/$2/a) parent stopped",
        "Ref(/$2/b) had stopped already",
    )


def test_a_restart_does_not_send_terminated() -> None:
    sim, _, (a, _, _), _ = family(Parent)
    watcher = sim.spawn(Watcher)
    watcher.tell(Watch(a))
    a.tell(Break("bug"))
    sim.settle()
    assert sim.ask(watcher, Obituaries()) == ()
