"""Bounded exhaustive search: a small system that fails in no order of deliveries is proved correct, within the bound.

The run is repeated from the start with another choice at the deepest step that has one left, until none has. Of orders
that differ only in independent steps, one is run.

This is sound for actors that share nothing but messages: other shared state is not tracked, nor is mailbox overflow.

Source: Flanagan, Godefroid, "Dynamic Partial-Order Reduction for Model Checking Software" (2005); sleep sets as in
Godefroid, "Partial-Order Methods for the Verification of Concurrent Systems" (1996).
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec

from kubeactors.actor import Actor, Mailbox, Restart, SimSystem, Supervision, SystemFailed
from kubeactors.actor.activation import Activation
from kubeactors.actor.cell import Cell
from kubeactors.actor.schedules import Fifo
from kubeactors.actor.statistics import Ledger
from kubeactors.actor.timers import Timer, Timers
from kubeactors.sim.search.steps import TREE, Step, Touched, independent, races
from kubeactors.sim.search.tape import Deviation, Recorder

if TYPE_CHECKING:
    from kubeactors.actor.driver import Entry
    from kubeactors.actor.envelope import Envelope, Reply
    from kubeactors.actor.kernel import Kernel

M = TypeVar("M")

Build = Callable[[SimSystem], Callable[[], str]]
"""Starts the actors of a small system; returns a function that tells at the end what is wrong (empty: nothing)."""


class Exploration(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an exhaustive search."""

    schedules: int
    """How many orders were run to the end."""
    redundant: int
    """How many runs were cut short: their order was equivalent to another one."""
    steps: int
    """Of all runs together."""
    complete: bool
    """Whether all orders were covered. If nothing failed, that is a proof within the bound."""
    problem: str = ""
    """What is wrong in the failing order."""
    tape: tuple[Deviation, ...] = ()
    """The failing order."""


class _Redundant(Exception):
    """Every choice at this step has been explored."""


class _Frame:
    """One step of the current order, and the choices still to be explored in its place."""

    def __init__(self, enabled: Sequence[str], choice: str, sleeping: dict[str, Touched]) -> None:
        self.enabled = enabled
        self.choice = choice
        self.sleeping = sleeping
        """The sleep set: entries that were explored before, and independent of all steps since."""
        self.done: dict[str, Touched] = {}
        self.todo: dict[str, None] = {choice: None}

    def add(self, wanted: Sequence[str]) -> None:
        """One of these must be explored in place of the choice."""
        if not any(one in self.todo for one in wanted):
            there = [one for one in wanted if one in self.enabled][:1]
            self.todo |= dict.fromkeys(there or self.enabled)

    def next(self) -> str | None:
        """The next choice to explore."""
        return next((one for one in self.todo if one not in self.done and one not in self.sleeping), None)


class _Queue(Recorder):
    """The run queue of one run: follows the frames, then chooses entries outside the sleep set."""

    def __init__(self, frames: list[_Frame], *, reduce: bool) -> None:
        super().__init__(Fifo())
        self._frames = frames
        self._reduce = reduce
        self._ready: dict[str, tuple[int, Entry]] = {}
        self._enabled_by: dict[str, int] = {}
        self._senders: dict[Cell, deque[int]] = {}
        self._names: dict[Activation, str] = {}
        self._numbers: dict[Cell, int] = {}
        self.steps: list[Step] = []
        self.sim: SimSystem

    def append(self, entry: "Entry", /) -> None:
        """An entry is ready because of the current step."""
        name = self._name(entry)
        self._enabled_by[name] = len(self.steps) - 1
        super().append(entry)
        self._ready[name] = (self.arrivals, entry)

    def popleft(self) -> "Entry":
        """Choose the next entry."""
        depth, ready = len(self.steps), self._ready
        if depth == len(self._frames):
            self._frames.append(self._new_frame(tuple(ready)))
        name = self._frames[depth].choice
        arrival, entry = ready.pop(name)
        self.steps.append(Step(name, self.sim.now, self._causes(name, entry)))
        self.touch(f"run:{(entry.cell if isinstance(entry, Activation) else cast('Cell', entry)).path}")
        self.went(arrival)
        return entry

    def __len__(self) -> int:
        return len(self._ready)

    def touch(self, what: str) -> None:
        """The current step touches this."""
        if self.steps:
            self.steps[-1].touched.add(what)

    def sent(self, to: Cell) -> None:
        """The current step sends to an actor."""
        self.touch(f"mail:{to.path}")
        self._senders.setdefault(to, deque()).append(len(self.steps) - 1)

    def _new_frame(self, enabled: tuple[str, ...]) -> _Frame:
        sleeping = self._asleep()
        choice = next((one for one in enabled if one not in sleeping), None)
        if choice is None:
            raise _Redundant
        frame = _Frame(enabled, choice, sleeping)
        if not self._reduce:
            frame.add(())
            frame.todo |= dict.fromkeys(enabled)
        return frame

    def _asleep(self) -> dict[str, Touched]:
        """The sleep set of the next step: entries explored, or asleep, at the previous step and independent of it."""
        if not self._frames or not self._reduce:
            return {}
        last, touched = self._frames[-1], self.steps[-1].touched
        if len(self.steps) > 1 and self.steps[-1].moment != self.sim.now:
            return {}
        known = last.sleeping | last.done
        return {name: one for name, one in known.items() if name != last.choice and independent(touched, one)}

    def _causes(self, name: str, entry: "Entry") -> tuple[int, ...]:
        found = [self._enabled_by[name]]
        senders = self._senders.get(cast("Cell", entry)) if not isinstance(entry, Activation) else None
        if senders and entry.mailbox:
            found.append(senders.popleft())
        return tuple(one for one in found if one >= 0)

    def _name(self, entry: "Entry") -> str:
        if not isinstance(entry, Activation):
            return cast("Cell", entry).path
        name = self._names.get(entry)
        if name is None:
            number = self._numbers[entry.cell] = self._numbers.get(entry.cell, 0) + 1
            name = self._names[entry] = f"{entry.cell.path}#{number}"
        return name


