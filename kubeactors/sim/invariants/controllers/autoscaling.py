"""What holds of autoscalers: a workload grows only as far as what its pods take asks for."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.autoscaling.v2 import HorizontalPodAutoscaler
from kubeactors.api.core.v1 import Pod
from kubeactors.api.core.v1.demand import demand
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.quantity import milli_value
from kubeactors.kubelet.runtimes.curves import parse_curve
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.looking import UNDISTURBED
from kubeactors.sim.rollouts import is_ready
from kubeactors.sim.users.manifests import APP, LOAD
from kubeactors.sim.world import Commit, World

MANAGER = "controller-manager"
TOLERANCE = 0.1
"""How far busy pods may be from what is asked for, as a fraction, until an autoscaler does something."""
LATE = 2 * SECOND
"""So old may be what an autoscaler knows that no fault keeps from knowing better."""
NOTHING = "1m"
"""How much CPU a pod takes of which nothing is declared."""

Workload = tuple[str, str]


class GrowthHasALoad(Invariant):
    """An autoscaler wants more pods only if the load that was declared for its pods asks for them.

    Only pods count that are ready and stay: those that come do not work yet, and those that go will work no more.
    """

    name: ClassVar[str] = "growth-has-a-load"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod, HorizontalPodAutoscaler)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._working: dict[str, Workload] = {}
        """By uid: the pods that have been ready and stay, and whose they are."""
        self._counts: dict[Workload, list[tuple[int, int]]] = {}
        """How many each workload had, and since when (virtual nanoseconds)."""
        self._loads: dict[Workload, dict[float, None]] = {}
        """How busy its pods ever are, as declared: as a fraction of the CPU that they request."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow pods; look at each autoscaler that has set a size."""
        old, new = commit.old, commit.new
        if isinstance(commit.current, Pod):
            self._follow(commit.current, new)
        elif isinstance(new, HorizontalPodAutoscaler) and isinstance(old, HorizontalPodAutoscaler):
            said = new.status
            if said.last_scale_time != old.status.last_scale_time and said.desired_replicas > said.current_replicas:
                most = self._justified(new)
                if said.desired_replicas > most:
                    yield f"{title(new)} wants {said.desired_replicas} pods: their load asks for {most} at most"

    def _follow(self, pod: Pod, new: TypedObject | None) -> None:
        uid, whose = pod.metadata.uid, (pod.metadata.namespace, pod.metadata.labels.get(APP, ""))
        stays = new is not None and pod.metadata.deletion_timestamp is None and pod.status.phase == "Running"
        before = self._working.get(uid)
        after = whose if stays and (before is not None or is_ready(pod)) else None
        if before == after:
            return
        if before is not None:
            del self._working[uid]
            self._note(before, -1)
        if after is not None:
            self._working[uid] = after
            self._note(after, 1)
            self._loads.setdefault(after, {}).update(dict.fromkeys(_loads(pod)))

    def _note(self, whose: Workload, change: int) -> None:
        counts = self._counts.setdefault(whose, [(0, 0)])
        counts.append((self.root.kernel.now, counts[-1][1] + change))

    def _justified(self, found: HorizontalPodAutoscaler) -> int:
        """How many pods it may want. Pods are named after what is scaled."""
        whose = (found.metadata.namespace, found.spec.scale_target_ref.name)
        goal = found.spec.metrics[0].resource
        aim = ((goal.target.average_utilization if goal is not None else None) or 0) / 100
        ratios = [load / aim for load in self._loads.get(whose, ())]
        least = max(found.spec.min_replicas or 1, found.status.current_replicas)
        if all(1 - TOLERANCE <= one <= 1 + TOLERANCE for one in ratios):
            return least
        busiest = max(ratios)
        if busiest <= 1 + TOLERANCE:
            busiest = min(busiest, 1 - TOLERANCE)
        return max(least, int(-(-self._most(whose) * busiest // 1)))

    def _most(self, whose: Workload) -> int:
        """How many working pods it may believe in: as many as there were lately, or, if it may have missed something, ever."""
        now = self.root.kernel.now
        is_late = self.world.disturbed_until(MANAGER) + UNDISTURBED > now
        counts = self._counts[whose]
        lately = [count for since, count in counts if is_late or since + LATE > now]
        return max([counts[-1][1], *lately, *self._before(counts, now)])

    @staticmethod
    def _before(counts: list[tuple[int, int]], now: int) -> list[int]:
        """How many there were when that began that is late."""
        return [count for since, count in counts if since + LATE <= now][-1:]


def _loads(pod: Pod) -> Iterator[float]:
    curve = parse_curve(pod.metadata.annotations.get(LOAD, NOTHING), milli_value)
    requested = demand(pod.spec).milli_cpu
    return (load / requested for _, load in curve.steps if requested)


INVARIANTS: tuple[type[Invariant], ...] = (GrowthHasALoad,)
