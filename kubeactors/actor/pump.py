"""The pump: tasks of an event loop that turn the crank, one at a time, and sleep when nothing is ready."""

import time
from collections import deque
from collections.abc import Coroutine
from contextvars import copy_context
from functools import partial
from typing import TypeVar

import anyio
from anyio import CancelScope, Event
from anyio.abc import TaskGroup

from kubeactors.actor.activation import CLOSED, Activation
from kubeactors.actor.cell import Cell
from kubeactors.actor.continuation import Continuation
from kubeactors.actor.driver import Entry
from kubeactors.actor.errors import Exit
from kubeactors.actor.kernel import Kernel
from kubeactors.actor.logs import LogSink
from kubeactors.actor.parking import Parking, parking
from kubeactors.actor.slow_handlers import UNFINISHED, current_work, report_unfinished, warn_if_slow
from kubeactors.actor.states import State
from kubeactors.actor.stopping import terminate
from kubeactors.actor.waits import Wait

R = TypeVar("R")

FEWEST_PER_LOOK, MOST_PER_LOOK = 32, 256
"""How many entries of the run queue are run between two reads of the clock: more while they are quick."""
TURN = 1_000_000
"""Nanoseconds after which the pump yields to the event loop."""
SPARE_WORKERS = 16
"""How many idle tasks are kept for handlers that will await something."""


