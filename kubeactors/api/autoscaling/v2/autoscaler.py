"""HorizontalPodAutoscaler: scales a workload by metrics.

Source: api/autoscaling/v2/types.go (v1.36).
"""

from typing import Annotated

from kubeactors.api.autoscaling.v2.metrics import CrossVersionObjectReference, MetricSpec, MetricStatus
from kubeactors.apimachinery.meta import Object, Quantity, Time, TypedObject, always, merge_by

MAX, MIN, DISABLED = "Max", "Min", "Disabled"
"""Which of several policies applies; or that scaling in that direction is disabled."""
BY_PODS, BY_PERCENT = "Pods", "Percent"
"""The types of a policy."""

SCALING_ACTIVE, ABLE_TO_SCALE, SCALING_LIMITED = "ScalingActive", "AbleToScale", "ScalingLimited"
"""Types of conditions: the metrics are known, the target can be scaled, its size is at a bound."""


class HPAScalingPolicy(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The number or percentage of pods that may be added or removed in a period."""

    type: str = always("")
    value: int = always(0)
    period_seconds: int = always(0)


class HPAScalingRules(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The limits of scaling in one direction, and its stabilization window."""

    stabilization_window_seconds: int | None = None
    select_policy: str | None = None
    policies: tuple[HPAScalingPolicy, ...] | None = None
    """None gets defaults; an empty list is rejected."""
    tolerance: Quantity | None = None


class HorizontalPodAutoscalerBehavior(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How fast to scale up and down."""

    scale_up: HPAScalingRules | None = None
    scale_down: HPAScalingRules | None = None


class HorizontalPodAutoscalerSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The target to scale, the bounds, and the metrics."""

    scale_target_ref: CrossVersionObjectReference = always(CrossVersionObjectReference())
    min_replicas: int | None = None
    max_replicas: int = always(0)
    metrics: tuple[MetricSpec, ...] = ()
    behavior: HorizontalPodAutoscalerBehavior | None = None


class HorizontalPodAutoscalerCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Whether scaling is active, able or limited."""

    type: str = always("")
    status: str = always("")
    last_transition_time: Time | None = always(None)
    reason: str = ""
    message: str = ""


class HorizontalPodAutoscalerStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The current and desired number of pods, and the values of the metrics."""

    observed_generation: int | None = None
    last_scale_time: Time | None = None
    current_replicas: int = 0
    desired_replicas: int = always(0)
    current_metrics: tuple[MetricStatus, ...] | None = always(None)
    conditions: Annotated[tuple[HorizontalPodAutoscalerCondition, ...], merge_by("type")] = ()


class HorizontalPodAutoscaler(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Keeps metrics of a workload at their targets by changing the number of its pods."""

    api_version: str = "autoscaling/v2"
    kind: str = "HorizontalPodAutoscaler"
    spec: HorizontalPodAutoscalerSpec = always(HorizontalPodAutoscalerSpec())
    status: HorizontalPodAutoscalerStatus = always(HorizontalPodAutoscalerStatus())
