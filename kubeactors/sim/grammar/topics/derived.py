"""Objects that controllers create, and that users damage."""

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

DERIVED: tuple[workload.Derived, ...] = ("ReplicaSet", "ReplicaSet", "ControllerRevision", "Endpoints", "EndpointSlice")
ESTABLISHED = (5.0, 0.5, 20.0)
"""The delay of the damage after another action, in seconds."""


class DerivedThings:
    """Draws actions on them.

    Args:
        source: makes the choices.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def first(self, at: float) -> list[AnyAction]:
        """Damage an object once it exists."""
        return [self.another(at + self._source.choice(ESTABLISHED))]

    def another(self, at: float) -> AnyAction:
        """Change or delete one."""
        of, number = self._source.choice(DERIVED), self._source.integer(0, 2)
        return workload.DamageObject(
            at=at, of=of, number=number, delete=of != "ReplicaSet" or not self._source.integer(0, 1)
        )
