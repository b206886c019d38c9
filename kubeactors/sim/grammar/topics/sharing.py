"""Manual endpoints, and aggregated cluster roles."""

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

LEGACY = "legacy"
"""The Service without a selector."""


class Sharing:
    """Draws actions on them.

    Args:
        source: makes the choices.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def first(self, at: float) -> list[AnyAction]:
        """Endpoints of a Service without a selector."""
        return [workload.SetEndpoints(at=at, name=LEGACY, count=self._source.integer(1, 3))]

    def another(self, at: float) -> AnyAction:
        """Change or delete endpoints, or grant or revoke a role."""
        source = self._source
        team = f"team-{source.integer(1, 2)}"
        match source.integer(0, 7):
            case 0 | 1:
                return workload.SetEndpoints(at=at, name=LEGACY, count=source.integer(0, 3))
            case 2 | 3:
                return workload.DeleteEndpoints(at=at, name=LEGACY, service=not source.integer(0, 1))
            case 4:
                return workload.EmptySlices(at=at, name=LEGACY)
            case 5:
                return workload.DeleteSlices(at=at, name=LEGACY)
            case 6:
                return workload.GrantRole(at=at, name=team, verbs=source.choice((("get",), ("get", "list"))))
            case _:
                return workload.RevokeRole(at=at, name=team)
