"""What controllers make, and somebody meddles with."""

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

DERIVED: tuple[workload.Derived, ...] = ("ReplicaSet", "ReplicaSet", "ControllerRevision", "Endpoints", "EndpointSlice")
ESTABLISHED = (5.0, 0.5, 20.0)
"""How long after something else what controllers make of it is meddled with, in seconds."""


class DerivedThings:
    """Draws what is done about them.

    Args:
        source: where choices come from.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def first(self, at: float) -> list[AnyAction]:
        """It is meddled with when it is there."""
        return [self.another(at + self._source.choice(ESTABLISHED))]

    def another(self, at: float) -> AnyAction:
        """It is changed, or deleted."""
        of, number = self._source.choice(DERIVED), self._source.integer(0, 2)
        return workload.Spoil(at=at, of=of, number=number, delete=of != "ReplicaSet" or not self._source.integer(0, 1))
