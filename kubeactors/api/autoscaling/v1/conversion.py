"""Conversion of autoscalers: fields that autoscaling/v1 lacks are in annotations.

Source: pkg/apis/autoscaling/v1/conversion.go, pkg/apis/autoscaling/annotations.go (v1.36).
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar, cast

import msgspec
from msgspec.structs import replace

from kubeactors.api.autoscaling.v1 import autoscaler as v1
from kubeactors.api.autoscaling.v1.metrics import parse_specs, parse_statuses, specs_text, statuses_text
from kubeactors.api.autoscaling.v2 import autoscaler as v2
from kubeactors.api.autoscaling.v2 import validation
from kubeactors.api.autoscaling.v2.defaults import default_autoscaler
from kubeactors.api.autoscaling.v2.metrics import (
    RESOURCE,
    UTILIZATION,
    MetricSpec,
    MetricStatus,
    MetricTarget,
    ResourceMetricSource,
)
from kubeactors.apimachinery.field import FieldError
from kubeactors.apimachinery.meta import TypedObject

_DOMAIN = "autoscaling.alpha.kubernetes.io/"
METRICS, CURRENT_METRICS = f"{_DOMAIN}metrics", f"{_DOMAIN}current-metrics"
CONDITIONS, BEHAVIOR = f"{_DOMAIN}conditions", f"{_DOMAIN}behavior"
_ANNOTATIONS = (METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR)

T = TypeVar("T")


def shown(autoscaler: TypedObject) -> v1.HorizontalPodAutoscaler:
    """A stored autoscaler in version 1; one in version 1 is returned as it is."""
    if isinstance(autoscaler, v1.HorizontalPodAutoscaler):
        return autoscaler
    return from_v2(cast("v2.HorizontalPodAutoscaler", autoscaler))


def from_v2(stored: v2.HorizontalPodAutoscaler) -> v1.HorizontalPodAutoscaler:
    """A stored autoscaler in version 1."""
    spec, status = stored.spec, stored.status
    annotations = {**stored.metadata.annotations, **dict(_annotations(stored))}
    return v1.HorizontalPodAutoscaler(
        metadata=replace(stored.metadata, annotations=annotations),
        spec=v1.HorizontalPodAutoscalerSpec(
            scale_target_ref=spec.scale_target_ref,
            min_replicas=spec.min_replicas,
            max_replicas=spec.max_replicas,
            target_cpu_utilization_percentage=next((p for m in spec.metrics if (p := _target(m)) is not None), None),
        ),
        status=v1.HorizontalPodAutoscalerStatus(
            observed_generation=status.observed_generation,
            last_scale_time=status.last_scale_time,
            current_replicas=status.current_replicas,
            desired_replicas=status.desired_replicas,
            current_cpu_utilization_percentage=next(
                (p for m in status.current_metrics or () if (p := _current(m)) is not None), None
            ),
        ),
    )


def to_v2(given: v1.HorizontalPodAutoscaler) -> v2.HorizontalPodAutoscaler:
    """An autoscaler of version 1 in the storage version, with defaults."""
    spec, status, annotations = given.spec, given.status, given.metadata.annotations
    kept = {name: text for name, text in annotations.items() if name not in _ANNOTATIONS}
    made = v2.HorizontalPodAutoscaler(
        metadata=replace(given.metadata, annotations=kept) if len(kept) < len(annotations) else given.metadata,
        spec=v2.HorizontalPodAutoscalerSpec(
            scale_target_ref=spec.scale_target_ref,
            min_replicas=spec.min_replicas,
            max_replicas=spec.max_replicas,
            metrics=(*parse_specs(annotations.get(METRICS, "")), *_cpu(spec.target_cpu_utilization_percentage)),
            behavior=_parsed(annotations, BEHAVIOR, v2.HorizontalPodAutoscalerBehavior),
        ),
        status=v2.HorizontalPodAutoscalerStatus(
            observed_generation=status.observed_generation,
            last_scale_time=status.last_scale_time,
            current_replicas=status.current_replicas,
            desired_replicas=status.desired_replicas,
            current_metrics=parse_statuses(annotations.get(CURRENT_METRICS, "")) or None,
            conditions=_parsed(annotations, CONDITIONS, tuple[v2.HorizontalPodAutoscalerCondition, ...]) or (),
        ),
    )
    return default_autoscaler(made)


def validate_autoscaler(autoscaler: v1.HorizontalPodAutoscaler) -> Iterator[FieldError]:
    """Validation in the storage version."""
    return validation.validate_autoscaler(to_v2(autoscaler))


def validate_autoscaler_update(
    new: v1.HorizontalPodAutoscaler, old: v1.HorizontalPodAutoscaler
) -> Iterator[FieldError]:
    """Validation of an update in the storage version."""
    return validation.validate_autoscaler_update(to_v2(new), to_v2(old))


def _annotations(stored: v2.HorizontalPodAutoscaler) -> Iterator[tuple[str, str]]:
    spec, status = stored.spec, stored.status
    if others := [metric for metric in spec.metrics if _target(metric) is None]:
        yield METRICS, specs_text(others)
    if spec.behavior is not None:
        yield BEHAVIOR, msgspec.json.encode(spec.behavior).decode()
    if status.current_metrics:
        yield CURRENT_METRICS, statuses_text(status.current_metrics)
    if status.conditions:
        yield CONDITIONS, msgspec.json.encode(status.conditions).decode()


def _parsed(annotations: Mapping[str, str], name: str, type_: type[T]) -> T | None:
    try:
        return msgspec.json.decode(annotations[name], type=type_)
    except (KeyError, msgspec.MsgspecError):
        return None


def _cpu(percent: int | None) -> tuple[MetricSpec, ...]:
    if percent is None:
        return ()
    target = MetricTarget(type=UTILIZATION, average_utilization=percent)
    return (MetricSpec(type=RESOURCE, resource=ResourceMetricSource(name="cpu", target=target)),)


def _target(metric: MetricSpec) -> int | None:
    source = metric.resource
    return source.target.average_utilization if source is not None and source.name == "cpu" else None


def _current(metric: MetricStatus) -> int | None:
    source = metric.resource
    return source.current.average_utilization if source is not None and source.name == "cpu" else None
