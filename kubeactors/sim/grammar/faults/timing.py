"""Draws stalls, slow actors, pauses and clock skew."""

from kubeactors.sim.chaos.faults import ClockSkew, Pause, SlowActor, Stall
from kubeactors.sim.grammar.faults.aim import Aim
from kubeactors.sim.grammar.faults.draw import Draw
from kubeactors.sim.grammar.faults.spans import OUTAGES, SPANS
from kubeactors.sim.processes import ELECTED, MANAGER, SCHEDULER

DELAYS = (0.02, 0.1, 0.5)
PAUSES = (1.0, 3.0, 10.0, 17.0, 40.0)
"""Some exceed the lease duration of 15 seconds, after which another leader takes over, and some the node monitor grace
period."""
SKEWS = (-1.0, 1.0, -30.0, 30.0, -18_000.0, 18_000.0)
SKEWS_OF_NODES = SKEWS[:-1]
"""No node is hours ahead: controllers would wait until then to count its pods as available, as in Kubernetes."""


def _stall(aim: Aim, at: float) -> Stall:
    component = aim.component_or_node()
    seconds = aim.source.choice(SPANS if component in ELECTED else OUTAGES)
    return Stall(at=at, component=component, actor=aim.actor(component), seconds=seconds)


def _slow(aim: Aim, at: float) -> SlowActor:
    component, seconds, delay = aim.component(), aim.source.choice(SPANS[3:8]), aim.source.choice(DELAYS)
    return SlowActor(at=at, component=component, actor=aim.actor(component), seconds=seconds, delay_seconds=delay)


def _pause(aim: Aim, at: float) -> Pause:
    component = aim.component_or_node()
    return Pause(at=at, component=component, seconds=aim.source.choice(PAUSES if component in ELECTED else OUTAGES))


def _skew(aim: Aim, at: float) -> ClockSkew:
    component = aim.source.choice((MANAGER, SCHEDULER, aim.node()))
    ahead = aim.source.choice(SKEWS if component in ELECTED else SKEWS_OF_NODES)
    return ClockSkew(at=at, component=component, ahead_seconds=ahead, seconds=aim.source.choice(SPANS[3:]))


DRAWS: dict[str, Draw] = {"stall": _stall, "slow-actor": _slow, "process-pause": _pause, "clock-skew": _skew}
