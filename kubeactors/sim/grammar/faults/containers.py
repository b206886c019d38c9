"""Draws faults of containers."""

from kubeactors.sim.chaos.faults import ContainerFailure, FailingContainers, FailingProbes, Probed, SlowStarts
from kubeactors.sim.grammar.faults.aim import Aim
from kubeactors.sim.grammar.faults.draw import Draw
from kubeactors.sim.grammar.faults.spans import SPANS

CONTAINER_FAILURES: tuple[ContainerFailure, ...] = ("crash", "out-of-memory", "no-image")
PROBES: tuple[Probed, ...] = ("readiness", "liveness", "startup")
AFTER = (0.0, 4.1, 0.0)
"""How long after their start containers begin to fail probes, in seconds: just after one."""


def _slow(aim: Aim, at: float) -> SlowStarts:
    return SlowStarts(at=at, node=aim.node(), seconds=aim.source.choice(SPANS[3:]))


def _failing_containers(aim: Aim, at: float) -> FailingContainers:
    choice = aim.source.choice
    return FailingContainers(at=at, node=aim.node(), seconds=choice(SPANS[3:]), how=choice(CONTAINER_FAILURES))


def _failing_probes(aim: Aim, at: float) -> FailingProbes:
    choice = aim.source.choice
    probe, seconds, after = choice(PROBES), choice(SPANS[3:]), choice(AFTER)
    return FailingProbes(at=at, node=aim.node(), probe=probe, seconds=seconds, after=after)


DRAWS: dict[str, Draw] = {
    "slow-starts": _slow,
    "failing-containers": _failing_containers,
    "failing-probes": _failing_probes,
}
