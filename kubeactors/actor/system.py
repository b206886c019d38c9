"""The production driver: actors inside any running asyncio or trio application."""

import logging
import os
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial
from types import TracebackType
from typing import Generic, Self, TypeVar, cast

import anyio
import structlog
from anyio import CancelScope, Event, to_thread
from anyio.abc import TaskGroup

from kubeactors.actor.activation import CLOSED, Activation
from kubeactors.actor.actor import Actor
from kubeactors.actor.cell import Cell
from kubeactors.actor.errors import SystemFailed
from kubeactors.actor.kernel import Entry, Kernel
from kubeactors.actor.mailbox import Mailbox
from kubeactors.actor.ref import Ref
from kubeactors.actor.supervision import SECOND, Restart
from kubeactors.actor.waits import Wait

M = TypeVar("M")
R = TypeVar("R")

ENTRIES_PER_TURN = 64
"""How many entries of the run queue are run before the event loop has its turn."""
SPARE_WORKERS = 16
"""How many tasks are kept for handlers that will await something."""

_log = structlog.wrap_logger(
    logging.getLogger("kubeactors"),
    processors=[structlog.stdlib.filter_by_level, structlog.processors.KeyValueRenderer(key_order=["event", "actor"])],
    wrapper_class=structlog.stdlib.BoundLogger,
)


class ActorSystem:
    """Runs actors inside the running event loop: `async with ActorSystem() as system`.

    Nothing outlives the block: at its end actors are stopped one by one, last started first. One task at a time, the
    pump, runs ready actors. A handler that awaits something foreign keeps the task that it began in to its end; the
    pump goes on in another one. If a failure reaches the top of the tree, the block is cancelled and `SystemFailed`
    raised.

    Args:
        name: for logs.
        seed: random streams derive from it; by default it is drawn from the operating system.
    """

    def __init__(self, name: str = "system", *, seed: str | None = None) -> None:
        self.name = name
        seed = os.urandom(16).hex() if seed is None else seed  # noqa: TID251 -- the driver is where chance comes from
        self._origin = time.monotonic_ns()
        wall = time.time_ns()
        ready: deque[Entry] = deque()
        self.kernel = Kernel(self, ready, seed=seed, wall=wall, inline=True, batch=16, parks_all=False)
        self._group: TaskGroup | None = None
        self._alarm = Event()
        self._spare: deque[Event] = deque()
        self._closing = False
        self._stopped = Event()
        self._delegated = 0

    async def __aenter__(self) -> Self:
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        self._group.start_soon(self._work, name=f"{self.name} pump")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        group = self._group
        assert group is not None
        with CancelScope(shield=True):
            if self.kernel.fatal is None:
                self._stop_all()
            await self._stopped.wait()
        group.cancel_scope.cancel()
        if error is None or not isinstance(error, anyio.get_cancelled_exc_class()):
            await group.__aexit__(None, None, None)  # an error of the block leaves as it is, not in a group
            cancelled = None
        else:
            cancelled = await group.__aexit__(kind, error, trace)
        if self.kernel.fatal is not None:
            raise SystemFailed(f"a failure reached the top: {self.kernel.fatal!r}") from self.kernel.fatal
        return cancelled

    def _stop_all(self) -> None:
        for cell in reversed(list((self.kernel.root.children or {}).values())):
            self.kernel.stop(cell, "shutdown")
        self.kernel.change(self._close)

    def _close(self) -> None:
        self._closing = True

    async def spawn(
        self,
        factory: Callable[[], Actor[M]],
        *,
        name: str = "",
        mailbox: Mailbox | None = None,
        restart: Restart = Restart.PERMANENT,
    ) -> Ref[M]:
        """Start an actor below the root and wait until its `started` has returned.

        Raises:
            ActorStopped: it did not start, or the system is shutting down.
            ValueError: there is an actor of that name.
        """
        self.refresh()
        cell = self.kernel.spawn(self.kernel.root, factory, name, mailbox or Mailbox(), restart)
        started: Wait[None] = Wait()
        cell.started = started
        await self.outside(started)
        return cast("Ref[M]", cell)

    def stop(self, ref: Ref[M], reason: str = "stopped") -> None:
        """End an actor and its descendants, soon."""
        self.kernel.stop(cast("Cell", ref), reason)

    # The pump.

    async def _work(self) -> None:
        """Be the pump until a handler takes this task; then be a spare one.

        Shielded: a cancellation from outside reaches the block, and the block's end stops the actors in order.
        """
        with CancelScope(shield=True):
            while True:
                activation = await self._turn()
                if activation is not None:
                    if not await self._be_spare():
                        return
                elif self.kernel.has_work:
                    await anyio.lowlevel.checkpoint()
                elif self.kernel.fatal is not None and not self._closing:
                    assert self._group is not None
                    self._group.cancel_scope.cancel()
                    self._closing = True
                elif self._closing and not self._delegated:
                    self._finish()
                    return
                else:
                    await self._sleep()

    async def _turn(self) -> Activation | None:
        """Run some entries; and to its end a handler that awaits something foreign, if there is one."""
        kernel = self.kernel
        self.refresh()
        kernel.timers.fire(kernel.now)
        activation: Activation | None = None
        with CancelScope() as scope:
            activation = kernel.run(ENTRIES_PER_TURN)
            if activation is not None:
                activation.scope = scope.cancel
                self._hand_over()
                await self._delegate(activation)
        return activation

    def _finish(self) -> None:
        self._stopped.set()
        while self._spare:
            self._spare.popleft().set()

    async def _sleep(self) -> None:
        due = self.kernel.timers.next_due()
        self.kernel.asleep = True
        if due is None:
            await self._alarm.wait()
        else:
            with anyio.move_on_after(max(due - self._clock(), 0) / SECOND):
                await self._alarm.wait()
        self.kernel.asleep = False
        if self._alarm.is_set():
            self._alarm = Event()

    def _hand_over(self) -> None:
        """Let another task be the pump."""
        self._delegated += 1
        if self._spare:
            self._spare.popleft().set()
        else:
            assert self._group is not None
            self._group.start_soon(self._work, name=f"{self.name} worker")

    async def _be_spare(self) -> bool:
        """Wait to be the pump again; False if there are enough spare tasks."""
        if self._stopped.is_set() or len(self._spare) >= SPARE_WORKERS:
            return False
        event = Event()
        self._spare.append(event)
        await event.wait()
        return not self._stopped.is_set()

    async def _delegate(self, activation: Activation) -> None:
        """Run the rest of a handler in this task."""
        coroutine = activation.coroutine
        try:
            result = await _Rest(self, activation, coroutine)
        except Exception as error:  # noqa: BLE001 -- the supervisor's
            if activation.coroutine is not CLOSED:
                activation.failed(error)
        else:
            if activation.coroutine is not CLOSED:
                activation.finished(result)
        finally:
            self._delegated -= 1
            self.kernel.change(_nothing)

    # For the kernel.

    def _clock(self) -> int:
        return time.monotonic_ns() - self._origin

    def refresh(self) -> None:
        """Set the kernel's time."""
        self.kernel.now = self._clock()

    def wake(self) -> None:
        """There is work again."""
        self._alarm.set()

    def outside(self, wait: Wait[R]) -> Awaitable[R]:
        """What ordinary code awaits."""
        return _outside(wait)

    def foreign(self, activation: Activation) -> Activation | None:
        """The pump goes on elsewhere; this task belongs to the handler now."""
        return activation

    def in_thread(self, function: Callable[[], R], wait: Wait[R]) -> None:
        """Run it in a worker thread."""
        assert self._group is not None
        self._group.start_soon(_in_thread, function, wait)

    def log(self, level: str, event: str, path: str, **fields: object) -> None:
        """Through structlog to the standard library's logger `kubeactors`."""
        getattr(_log, level)(event, actor=path, **fields)


