"""The deterministic driver: virtual time, a seeded choice of the next delivery, no event loop at all."""

from collections.abc import Callable, Coroutine
from functools import partial
from itertools import islice
from types import FrameType
from typing import TypeVar, cast

from kubeactors.actor.activation import Activation
from kubeactors.actor.actor import Actor
from kubeactors.actor.cell import Cell
from kubeactors.actor.driver import RunQueue
from kubeactors.actor.errors import ActorStopped, AskTimedOut, ForeignAwait, SystemFailed
from kubeactors.actor.foreign import explained, foreign_await
from kubeactors.actor.guards import guarded_dispatch_of
from kubeactors.actor.kernel import Kernel
from kubeactors.actor.mailbox import Mailbox
from kubeactors.actor.ref import ASK_SECONDS, Ref
from kubeactors.actor.registry import Name
from kubeactors.actor.schedules import RandomDelays, Schedule, ScheduledQueue
from kubeactors.actor.starting import until_started
from kubeactors.actor.statistics import ActorStatistics, Snapshot, snapshot_of, statistics_of, tree_of
from kubeactors.actor.supervision import INDEPENDENT, SECOND, Restart, Supervision
from kubeactors.actor.waits import Wait
from kubeactors.message import Request

M = TypeVar("M")
R = TypeVar("R")

WALL = 1_767_225_600 * SECOND
"""Where simulated wall time begins: 2026-01-01T00:00:00Z."""

_FOREVER = 1 << 62
_STEPS_AT_ONE_TIME = 1_000_000
_STRETCH = 4096
"""Deliveries between two looks at whether time stands still."""


