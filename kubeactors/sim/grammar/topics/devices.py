"""Devices, and pods that need them."""

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

NODES = ("node-1", "node-2")


class Devices:
    """Draws actions on them.

    Args:
        source: makes the choices.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._shares = not source.integer(0, 1)
        """Whether pods share devices."""

    def first(self, at: float) -> list[AnyAction]:
        """Too few devices for all pods, and the first pod."""
        return [
            workload.PublishDevices(at=at, node=self._source.choice(NODES), count=self._source.integer(1, 2)),
            workload.CreateDevicePod(at=at, name="gadget-1", shared=self._shares, run_seconds=self._runs()),
        ]

    def _runs(self) -> float:
        return self._source.choice((0.0, 0.0, 3.0, 15.0))

    def another(self, at: float) -> AnyAction:
        """Another pod, other devices, or the deletion of a pod or of the shared claim."""
        source = self._source
        name = f"gadget-{source.choice((1, 2, 2, 3))}"
        match source.integer(0, 7):
            case 0 | 1 | 2:
                shared = self._shares and bool(source.integer(0, 1))
                return workload.CreateDevicePod(at=at, name=name, shared=shared, run_seconds=self._runs())
            case 3:
                return workload.PublishDevices(at=at, node=source.choice(NODES), count=source.integer(0, 2))
            case 4 if self._shares:
                return workload.DeleteDeviceClaim(at=at)
            case _:
                return workload.DeletePod(at=at, name=name, force=not source.integer(0, 5))
