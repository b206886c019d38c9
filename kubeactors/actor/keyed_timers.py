"""An actor's timers, by key. Source: `TimerScheduler` of Akka."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from kubeactors.actor.callbacks import run_callback

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.timers import Timer


def set_timer(cell: "Cell", key: str, delay: int, action: Callable[[], object]) -> "Timer":
    """Call `action` after `delay` nanoseconds, unless the instance ends before.

    Args:
        cell: the actor.
        key: replaces the timer of that key; an empty one is made unique.
        delay: nanoseconds.
        action: an error of it is a failure of the actor.
    """
    kernel, timers = cell.kernel, cell.cold.timers
    if timers is None:
        timers = cell.ensure_cold().timers = {}
    key = key or f"${kernel.timers.sequence}"
    if key in timers:
        timers[key].cancel()
    timer = timers[key] = kernel.at(kernel.now + delay, partial(run_callback, cell, cell.traced_timer(action)))
    timer.key, timer.owner = key, timers
    return timer


def cancel_timer(cell: "Cell", key: str) -> None:
    """Cancel the timer of that key, if there is one."""
    timer = (cell.cold.timers or {}).pop(key, None)
    if timer is not None:
        timer.cancel()
