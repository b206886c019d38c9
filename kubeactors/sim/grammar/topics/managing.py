"""Objects that several managers share, each with a few fields: they come to own the same ones, and drop them."""

from kubeactors.sim import workload
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.workload import AnyAction

MANAGERS = ("alice", "bob", "carol")
HOW: tuple[workload.Writing, ...] = ("apply", "apply", "apply", "force", "merge", "replace", "overwrite")
"""Whoever owns only part of a port by another write has it taken away, or is in the way: Kubernetes fails then."""
FIELDS: dict[workload.Shared, tuple[tuple[str, ...], ...]] = {
    "ConfigMap": (("x",), ("x", "y"), ("y",), ("x", "y", "z"), ()),
    "Service": (("80",), ("80", "81"), ("81",)),
}
LABELS: tuple[tuple[str, ...], ...] = ((), (), ("l",), ("l", "m"))
AT_ONCE = (0.0, 0.01, 0.5)
"""How long after one another two managers write first, in seconds."""


class Managing:
    """Draws what they do.

    Args:
        source: where choices come from.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._of: workload.Shared = source.choice(("ConfigMap", "ConfigMap", "Service"))

    def first(self, at: float) -> list[AnyAction]:
        """Several say something at about the same time, and again."""
        found: list[AnyAction] = []
        for manager in MANAGERS:
            for _ in range(self._source.integer(1, 3)):
                found.append(self._manage(round(at, 3), manager))
                at += self._source.choice(AT_ONCE)
        return found

    def another(self, at: float) -> AnyAction:
        """One says something else, or it is deleted."""
        if not self._source.integer(0, 9):
            return workload.Unmanage(at=at, of=self._of, name="managed")
        return self._manage(at, self._source.choice(MANAGERS))

    def _manage(self, at: float, manager: str) -> AnyAction:
        source = self._source
        return workload.Manage(
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
