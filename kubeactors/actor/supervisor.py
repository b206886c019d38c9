"""What becomes of an actor that has failed: its parent's rule is applied. Done between two entries of the run queue.

Source: supervisor.erl of Erlang/OTP (strategies, restart intensity, escalation).
"""

from functools import partial
from typing import TYPE_CHECKING

from kubeactors.actor.beginnings import refuse_start
from kubeactors.actor.endings import end, end_instance
from kubeactors.actor.errors import ActorStopped, Exit, RestartIntensityExceeded, where
from kubeactors.actor.farewell import Farewell, descendants, needs_time
from kubeactors.actor.states import State
from kubeactors.actor.supervision import Restart, RestartWindow, Strategy, Supervision

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.kernel import Kernel

_NO_RULE = Supervision()
"""Of a parent that is between two instances."""


class StoppedItself(ActorStopped):
    """A permanent actor has, as it should not: this is counted in place of a failure."""


def supervise(kernel: "Kernel", cell: "Cell", error: BaseException) -> None:
    """Restart it, or end it, or let its parent fail."""
    parent = cell.parent
    if cell.state is State.STOPPED:
        return
    if parent is None:
        kernel.fatal = error
        kernel.report("system.failed", cell, error, level="critical")
        kernel.part_from(cell, "failed", Exit.FAILED)
        return
    if refuse_start(cell, error):
        return
    kernel.report("actor.failed", cell, error)
    if kernel.on_failure is not None:
        kernel.on_failure(cell.path, error)
    if cell.restart is Restart.TEMPORARY:
        kernel.part_from(cell, f"failed: {error!r}", Exit.FAILED)
        return
    _apply_rule(kernel, cell, parent, error)


def begin_again(kernel: "Kernel", cell: "Cell", reason: str) -> None:
    """A permanent actor has stopped itself: that counts as a restart like others."""
    if cell.parent is not None and cell.state not in (State.FAILED, State.STOPPING, State.STOPPED):
        _apply_rule(kernel, cell, cell.parent, StoppedItself(f"{cell.path}: {reason}"))


def _apply_rule(kernel: "Kernel", cell: "Cell", parent: "Cell", error: BaseException) -> None:
    rule = rule_of(parent)
    restarts = _window(cell, parent, rule).add(kernel.now, rule.within_seconds)
    if rule.max_restarts is not None and restarts > rule.max_restarts:
        exceeded = _exceeded(cell, parent, rule, restarts, error)
        reason = f"{_what_it_did(error)}: {error!r}"
        kernel.part_from(cell, reason, Exit.FAILED, then=partial(kernel.failed, parent, exceeded))
    else:
        _restart(kernel, affected(rule.strategy, cell, parent), rule.backoff(restarts, _chance(parent, rule)))


def rule_of(parent: "Cell") -> Supervision:
    """What it does about children that fail."""
    if parent.parent is None:
        return parent.kernel.supervision
    return parent.actor.supervision if parent.actor is not None else _NO_RULE


def _window(cell: "Cell", parent: "Cell", rule: Supervision) -> RestartWindow:
    """Where the restart is counted."""
    if rule.per_child:
        own = cell.own
        own.failures = own.failures or RestartWindow()
        return own.failures
    own = parent.own
    own.restarts = own.restarts or RestartWindow()
    return own.restarts


def _exceeded(
    cell: "Cell", parent: "Cell", rule: Supervision, restarts: int, error: BaseException
) -> RestartIntensityExceeded:
    line = where(error)
    whose = "of it" if rule.per_child else f"of children of {parent.path or 'the system'}"
    many = f"{restarts} {'ends' if isinstance(error, StoppedItself) else 'failures'} {whose}"
    exceeded = RestartIntensityExceeded(
        f"{cell.path} {_what_it_did(error)}; {many} within {rule.within_seconds} s, the last of them {error!r}"
        f"{f' at {line}' if line else ''}"
    )
    exceeded.__cause__ = error
    return exceeded


def _what_it_did(error: BaseException) -> str:
    return "stopped itself" if isinstance(error, StoppedItself) else "failed"


def _chance(parent: "Cell", rule: Supervision) -> float:
    return parent.kernel.random_for(parent.path, "backoff").random() if rule.jitter else 0.0


def _restart(kernel: "Kernel", cells: "list[Cell]", delay: int) -> None:
    """End the instances, last started first, and begin others."""
    part, then = partial(_part_from, dict.fromkeys(cells)), partial(_begin, cells, delay)
    ending = [one for cell in reversed(cells) for one in (*descendants(cell), cell)]
    if any(needs_time(one) for one in ending):
        Farewell(kernel, ending, cells, part, then)
        return
    for cell in reversed(cells):
        part(cell)
    then()


def _part_from(restarting: "dict[Cell, None]", cell: "Cell") -> None:
    if cell not in restarting:
        end(cell, "parent stopped", Exit.SHUTDOWN)
    elif cell.restart is Restart.TEMPORARY:
        end(cell, "its siblings restart", Exit.SHUTDOWN)
    elif cell.state is not State.STOPPED:
        cell.state = State.FAILED
        cell.hold()
        end_instance(cell)


def _begin(cells: "list[Cell]", delay: int) -> None:
    for cell in cells:  # not those that have ended: they are told to start, and do not
        if delay:
            cell.kernel.at(cell.kernel.now + delay, cell.restart_now)
        else:
            cell.restart_now()


def affected(strategy: Strategy, cell: "Cell", parent: "Cell") -> "list[Cell]":
    """Who ends when `cell` has failed, in the order of their start; all but the temporary ones come back."""
    siblings = list((parent.children or {}).values())
    match strategy:
        case Strategy.ONE_FOR_ONE:
            return [cell]
        case Strategy.ONE_FOR_ALL:
            return siblings
        case Strategy.REST_FOR_ONE:
            return siblings[siblings.index(cell) :]
