"""What holds of autoscalers: a workload grows only as far as what its pods take asks for, and takes its time."""

from collections.abc import Callable, Iterator
from typing import ClassVar, NamedTuple

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.apps.v1 import Deployment
from kubeactors.api.autoscaling.v2 import HorizontalPodAutoscaler, HPAScalingRules
from kubeactors.api.core.v1 import Pod
from kubeactors.api.core.v1.demand import demand
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.quantity import milli_value
from kubeactors.kubelet.runtimes.curves import parse_curve
from kubeactors.sim.bounds.rollouts import is_ready, wanted
from kubeactors.sim.invariants.inspection import UNDISTURBED
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.users.manifests import APP, LOAD
from kubeactors.sim.world import Commit, World

MANAGER = "controller-manager"
TOLERANCE = 0.1
"""How far busy pods may be from what is asked for, as a fraction, until an autoscaler does something."""
LATE = 2 * SECOND
"""So old may be what an autoscaler knows that no fault keeps from knowing better, and what it has decided."""
TOO_FAST = {1: "ScaleUpLimit", -1: "ScaleDownLimit"}
"""Why a workload has not grown, or shrunk, further: rules about how fast it may."""
NOTHING = "1m"
"""How much CPU a pod takes of which nothing is declared."""

Workload = tuple[str, str]
Sizes = list[tuple[int, int]]
"""When (virtual nanoseconds) something began to be of which size."""


class ScaleUpsNeedLoad(Invariant):
    """An autoscaler wants more pods only if the load that was declared for its pods asks for them.

    Only pods count that are ready and stay: those that come do not work yet, and those that go will work no more.
    """

    name: ClassVar[str] = "scale-ups-need-load"
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
        is_late = self.world.faults.disturbed_until(MANAGER) + UNDISTURBED > now
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


class _Step(NamedTuple):
    """To which size it went, up or down, and to which it might have gone."""

    sign: int
    after: int
    allowed: int


class AutoscalingBehaviorIsRespected(Invariant):
    """An autoscaled deployment grows and shrinks no faster than its rules say, and shrinks only a while after it grew.

    And no slower, where its autoscaler says that these rules are what holds it back. Only those are looked at whose size
    nobody else has changed, and whether they are too fast only while nothing has made the controller forget.

    Source: "Horizontal Pod Autoscaling: configurable scaling behavior" in Kubernetes' documentation.
    """

    name: ClassVar[str] = "autoscaling-behavior-is-respected"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Deployment, HorizontalPodAutoscaler)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._sizes: dict[str, Sizes] = {}
        """By the uid of a deployment."""
        self._since: dict[str, int] = {}
        """By the uid of an autoscaler."""
        self._steps: dict[str, _Step] = {}
        """By its uid: the last one that it has taken, if that was looked at."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at each deployment that gets another size, and at what its autoscaler says of that."""
        old, new, now = commit.old, commit.new, self.root.kernel.now
        if old is None and new is not None:
            self._since[new.metadata.uid] = now
        if isinstance(new, HorizontalPodAutoscaler):
            if isinstance(old, HorizontalPodAutoscaler) and new.status.last_scale_time != old.status.last_scale_time:
                yield from self._said(new)
            return
        if not isinstance(new, Deployment) or (isinstance(old, Deployment) and wanted(old) == wanted(new)):
            return
        sizes = self._sizes.setdefault(new.metadata.uid, [])
        scaler = self._scaler(new)
        if sizes and scaler is not None and _is_within(scaler, sizes[-1][1]):
            self._steps[scaler.metadata.uid] = _step(new, scaler, sizes, now)
            if self._remembers(new, scaler, now):
                yield from _judged(new, scaler, sizes, now)
        sizes.append((now, wanted(new)))

    def _said(self, scaler: HorizontalPodAutoscaler) -> Iterator[str]:
        """Whether it went as far as it may, if it says that it would go further."""
        step, status = self._steps.pop(scaler.metadata.uid, None), scaler.status
        why = next((one.reason for one in status.conditions if one.type == "ScalingLimited"), "")
        if step is None or why != TOO_FAST[step.sign] or status.desired_replicas != step.after:
            return
        if step.sign * step.after < step.sign * step.allowed:
            yield f"{title(scaler)} wants {step.after} pods, says that it may not go further, and may want {step.allowed}"

    def _scaler(self, found: Deployment) -> HorizontalPodAutoscaler | None:
        name, namespace = found.metadata.name, found.metadata.namespace
        if name in self.world.intents.resized:
            return None
        for one in self.world.of(HorizontalPodAutoscaler).values():
            if one.spec.scale_target_ref.name == name and one.metadata.namespace == namespace:
                return one
        return None

    def _remembers(self, found: Deployment, scaler: HorizontalPodAutoscaler, now: int) -> bool:
        """Whether its controller knows all that it has done in the time that any rule is about."""
        begin = max(self._since[found.metadata.uid], self._since[scaler.metadata.uid])
        disturbed = self.world.faults.disturbed_until(MANAGER)
        rules = [one for one in (_rules(scaler, up=True), _rules(scaler, up=False)) if one is not None]
        longest = [0, *(one.stabilization_window_seconds or 0 for one in rules)]
        longest += [policy.period_seconds for one in rules for policy in one.policies or ()]
        first = begin == self._since[scaler.metadata.uid] and len(self._sizes[found.metadata.uid]) == 1
        return (first or begin + max(longest) * SECOND < now) and disturbed + max(longest) * SECOND < now


