"""A load, and an autoscaler that follows it."""

from kubeactors.sim import workload
from kubeactors.sim.grammar.actions import IMAGES
from kubeactors.sim.grammar.extras import LOADS
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

PACES = (
    (), (workload.Pace(amount=1),), (workload.Pace(amount=2, seconds=30), workload.Pace(amount=100, percent=True)),
    (workload.Pace(amount=1, seconds=30), workload.Pace(amount=50, percent=True)),
)  # fmt: skip


class Autoscaling:
    """Draws actions on them.

    Args:
        source: makes the choices.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def first(self, at: float) -> list[AnyAction]:
        """A small Deployment with busy pods, and its autoscaler."""
        source = self._source
        busy = workload.CreateDeployment(
            at=at,
            name="busy",
            replicas=source.integer(1, 3),
            load=source.choice(LOADS),
            probes=not source.integer(0, 3),
        )
        scaler = workload.Autoscale(
            at=at + source.choice((0.1, 1.0, 10.0)),
            name=busy.name,
            least=source.choice((1, 1, 2)),
            most=source.integer(3, 6),
            percent=source.choice((30, 50)),
            patience_seconds=source.choice((60, 90)),
            paces=source.choice(PACES),
            slowest=not source.integer(0, 1),
        )
        return [busy, scaler]

    def another(self, at: float) -> AnyAction:
        """An action that interferes with the autoscaler."""
        match self._source.integer(0, 2):
            case 0:
                return workload.Roll(at=at, name="busy", image=self._source.choice(IMAGES))
            case 1:
                return workload.DeletePod(at=at, name="busy")
            case _:
                return workload.CreateService(at=at, name="front", of="busy")