def _nothing() -> None:
    """A change that changes nothing: it wakes the pump."""


async def _outside(wait: Wait[R]) -> R:
    if not wait.done:
        event = Event()
        wait.waiter = event.set
        await event.wait()
    return wait.result()


async def _in_thread(function: Callable[[], R], wait: Wait[R]) -> None:
    try:
        value = await to_thread.run_sync(function)
    except Exception as error:  # noqa: BLE001 -- the handler gets it
        wait.fail(error)
    else:
        wait.set(value)


class _Rest(Generic[R]):
    """The rest of a coroutine whose first steps were made by hand: awaiting it makes the others in this task.

    What the coroutine yields for the event loop is passed on, the first one too; what it yields for the kernel is
    waited for with an event.
    """

    def __init__(self, system: ActorSystem, activation: Activation, coroutine: Coroutine[object, object, R]) -> None:
        self._system = system
        self._activation = activation
        self._coroutine = coroutine

    def __await__(self) -> Generator[object, object, R]:
        step: Callable[[], object] = partial(_identity, self._activation.foreign)
        while True:
            try:
                awaited = self._step(step)
            except StopIteration as stop:
                return cast("R", stop.value)
            try:
                sent = yield from self._pass_on(awaited)
            except BaseException as error:  # noqa: BLE001 -- cancellation too is the handler's to see
                step = partial(self._coroutine.throw, error)
            else:
                step = partial(self._coroutine.send, sent)

    def _step(self, step: Callable[[], object]) -> object:
        kernel = self._system.kernel
        self._system.refresh()
        previous, kernel.current = kernel.current, self._activation.cell
        try:
            return step()
        finally:
            kernel.current = previous

    def _pass_on(self, awaited: object) -> Generator[object, object, object]:
        if isinstance(awaited, Wait):
            event = Event()
            awaited.waiter = event.set
            yield from cast("Generator[object, object, None]", event.wait().__await__())
            return None
        return (yield awaited)


def _identity(value: object) -> object:
    return value
