"""Classes that become the default or cease to be, and objects that name no class."""

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

CHOSEN: tuple[workload.Chosen, ...] = ("ingress", "claim", "pod")
SETTLED = (12.0, 12.0, 0.0)
"""The delay of a creation after another action, in seconds: mostly after admission has observed the new default."""


class Defaults:
    """Draws actions on them.

    Args:
        source: makes the choices.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._of: workload.Chosen = source.choice(CHOSEN)
        self._made = 0

    def first(self, at: float) -> list[AnyAction]:
        """An object that names no class before there is a default, and one after that."""
        default = workload.SetDefaultClass(at=round(at + 1.0, 3), of=self._of, number=1)
        return [self._name_none(at), default, self._name_none(at + 1.0 + SETTLED[0])]

    def another(self, at: float) -> AnyAction:
        """A class changes, or an object is created."""
        source, number = self._source, self._source.choice((1, 1, 2))
        match source.integer(0, 5):
            case 0 | 1:
                return workload.SetDefaultClass(at=at, of=self._of, number=number, default=bool(source.integer(0, 1)))
            case 2:
                return workload.DeleteClass(at=at, of=self._of, number=number)
            case _:
                return self._name_none(at + source.choice(SETTLED))

    def _name_none(self, at: float) -> AnyAction:
        self._made += 1
        return workload.CreateWithoutClass(at=round(at, 3), of=self._of, number=self._made)
