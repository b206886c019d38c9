"""How many messages a pod costs: counted by the class of the actor that handles them and by their kind.

The counts of a run in the simulator depend on nothing but the code, so that a test can compare them.
"""

from collections.abc import Mapping

from kubeactors.actor.cell import Cell
from kubeactors.actor.envelope import Envelope
from kubeactors.actor.kernel import Kernel
from kubeactors.cluster.bench.result import MessageCount


class MessageCounter:
    """Counts every message of a kernel from `attach` on, asks that are answered at once included.

    It takes the place of the kernel's interceptor: there must be no other one.
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[type[object], type[object]], int] = {}

    def attach(self, kernel: Kernel) -> None:
        """Begin to count."""
        assert kernel.interceptor is None, "one interceptor at a time"
        kernel.interceptor = self._count

    def _count(self, cell: Cell, envelope: Envelope) -> Envelope:
        key = type(cell.actor), type(envelope[0])
        self._counts[key] = self._counts.get(key, 0) + 1
        return envelope

    def by_name(self) -> Mapping[tuple[str, str], int]:
        """How many there were of each, by the names of actor and message, in order of their first."""
        found: dict[tuple[str, str], int] = {}
        for (actor, message), count in self._counts.items():
            name = actor.__name__, message.__name__
            found[name] = found.get(name, 0) + count
        return found

    def counts(self, pods: int) -> tuple[MessageCount, ...]:
        """The table, the most frequent first."""
        rows = sorted(self.by_name().items(), key=lambda row: (-row[1], row[0]))
        return tuple(
            MessageCount(actor=actor, message=message, count=count, per_pod=round(count / max(pods, 1), 3))
            for (actor, message), count in rows
        )
