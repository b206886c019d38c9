"""Invariants of autoscalers: workloads scale up only because of load, and as fast as the scaling policies allow."""

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
from kubeactors.sim.invariants.inspection import informed_at, remembers_since
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.users.manifests import APP, LOAD
from kubeactors.sim.world import Commit, World

MANAGER = "controller-manager"
TOLERANCE = 0.1
"""The relative deviation from the target utilization that an autoscaler tolerates."""
LATE = 2 * SECOND
"""How old an undisturbed autoscaler's view, and its last decision, may be."""
USUAL_WINDOW = 300
"""The stabilization window for scaling down, in seconds, of autoscalers that name no other."""
TOO_FAST = {1: "ScaleUpLimit", -1: "ScaleDownLimit"}
"""The reason of ScalingLimited if scaling policies limit a scale-up or scale-down."""
NOTHING = "1m"
"""The CPU usage of a pod that declares none."""

Workload = tuple[str, str]
Sizes = list[tuple[int, int]]
"""Sizes, and since when (virtual nanoseconds)."""


class ScaleUpsNeedLoad(Invariant):
    """An autoscaler scales up only as far as the declared load of its pods requires.

    Only ready pods that are not terminating count, as only these have load.
    """

    name: ClassVar[str] = "scale-ups-need-load"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod, HorizontalPodAutoscaler)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._working: dict[str, Workload] = {}
        """By uid: pods that have been ready and are not terminating, and their workloads."""
        self._counts: dict[Workload, list[tuple[int, int]]] = {}
        """The number of such pods of each workload over time: since when (virtual nanoseconds), how many."""
        self._loads: dict[Workload, dict[float, None]] = {}
        """The declared loads of each workload's pods, as fractions of the requested CPU."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow pods; check each autoscaler that has scaled up."""
        old, new = commit.old, commit.new
        if isinstance(commit.current, Pod):
            self._follow(commit.current, new)
        elif isinstance(new, HorizontalPodAutoscaler) and isinstance(old, HorizontalPodAutoscaler):
            said = new.status
            if said.last_scale_time != old.status.last_scale_time and said.desired_replicas > said.current_replicas:
                most = self._justified(new)
                if most is not None and said.desired_replicas > most:
                    yield f"{title(new)} scaled up to {said.desired_replicas} pods, but their load requires at most {most}"

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

    def _justified(self, found: HorizontalPodAutoscaler) -> int | None:
        """The most pods that the load requires.

        None if that is unknown: no pod has the scaled workload's name as a label, or the goal is not one utilization.
        """
        whose = (found.metadata.namespace, found.spec.scale_target_ref.name)
        goals = [one.resource.target.average_utilization for one in found.spec.metrics if one.resource is not None]
        if whose not in self._loads or len(goals) != len(found.spec.metrics) or len(goals) != 1 or not goals[0]:
            return None
        aim = goals[0] / 100
        ratios = [load / aim for load in self._loads[whose]]
        least = max(found.spec.min_replicas or 1, found.status.current_replicas)
        if all(1 - TOLERANCE <= one <= 1 + TOLERANCE for one in ratios):
            return least
        busiest = max(ratios)
        if busiest <= 1 + TOLERANCE:
            busiest = min(busiest, 1 - TOLERANCE)
        return max(least, int(-(-self._most(whose) * busiest // 1)))

    def _most(self, whose: Workload) -> int:
        """The most pods under load that the autoscaler may have seen: those of late, or, after a fault, any earlier number."""
        now = self.root.kernel.now
        is_late = informed_at(self.world, MANAGER) > now
        counts = self._counts[whose]
        lately = [count for since, count in counts if is_late or since + LATE > now]
        return max([counts[-1][1], *lately, *self._before(counts, now)])

    @staticmethod
    def _before(counts: list[tuple[int, int]], now: int) -> list[int]:
        """The number of pods at the beginning of the tolerated delay."""
        return [count for since, count in counts if since + LATE <= now][-1:]


def _loads(pod: Pod) -> Iterator[float]:
    curve = parse_curve(pod.metadata.annotations.get(LOAD, NOTHING), milli_value)
    requested = demand(pod.spec).milli_cpu
    return (load / requested for _, load in curve.steps if requested)


class _Step(NamedTuple):
    """A scaling step: its direction, the new size, and the furthest size that the policies allowed."""

    sign: int
    after: int
    allowed: int


class AutoscalingBehaviorIsRespected(Invariant):
    """A deployment is scaled no faster than its autoscaler's policies allow, and down only after the stabilization window.

    Nor more slowly, if the autoscaler names the policies as the limit. Only deployments are judged that no user resizes; and
    for being too fast only while the controller, which keeps its history in memory, is undisturbed.

    Source: "Horizontal Pod Autoscaling: configurable scaling behavior" in Kubernetes' documentation.
    """

    name: ClassVar[str] = "autoscaling-behavior-is-respected"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Deployment, HorizontalPodAutoscaler)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._sizes: dict[str, Sizes] = {}
        """By uid of deployment: its sizes over time."""
        self._since: dict[str, int] = {}
        """By uid: when a deployment or an autoscaler was created (virtual nanoseconds)."""
        self._steps: dict[str, _Step] = {}
        """By uid of autoscaler: its last step, until its status is written."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Judge each scaling of a deployment, and what its autoscaler reports about it."""
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
            yield from self._early(new, scaler, sizes, now)
            if self._remembers(new, scaler, now):
                yield from _judged(new, scaler, sizes, now)
        sizes.append((now, wanted(new)))

    def _early(self, found: Deployment, scaler: HorizontalPodAutoscaler, sizes: Sizes, now: int) -> Iterator[str]:
        """Whether it is scaled down within the first stabilization window, which begins with the present size.

        Source: recordInitialRecommendation in pkg/controller/podautoscaler/horizontal.go (v1.36).
        """
        rules, since = _rules(scaler, up=False), self._since[scaler.metadata.uid]
        window = USUAL_WINDOW if rules is None else rules.stabilization_window_seconds or 0
        before, after = sizes[-1][1], wanted(found)
        was_there = (
            self._since[found.metadata.uid] <= since
        )  # the autoscaler of a recreated one remembers its namesake's size
        early = was_there and now < since + window * SECOND - LATE and self._is_the_first(scaler)
        if early and after < min(before, _at(sizes, since)):
            yield (
                f"{title(found)} was scaled down from {before} to {after} pods {(now - since) / SECOND:g} s after the creation of "
                f"{title(scaler)}, whose stabilization window is {window} s"
            )

    def _is_the_first(self, scaler: HorizontalPodAutoscaler) -> bool:
        """Whether it is the first of its name, and always had the same behavior."""
        states = self.world.history_of(HorizontalPodAutoscaler, scaler.metadata.namespace, scaler.metadata.name)
        return all(
            isinstance(one.new, HorizontalPodAutoscaler)
            and one.new.metadata.uid == scaler.metadata.uid
            and one.new.spec.behavior == scaler.spec.behavior
            for one in states
        )

    def _said(self, scaler: HorizontalPodAutoscaler) -> Iterator[str]:
        """Whether it scaled as far as allowed, if it reports that the policies limit it."""
        step, status = self._steps.pop(scaler.metadata.uid, None), scaler.status
        why = next((one.reason for one in status.conditions if one.type == "ScalingLimited"), "")
        if step is None or why != TOO_FAST[step.sign] or status.desired_replicas != step.after:
            return
        if step.sign * step.after < step.sign * step.allowed:
            yield (
                f"{title(scaler)} scaled to {step.after} pods and reports that its policies allow no more, "
                f"but they allow {step.allowed}"
            )

    def _scaler(self, found: Deployment) -> HorizontalPodAutoscaler | None:
        name, namespace = found.metadata.name, found.metadata.namespace
        if name in self.world.intents.resized:
            return None
        for one in self.world.of(HorizontalPodAutoscaler).values():
            if one.spec.scale_target_ref.name == name and one.metadata.namespace == namespace:
                return one
        return None

    def _remembers(self, found: Deployment, scaler: HorizontalPodAutoscaler, now: int) -> bool:
        """Whether the controller remembers all its scaling within the longest period of any policy."""
        begin = max(self._since[found.metadata.uid], self._since[scaler.metadata.uid])
        remembered = remembers_since(self.world, MANAGER)
        rules = [one for one in (_rules(scaler, up=True), _rules(scaler, up=False)) if one is not None]
        longest = [0, *(one.stabilization_window_seconds or 0 for one in rules)]
        longest += [policy.period_seconds for one in rules for policy in one.policies or ()]
        first = begin == self._since[scaler.metadata.uid] and len(self._sizes[found.metadata.uid]) == 1
        return (first or begin + max(longest) * SECOND < now) and remembered + max(longest) * SECOND < now


def _judged(found: Deployment, scaler: HorizontalPodAutoscaler, sizes: Sizes, now: int) -> Iterator[str]:
    before, after = sizes[-1][1], wanted(found)
    rules = _rules(scaler, up=after > before)
    if rules is None:
        return
    sign = 1 if after > before else -1
    furthest = _furthest(rules, sign, lambda since: [_at(sizes, now - since + LATE)])
    if sign * after > max(furthest, sign * before):
        yield f"{title(found)} was scaled from {before} to {after} pods, but {title(scaler)} allows {abs(furthest)} now"
    window = now - (rules.stabilization_window_seconds or 0) * SECOND + LATE
    grown = [size for (time, size), (_, last) in zip(sizes[1:], sizes, strict=False) if size > last and time > window]
    if sign < 0 and grown and after < max(grown):
        yield (
            f"{title(found)} was scaled down from {before} to {after} pods within the stabilization window after it grew "
            f"to {max(grown)}"
        )


def _step(found: Deployment, scaler: HorizontalPodAutoscaler, sizes: Sizes, now: int) -> _Step:
    """The step, and how far it might have gone, whatever scaling history the autoscaler still remembers."""
    before, after = sizes[-1][1], wanted(found)
    sign = 1 if after > before else -1
    rules = _rules(scaler, up=sign > 0)
    if rules is None:
        return _Step(sign, after, max(2 * before, 4) if sign > 0 else after)
    return _Step(sign, after, sign * _furthest(rules, sign, lambda since: [before, *_around(sizes, now - since)]))


def _is_within(scaler: HorizontalPodAutoscaler, size: int) -> bool:
    """Whether a size is within the bounds; from outside them it is scaled to the nearest bound at once."""
    return (scaler.spec.min_replicas or 1) <= size <= scaler.spec.max_replicas


def _furthest(rules: HPAScalingRules, sign: int, starts: Callable[[int], list[int]]) -> int:
    """How far the policies allow to scale in a direction, from any of the sizes that `starts` gives for a period."""
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
    """The sizes within the tolerance around a time."""
    later = [size for since, size in sizes if time - LATE < since <= time + LATE]
    return [_at(sizes, time - LATE), *later]


def _at(sizes: Sizes, time: int) -> int:
    """The size at a time, or the first one."""
    return next((size for since, size in reversed(sizes) if since <= time), sizes[0][1])


def _rules(scaler: HorizontalPodAutoscaler, *, up: bool) -> HPAScalingRules | None:
    behavior = scaler.spec.behavior
    return None if behavior is None else behavior.scale_up if up else behavior.scale_down


INVARIANTS: tuple[type[Invariant], ...] = (ScaleUpsNeedLoad, AutoscalingBehaviorIsRespected)
