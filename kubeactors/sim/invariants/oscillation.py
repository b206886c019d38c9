"""What holds of components that change their minds: something has happened meanwhile, or they would not."""

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
from kubeactors.sim.invariants.inspection import UNDISTURBED
from kubeactors.sim.invariants.invariant import RequestInvariant
from kubeactors.sim.invariants.requests import KUBELETS, told
from kubeactors.sim.network import Asked
from kubeactors.sim.processes import kind_of_process
from kubeactors.sim.world import Commit, World

CALM = SECOND
"""So long before the first of two writes nothing else must have been written: whoever decides on it has seen all."""
OF_THE_WRITE = ("resourceVersion", "generation", "managedFields")
"""What differs after every write."""


class _News(NamedTuple):
    """A commit, when it was, and whether one of our own components has asked for it."""

    commit: Commit
    at: int
    is_ours: bool = False


class NoOscillation(RequestInvariant):
    """No component takes back what it, or another one, has just written, though nothing else has been written since.

    What controllers decide follows from what is in the store, and the same follows from the same. Two rules that disagree,
    in one component or in two, undo each other's work for ever; who looks at the object sees now this and now that, and
    whatever counts from the change begins to count anew. Kubelets are left out: they say what becomes of containers; and so
    are autoscalers: they go by what these take, which is not in the store.

    Source: "Operators should be level-based, not edge-driven" in Kubernetes' "Principles" (contributors' design proposals).
    """

    name: ClassVar[str] = "no-oscillation"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._last: deque[_News] = deque(maxlen=3)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Note what is no heartbeat."""
        if _is_news(commit):
            self._last.append(_News(commit, self.root.kernel.now))
        yield from ()

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at what was written last, and before that."""
        if not isinstance(answer, Result) or asked.component.startswith(KUBELETS):
            return
        last = self._note(int(answer.object.metadata.resource_version or 0))
        if last is None or not isinstance(asked.request, Update | Patch) or len(self._last) < 3:
            return
        before, first, _ = self._last
        if before.at + CALM > first.at or not first.is_ours or not _takes_back(first.commit, last.commit):
            return
        if isinstance(last.commit.current, HorizontalPodAutoscaler):
            return
        if self.world.faults.disturbed_until(kind_of_process(asked.component)) + UNDISTURBED < first.at:
            yield f"{asked.sender.path} writes {told(asked.request)} as it was before revision {first.commit.revision}"

    def _note(self, revision: int) -> _News | None:
        """The last commit, if it has this revision: it is ours."""
        if not self._last or self._last[-1].commit.revision != revision:
            return None
        found = self._last[-1] = self._last[-1]._replace(is_ours=True)
        return found


def _is_news(commit: Commit) -> bool:
    old, new = commit.old, commit.new
    if isinstance(old, Node) and isinstance(new, Node):
        return old.spec != new.spec or old.metadata.labels != new.metadata.labels or _signs(old) != _signs(new)
    return not isinstance(commit.current, Lease | Event)


def _signs(node: Node) -> list[tuple[str, str]]:
    return [(one.type, one.status) for one in node.status.conditions]


def _takes_back(first: Commit, second: Commit) -> bool:
    """Whether the second of two commits makes of an object what it was before the first."""
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
