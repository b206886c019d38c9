"""Computes the number of pods that a metric calls for.

Pods without a value are assumed to damp the change: to use all that they may on a scale-down, and nothing on a
scale-up. The same holds for pods that are not ready yet.

Source: pkg/controller/podautoscaler/{replica_calculator,metrics/utilization}.go (v1.36).
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.time import SECOND, parse_time
from kubeactors.controllers.podautoscaler.metrics import PodMetric
from kubeactors.controllers.pods import FAILED, PENDING, READY, condition, is_ready

CPU = "cpu"
INITIALIZATION_SECONDS = 300
"""How long after its start a pod may use more CPU than later, in seconds."""
READINESS_DELAY_SECONDS = 30
"""A pod whose unreadiness dates from within this time after its start has never been ready."""


class MetricError(Exception):
    """A metric is not usable; the message says why."""


class Tolerances(msgspec.Struct, frozen=True, kw_only=True):
    """How far a metric may be from its target without scaling."""

    up: float = 0.1
    down: float = 0.1

    def allow(self, ratio: float) -> bool:
        """Whether this ratio of value to target is within tolerance.

        >>> Tolerances().allow(1.05), Tolerances().allow(0.8)
        (True, False)
        """
        return 1.0 - self.down <= ratio <= 1.0 + self.up


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """The number of pods, and the metric's value, in thousandths or in percent of the requests."""

    replicas: int
    milli: int = 0
    percent: int | None = None


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """The current scale, the pods, and their metrics. `now` is Unix time in nanoseconds."""

    current: int
    pods: Sequence[Pod]
    metrics: Mapping[str, PodMetric]
    resource: str = ""
    tolerances: Tolerances = Tolerances()
    now: int = 0


class _Groups(msgspec.Struct, frozen=True, kw_only=True):
    """The pods, by whether and how their metrics count."""

    ready: tuple[str, ...]
    unready: tuple[str, ...]
    missing: tuple[str, ...]


def by_utilization(situation: Situation, percent: int, container: str = "") -> Proposal:
    """The number of pods at which they use `percent` of their requests.

    Raises:
        MetricError: a pod has no request, or no pod has a metric.
    """
    groups = _grouped(situation)
    values = {name: situation.metrics[name].milli for name in groups.ready}
    _check_values(values)
    requests = {pod.metadata.name: _request(pod, situation.resource, container) for pod in situation.pods}
    full = max(100, percent)
    fallback = {name: requests[name] * full // 100 for name in groups.missing}
    replicas = _replicas(situation, groups, values, fallback, lambda some: _utilization(some, requests) / percent)
    average = sum(values.values()) // len(values)
    return Proposal(replicas=replicas, milli=average, percent=_utilization(values, requests))


def by_average(situation: Situation, target: int) -> Proposal:
    """The number of pods at which the average value is the target, in thousandths.

    Raises:
        MetricError: no pod has a metric.
    """
    groups = _grouped(situation)
    values = {name: situation.metrics[name].milli for name in groups.ready}
    _check_values(values)
    fallback = dict.fromkeys(groups.missing, target)
    replicas = _replicas(situation, groups, values, fallback, lambda some: _average(some) / target)
    return Proposal(replicas=replicas, milli=_average(values))


def by_value(current: int, value: int, target: int, pods: Sequence[Pod], tolerances: Tolerances) -> Proposal:
    """The number of ready pods, times the ratio of value to target."""
    ratio = value / target
    if current == 0:
        return Proposal(replicas=_ceil(ratio), milli=value)
    if tolerances.allow(ratio):
        return Proposal(replicas=current, milli=value)
    ready = sum(pod.status.phase == "Running" and is_ready(pod) for pod in pods)
    return Proposal(replicas=_ceil(ratio * ready), milli=value)


def by_value_per_pod(current: int, value: int, target: int, tolerances: Tolerances) -> Proposal:
    """The number of pods at which the value per pod is the target.

    >>> by_value_per_pod(2, 9000, 3000, Tolerances())
    Proposal(replicas=3, milli=4500, percent=None)
    """
    near = current > 0 and tolerances.allow(value / (target * current))
    replicas = current if near else _ceil(value / target)
    return Proposal(replicas=replicas, milli=_ceil(value / current) if current else 0)


def _grouped(situation: Situation) -> _Groups:
    if not situation.pods:
        raise MetricError("no pods returned by selector while calculating replica count")
    ready, unready, missing = list[str](), list[str](), list[str]()
    for pod in situation.pods:
        name, metric = pod.metadata.name, situation.metrics.get(pod.metadata.name)
        if pod.metadata.deletion_timestamp is not None or pod.status.phase == FAILED:
            continue
        if pod.status.phase == PENDING:
            unready.append(name)
        elif metric is None:
            missing.append(name)
        elif situation.resource == CPU and _is_starting(pod, metric, situation.now):
            unready.append(name)
        else:
            ready.append(name)
    return _Groups(ready=tuple(ready), unready=tuple(unready), missing=tuple(missing))


def _is_starting(pod: Pod, metric: PodMetric, now: int) -> bool:
    """Whether the pod's CPU usage is not representative yet."""
    found, started = condition(pod, READY), pod.status.start_time
    if found is None or not started or not found.last_transition_time:
        return True
    start, changed = parse_time(started), parse_time(found.last_transition_time)
    if start + INITIALIZATION_SECONDS * SECOND > now:
        return found.status == "False" or metric.time < changed + metric.window
    return found.status == "False" and start + READINESS_DELAY_SECONDS * SECOND > changed


def _check_values(values: Mapping[str, int]) -> None:
    if not values:
        raise MetricError("did not receive metrics for targeted pods (pods might be unready)")


def _request(pod: Pod, resource: str, container: str) -> int:
    """The sum of the containers' requests, in thousandths."""
    total = 0
    for one in pod.spec.containers:
        if container in ("", one.name):
            request = one.resources.requests.get(resource)
            if request is None:
                where = f"in container {one.name} of Pod {pod.metadata.name}"
                raise MetricError(f"missing request for {resource} {where}")
            total += quantity.milli_value(request)
    return total


def _utilization(values: Mapping[str, int], requests: Mapping[str, int]) -> int:
    """The usage in percent of the requests."""
    requested = sum(requests[name] for name in values)
    if requested == 0:
        raise MetricError("no metrics returned matched known pods")
    return sum(values.values()) * 100 // requested


def _average(values: Mapping[str, int]) -> int:
    return sum(values.values()) // len(values)


def _replicas(
    situation: Situation,
    groups: _Groups,
    values: Mapping[str, int],
    fallback: Mapping[str, int],
    ratio_of: Callable[[Mapping[str, int]], float],
) -> int:
    """The number of pods. `fallback` are the values to assume for missing pods on a scale-down."""
    current, tolerances, ratio = situation.current, situation.tolerances, ratio_of(values)
    grows = ratio > 1.0
    if not groups.missing and not (groups.unready and grows):
        return current if tolerances.allow(ratio) else _ceil(ratio * len(groups.ready))
    everyone = dict(values)
    if ratio < 1.0:
        everyone.update(fallback)
    elif grows:
        everyone.update(dict.fromkeys((*groups.missing, *groups.unready), 0))
    new = ratio_of(everyone)
    if tolerances.allow(new) or (new > 1.0) != grows:
        return current
    wanted = _ceil(new * len(everyone))
    return current if (wanted > current) != grows else wanted


def _ceil(value: float) -> int:
    return -int(-value // 1)
