"""What holds of how soon controllers do what users want, while nothing hinders them.

Who forgets to look again does it in the end nevertheless: something else happens, or minutes have passed, and he looks.
Once all is quiet nobody can tell; but people wait meanwhile.
"""

from collections.abc import Iterator
from typing import ClassVar, TypeAlias

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.apps.v1 import DaemonSet, Deployment, ReplicaSet, StatefulSet
from kubeactors.api.core.v1 import Pod, ReplicationController
from kubeactors.api.policy.v1 import PodDisruptionBudget
from kubeactors.api.policy.v1.poddisruptionbudget import SYNC_FAILED
from kubeactors.sim.bounds.rollouts import Replicas, is_active, is_ready, numbers, wanted
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


class SpecsAreActedOnPromptly(Invariant):
    """A new spec is seen within seconds, and there are as many pods as it says, unless its controller was disturbed.

    Of a StatefulSet the next one is looked at: those after it come when it is ready.

    Source: "Controllers: controller pattern" in Kubernetes' documentation; the buckets of API call latency and of pod
    start-up in its scalability SLOs, which are seconds.
    """

    name: ClassVar[str] = "specs-are-acted-on-promptly"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._since: dict[tuple[str, str], int] = {}
        """By uid, and by what is wrong: since when it has been so at every look."""

    def looked(self) -> Iterator[str]:
        """Look at each workload."""
        now = self.root.kernel.now
        late = () if is_disturbed(self.world, self.root, now) else tuple(self._undone())
        self._since = {one: self._since.get(one, now) for one in late}
        for one, since in self._since.items():
            if since + PATIENCE <= now:
                yield f"{one[1]}, for {(now - since) / SECOND:g} s"

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
        # Which spec a failure was said of is not told: `failSafe` in pkg/controller/disruption/disruption.go (v1.36).
        if isinstance(one, PodDisruptionBudget) and any(said.reason == SYNC_FAILED for said in one.status.conditions):
            return ""
        if seen < one.metadata.generation:
            return f"is at generation {one.metadata.generation}, and its controller has seen {seen}"
        match one:
            case ReplicaSet() | ReplicationController() if one.status.replicas != wanted(one):
                count = sum(1 for pod in self.world.pods_of(one) if is_active(pod))
                return f"has {count} pods, and wants {wanted(one)}" if count != wanted(one) else ""
            case StatefulSet() if not one.spec.volume_claim_templates:
                number = self._next(one)
                return f"has no pod {number}, and wants it" if number is not None else ""
            case _:
                return ""

    def _next(self, found: StatefulSet) -> int | None:
        """The first number of which there is no pod, if those before it are no reason to wait."""
        metadata = found.metadata
        for number in numbers(found):
            pod = self.world.find(Pod, f"{metadata.name}-{number}", metadata.namespace)
            if pod is None:
                return number
            if not is_ready(pod) or found.spec.min_ready_seconds:
                return None
        return None


INVARIANTS: tuple[type[Invariant], ...] = (SpecsAreActedOnPromptly,)
