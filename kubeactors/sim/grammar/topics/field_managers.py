"""Objects with several field managers, which come to share fields and give them up."""

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

MANAGERS = ("alice", "bob", "carol")
HOW: tuple[workload.Writing, ...] = ("apply", "apply", "apply", "force", "merge", "replace", "overwrite")
"""Kinds of writes. For Services only the first four: partial ownership of a port by another write makes applies fail, as
in Kubernetes."""
FIELDS: dict[workload.Shared, tuple[tuple[str, ...], ...]] = {
    "ConfigMap": (("x",), ("x", "y"), ("y",), ("x", "y", "z"), ()),
    "Service": (("80",), ("80", "81"), ("81",)),
}
LABELS: tuple[tuple[str, ...], ...] = ((), (), ("l",), ("l", "m"))
AT_ONCE = (0.0, 0.01, 0.5)
"""The delay between the first writes of two managers, in seconds."""


class FieldManagers:
    """Draws their writes.

    Args:
        source: makes the choices.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._of: workload.Shared = source.choice(("ConfigMap", "ConfigMap", "Service"))

    def first(self, at: float) -> list[AnyAction]:
        """Several managers write at about the same time, repeatedly."""
        found: list[AnyAction] = []
        for manager in MANAGERS:
            for _ in range(self._source.integer(1, 3)):
                found.append(self._write(round(at, 3), manager))
                at += self._source.choice(AT_ONCE)
        return found

    def another(self, at: float) -> AnyAction:
        """Another write, or a deletion of the object."""
        if not self._source.integer(0, 9):
            return workload.DeleteManagedObject(at=at, of=self._of, name="managed")
        return self._write(at, self._source.choice(MANAGERS))

    def _write(self, at: float, manager: str) -> AnyAction:
        source = self._source
        return workload.WriteAsManager(
            at=at,
            of=self._of,
            name="managed",
            manager=manager,
            how=source.choice(HOW if self._of == "ConfigMap" else HOW[:4]),
            fields=source.choice(FIELDS[self._of]),
            value=source.choice(("1", "1", "2")),
            labels=source.choice(LABELS),
            rehearsed=not source.integer(0, 4),
        )
