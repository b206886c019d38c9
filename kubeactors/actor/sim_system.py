"""The deterministic driver: virtual time, a seeded choice of the next delivery, no event loop."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from itertools import islice
from typing import TypeVar, cast

from kubeactors.actor.activation import Activation
from kubeactors.actor.actor import Actor
from kubeactors.actor.cell import Cell
from kubeactors.actor.death_watch import wait_for_end
from kubeactors.actor.driver import RunQueue
from kubeactors.actor.errors import ActorStopped, AskTimedOut, ForeignAwait, SystemFailed, Terminated
from kubeactors.actor.foreign import explained, reject
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
"""Deliveries between two checks whether time stands still."""


class SimSystem:
    """An actor system whose runs with the same seed are all the same.

    Time stands still while there is a message to deliver, then jumps to the next timer. A handler that awaits something
    foreign fails with `ForeignAwait`, which names the actor and the line; one that uses a real clock, randomness, thread
    or socket fails with `ForeignCall`.

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
        seed: decides everything random.
        schedule: chooses the next ready entry; by default most run in order, and some are delayed at random.
        queue: the run queue, in place of one in the order of a schedule: it may choose as late as an entry is taken.
        supervision: applies to actors at the top; see `ActorSystem`.
        wall: unix time in nanoseconds at virtual time 0.
        patience: after so many deliveries at one moment the run fails: they would never end.
    """

    cancelled: tuple[type[BaseException], ...] = ()

    def __init__(  # noqa: PLR0913 -- most callers give the seed alone
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
        self._turns: list[None] = []  # one for each entry that may run before the next check
        self._halted = False
        self.logged: list[tuple[int, str, str, str, dict[str, object]]] = []
        """The log: time, level, event, path, fields."""

    # For its users.

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
        """Add an actor below the root. It starts when its turn comes.

        If its first start fails, the run fails, unless the actor is temporary.
        """
        cell = self.kernel.spawn(self.kernel.root, factory, name, mailbox or Mailbox(), restart)
        if restart is not Restart.TEMPORARY:
            started = until_started(cell)
            started.waiter = partial(self._begun, started)
        return cast("Ref[M]", cell)

    def _begun(self, started: Wait[None]) -> None:
        """Fail the run if the actor could not start; that it was stopped before is no failure."""
        try:
            started.result()
        except ActorStopped as refusal:
            if refusal.__cause__ is not None:
                self.kernel.fatal = refusal

    def stop(self, ref: Ref[M], reason: str = "stopped") -> Awaitable[Terminated]:
        """Stop an actor and its descendants: at once, unless they need time for it.

        The result may be awaited, as that of `ActorSystem.stop`: it is done when they have stopped.
        """
        cell = cast("Cell", ref)
        ended = wait_for_end(cell)
        self.kernel.stop(cell, reason)
        self.settle(steps=0)
        return ended

    def crash(self, ref: Ref[M], error: Exception) -> None:
        """Make an actor fail as if a handler had raised this error."""
        self.kernel.actor_failed(cast("Cell", ref), error)
        self.settle(steps=0)

    def run(self, seconds: float) -> None:
        """Let so much virtual time pass, unless `halt` is called."""
        self._run(None, self.kernel.now + int(seconds * SECOND))

    def halt(self) -> None:
        """Have the `run` that is under way, if any, return before the next entry."""
        self._turns.clear()
        self._halted = True

    def run_until(self, condition: Callable[[], bool], seconds: float = 60.0) -> bool:
        """Run until the condition holds. False if it does not within so much virtual time."""
        return self._run(condition, self.kernel.now + int(seconds * SECOND))

    def settle(self, steps: int = _STEPS_AT_ONE_TIME) -> None:
        """Deliver all messages that are ready, and those that result from them, without letting time pass."""
        kernel = self.kernel
        kernel.run(steps)
        self._check()
        if steps and kernel.has_work:
            raise SystemFailed(
                f"more than {steps} deliveries at one moment: actors send messages to one another without end"
            )

    def ask(self, ref: Ref[M], request: Request[R], *, timeout_seconds: float | None = ASK_SECONDS) -> R:
        """Ask from outside, and run until there is a reply."""
        __tracebackhide__ = True  # pytest shows the line of the caller instead
        wait = cast("Wait[R]", ref.ask(request, timeout_seconds=timeout_seconds))
        self._run(lambda: wait.done, _FOREVER)
        if not wait.done:
            raise AskTimedOut(f"{ref.path} did not reply to {type(request).__name__}, and nothing is left to run")
        return wait.result()

    def play(self, coroutine: Coroutine[object, object, R]) -> R:
        """Run ordinary code that awaits asks, sends and the like, in virtual time. Returns its result.

        Raises:
            ForeignAwait: it awaits something of an event loop; raised at that await.
            AskTimedOut: it waits for something that never comes; raised at that await.
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
                gone = AskTimedOut("what is awaited never comes: nothing is left to run")
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
        """The actor that is registered under this name, if there is one."""
        return self.kernel.registry.find(name)

    def statistics(self) -> tuple[ActorStatistics, ...]:
        """The statistics of every living actor, parents first."""
        return tuple(statistics_of(self.kernel.root))

    def snapshot(self) -> Snapshot:
        """The system as a whole: every living actor, and totals per class."""
        return snapshot_of(self.kernel, self.now)

    def tree(self, siblings: int = 100) -> str:
        """The supervision tree as text, for humans: a line per actor; of many siblings only the first."""
        return "\n".join(tree_of(self.kernel.root, siblings))

    def step(self) -> bool:
        """Deliver one message, or let time jump to the next timer. False if there is nothing to do."""
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
        """Run until the condition, checked before each entry, holds, or until this time. Whether the condition holds."""
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
                    raise SystemFailed("virtual time stands still: actors send messages to one another without end")
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
        """See `Driver`: never called, since this system does not sleep."""

    def may_continue(self, cell: Cell) -> bool:
        """See `Driver`: every message has a turn of its own."""
        return False

    def refresh(self) -> None:
        """See `Driver`: virtual time is always current."""

    def inside(self, wait: Wait[R]) -> Coroutine[object, object, R]:
        """See `Driver`: the wait itself, since a handler has no tasks."""
        return wait

    def outside(self, wait: Wait[R], *, helps: bool) -> Coroutine[object, object, R]:
        """See `Driver`: the wait itself; code outside runs the system until it is done."""
        return wait

    def in_thread(self, function: Callable[[], R], wait: Wait[R], *, own: bool = False) -> None:
        """See `Driver`: at once, since there are no threads."""
        try:
            wait.set(function())
        except Exception as error:  # noqa: BLE001 -- the handler gets it
            wait.fail(error)

    def is_cancelled(self, wait: Wait[R]) -> bool:
        """See `Driver`: nothing can happen between a cancellation and its effect."""
        return False

    def foreign(self, activation: Activation) -> Activation | None:
        """See `Driver`: every handler is deterministic here."""
        reject(activation)
        return None

    def explained(self, path: str, error: BaseException) -> BaseException:
        """See `foreign.explained`: no event loop runs here."""
        return explained(path, error)

    def log(self, level: str, event: str, path: str, **fields: object) -> None:
        """See `Driver`: kept in `logged`, without `exc_info`, which would keep frames alive."""
        fields.pop("exc_info", None)
        self.logged.append((self.kernel.now, level, event, path, fields))
