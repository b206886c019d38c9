"""Validation of HorizontalPodAutoscalers.

Source: pkg/apis/autoscaling/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.autoscaling.v2.autoscaler import (
    BY_PERCENT,
    BY_PODS,
    DISABLED,
    MAX,
    MIN,
    HorizontalPodAutoscaler,
    HorizontalPodAutoscalerSpec,
    HPAScalingPolicy,
    HPAScalingRules,
)
from kubeactors.api.autoscaling.v2.metrics import (
    AVERAGE_VALUE,
    CONTAINER_RESOURCE,
    EXTERNAL,
    OBJECT,
    PODS,
    RESOURCE,
    UTILIZATION,
    VALUE,
    ContainerResourceMetricSource,
    CrossVersionObjectReference,
    MetricIdentifier,
    MetricSpec,
    MetricTarget,
    ResourceMetricSource,
)
from kubeactors.api.validation import validate_count, validate_text
from kubeactors.apimachinery import labels, names, quantity
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, not_supported, required

MAX_WINDOW_SECONDS = 3600
MAX_PERIOD_SECONDS = 1800

_TYPES = {
    CONTAINER_RESOURCE: "containerResource",
    EXTERNAL: "external",
    OBJECT: "object",
    PODS: "pods",
    RESOURCE: "resource",
}
_RAW_OR_UTILIZATION = "must set either a target raw value or a target utilization"
_NOT_BOTH = "may not set both a target raw value and a target utilization"


def validate_autoscaler(autoscaler: HorizontalPodAutoscaler) -> Iterator[FieldError]:
    """The bounds are in order, and target and metrics are valid."""
    return _validate_spec(autoscaler.spec, 1)


def validate_autoscaler_update(new: HorizontalPodAutoscaler, old: HorizontalPodAutoscaler) -> Iterator[FieldError]:
    """As for a new one; if 0 replicas were allowed before, they still are."""
    return _validate_spec(new.spec, 0 if old.spec.min_replicas == 0 else 1)


def validate_autoscaler_status(new: HorizontalPodAutoscaler, _old: HorizontalPodAutoscaler) -> Iterator[FieldError]:
    """Counts."""
    yield from validate_count(new.status.current_replicas, "status.currentReplicas")
    yield from validate_count(new.status.desired_replicas, "status.desiredReplicas")


def _validate_spec(spec: HorizontalPodAutoscalerSpec, lowest: int) -> Iterator[FieldError]:
    least, most = spec.min_replicas, spec.max_replicas
    if least is not None and least < lowest:
        yield invalid("spec.minReplicas", least, f"must be greater than or equal to {lowest}")
    if most == 0:
        yield required("spec.maxReplicas", "must be set and greater than 0")
    elif most < 0:
        yield invalid("spec.maxReplicas", most, "must be greater than 0")
    if least is not None and most < least:
        yield invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`")
    yield from _validate_reference(spec.scale_target_ref, "spec.scaleTargetRef")
    yield from _validate_group(spec.scale_target_ref, "spec.scaleTargetRef")
    for i, metric in enumerate(spec.metrics):
        yield from _validate_metric(metric, f"spec.metrics[{i}]")
    if least == 0 and not any(metric.type in (OBJECT, EXTERNAL) for metric in spec.metrics):
        why = "must specify at least one Object or External metric to support scaling to zero replicas"
        yield forbidden("spec.metrics", why)
    if spec.behavior is not None:
        yield from _validate_rules(spec.behavior.scale_up, "spec.behavior.scaleUp")
        yield from _validate_rules(spec.behavior.scale_down, "spec.behavior.scaleDown")


def _validate_reference(reference: CrossVersionObjectReference, path: str) -> Iterator[FieldError]:
    for name, value in (("kind", reference.kind), ("name", reference.name)):
        if not value:
            yield required(f"{path}.{name}")
        else:
            yield from validate_text(value, f"{path}.{name}", names.path_segment)


def _validate_group(reference: CrossVersionObjectReference, path: str) -> Iterator[FieldError]:
    """The target has a group, unless it is a ReplicationController.

    >>> [one.message for one in _validate_group(CrossVersionObjectReference(kind="Deployment"), "spec.scaleTargetRef")]
    ['Invalid value: "": apiVersion must specify API group']
    """
    version = reference.api_version
    if "/" not in version and not (version == "v1" and reference.kind == "ReplicationController"):
        yield invalid(f"{path}.apiVersion", version, "apiVersion must specify API group")
    elif version.count("/") > 1:
        yield invalid(f"{path}.apiVersion", version, f"unexpected GroupVersion string: {version}")


def _validate_rules(rules: HPAScalingRules | None, path: str) -> Iterator[FieldError]:
    if rules is None:
        return
    window = rules.stabilization_window_seconds
    if window is not None and window < 0:
        yield invalid(f"{path}.stabilizationWindowSeconds", window, "must be greater than or equal to zero")
    if window is not None and window > MAX_WINDOW_SECONDS:
        limit = f"must be less than or equal to {MAX_WINDOW_SECONDS}"
        yield invalid(f"{path}.stabilizationWindowSeconds", window, limit)
    if rules.select_policy not in (None, DISABLED, MAX, MIN):
        yield not_supported(f"{path}.selectPolicy", rules.select_policy, (DISABLED, MAX, MIN))
    if not rules.policies:
        yield required(f"{path}.policies", "must specify at least one Policy")
    for i, policy in enumerate(rules.policies or ()):
        yield from _validate_policy(policy, f"{path}.policies[{i}]")
    if rules.tolerance is not None and quantity.sign(rules.tolerance) < 0:
        yield invalid(f"{path}.tolerance", rules.tolerance, "must be greater than or equal to 0")


def _validate_policy(policy: HPAScalingPolicy, path: str) -> Iterator[FieldError]:
    if policy.type not in (BY_PERCENT, BY_PODS):
        yield not_supported(f"{path}.type", policy.type, (BY_PERCENT, BY_PODS))
    if policy.value <= 0:
        yield invalid(f"{path}.value", policy.value, "must be greater than zero")
    if policy.period_seconds <= 0:
        yield invalid(f"{path}.periodSeconds", policy.period_seconds, "must be greater than zero")
    if policy.period_seconds > MAX_PERIOD_SECONDS:
        limit = f"must be less than or equal to {MAX_PERIOD_SECONDS}"
        yield invalid(f"{path}.periodSeconds", policy.period_seconds, limit)


def _validate_metric(metric: MetricSpec, path: str) -> Iterator[FieldError]:
    if not metric.type:
        yield required(f"{path}.type", "must specify a metric source type")
    if metric.type not in _TYPES:
        yield not_supported(f"{path}.type", metric.type, _TYPES)
    sources = {
        "object": metric.object,
        "external": metric.external,
        "pods": metric.pods,
        "resource": metric.resource,
        "containerResource": metric.container_resource,
    }
    present = [name for name, source in sources.items() if source is not None]
    if present:
        yield from _validate_source(metric, present[0], f"{path}.{present[0]}")
    expected = _TYPES.get(metric.type, "")
    if not expected:
        yield not_supported(f"{path}.type", metric.type, _TYPES)
    elif sources[expected] is None:
        yield required(f"{path}.{expected}", "must populate information for the given metric source")
    if len(present) > 1:
        for name in sorted(present):
            if name != expected:
                yield forbidden(f"{path}.{name}", "must populate the given metric source only")


def _validate_source(metric: MetricSpec, name: str, path: str) -> Iterator[FieldError]:
    if name == "object" and metric.object is not None:
        source = metric.object
        yield from _validate_reference(source.described_object, f"{path}.describedObject")
        yield from _validate_identified(source.metric, source.target, path)
        if source.target.value is None and source.target.average_value is None:
            yield required(f"{path}.target.averageValue", "must set either a target value or averageValue")
    elif name == "external" and metric.external is not None:
        yield from _validate_identified(metric.external.metric, metric.external.target, path)
        yield from _validate_external(metric.external.target, f"{path}.target")
    elif name == "pods" and metric.pods is not None:
        yield from _validate_identified(metric.pods.metric, metric.pods.target, path)
        if metric.pods.target.average_value is None:
            yield required(f"{path}.target.averageValue", "must specify a positive target averageValue")
    elif name == "resource" and metric.resource is not None:
        yield from _validate_resource(metric.resource, path)
    elif metric.container_resource is not None:
        yield from _validate_resource(metric.container_resource, path)


def _validate_external(target: MetricTarget, path: str) -> Iterator[FieldError]:
    if target.value is None and target.average_value is None:
        yield required(f"{path}.averageValue", "must set either a target value for metric or a per-pod target")
    if target.value is not None and target.average_value is not None:
        yield forbidden(f"{path}.value", "may not set both a target value for metric and a per-pod target")


def _validate_resource(source: ResourceMetricSource | ContainerResourceMetricSource, path: str) -> Iterator[FieldError]:
    target = source.target
    if not source.name:
        yield required(f"{path}.name", "must specify a resource name")
    if isinstance(source, ContainerResourceMetricSource):
        if not source.container:
            yield required(f"{path}.container", "must specify a container")
        else:
            yield from validate_text(source.container, f"{path}.container", names.dns1123_label)
    yield from _validate_target(target, f"{path}.target")
    if target.average_utilization is None and target.average_value is None:
        yield required(f"{path}.target.averageUtilization", _RAW_OR_UTILIZATION)
    if target.average_utilization is not None and target.average_value is not None:
        yield forbidden(f"{path}.target.averageValue", _NOT_BOTH)


def _validate_identified(metric: MetricIdentifier, target: MetricTarget, path: str) -> Iterator[FieldError]:
    if not metric.name:
        yield required(f"{path}.metric.name", "must specify a metric name")
    else:
        yield from validate_text(metric.name, f"{path}.metric.name", names.path_segment)
    yield from labels.validate_selector(metric.selector, f"{path}.metric.selector")
    yield from _validate_target(target, f"{path}.target")


def _validate_target(target: MetricTarget, path: str) -> Iterator[FieldError]:
    known = (AVERAGE_VALUE, UTILIZATION, VALUE)
    if not target.type:
        yield required(f"{path}.type", "must specify a metric target type")
    if target.type not in known:
        yield invalid(f"{path}.type", target.type, "must be either Utilization, Value, or AverageValue")
    if target.value is not None and quantity.sign(target.value) <= 0:
        yield invalid(f"{path}.value", target.value, "must be positive")
    if target.average_value is not None and quantity.sign(target.average_value) <= 0:
        yield invalid(f"{path}.averageValue", target.average_value, "must be positive")
    if target.average_utilization is not None and target.average_utilization < 1:
        yield invalid(f"{path}.averageUtilization", target.average_utilization, "must be greater than 0")
