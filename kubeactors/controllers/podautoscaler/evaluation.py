"""Evaluates the metrics of an autoscaler: queries the source, and computes the number of pods.

Source: pkg/controller/podautoscaler/horizontal.go, computeReplicasForMetric (v1.36).
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from kubeactors.api.autoscaling.v2 import (
    ContainerResourceMetricSource,
    ContainerResourceMetricStatus,
    ExternalMetricSource,
    ExternalMetricStatus,
    MetricSpec,
    MetricStatus,
    MetricValueStatus,
    ObjectMetricSource,
    ObjectMetricStatus,
    PodsMetricSource,
    PodsMetricStatus,
    ResourceMetricSource,
    ResourceMetricStatus,
)
from kubeactors.api.autoscaling.v2.metrics import CONTAINER_RESOURCE, EXTERNAL, OBJECT, PODS, RESOURCE
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.labels import EVERYTHING, Selector, of_object
from kubeactors.apimachinery.meta import LabelSelector
from kubeactors.apimachinery.status import StatusError
from kubeactors.controllers.podautoscaler.calculator import (
    MetricError,
    Proposal,
    Situation,
    Tolerances,
    by_average,
    by_utilization,
    by_value,
    by_value_per_pod,
)
from kubeactors.controllers.podautoscaler.metrics import MetricsSource, PodMetric


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The scale target: its pods, its desired and its current number of replicas."""

    namespace: str
    selector: Selector
    pods: tuple[Pod, ...]
    wanted: int
    current: int
    tolerances: Tolerances
    now: int


class Evaluated(NamedTuple):
    """The number of pods that a metric calls for, the metric's name in messages, and its value."""

    replicas: int
    name: str
    status: MetricStatus


class EvaluationError(Exception):
    """A metric could not be evaluated: the reason of a condition, and the message of an event."""

    def __init__(self, reason: str, why: str, told: str) -> None:
        super().__init__(why)
        self.reason = reason
        self.told = told
        """The text of this failure in a message about several metrics."""


async def evaluate(source: MetricsSource, metric: MetricSpec, target: Target) -> Evaluated:
    """Evaluate one metric.

    Raises:
        EvaluationError: it could not be evaluated.
    """
    if metric.resource is not None:
        return await _resource(source, metric.resource, target)
    if metric.container_resource is not None:
        return await _container(source, metric.container_resource, target)
    if metric.pods is not None:
        return await _pods(source, metric.pods, target)
    if metric.object is not None:
        return await _object(source, metric.object, target)
    if metric.external is not None:
        return await _external(source, metric.external, target)
    why = f'unknown metric source type "{metric.type}"'
    raise EvaluationError("InvalidMetricSourceType", why, why)


async def _resource(source: MetricsSource, metric: ResourceMetricSource, target: Target) -> Evaluated:
    found = await _usage(source, metric, "", target)
    status = ResourceMetricStatus(name=metric.name, current=_value(found, utilization=found.percent is not None))
    unit = "utilization (percentage of request)" if found.percent is not None else ""
    name = f"{metric.name} resource {unit}".strip()
    return Evaluated(found.replicas, name, MetricStatus(type=RESOURCE, resource=status))


async def _container(source: MetricsSource, metric: ContainerResourceMetricSource, target: Target) -> Evaluated:
    found = await _usage(source, metric, metric.container, target)
    current = _value(found, utilization=found.percent is not None)
    status = ContainerResourceMetricStatus(name=metric.name, container=metric.container, current=current)
    unit = "utilization (percentage of request)" if found.percent is not None else ""
    name = f"{metric.name} container resource {unit}".strip()
    return Evaluated(found.replicas, name, MetricStatus(type=CONTAINER_RESOURCE, container_resource=status))


async def _usage(
    source: MetricsSource,
    metric: ResourceMetricSource | ContainerResourceMetricSource,
    container: str,
    target: Target,
) -> Proposal:
    percent, average = metric.target.average_utilization, metric.target.average_value
    kind = "container resource" if container else "resource"
    reason = "FailedGetContainerResourceMetric" if container else "FailedGetResourceMetric"
    try:
        metrics = await source.resource(metric.name, target.namespace, target.selector, container)
    except StatusError as error:
        what = "utilization" if average is None else "usage"
        why = f"failed to get {metric.name} {what}: unable to get metrics for resource {metric.name}: {error}"
        raise EvaluationError(reason, why, f"failed to get {metric.name} {kind} metric value: {why}") from error
    situation = _situation(target, metrics, metric.name)
    try:
        if average is not None:
            return by_average(situation, quantity.milli_value(average))
        return by_utilization(situation, percent or 1, container)
    except MetricError as error:
        why = f"failed to get {metric.name} {'utilization' if average is None else 'usage'}: {error}"
        raise EvaluationError(reason, why, f"failed to get {metric.name} {kind} metric value: {why}") from error


