"""HorizontalPodAutoscaler: sets the size of a workload by what its pods have to do.

Source: api/autoscaling/v2/types.go (v1.36).
"""

from typing import Annotated

from kubeactors.api.autoscaling.v2.metrics import CrossVersionObjectReference, MetricSpec, MetricStatus
from kubeactors.apimachinery.meta import Object, Quantity, Time, TypedObject, always, merge_by

MAX, MIN, DISABLED = "Max", "Min", "Disabled"
"""Which of several policies counts; or that there is no scaling in that direction."""
BY_PODS, BY_PERCENT = "Pods", "Percent"
"""The types of a policy."""

SCALING_ACTIVE, ABLE_TO_SCALE, SCALING_LIMITED = "ScalingActive", "AbleToScale", "ScalingLimited"
"""Types of conditions: the metrics are known, the target can be scaled, its size is at a bound."""


class HPAScalingPolicy(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """So many pods, or so many percent of them, may be added or removed in a period."""

    type: str = always("")
    value: int = always(0)
    period_seconds: int = always(0)


class HPAScalingRules(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How fast to scale in one direction, and how long to look back before that."""

    stabilization_window_seconds: int | None = None
    select_policy: str | None = None
    policies: tuple[HPAScalingPolicy, ...] | None = None
    """Defaults stand in for None, but not for an empty list, which is refused."""
    tolerance: Quantity | None = None


class HorizontalPodAutoscalerBehavior(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How fast to scale up and down."""

    scale_up: HPAScalingRules | None = None
    scale_down: HPAScalingRules | None = None


class HorizontalPodAutoscalerSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What to scale, between which bounds, by which metrics."""

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
    """How many pods there are and should be, and the values of the metrics."""

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
