"""How tasks wait in an event loop: the few things that differ between asyncio and trio, without layers between.

Each costs one future in asyncio, and one reschedule in trio.
"""

import asyncio  # noqa: TID251 -- this is the driver's own side of the event loop
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Protocol, TypeVar

import anyio

from kubeactors.actor.waits import Wait

R = TypeVar("R")


class Parking(Protocol):
    """Where tasks stand until something comes."""

    def park(self, wait: Wait[R]) -> Coroutine[object, object, None]:
        """Return when the wait is done. Cancelling the task leaves the rest of the world alone."""
        ...

    async def park_for(self, wait: Wait[None], seconds: float) -> None:
        """Return when the wait is done, or so many seconds have passed."""
        ...

    async def pause(self) -> None:
        """Let the event loop go round once."""
        ...


class AsyncioParking:
    """In asyncio, whatever its loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    async def park(self, wait: Wait[R]) -> None:
        """See `Parking`."""
        if not wait.done:
            future: asyncio.Future[None] = self._loop.create_future()
            wait.waiter = partial(_resolve, future)
            try:
                await future
            except asyncio.CancelledError:
                wait.abandon()
                raise

    async def park_for(self, wait: Wait[None], seconds: float) -> None:
        """See `Parking`."""
        handle = self._loop.call_later(seconds, wait.set, None)
        try:
            await self.park(wait)
        finally:
            handle.cancel()

    async def pause(self) -> None:
        """See `Parking`."""
        await asyncio.sleep(0)


def _resolve(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


class TrioParking:
    """In trio."""

    def __init__(self) -> None:
        from trio import lowlevel  # noqa: PLC0415 -- it is there: it runs

        self._lowlevel = lowlevel

    async def park(self, wait: Wait[R]) -> None:
        """See `Parking`."""
        if not wait.done:
            lowlevel = self._lowlevel

            def abort(_: Callable[[], object]) -> "lowlevel.Abort":
                wait.abandon()
                return lowlevel.Abort.SUCCEEDED

            wait.waiter = partial(lowlevel.reschedule, lowlevel.current_task())
            await lowlevel.wait_task_rescheduled(abort)

    async def park_for(self, wait: Wait[None], seconds: float) -> None:
        """See `Parking`."""
        with anyio.move_on_after(seconds):
            await self.park(wait)

    async def pause(self) -> None:
        """See `Parking`."""
        await self._lowlevel.checkpoint()


def parking() -> Parking:
    """The parking of the event loop that runs."""
    trio = sys.modules.get("trio")
    return TrioParking() if trio is not None and trio.lowlevel.in_trio_task() else AsyncioParking()
