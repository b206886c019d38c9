"""Draws faults of whole connections to the API server."""

from kubeactors.sim.chaos.faults import Direction, Overload, Partition, Refusal, Throttled, Unavailable
from kubeactors.sim.grammar.faults.aim import Aim
from kubeactors.sim.grammar.faults.draw import Draw
from kubeactors.sim.grammar.faults.spans import OUTAGES, SPANS
from kubeactors.sim.processes import ELECTED

DIRECTIONS: tuple[Direction, ...] = ("both", "to-server", "from-server")
REFUSALS: tuple[Refusal, ...] = ("unavailable", "throttled")


def _unavailable(aim: Aim, at: float) -> Unavailable:
    component = aim.component_or_node()
    seconds = aim.source.choice(SPANS[:8] if component in ELECTED else OUTAGES)
    return Unavailable(at=at, component=component, seconds=seconds)


def _throttled(aim: Aim, at: float) -> Throttled:
    return Throttled(at=at, component=aim.component(), seconds=aim.source.choice(SPANS[:7]))


def _overload(aim: Aim, at: float) -> Overload:
    return Overload(at=at, answer=aim.source.choice(REFUSALS), seconds=aim.source.choice(SPANS[:7]))


def _partition(aim: Aim, at: float) -> Partition:
    component = aim.component_or_node()
    seconds = aim.source.choice(SPANS if component in ELECTED else OUTAGES)
    return Partition(at=at, component=component, seconds=seconds, direction=aim.source.choice(DIRECTIONS))


DRAWS: dict[str, Draw] = {
    "unavailable": _unavailable,
    "throttled": _throttled,
    "overload": _overload,
    "partition": _partition,
}
