"""Invariant of writes that undo each other."""

from collections import deque
from collections.abc import Iterator
from typing import ClassVar, NamedTuple, cast

import msgspec

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.autoscaling.v2 import HorizontalPodAutoscaler
from kubeactors.api.coordination.v1 import Lease
from kubeactors.api.core.v1 import Event, Node
from kubeactors.apimachinery.requests import Patch, Result, Update
from kubeactors.sim.invariants.inspection import informed_at
from kubeactors.sim.invariants.invariant import RequestInvariant
from kubeactors.sim.invariants.requests import KUBELETS, described
from kubeactors.sim.network import Asked
from kubeactors.sim.processes import kind_of_process
from kubeactors.sim.world import Commit, World

CALM = SECOND
"""Nothing else was written for this long before the first of two writes, so its author had seen everything."""
OF_THE_WRITE = ("resourceVersion", "generation", "managedFields")
"""Metadata that differs after every write."""


class _Change(NamedTuple):
    """A commit, its time, and whether a component of the control plane requested it."""

    commit: Commit
    at: int
    is_ours: bool = False


class NoOscillation(RequestInvariant):
    """No component reverts a write of its own or of another component while nothing else has been written since.

    A controller's decision depends on the stored state alone, unless a user's rule has rejected one of its requests: if the
    victims of a preemption cannot be deleted, for example, the scheduler may choose another node, and then the first again.
    If two rules disagree, in one component or in two, they undo each other's work forever: clients see the object flap, and
    every timer that starts with the change restarts. Kubelets are exempt, because they report containers, and so are
    autoscalers, because metrics are not in the store.

    Source: "Operators should be level-based, not edge-driven" in Kubernetes' "Principles" (contributors' design proposals).
    """

    name: ClassVar[str] = "no-oscillation"
    answers: ClassVar[tuple[type[object], ...]] = (Result,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._last: deque[_Change] = deque(maxlen=3)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Note each commit that is not a heartbeat."""
        if _is_change(commit):
            self._last.append(_Change(commit, self.root.kernel.now))
        yield from ()

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Compare the last write with the one before."""
        if not isinstance(answer, Result) or asked.component.startswith(KUBELETS):
            return
        last = self._note(int(answer.object.metadata.resource_version or 0))
        if last is None or not isinstance(asked.request, Update | Patch) or len(self._last) < 3:
            return
        before, first, _ = self._last
        if before.at + CALM > first.at or not first.is_ours or not _reverts(first.commit, last.commit):
            return
        if isinstance(last.commit.current, HorizontalPodAutoscaler):
            return
        author = kind_of_process(asked.component)
        if max(informed_at(self.world, author), self.world.faults.slowed_until(author)) < first.at:
            yield (
                f"{asked.sender.path} reverts {described(asked.request)} to its state before revision {first.commit.revision}, "
                "though nothing else was written since"
            )

    def _note(self, revision: int) -> _Change | None:
        """The last commit, marked as ours, if it has this revision."""
        if not self._last or self._last[-1].commit.revision != revision:
            return None
        found = self._last[-1] = self._last[-1]._replace(is_ours=True)
        return found


def _is_change(commit: Commit) -> bool:
    old, new = commit.old, commit.new
    if isinstance(old, Node) and isinstance(new, Node):
        return (
            old.spec != new.spec or old.metadata.labels != new.metadata.labels or _conditions(old) != _conditions(new)
        )
    return not isinstance(commit.current, Lease | Event)


def _conditions(node: Node) -> list[tuple[str, str]]:
    return [(one.type, one.status) for one in node.status.conditions]


def _reverts(first: Commit, second: Commit) -> bool:
    """Whether the second commit restores the object's content before the first."""
    if first.old is None or first.new is None or second.old is None or second.new is None:
        return False
    if first.new.metadata.uid != second.new.metadata.uid:
        return False
    was, became, now = (_content(one) for one in (first.old, first.new, second.new))
    return was == now != became


def _content(value: object) -> dict[str, object]:
    found = cast("dict[str, object]", msgspec.to_builtins(value))
    metadata = cast("dict[str, object]", found["metadata"])
    return {**found, "metadata": {key: one for key, one in metadata.items() if key not in OF_THE_WRITE}}


INVARIANTS: tuple[type[RequestInvariant], ...] = (NoOscillation,)
