"""What holds of how soon controllers do what users want, while nothing hinders them.

Who forgets to look again does it in the end nevertheless: something else happens, or minutes have passed, and he looks.
Once all is quiet nobody can tell; but people wait meanwhile.
"""

from collections.abc import Iterator
from typing import ClassVar, TypeAlias

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.apps.v1 import DaemonSet, Deployment, ReplicaSet, StatefulSet
from kubeactors.api.core.v1 import ReplicationController
from kubeactors.api.policy.v1 import PodDisruptionBudget
from kubeactors.api.policy.v1.poddisruptionbudget import SYNC_FAILED
from kubeactors.sim.bounds.rollouts import Replicas, is_active, wanted
from kubeactors.sim.invariants.controllers.deadlines import is_disturbed
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.world import World

PATIENCE = 10 * SECOND
"""So long people wait: controllers take a second at most, and one that was refused something tries again."""

Seen: TypeAlias = Deployment | Replicas | StatefulSet | DaemonSet | PodDisruptionBudget
SEEN: tuple[type[Seen], ...] = (
    Deployment, ReplicaSet, ReplicationController, StatefulSet, DaemonSet, PodDisruptionBudget
)  # fmt: skip
"""What says which of its specs was seen."""


class WhatIsWantedIsDoneSoon(Invariant):
    """A new spec is seen within seconds, and there are as many pods as it says, unless its controller was disturbed.

    Source: "Controllers: controller pattern" in Kubernetes' documentation; the buckets of API call latency and of pod
    start-up in its scalability SLOs, which are seconds.
    """

    name: ClassVar[str] = "what-is-wanted-is-done-soon"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._since: dict[str, int] = {}
        """By uid: since when something is not as it should be, as far as was looked."""

    def looked(self) -> Iterator[str]:
        """Look at each workload."""
        now = self.root.kernel.now
        late = {} if is_disturbed(self.world, self.root, now) else dict(self._undone())
        self._since = {uid: self._since.get(uid, now) for uid in late}
        for uid, problem in late.items():
            if self._since[uid] + PATIENCE <= now:
                yield f"{problem}, for {(now - self._since[uid]) / SECOND:g} s"

    def _undone(self) -> Iterator[tuple[str, str]]:
        """The uids of those that are not as they should be, and what is wrong."""
        for type_ in SEEN:
            for one in self.world.of(type_).values():
                problem = self._problem(one) if one.metadata.deletion_timestamp is None else ""
                if problem:
                    yield one.metadata.uid, f"{title(one)} {problem}"

    def _problem(self, one: Seen) -> str:
        """Pods are counted only where their owner does not say that there are so many: what it says is judged elsewhere."""
        seen = one.status.observed_generation or 0
        if isinstance(one, PodDisruptionBudget) and any(said.reason == SYNC_FAILED for said in one.status.conditions):
            return (
                ""  # which spec that was said of is not: `failSafe` in pkg/controller/disruption/disruption.go (v1.36)
            )
        if seen < one.metadata.generation:
            return f"is at generation {one.metadata.generation}, and its controller has seen {seen}"
        if not isinstance(one, Replicas) or one.status.replicas == wanted(one):
            return ""
        count = sum(1 for pod in self.world.pods_of(one) if is_active(pod))
        return f"has {count} pods, and wants {wanted(one)}" if count != wanted(one) else ""


INVARIANTS: tuple[type[Invariant], ...] = (WhatIsWantedIsDoneSoon,)