class _SeenCell(Cell):
    """A cell that reports messages to it, and its starts, failures and restarts."""

    __slots__ = ()

    def __init__(  # noqa: PLR0913, PLR0917 -- the arguments of `Cell`
        self,
        kernel: "Kernel",
        parent: "Cell | None",
        key: str | int,
        factory: Callable[[], Actor[M]],
        mailbox: Mailbox,
        restart: Restart,
    ) -> None:
        super().__init__(kernel, parent, key, factory, mailbox, restart)
        cast("_Queue", kernel.ready).touch(TREE)

    def suspend(self) -> None:
        """See `Cell.suspend`."""
        cast("_Queue", self.kernel.ready).touch(TREE)
        super().suspend()

    def restart_now(self) -> None:
        """See `Cell.restart_now`."""
        cast("_Queue", self.kernel.ready).touch(TREE)
        super().restart_now()

    def put(self, envelope: "Envelope") -> bool:
        """See `Cell.put`."""
        cast("_Queue", self.kernel.ready).sent(self)
        return super().put(envelope)

    def put_system(self, message: object, handled: "Reply" = None) -> None:
        """See `Cell.put_system`."""
        cast("_Queue", self.kernel.ready).sent(self)
        super().put_system(message, handled)


class _SeenLedger(Ledger):
    """A ledger that reports when an actor ends."""

    __slots__ = ("_queue",)

    def __init__(self, queue: _Queue) -> None:
        super().__init__()
        self._queue = queue

    def leaves(self, cell: Cell) -> None:
        """See `Ledger.leaves`."""
        self._queue.touch(TREE)
        super().leaves(cell)


class _SeenTimers(Timers):
    """Timers that report when they are set."""

    __slots__ = ("_queue",)

    def __init__(self, queue: _Queue) -> None:
        super().__init__()
        self._queue = queue

    def at(self, due: int, action: Callable[[], object]) -> Timer:
        """See `Timers.at`."""
        self._queue.touch(f"timer:{due}")
        return super().at(due, action)


def explore(
    build: Build, *, seconds: float = 60.0, most: int = 100_000, reduce: bool = True, seed: int = 0
) -> Exploration:
    """Run a small system in every order of deliveries.

    Ends at the first order that fails: `build`'s function reports a problem, or a failure reaches the top supervisor.

    Args:
        build: see `Build`; called for each order.
        seconds: of virtual time, for each order: the bound of the proof.
        most: the search is given up after so many orders.
        reduce: whether to use partial-order reduction.
        seed: of random choices other than the order.
    """
    frames: list[_Frame] = []
    schedules = redundant = steps = 0
    while True:
        queue = _Queue(frames, reduce=reduce)
        try:
            problem = _run(queue, build, seconds, seed)
            schedules += 1
        except _Redundant:
            problem = ""
            redundant += 1
        steps += len(queue.steps)
        if problem:
            tape = tuple(queue.deviations)
            return _found(schedules, redundant, steps, complete=False, problem=problem, tape=tape)
        _note(frames, queue.steps, reduce=reduce)
        if not _turn_back(frames):
            return _found(schedules, redundant, steps, complete=True)
        if schedules + redundant >= most:
            return _found(schedules, redundant, steps, complete=False)


def _found(  # noqa: PLR0913 -- a struct's fields
    schedules: int, redundant: int, steps: int, *, complete: bool, problem: str = "", tape: tuple[Deviation, ...] = ()
) -> Exploration:
    return Exploration(
        schedules=schedules, redundant=redundant, steps=steps, complete=complete, problem=problem, tape=tape
    )


def _run(queue: _Queue, build: Build, seconds: float, seed: int) -> str:
    sim = queue.sim = SimSystem(seed, queue=queue, supervision=Supervision())
    sim.kernel.make_cell = _SeenCell
    sim.kernel.timers = _SeenTimers(queue)
    sim.kernel.ledger = _SeenLedger(queue)
    question = build(sim)
    try:
        sim.run(seconds)
    except SystemFailed as error:
        return str(error)
    return question()


def _note(frames: list[_Frame], steps: Sequence[Step], *, reduce: bool) -> None:
    """Record what the steps of a run touched, and where another choice could make a difference."""
    for frame, step in zip(frames, steps, strict=False):
        frame.done[frame.choice] = frozenset(step.touched)
    if reduce:
        for first, others in races(steps):
            frames[first].add([steps[one].entry for one in others])


def _turn_back(frames: list[_Frame]) -> bool:
    """Backtrack to the deepest step with an unexplored choice, and take it; False if there is none."""
    while frames:
        choice = frames[-1].next()
        if choice is not None:
            frames[-1].choice = choice
            return True
        frames.pop()
    return False
