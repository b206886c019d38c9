"""The metrics of an autoscaler, their targets, and their values.

Source: api/autoscaling/v2/types.go (v1.36).
"""

from typing import ClassVar

from kubeactors.apimachinery.meta import LabelSelector, Object, Quantity, always

OBJECT, PODS, RESOURCE, CONTAINER_RESOURCE, EXTERNAL = "Object", "Pods", "Resource", "ContainerResource", "External"
"""The types of a metric's source."""
UTILIZATION, VALUE, AVERAGE_VALUE = "Utilization", "Value", "AverageValue"
"""The types of a target: percent of the requests, a value, a value for each pod."""


class CrossVersionObjectReference(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Refers to an object in the same namespace."""

    atomic: ClassVar[bool] = True
    kind: str = always("")
    name: str = always("")
    api_version: str = ""


class MetricIdentifier(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Identifies a metric, and selects among its series."""

    name: str = always("")
    selector: LabelSelector | None = None


class MetricTarget(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The target value."""

    type: str = always("")
    value: Quantity | None = None
    average_value: Quantity | None = None
    average_utilization: int | None = None


class MetricValueStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The current value. The average is over all pods, the utilization in percent of their requests."""

    value: Quantity | None = None
    average_value: Quantity | None = None
    average_utilization: int | None = None


class ObjectMetricSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A metric of one object."""

    described_object: CrossVersionObjectReference = always(CrossVersionObjectReference())
    target: MetricTarget = always(MetricTarget())
    metric: MetricIdentifier = always(MetricIdentifier())


class PodsMetricSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A metric of each pod, averaged."""

    metric: MetricIdentifier = always(MetricIdentifier())
    target: MetricTarget = always(MetricTarget())


class ResourceMetricSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A resource that pods request, such as `cpu`."""

    name: str = always("")
    target: MetricTarget = always(MetricTarget())


class ContainerResourceMetricSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A resource that one container of each pod requests."""

    name: str = always("")
    target: MetricTarget = always(MetricTarget())
    container: str = always("")


class ExternalMetricSource(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A metric of something outside the cluster."""

    metric: MetricIdentifier = always(MetricIdentifier())
    target: MetricTarget = always(MetricTarget())


class MetricSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A metric; the field that `type` names is set."""

    type: str = always("")
    object: ObjectMetricSource | None = None
    pods: PodsMetricSource | None = None
    resource: ResourceMetricSource | None = None
    container_resource: ContainerResourceMetricSource | None = None
    external: ExternalMetricSource | None = None


class ObjectMetricStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The value of a metric of one object."""

    metric: MetricIdentifier = always(MetricIdentifier())
    current: MetricValueStatus = always(MetricValueStatus())
    described_object: CrossVersionObjectReference = always(CrossVersionObjectReference())


class PodsMetricStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The value of a metric of pods."""

    metric: MetricIdentifier = always(MetricIdentifier())
    current: MetricValueStatus = always(MetricValueStatus())


class ResourceMetricStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The resource usage of pods."""

    name: str = always("")
    current: MetricValueStatus = always(MetricValueStatus())


class ContainerResourceMetricStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The resource usage of one container of each pod."""

    name: str = always("")
    current: MetricValueStatus = always(MetricValueStatus())
    container: str = always("")


class ExternalMetricStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The value of a metric of something outside the cluster."""

    metric: MetricIdentifier = always(MetricIdentifier())
    current: MetricValueStatus = always(MetricValueStatus())


class MetricStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The value of one metric; the field that `type` names is set."""

    type: str = always("")
    object: ObjectMetricStatus | None = None
    pods: PodsMetricStatus | None = None
    resource: ResourceMetricStatus | None = None
    container_resource: ContainerResourceMetricStatus | None = None
    external: ExternalMetricStatus | None = None
