"""Owners and their dependents."""

from kubeactors.sim import workload
from kubeactors.sim.grammar.actions import PROPAGATIONS
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

OWNERS = (("a",), ("a",), ("b",), ("a", "b"), ("w1",), ("w1", "a"), ())


class Owners:
    """Draws actions on them.

    Args:
        source: makes the choices.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def first(self, at: float) -> list[AnyAction]:
        """An owner and its dependents; half of the scenarios include a custom kind."""
        child = workload.CreateOwnedObject(at=at + 0.2, name="b", owners=("a",), held_seconds=self._held())
        first: list[AnyAction] = [workload.CreateOwnedObject(at=at, name="a"), child]
        if self._source.integer(0, 1):
            first += [
                workload.CreateDefinition(at=at),
                workload.CreateOwnedObject(at=at + 1.0, name="w1", owners=("a",)),
            ]
            first.append(workload.CreateOwnedObject(at=at + 1.5, name="w2", owners=("w1",), held_seconds=self._held()))
        return first

    def _held(self) -> float:
        return self._source.choice((0.0, 0.0, 5.0, 15.0))

    def another(self, at: float) -> AnyAction:
        """Another object or other owners, a change of the custom kind, or a deletion by some propagation policy."""
        source = self._source
        name = source.choice(("a", "a", "b", "c", "d", "w1", "w2"))
        match source.integer(0, 6):
            case 0 | 1 | 2:
                owners = tuple(one for one in source.choice(OWNERS) if one != name)
                return workload.CreateOwnedObject(at=at, name=name, owners=owners, held_seconds=self._held())
            case 3:
                return workload.DeleteDefinition(at=at) if source.integer(0, 1) else workload.CreateDefinition(at=at)
            case _:
                return workload.DeleteOwner(at=at, name=name, propagation=source.choice(PROPAGATIONS))
