"""Invariant of how soon controllers act on a new spec, while no fault affects them.

A controller that misses a wake-up acts in the end nevertheless, because of another event or a resync minutes later. That
leaves no trace once all is quiet, but users wait meanwhile.
"""

from collections.abc import Iterator
from typing import ClassVar, TypeAlias

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.apps.v1 import DaemonSet, Deployment, ReplicaSet, StatefulSet
from kubeactors.api.core.v1 import Pod, ReplicationController
from kubeactors.api.policy.v1 import PodDisruptionBudget
from kubeactors.api.policy.v1.poddisruptionbudget import SYNC_FAILED
from kubeactors.sim.bounds.rollouts import Replicas, is_active, is_ready, is_rolling, numbers, wanted
from kubeactors.sim.invariants.controllers.deadlines import is_disturbed
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.users.manifests import without_hash
from kubeactors.sim.world import World

PATIENCE = 5 * SECOND
"""How long a controller may take: a second at most. One that retries a rejected write backs off, and is not judged then."""

Seen: TypeAlias = Deployment | Replicas | StatefulSet | DaemonSet | PodDisruptionBudget
SEEN: tuple[type[Seen], ...] = (
    Deployment, ReplicaSet, ReplicationController, StatefulSet, DaemonSet, PodDisruptionBudget
)  # fmt: skip
"""The kinds with `observedGeneration`."""


class SpecsAreActedOnPromptly(Invariant):
    """A new spec is observed within seconds, and the pods are created or deleted, unless the controller is disturbed.

    Of a StatefulSet only the next missing pod is checked, and surplus ones while all others are ready: its successors wait
    until it is ready. A rolling update begins with the ReplicaSet of the new template.

    Source: "Controllers: controller pattern" in Kubernetes' documentation; the buckets of API call latency and of pod
    start-up in its scalability SLOs, which are seconds.
    """

    name: ClassVar[str] = "specs-are-acted-on-promptly"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._since: dict[tuple[str, str], int] = {}
        """By uid and problem: since when it was present at every look."""

    def looked(self) -> Iterator[str]:
        """Check each workload."""
        now = self.root.kernel.now
        late = tuple(self._undone())
        if late and is_disturbed(self.world, self.root, now):
            late = ()
        self._since = {one: self._since.get(one, now) for one in late}
        for one, since in self._since.items():
            if since + PATIENCE <= now:
                yield f"{one[1]}, for {(now - since) / SECOND:g} s"

    def _undone(self) -> Iterator[tuple[str, str]]:
        """The uid and the problem of each workload that is not up to date."""
        for type_ in SEEN:
            for one in self.world.of(type_).values():
                problem = "" if self.world.is_ending(one) else self._problem(one)
                if problem:
                    yield one.metadata.uid, f"{title(one)} {problem}"

    def _problem(self, one: Seen) -> str:
        """What is overdue. Pods are counted only if the status differs from the spec; `statuses-are-accurate` checks it."""
        seen = one.status.observed_generation or 0
        # A failure is written without observedGeneration: `failSafe` in pkg/controller/disruption/disruption.go (v1.36).
        if isinstance(one, PodDisruptionBudget) and any(said.reason == SYNC_FAILED for said in one.status.conditions):
            return ""
        if seen < one.metadata.generation:
            return f"is at generation {one.metadata.generation}, but its controller has observed only {seen}"
        match one:
            case ReplicaSet() | ReplicationController() if one.status.replicas != wanted(one):
                count = sum(1 for pod in self.world.pods_of(one) if is_active(pod))
                return f"has {count} active pods, but wants {wanted(one)}" if count != wanted(one) else ""
            case StatefulSet() if one.status.replicas > wanted(one):
                surplus = self._surplus(one)
                return f"still has the pod {surplus}, but wants {wanted(one)}" if surplus else ""
            case StatefulSet() if not one.spec.volume_claim_templates:
                number = self._next(one)
                return f"has no pod {number}, though nothing prevents its creation" if number is not None else ""
            case Deployment() if not one.status.updated_replicas and is_rolling(one) and not one.spec.paused:
                templates = [without_hash(found.spec.template) for found in self.world.sets_of(one.metadata.uid)]
                return "" if one.spec.template in templates else "has no ReplicaSet of its template"
            case _:
                return ""

    def _surplus(self, found: StatefulSet) -> str:
        """The name of a pod beyond its replicas; empty if there is none, or if any pod is not available."""
        pods = [one for one in self.world.controlled_by(found.metadata.uid).values() if isinstance(one, Pod)]
        names = [f"{found.metadata.name}-{number}" for number in numbers(found)]
        complete = {one.metadata.name for one in pods} >= set(names) and all(map(is_ready, pods))
        surplus = sorted(one.metadata.name for one in pods if one.metadata.name not in names)
        return surplus[-1] if surplus and complete and not found.spec.min_ready_seconds else ""

    def _next(self, found: StatefulSet) -> int | None:
        """The ordinal of the first missing pod; None if there is none, or a predecessor is not available."""
        metadata = found.metadata
        for number in numbers(found):
            pod = self.world.find(Pod, f"{metadata.name}-{number}", metadata.namespace)
            if pod is None:
                return number
            if not is_ready(pod) or found.spec.min_ready_seconds:
                return None
        return None


INVARIANTS: tuple[type[Invariant], ...] = (SpecsAreActedOnPromptly,)