class SimSystem:
    """An actor system whose every run with the same seed is the same.

    Time stands still while there is a message to deliver, then jumps to the next timer. A handler that awaits
    anything but the kernel's fails with `ForeignAwait`, which names the actor and the line; one that asks a clock,
    chance, a thread or a socket of the real world with `ForeignCall`.

    >>> from kubeactors import Actor, Message, Request, handle
    >>> class Tick(Message, frozen=True):
    ...     pass
    >>> class Ticks(Request[int], frozen=True):
    ...     pass
    >>> class Clock(Actor[Tick | Ticks]):
    ...     ticks = 0
    ...     def started(self) -> None:
    ...         self.ctx.every(60, Tick(), key="tick")
    ...     @handle
    ...     def tick(self, message: Tick) -> None:
    ...         self.ticks += 1
    ...     @handle
    ...     def count(self, message: Ticks) -> int:
    ...         return self.ticks
    >>> sim = SimSystem(seed=7)
    >>> clock = sim.spawn(Clock)
    >>> sim.run(seconds=24 * 3600)
    >>> sim.ask(clock, Ticks())
    1440

    Args:
        seed: decides everything that is left to chance.
        schedule: which ready entry is next; by default most of them in order, some delayed at random by the seed.
        queue: of all ready entries, in place of one that a schedule orders: it chooses when one is taken.
        supervision: what happens when an actor at the top fails; see `ActorSystem`.
        wall: unix time in nanoseconds at virtual time 0.
        patience: after so many deliveries at one moment it is certain that they never end.
    """

    cancelled: tuple[type[BaseException], ...] = ()

    def __init__(  # noqa: PLR0913 -- all but the seed are for who knows why
        self,
        seed: int | str = 0,
        *,
        schedule: Schedule | None = None,
        queue: RunQueue | None = None,
        supervision: Supervision = INDEPENDENT,
        wall: int = WALL,
        patience: int = _STEPS_AT_ONE_TIME,
    ) -> None:
        self._patience = patience
        ready = queue if queue is not None else ScheduledQueue(schedule or RandomDelays(str(seed)))
        self.kernel: Kernel = Kernel(
            self,
            ready,
            seed=str(seed),
            wall=wall,
            inline_asks=False,
            batch=1,
            parks_all=True,
            bare_messages=False,
            supervision=supervision,
        )
        self.kernel.dispatch_of = guarded_dispatch_of
        self._turns: list[None] = []  # one for each entry that may have its turn before time is looked at again
        self._halted = False
        self.logged: list[tuple[int, str, str, str, dict[str, object]]] = []
        """What actors logged: time, level, event, path, fields."""

    # For the one who runs it.

    @property
    def now(self) -> int:
        """Virtual time in nanoseconds."""
        return self.kernel.now

    def spawn(
        self,
        factory: Callable[[], Actor[M]],
        *,
        name: str = "",
        mailbox: Mailbox | None = None,
        restart: Restart = Restart.TRANSIENT,
    ) -> Ref[M]:
        """Add an actor below the root; it starts when its turn comes.

        If its first start fails, so does the run that is under way, unless nothing else is to come of its failures.
        """
        cell = self.kernel.spawn(self.kernel.root, factory, name, mailbox or Mailbox(), restart)
        if restart is not Restart.TEMPORARY:
            started = until_started(cell)
            started.waiter = partial(self._begun, started)
        return cast("Ref[M]", cell)

    def _begun(self, started: Wait[None]) -> None:
        """There is nobody else to tell of an actor that could not start; one that was stopped before that is no failure."""
        try:
            started.result()
        except ActorStopped as refusal:
            if refusal.__cause__ is not None:
                self.kernel.fatal = refusal

    def stop(self, ref: Ref[M], reason: str = "stopped") -> None:
        """End an actor and its descendants: at once, unless they need time for it.

        There is mostly nothing to wait for, so unlike that of `ActorSystem` it gives nothing to await. Of one that needs
        time the end is awaited with `ref.until_ended()`.
        """
        self.kernel.stop(cast("Cell", ref), reason)
        self.settle(steps=0)

    def crash(self, ref: Ref[M], error: Exception) -> None:
        """Let an actor fail, as if a handler had raised: its supervisor restarts it."""
        self.kernel.actor_failed(cast("Cell", ref), error)
        self.settle(steps=0)

    def run(self, seconds: float) -> None:
        """Let so much virtual time pass, unless somebody says `halt`."""
        self._run(None, self.kernel.now + int(seconds * SECOND))

    def halt(self) -> None:
        """Let the `run` that is under way, if any, return before the next entry has its turn."""
        self._turns.clear()
        self._halted = True

    def run_until(self, condition: Callable[[], bool], seconds: float = 60.0) -> bool:
        """Run until the condition holds; False if it does not within so much virtual time."""
        return self._run(condition, self.kernel.now + int(seconds * SECOND))

    def settle(self, steps: int = _STEPS_AT_ONE_TIME) -> None:
        """Deliver what is ready, and what becomes ready by that, without letting time pass."""
        kernel = self.kernel
        kernel.run(steps)
        self._check()
        if steps and kernel.has_work:
            raise SystemFailed(f"more than {steps} deliveries at one moment: actors tell each other without end")

    def ask(self, ref: Ref[M], request: Request[R], *, timeout_seconds: float | None = ASK_SECONDS) -> R:
        """Ask from outside, and run until the reply is there."""
        wait = cast("Wait[R]", ref.ask(request, timeout_seconds=timeout_seconds))
        self._run(lambda: wait.done, _FOREVER)
        if not wait.done:
            raise AskTimedOut(f"{ref.path} did not reply, and nothing is left to do")
        return wait.result()

    def play(self, coroutine: Coroutine[object, object, R]) -> R:
        """Run ordinary code that awaits asks, sends and the like from outside, in virtual time; its result.

        Raises:
            ForeignAwait: it awaits something of an event loop; raised where it does.
            AskTimedOut: it waits for something that never comes; raised where it waits.
        """
        step: Callable[[], object] = partial(coroutine.send, None)
        try:
            while True:
                awaited = step()
                if type(awaited) is not Wait:
                    what = f"a {type(awaited).__name__} is awaited; in the simulator that is only for asks, sends and waits"
                    step = partial(coroutine.throw, ForeignAwait(what))
                    continue
                wait = cast("Wait[object]", awaited)
                self._run(lambda wait=wait: wait.done, _FOREVER)  # type: ignore[misc] # its type is known
                gone = AskTimedOut("what is waited for never comes: nothing is left to do")
                step = partial(coroutine.send, None) if wait.done else partial(coroutine.throw, gone)
        except StopIteration as stop:
            return cast("R", stop.value)
        finally:
            coroutine.close()

    def shutdown(self) -> None:
        """Stop everything, last started first."""
        self.kernel.stop_all()
        self.settle()
        self._run(lambda: not self.kernel.graceful_stops, _FOREVER)

    def find(self, name: Name[M]) -> Ref[M] | None:
        """The actor that is registered by this name."""
        return self.kernel.registry.find(name)

    def statistics(self) -> tuple[ActorStatistics, ...]:
        """What every living actor is at, parents first."""
        return tuple(statistics_of(self.kernel.root))

    def snapshot(self) -> Snapshot:
        """The system as a whole: every living actor, and what those of each class have done up to now."""
        return snapshot_of(self.kernel, self.now)

    def tree(self, siblings: int = 100) -> str:
        """The supervision tree as text, for people: a line for each actor; of many siblings the first."""
        return "\n".join(tree_of(self.kernel.root, siblings))

    def step(self) -> bool:
        """Deliver one message, or let time jump to the next timer; False if there is nothing to do."""
        kernel = self.kernel
        if not kernel.has_work:
            due = kernel.timers.next_due()
            if due is None:
                return False
            kernel.now = max(kernel.now, due)
            kernel.timers.fire(kernel.now)
        kernel.run(1)
        self._check()
        return True

    def _run(self, condition: Callable[[], bool] | None, until: int) -> bool:
        """Run until the condition holds, which is looked at before each entry, or until so late."""
        kernel, timers = self.kernel, self.kernel.timers
        ready, changes = kernel.ready, kernel.deferred
        self._halted = False

        def over() -> bool:
            return kernel.fatal is not None or (condition is not None and condition())

        while condition is not None or not self._halted:
            left = self._patience
            while (ready or changes) and (condition is not None or not self._halted):
                if condition is not None and condition():
                    return True
                count = min(left, _STRETCH)
                if len(self._turns) != count:
                    self._turns = [None] * count
                kernel.run_turns(iter(self._turns) if condition is None else islice(iter(over, True), count))
                self._check()
                left -= count
                if left <= 0 and (ready or changes):
                    raise SystemFailed("virtual time stands still: actors tell each other without end")
            if condition is not None and condition():
                return True
            due = timers.next_due()
            if due is None or due > until:
                if until < _FOREVER:
                    kernel.now = max(kernel.now, until)
                return False
            kernel.now = max(kernel.now, due)
            timers.fire(kernel.now)
        return False

    def _check(self) -> None:
        if self.kernel.fatal is not None:
            fatal, self.kernel.fatal = self.kernel.fatal, None
            raise SystemFailed(f"a failure reached the top: {fatal!r}") from fatal

    # For the kernel.

    def wake(self) -> None:
        """Never called: this system does not sleep."""

    def may_continue(self, cell: Cell) -> bool:
        """Every message has a turn of its own."""
        return False

    def refresh(self) -> None:
        """Virtual time is always right."""

    def inside(self, wait: Wait[R]) -> Coroutine[object, object, R]:
        """The wait itself: a handler has no tasks."""
        return wait

    def outside(self, wait: Wait[R], *, helps: bool) -> Coroutine[object, object, R]:
        """The wait itself: whoever asks from outside runs the system until it is done."""
        return wait

    def in_thread(self, function: Callable[[], R], wait: Wait[R], *, own: bool = False) -> None:
        """At once: there are no threads."""
        try:
            wait.set(function())
        except Exception as error:  # noqa: BLE001 -- the handler gets it
            wait.fail(error)

    def is_cancelled(self, wait: Wait[R]) -> bool:
        """Nothing happens between a cancellation and what it leads to."""
        return False

    def foreign(self, activation: Activation) -> Activation | None:
        """Fail the handler at the very line where it awaits."""
        coroutine = activation.coroutine
        handler = getattr(coroutine, "gi_yieldfrom", coroutine)
        frame = cast("FrameType | None", getattr(handler, "cr_frame", None))
        what = f"a {type(activation.foreign).__name__}"
        error = foreign_await(activation.cell.path, what, frame, frame.f_lineno if frame is not None else 0)
        try:
            coroutine.throw(error)
        except StopIteration as stop:
            activation.finished(stop.value)
        except Exception as raised:  # noqa: BLE001 -- the supervisor's
            activation.failed(raised)
        else:
            activation.failed(error)
        return None

    def explained(self, path: str, error: BaseException) -> BaseException:
        """See `foreign.explained`: there is no event loop here."""
        return explained(path, error)

    def log(self, level: str, event: str, path: str, **fields: object) -> None:
        """Keep the line, and of an error in `exc_info` nothing: it would keep frames alive."""
        fields.pop("exc_info", None)
        self.logged.append((self.kernel.now, level, event, path, fields))