async def _pods(source: MetricsSource, metric: PodsMetricSource, target: Target) -> Evaluated:
    name = metric.metric.name
    try:
        series = _series(metric.metric.selector)
        metrics = await source.pods(name, target.namespace, target.selector, series)
        found = by_average(_situation(target, metrics), _milli(metric.target.average_value))
    except (StatusError, MetricError) as error:
        why = f"unable to get metric {name}: {error}" if isinstance(error, StatusError) else str(error)
        raise EvaluationError("FailedGetPodsMetric", why, f"failed to get pods metric value: {why}") from error
    status = PodsMetricStatus(metric=metric.metric, current=_value(found))
    return Evaluated(found.replicas, f"pods metric {name}", MetricStatus(type=PODS, pods=status))


async def _object(source: MetricsSource, metric: ObjectMetricSource, target: Target) -> Evaluated:
    name, described = metric.metric.name, metric.described_object
    try:
        value = await source.object(name, target.namespace, described, _series(metric.metric.selector))
    except StatusError as error:
        which = f"{described.kind} on {target.namespace} {described.name}"
        why = f"unable to get metric {name}: {which}/{error}"
        raise EvaluationError("FailedGetObjectMetric", why, f"failed to get object metric value: {why}") from error
    if metric.target.value is not None:
        found = by_value(target.wanted, value, _milli(metric.target.value), target.pods, target.tolerances)
        current = MetricValueStatus(value=quantity.of_milli(value))
    else:
        found = by_value_per_pod(target.current, value, _milli(metric.target.average_value), target.tolerances)
        current = MetricValueStatus(average_value=quantity.of_milli(found.milli))
    status = ObjectMetricStatus(metric=metric.metric, described_object=described, current=current)
    return Evaluated(found.replicas, f"{described.kind} metric {name}", MetricStatus(type=OBJECT, object=status))


async def _external(source: MetricsSource, metric: ExternalMetricSource, target: Target) -> Evaluated:
    name = metric.metric.name
    series = _series(metric.metric.selector)
    try:
        value = sum(await source.external(name, target.namespace, series))
    except StatusError as error:
        why = f"unable to get external metric {target.namespace}/{name}/{_shown(metric.metric.selector)}: {error}"
        told = f"failed to get {name} external metric value: {why}"
        raise EvaluationError("FailedGetExternalMetric", why, told) from error
    if metric.target.value is not None:
        found = by_value(target.wanted, value, _milli(metric.target.value), target.pods, target.tolerances)
        current = MetricValueStatus(value=quantity.of_milli(value))
    else:
        found = by_value_per_pod(target.current, value, _milli(metric.target.average_value), target.tolerances)
        current = MetricValueStatus(average_value=quantity.of_milli(found.milli))
    status = ExternalMetricStatus(metric=metric.metric, current=current)
    told = f"external metric {name}({_shown(metric.metric.selector)})"
    return Evaluated(found.replicas, told, MetricStatus(type=EXTERNAL, external=status))


def _situation(target: Target, metrics: Mapping[str, PodMetric], resource: str = "") -> Situation:
    return Situation(
        current=target.wanted,
        pods=target.pods,
        metrics=metrics,
        resource=resource,
        tolerances=target.tolerances,
        now=target.now,
    )


def _value(found: Proposal, *, utilization: bool = False) -> MetricValueStatus:
    percent = found.percent if utilization else None
    return MetricValueStatus(average_value=quantity.of_milli(found.milli), average_utilization=percent)


def _series(selector: LabelSelector | None) -> Selector:
    return EVERYTHING if selector is None else of_object(selector)


def _shown(selector: LabelSelector | None) -> str:
    return "nil" if selector is None else f"&LabelSelector{{MatchLabels:{selector.match_labels}}}"


def _milli(text: str | None) -> int:
    return quantity.milli_value(text or "0")
