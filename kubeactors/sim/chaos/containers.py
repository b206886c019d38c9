"""Changes how containers on a node behave while a fault lasts. Faults may overlap; each ends on its own."""

from collections.abc import Mapping
from functools import partial
from typing import cast

from msgspec.structs import replace

from kubeactors.actor.supervision import SECOND
from kubeactors.kubelet import Kubelet
from kubeactors.kubelet.runtimes import Behaviour
from kubeactors.kubelet.runtimes.curves import Curve
from kubeactors.kubelet.runtimes.simulated import SimulatedRuntime
from kubeactors.sim.chaos.effects import Effects
from kubeactors.sim.chaos.faults import ContainerFailure, ContainerFault, FailingContainers, FailingProbes, SlowStarts
from kubeactors.sim.processes import MACHINES

Changes = Mapping[str, object]
"""Fields of a `Behaviour`, and the values they have during the fault."""

SLOW_START_SECONDS = 20.0
CONTAINER_FAILURES: dict[ContainerFailure, Changes] = {
    "crash": {"run_seconds": 0.2, "exit_code": 1},
    "out-of-memory": {"run_seconds": 0.2, "exit_code": 137},
    "no-image": {"pull_error": "no such image"},
}


class Containers:
    """Changes the declared behaviour of containers, and restores it.

    Args:
        effects: see `Effects`.
    """

    def __init__(self, effects: Effects) -> None:
        self._effects = effects
        self._usual: dict[SimulatedRuntime, Behaviour] = {}
        self._now: dict[SimulatedRuntime, list[Changes]] = {}

    def begin(self, fault: ContainerFault) -> None:
        """Containers that start from now on behave like this; where faults overlap in a field the latest wins."""
        runtime, changes = self._runtime(fault.node), changes_of(fault)
        if runtime is None:
            return
        self._effects.count(fault)
        self._usual.setdefault(runtime, runtime._behaviour)  # noqa: SLF001 -- chaos reaches inside
        self._now.setdefault(runtime, []).append(changes)
        self._apply(runtime)
        self._effects.after(fault.seconds, partial(self._end, runtime, changes))

    def _end(self, runtime: SimulatedRuntime, changes: Changes) -> None:
        """End this fault; others go on."""
        self._now[runtime].remove(changes)
        self._apply(runtime)

    def _apply(self, runtime: SimulatedRuntime) -> None:
        changes = {name: value for one in self._now[runtime] for name, value in one.items()}
        runtime._behaviour = replace(self._usual[runtime], **changes)  # noqa: SLF001 -- the same

    def _runtime(self, node: str) -> SimulatedRuntime | None:
        cell = self._effects.processes.find(MACHINES, node)
        kubelet = cast("object", cell.actor) if cell is not None else None
        runtime = kubelet._runtime if isinstance(kubelet, Kubelet) else None  # noqa: SLF001 -- the same
        return runtime if isinstance(runtime, SimulatedRuntime) else None


def changes_of(fault: ContainerFault) -> Changes:
    """The fields of containers' behaviour that a fault changes.

    >>> changes_of(FailingContainers(at=0, node="node-1", seconds=1, how="no-image"))
    {'pull_error': 'no such image'}
    """
    match fault:
        case SlowStarts():
            return {"start_seconds": SLOW_START_SECONDS}
        case FailingContainers():
            return CONTAINER_FAILURES[fault.how]
        case FailingProbes():
            return {fault.probe: _failing(fault)}


def _failing(fault: FailingProbes) -> Curve[bool]:
    begin, end = int(fault.after * SECOND), int(fault.seconds * SECOND)
    well = ((0, True),) if begin else ()
    return Curve((*well, (begin, False), (max(end, begin + 1), True)))