class Pump:
    """Runs ready entries in the tasks of a group.

    One task at a time is the pump. A handler that awaits something foreign keeps the task in which it began, to its end;
    another task becomes the pump.

    Args:
        kernel: the kernel.
        ready: its run queue.
        origin: the monotonic time, in nanoseconds, at which the kernel's time is 0.
        log: gets warnings of handlers that take too long.
        name: names the tasks, for debugging.
        debug: time every entry.
    """

    def __init__(  # noqa: PLR0913 -- made in one place
        self, kernel: Kernel, ready: deque[Entry], origin: int, log: LogSink, *, name: str, debug: bool
    ) -> None:
        self.kernel: Kernel = kernel
        self.parking: Parking
        self.cancelled: tuple[type[BaseException], ...] = ()
        """The exceptions with which the event loop cancels tasks."""
        self.pause_by: int = 0
        """When the event loop must have its next turn, in the kernel's time."""
        self.is_closing: bool = False
        """Whether the actors are being stopped, or have stopped."""
        self.readers: dict[Wait[None], None] = {}
        """Waits of stream readers; they are set at the end, too."""
        self._ready = ready
        self._origin = origin
        self._log = log
        self._name = name
        self._debug = debug
        self._group: TaskGroup
        self._alarm: Wait[None] = Wait()
        self._spare: deque[Wait[None]] = deque()
        self._stopped = Event()
        self._delegated: dict[Activation, None] = {}
        self._look = 1 if debug else FEWEST_PER_LOOK
        self._ran = 1

    def begin(self, group: TaskGroup) -> None:
        """Start the pump in a task of the group."""
        self.parking = parking()
        self.cancelled = (anyio.get_cancelled_exc_class(),)
        self._group = group
        self.kernel.variables = copy_context()
        group.start_soon(self.parking.undisturbed(self._work), name=f"{self._name} pump")

    def close(self) -> None:
        """The actors are being stopped: end when the last one has terminated."""
        self.is_closing = True
        self.kernel.at(self.kernel.now + UNFINISHED, partial(report_unfinished, self._log, self._delegated))
        self.kernel.root.state = State.STOPPED

    @property
    def has_stopped(self) -> bool:
        """Whether the pump has ended."""
        return self._stopped.is_set()

    async def until_stopped(self) -> BaseException | None:
        """Wait for the end, even if cancelled. Returns a cancellation that came meanwhile: asyncio's own ignores shields."""
        interruption: BaseException | None = None
        with CancelScope(shield=True):
            while not self.has_stopped:
                try:
                    await self._stopped.wait()
                except self.cancelled as error:
                    interruption = error
        return interruption

    def wake(self) -> None:
        """There is work again."""
        self._alarm.set(None)

    def clock(self) -> int:
        """The kernel's time, now."""
        return time.monotonic_ns() - self._origin  # noqa: TID251 -- this is the clock that actors live by

    def refresh(self) -> None:
        """Set the kernel's time."""
        self.kernel.now = self.clock()

    # The tasks.

    async def _work(self) -> None:
        """Be the pump until a handler takes this task; then be a spare task.

        Shielded from cancellation: it reaches the system's block, whose end stops the actors in order.
        """
        try:
            with CancelScope(shield=True):
                while await self._work_once() and await self._be_spare():
                    pass
        except BaseException:
            self._break_down()
            raise

    async def _work_once(self) -> bool:
        """Be the pump until a handler takes this task, and run the handler to its end. False at the system's end."""
        with CancelScope() as scope:
            activation = await self._turning()
            if activation is None:
                self._finish()
                return False
            activation.scope = scope.cancel
            self._delegated[activation] = None
            self._hand_over()
            await self._delegate(activation)
        return True

    def _break_down(self) -> None:
        """The kernel raised: a bug, or an observer of dead letters that raises. Nothing can run any more; end the block."""
        self.is_closing = True
        terminate(self.kernel.root, "the system broke down", Exit.FAILED)
        for activation in self._delegated:
            assert activation.scope is not None
            activation.scope()
        self._finish()

    async def _turning(self) -> Activation | None:
        """Run ready entries until a handler awaits something foreign, and return it; None at the system's end."""
        kernel, pause = self.kernel, self.parking.pause
        while True:
            activation = self._turn()
            if activation is not None:
                return activation
            if kernel.has_work:
                await pause()
            elif kernel.fatal is not None and not self.is_closing:
                self._group.cancel_scope.cancel()
                self.close()
            elif self.is_closing and not self._delegated and not kernel.graceful_stops:
                return None
            else:
                await self._sleep()

    def _turn(self) -> Activation | None:
        """Run entries until none is ready, or the time slice is over."""
        kernel = self.kernel
        kernel.forget_variables()
        clock, timers, ready, origin = time.monotonic_ns, kernel.timers, kernel.ready, self._origin  # noqa: TID251 -- the same
        kernel.now = now = clock() - origin
        self.pause_by = until = now + TURN
        while True:
            timers.fire(now)
            activation = self._timed(now) if ready else None
            if activation is None:
                activation = kernel.run(self._look - 1)
                self._ran = self._look - kernel.turns_left
            if activation is not None or not ready:
                return activation
            before, now = now, clock() - origin
            kernel.now = now
            if not self._debug:
                self._look = _entries_per_look(self._look, now - before)
            if now > until:
                return None

    def _timed(self, now: int) -> Activation | None:
        """Run one entry, and count its time for all that were run between the last two reads of the clock."""
        entry = self._ready[0]
        at_work = current_work(entry) if self._debug else None
        activation = self.kernel.run(1)
        spent = self.clock() - now
        if isinstance(entry, Cell):
            entry.busy += spent * self._ran
        if at_work is not None:
            warn_if_slow(self._log, *at_work, spent)
        return activation

    def _finish(self) -> None:
        self._stopped.set()
        for wait in list(self.readers):
            wait.set(None)
        self.parking.close()
        while self._spare:
            self._spare.popleft().set(None)

    async def _sleep(self) -> None:
        due = self.kernel.timers.next_due()
        alarm: Wait[None] = Wait()
        self._alarm = alarm
        self.kernel.asleep = True
        if due is None:
            await self.parking.park(alarm)
        else:
            await self.parking.park_until(alarm, due + self._origin)
        self.kernel.asleep = False

    def _hand_over(self) -> None:
        """Make another task the pump."""
        if self._spare:
            self._spare.popleft().set(None)
        else:
            self._group.start_soon(self.parking.undisturbed(self._work), name=f"{self._name} worker")

    async def _be_spare(self) -> bool:
        """Wait to be the pump again. False if there are enough spare tasks."""
        if self.has_stopped or len(self._spare) >= SPARE_WORKERS:
            return False
        turn: Wait[None] = Wait()
        self._spare.append(turn)
        await self.parking.park(turn)
        return not self.has_stopped

    async def _delegate(self, activation: Activation) -> None:
        """Run the continuation of a handler in this task."""
        coroutine = activation.coroutine
        try:
            result = await Continuation(self, activation, coroutine)
        except self.cancelled as error:
            if activation.coroutine is CLOSED:
                raise
            activation.failed(error)  # not this task was cancelled, but something that the handler awaited
        except Exception as error:  # noqa: BLE001 -- the supervisor's
            if activation.coroutine is not CLOSED:
                activation.failed(error)
        else:
            if activation.coroutine is not CLOSED:
                activation.finished(result)
        finally:
            del self._delegated[activation]
            self.kernel.defer(_nothing)

    # For continuations.

    def record_step(self, activation: Activation, began: int) -> None:
        """See `Host`."""
        spent = self.clock() - began
        activation.cell.busy += spent
        if self._debug:
            warn_if_slow(self._log, activation.cell, activation.envelope[0], spent)

    def park(self, wait: Wait[R]) -> Coroutine[object, object, None]:
        """See `Host`."""
        return self.parking.park(wait)


def _entries_per_look(entries: int, spent: int) -> int:
    """How many entries to run before the next read of the clock, if the last ones took so many nanoseconds.

    >>> _entries_per_look(64, 100_000), _entries_per_look(64, 900_000)
    (128, 32)
    """
    if spent < TURN // 8:
        return min(entries * 2, MOST_PER_LOOK)
    return max(entries // 2, FEWEST_PER_LOOK) if spent > TURN // 2 else entries


def _nothing() -> None:
    """A deferred call that does nothing but wake the pump."""
