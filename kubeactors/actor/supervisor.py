"""Supervision at work: what a parent does about a failed child. Done between two entries of the run queue.

Source: supervisor.erl of Erlang/OTP (strategies, restart intensity, escalation).
"""

from functools import partial
from typing import TYPE_CHECKING

from kubeactors.actor.errors import ActorStopped, Exit, RestartIntensityExceeded, where
from kubeactors.actor.graceful_stop import GracefulStop, descendants, needs_time
from kubeactors.actor.starting import reject_failed_start
from kubeactors.actor.states import State
from kubeactors.actor.stopping import discard_instance, terminate
from kubeactors.actor.supervision import Restart, RestartWindow, Strategy, Supervision

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.kernel import Kernel

_DEFAULT = Supervision()
"""Applied by a parent that has no instance at the moment."""


class StoppedItself(ActorStopped):
    """A permanent actor has stopped itself; counted like a failure."""


def supervise(kernel: "Kernel", cell: "Cell", error: BaseException) -> None:
    """Restart a failed actor, terminate it, or escalate to its parent."""
    parent = cell.parent
    if cell.state is State.STOPPED:
        return
    if parent is None:
        kernel.fatal = error
        kernel.log_failure("system.failed", cell, error, level="critical")
        kernel.stop_subtree(cell, "failed", Exit.FAILED)
        return
    if reject_failed_start(cell, error):
        return
    kernel.log_failure("actor.failed", cell, error)
    if kernel.on_failure is not None:
        kernel.on_failure(cell.path, error)
    if cell.restart is Restart.TEMPORARY:
        kernel.stop_subtree(cell, f"failed: {error!r}", Exit.FAILED)
        return
    _apply_rule(kernel, cell, parent, error)


def restart_stopped(kernel: "Kernel", cell: "Cell", reason: str) -> None:
    """Restart a permanent actor that has stopped itself: this counts towards the restart intensity."""
    if cell.parent is not None and cell.state not in (State.FAILED, State.STOPPING, State.STOPPED):
        _apply_rule(kernel, cell, cell.parent, StoppedItself(f"{cell.path}: {reason}"))


def _apply_rule(kernel: "Kernel", cell: "Cell", parent: "Cell", error: BaseException) -> None:
    rule = rule_of(parent)
    if isinstance(error, rule.escalates):
        fail_parent = partial(kernel.actor_failed, parent, error)
        kernel.stop_subtree(cell, f"failed: {error!r}", Exit.FAILED, then=fail_parent)
        return
    restarts = _window(cell, parent, rule).add(kernel.now, rule.within_seconds)
    if rule.max_restarts is not None and restarts > rule.max_restarts:
        exceeded = _exceeded(cell, parent, rule, restarts, error)
        reason = f"{_what_it_did(error)}: {error!r}"
        kernel.stop_subtree(cell, reason, Exit.FAILED, then=partial(kernel.actor_failed, parent, exceeded))
    else:
        _restart(kernel, affected(rule.strategy, cell, parent), rule.backoff(restarts, _chance(parent, rule)))


def rule_of(parent: "Cell") -> Supervision:
    """How it supervises its children."""
    if parent.parent is None:
        return parent.kernel.supervision
    return parent.actor.supervision if parent.actor is not None else _DEFAULT


def _window(cell: "Cell", parent: "Cell", rule: Supervision) -> RestartWindow:
    """The window in which restarts of this child are counted."""
    if rule.per_child:
        cold = cell.ensure_cold()
        cold.failures = cold.failures or RestartWindow()
        return cold.failures
    cold = parent.ensure_cold()
    cold.restarts = cold.restarts or RestartWindow()
    return cold.restarts


def _exceeded(
    cell: "Cell", parent: "Cell", rule: Supervision, restarts: int, error: BaseException
) -> RestartIntensityExceeded:
    line = where(error)
    whose = "of it" if rule.per_child else f"of children of {parent.path or 'the system'}"
    many = f"{restarts} {'stops' if isinstance(error, StoppedItself) else 'failures'} {whose}"
    exceeded = RestartIntensityExceeded(
        f"{cell.path} {_what_it_did(error)}; {many} within {rule.within_seconds} s, the last of them {error!r}"
        f"{f' at {line}' if line else ''}"
    )
    exceeded.__cause__ = error
    return exceeded


def _what_it_did(error: BaseException) -> str:
    return "stopped itself" if isinstance(error, StoppedItself) else "failed"


def _chance(parent: "Cell", rule: Supervision) -> float:
    return parent.kernel.random_streams.stream(parent.path, "backoff").random() if rule.jitter else 0.0


def _restart(kernel: "Kernel", cells: "list[Cell]", delay: int) -> None:
    """Discard the instances, last started first, and start fresh ones after `delay` nanoseconds."""
    end, then = partial(_end, dict.fromkeys(cells)), partial(_start_again, cells, delay)
    ending = [one for cell in reversed(cells) for one in (*descendants(cell), cell)]
    if any(needs_time(one) for one in ending):
        GracefulStop(kernel, ending, cells, end, then)
        return
    for cell in reversed(cells):
        end(cell)
    then()


def _end(restarting: "dict[Cell, None]", cell: "Cell") -> None:
    if cell not in restarting:
        terminate(cell, "parent stopped", Exit.SHUTDOWN)
    elif cell.restart is Restart.TEMPORARY:
        terminate(cell, "its siblings restart", Exit.SHUTDOWN)
    elif cell.state is not State.STOPPED:
        cell.state = State.FAILED
        cell.suspend()
        discard_instance(cell)


def _start_again(cells: "list[Cell]", delay: int) -> None:
    for cell in cells:  # those that have stopped stay so
        if delay:
            cell.kernel.at(cell.kernel.now + delay, cell.restart_now)
        else:
            cell.restart_now()


def affected(strategy: Strategy, cell: "Cell", parent: "Cell") -> "list[Cell]":
    """The children that are restarted when `cell` has failed, in start order; temporary ones among them are terminated."""
    siblings = list((parent.children or {}).values())
    match strategy:
        case Strategy.ONE_FOR_ONE:
            return [cell]
        case Strategy.ONE_FOR_ALL:
            return siblings
        case Strategy.REST_FOR_ONE:
            return siblings[siblings.index(cell) :]
