"""What becomes of an actor that has failed: its parent's rule is applied. Done between two entries of the run queue.

Source: supervisor.erl of Erlang/OTP (strategies, restart intensity, escalation).
"""

from typing import TYPE_CHECKING

from kubeactors.actor.beginnings import refuse_start
from kubeactors.actor.endings import end, end_instance
from kubeactors.actor.errors import RestartIntensityExceeded, where
from kubeactors.actor.states import State
from kubeactors.actor.supervision import Restart, RestartWindow, Strategy, Supervision

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.kernel import Kernel

_NO_RULE = Supervision()
"""Of a parent that is between two instances."""


def supervise(kernel: "Kernel", cell: "Cell", error: BaseException) -> None:
    """Restart it, or end it, or let its parent fail."""
    parent = cell.parent
    if cell.state is State.STOPPED:
        return
    if parent is None:
        kernel.fatal = error
        kernel.report("system.failed", cell, error, level="critical")
        end(cell, "failed")
        return
    if refuse_start(cell, error):
        return
    kernel.report("actor.failed", cell, error)
    if kernel.on_failure is not None:
        kernel.on_failure(cell.path, error)
    if cell.restart is Restart.TEMPORARY:
        end(cell, f"failed: {error!r}")
        return
    rule = rule_of(parent)
    restarts = _window(cell, parent, rule).add(kernel.now, rule.within_seconds)
    if rule.max_restarts is not None and restarts > rule.max_restarts:
        end(cell, f"failed: {error!r}")
        kernel.failed(parent, _exceeded(cell, parent, rule, restarts, error))
    else:
        _restart(affected(rule.strategy, cell, parent), rule.backoff(restarts, _chance(parent, rule)))


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
    exceeded = RestartIntensityExceeded(
        f"{cell.path} failed; {restarts} failures {whose} within {rule.within_seconds} s, the last of them {error!r}"
        f"{f' at {line}' if line else ''}"
    )
    exceeded.__cause__ = error
    return exceeded


def _chance(parent: "Cell", rule: Supervision) -> float:
    return parent.kernel.random_for(parent.path, "backoff").random() if rule.jitter else 0.0


def _restart(cells: "list[Cell]", delay: int) -> None:
    for one in reversed(cells):
        one.state = State.FAILED
        one.hold()
        end_instance(one)
    for one in cells:
        if delay:
            one.kernel.at(one.kernel.now + delay, one.restart_now)
        else:
            one.restart_now()


def affected(strategy: Strategy, cell: "Cell", parent: "Cell") -> "list[Cell]":
    """Who restarts when `cell` has failed, in the order of their start."""
    siblings = list((parent.children or {}).values())
    match strategy:
        case Strategy.ONE_FOR_ONE:
            return [cell]
        case Strategy.ONE_FOR_ALL:
            return siblings
        case Strategy.REST_FOR_ONE:
            return siblings[siblings.index(cell) :]
