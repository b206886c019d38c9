"""Invariants of a quiet cluster that also hold within seconds in a busy one.

A controller that misses a wake-up is late, but the next change of the object hides that before all is quiet.

Source: "Controllers: controller pattern" in Kubernetes' documentation; the buckets of API call latency in its scalability
SLOs, which are seconds.
"""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.invariants.inspection import prompt_from
from kubeactors.sim.invariants.invariant import Invariant
from kubeactors.sim.processes import MANAGER
from kubeactors.sim.tree import is_held_up
from kubeactors.sim.world import World


class PromptInvariant(Invariant):
    """What controllers derive from other objects is up to date soon, while no fault affects them."""

    reads: ClassVar[tuple[type[TypedObject], ...]] = ()
    """The kinds that `pending` reads. It is evaluated again only after a change of one, so it must depend on nothing else.

    If empty, it depends on more, such as the time, and is evaluated at every look.
    """
    patience: ClassVar[int] = 5 * SECOND
    """How soon, in nanoseconds; controllers take a second at most."""

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._noticed: dict[tuple[str, str], int] = {}
        """By problem and version: since when it was present at every look."""
        self._found: tuple[tuple[str, str], ...] = ()
        self._found_at = -1
        """The revision of that."""

    def pending(self) -> Iterator[tuple[str, str]]:
        """What does not hold now, with the version of the object that it is about, or "" if that does not matter.

        The same problem at another version is a new one: it may have been resolved in between.
        """
        for problem in self.settled():
            yield problem, ""

    def found(self) -> tuple[tuple[str, str], ...]:
        """What is pending now."""
        if not self.reads or self.world.has_changed(self.reads, since=self._found_at):
            self._found, self._found_at = tuple(self.pending()), self.world.revision
        return self._found

    def looked(self) -> Iterator[str]:
        """Note each problem; report those that persist."""
        now, before, found = self.root.kernel.now, self._noticed, self.found()
        judged = bool(found) and prompt_from(self.world, MANAGER) < now
        self._noticed = {one: before.get(one, now) for one in found} if judged else {}
        late = [(*one, since) for one, since in self._noticed.items() if since + self.patience <= now]
        if late and is_held_up(self.root):
            self._noticed = {}
            return
        for problem, _, since in late:
            yield f"{problem}, for {(now - since) / SECOND:g} s"
