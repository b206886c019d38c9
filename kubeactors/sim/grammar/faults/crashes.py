"""Draws crashes and restarts."""

from kubeactors.sim.chaos.faults import (
    ApiServerRestart,
    ControllerCrash,
    KubeletRestart,
    ManagerRestart,
    SchedulerRestart,
    StaleRestart,
    StoreRestart,
    VersionSkew,
)
from kubeactors.sim.grammar.faults.aim import Aim
from kubeactors.sim.grammar.faults.draw import Draw
from kubeactors.sim.grammar.faults.spans import HIDDEN, SPANS
from kubeactors.sim.processes import MANAGER

BEHIND = (0.3, 1.0, 3.0, 10.0, 30.0)
"""How stale a server's cache is at the crash; or how long after a user action, whose effects it hides, the crash happens."""
MOST_WRITES = 5


def _kubelet(aim: Aim, at: float) -> KubeletRestart:
    return KubeletRestart(at=at, node=aim.node())


def _controller(aim: Aim, at: float) -> ControllerCrash:
    component = aim.crashing()
    writes, process = aim.source.integer(1, MOST_WRITES), not aim.source.integer(0, 2)
    return ControllerCrash(at=at, component=component, controller=aim.actor(component), writes=writes, process=process)


def _stale_restart(aim: Aim, at: float) -> StaleRestart:
    """All that the component reads is stale, or one resource only: its watches may have different servers."""
    later = [time - at for time in aim.times if time > at]
    hidden = aim.source.choice(later) if later and aim.source.integer(0, 1) else 0.0
    spans = HIDDEN if aim.is_on_top else SPANS[3:]
    after, seconds = round(hidden + aim.source.choice(BEHIND), 3), aim.source.choice(spans)
    component, resource = aim.watch() if aim.source.integer(0, 2) else (aim.component(), "")
    return StaleRestart(at=at, component=component, after=after, resource=resource, seconds=seconds)


def _version_skew(aim: Aim, at: float) -> VersionSkew:
    component = aim.source.choice((MANAGER, MANAGER, aim.component()))
    return VersionSkew(at=at, component=component, seconds=aim.source.choice(SPANS[4:]))


DRAWS: dict[str, Draw] = {
    "kubelet-restart": _kubelet,
    "apiserver-restart": lambda _, at: ApiServerRestart(at=at),
    "store-restart": lambda _, at: StoreRestart(at=at),
    "manager-restart": lambda _, at: ManagerRestart(at=at),
    "scheduler-restart": lambda _, at: SchedulerRestart(at=at),
    "controller-crash": _controller,
    "stale-restart": _stale_restart,
    "version-skew": _version_skew,
}
