"""How tasks wait in an event loop: what differs between asyncio and trio, without anyio's layers between.

Each wait costs one future in asyncio, and one reschedule in trio.
"""

import asyncio  # noqa: TID251 -- this is the driver's own side of the event loop
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from time import monotonic_ns  # noqa: TID251 -- this is the clock that actors live by
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar, cast

import anyio

from kubeactors.actor.supervision import SECOND
from kubeactors.actor.waits import Wait

if TYPE_CHECKING:
    from trio.lowlevel import Abort

R = TypeVar("R")

Work: TypeAlias = Callable[[], Coroutine[object, object, None]]


class Parking(Protocol):
    """Lets tasks wait in the running event loop."""

    def park(self, wait: Wait[R]) -> Coroutine[object, object, None]:
        """Return when the wait is done. If the task is cancelled, the wait is abandoned."""
        ...

    def park_until(self, wait: Wait[None], due: int) -> Coroutine[object, object, None]:
        """Return when the wait is done, or at `time.monotonic_ns() == due`; it may return early for no reason."""
        ...

    def is_cancelled(self, wait: Wait[R]) -> bool:
        """Whether the task that is parked for this has been cancelled, and has not run since."""
        ...

    async def pause(self) -> None:
        """Yield to the event loop once."""
        ...

    def undisturbed(self, work: Work) -> Work:
        """The function, for a task in which KeyboardInterrupt is never raised: Ctrl-C is the main task's."""
        ...

    def close(self) -> None:
        """Release all resources."""
        ...


class AsyncioParking:
    """Parking in asyncio, on any of its loops."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = (
            None  # one for all alarms: setting it is expensive, and a spurious one is harmless
        )
        self._due = 0
        self._alarm: Wait[None] = Wait()

    async def park(self, wait: Wait[R]) -> None:
        """See `Parking`."""
        if not wait.done:
            future: asyncio.Future[None] = self._loop.create_future()
            wait.waiter = _Resolve(future)
            try:
                await future
            except asyncio.CancelledError:
                wait.abandon()
                raise

    def is_cancelled(self, wait: Wait[R]) -> bool:
        """See `Parking`: a future is cancelled before its task runs."""
        waiter: object = wait.waiter
        return isinstance(waiter, _Resolve) and waiter.future.cancelled()

    def park_until(self, wait: Wait[None], due: int) -> Coroutine[object, object, None]:
        """See `Parking`."""
        self._alarm = wait
        if self._timer is None or due < self._due:
            if self._timer is not None:
                self._timer.cancel()
            self._due = due
            self._timer = self._loop.call_later(max(due - monotonic_ns(), 0) / SECOND, self._ring)
        return self.park(wait)

    def undisturbed(self, work: Work) -> Work:
        """See `Parking`: asyncio cancels its main task, so nothing is to be done."""
        return work

    def _ring(self) -> None:
        self._timer = None
        self._alarm.set(None)

    def close(self) -> None:
        """See `Parking`."""
        if self._timer is not None:
            self._timer.cancel()

    async def pause(self) -> None:
        """See `Parking`."""
        await asyncio.sleep(0)


class _Resolve:
    """Wakes the task that awaits the future."""

    __slots__ = ("future",)

    def __init__(self, future: "asyncio.Future[None]") -> None:
        self.future = future

    def __call__(self) -> None:
        if not self.future.done():
            self.future.set_result(None)


class TrioParking:
    """In trio."""

    def __init__(self) -> None:
        from trio import lowlevel  # noqa: PLC0415 -- it is installed, since it runs

        self._lowlevel = lowlevel

    async def park(self, wait: Wait[R]) -> None:
        """See `Parking`."""
        if not wait.done:
            lowlevel = self._lowlevel

            def abort(_: Callable[[], object]) -> "Abort":
                wait.abandon()
                return cast("Abort", lowlevel.Abort.SUCCEEDED)

            wait.waiter = partial(lowlevel.reschedule, lowlevel.current_task())
            await lowlevel.wait_task_rescheduled(abort)

    def is_cancelled(self, wait: Wait[R]) -> bool:
        """See `Parking`: a cancelled task has abandoned its wait already."""
        return False

    def undisturbed(self, work: Work) -> Work:
        """See `Parking`: trio raises it in the task that runs, or in the main task if that one is protected."""

        @self._lowlevel.enable_ki_protection
        async def protected() -> None:
            await work()

        return protected

    async def park_until(self, wait: Wait[None], due: int) -> None:
        """See `Parking`."""
        with anyio.move_on_after(max(due - monotonic_ns(), 0) / SECOND):
            await self.park(wait)

    def close(self) -> None:
        """See `Parking`."""

    async def pause(self) -> None:
        """See `Parking`."""
        await self._lowlevel.checkpoint()


def parking() -> Parking:
    """The parking for the running event loop."""
    trio = sys.modules.get("trio")
    return TrioParking() if trio is not None and trio.lowlevel.in_trio_task() else AsyncioParking()