def _judged(found: Deployment, scaler: HorizontalPodAutoscaler, sizes: Sizes, now: int) -> Iterator[str]:
    before, after = sizes[-1][1], wanted(found)
    rules = _rules(scaler, up=after > before)
    if rules is None:
        return
    sign = 1 if after > before else -1
    furthest = _furthest(rules, sign, lambda since: [_at(sizes, now - since + LATE)])
    if sign * after > max(furthest, sign * before):
        yield f"{title(found)} got {after} pods instead of {before}, and {title(scaler)} allows {abs(furthest)} now"
    window = now - (rules.stabilization_window_seconds or 0) * SECOND + LATE
    grown = [size for (time, size), (_, last) in zip(sizes[1:], sizes, strict=False) if size > last and time > window]
    if sign < 0 and grown and after < max(grown):
        yield f"{title(found)} got {after} pods instead of {before}, too soon after it grew to {max(grown)}"


def _step(found: Deployment, scaler: HorizontalPodAutoscaler, sizes: Sizes, now: int) -> _Step:
    """What it has got, and might have got, whatever its autoscaler has forgotten of what it has done before."""
    before, after = sizes[-1][1], wanted(found)
    sign = 1 if after > before else -1
    rules = _rules(scaler, up=sign > 0)
    if rules is None:
        return _Step(sign, after, max(2 * before, 4) if sign > 0 else after)
    return _Step(sign, after, sign * _furthest(rules, sign, lambda since: [before, *_around(sizes, now - since)]))


def _is_within(scaler: HorizontalPodAutoscaler, size: int) -> bool:
    """Whether a size is one that it may want; from any other it goes to the nearest of those at once."""
    return (scaler.spec.min_replicas or 1) <= size <= scaler.spec.max_replicas


def _furthest(rules: HPAScalingRules, sign: int, starts: Callable[[int], list[int]]) -> int:
    """How far rules let one go, up or down by the sign, from any of the sizes that there may have been so long before."""
    limits = [
        min(
            sign * start + policy.value
            if policy.type == "Pods"
            else sign * -(-start * (100 + sign * policy.value) // 100)
            for start in starts(policy.period_seconds * SECOND)
        )
        for policy in rules.policies or ()
    ]
    return min(limits) if rules.select_policy == "Min" else max(limits)


def _around(sizes: Sizes, time: int) -> list[int]:
    """The sizes that there were about a time."""
    later = [size for since, size in sizes if time - LATE < since <= time + LATE]
    return [_at(sizes, time - LATE), *later]


def _at(sizes: Sizes, time: int) -> int:
    """The size at a time, or the first one."""
    return next((size for since, size in reversed(sizes) if since <= time), sizes[0][1])


def _rules(scaler: HorizontalPodAutoscaler, *, up: bool) -> HPAScalingRules | None:
    behavior = scaler.spec.behavior
    return None if behavior is None else behavior.scale_up if up else behavior.scale_down


INVARIANTS: tuple[type[Invariant], ...] = (ScaleUpsNeedLoad, AutoscalingBehaviorIsRespected)
