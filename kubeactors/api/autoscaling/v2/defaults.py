"""Defaults of HorizontalPodAutoscalers.

Source: pkg/apis/autoscaling/v2/defaults.go (v1.36).
"""

from kubeactors.api.autoscaling.v2.autoscaler import (
    BY_PERCENT,
    BY_PODS,
    MAX,
    HorizontalPodAutoscaler,
    HorizontalPodAutoscalerBehavior,
    HPAScalingPolicy,
    HPAScalingRules,
)
from kubeactors.api.autoscaling.v2.metrics import (
    RESOURCE,
    UTILIZATION,
    MetricSpec,
    MetricTarget,
    ResourceMetricSource,
)
from kubeactors.api.core.v1.defaults.common import filled

UTILIZATION_PERCENT = 80
SCALE_UP = HPAScalingRules(
    stabilization_window_seconds=0,
    select_policy=MAX,
    policies=(
        HPAScalingPolicy(type=BY_PODS, value=4, period_seconds=15),
        HPAScalingPolicy(type=BY_PERCENT, value=100, period_seconds=15),
    ),
)
SCALE_DOWN = HPAScalingRules(
    select_policy=MAX, policies=(HPAScalingPolicy(type=BY_PERCENT, value=100, period_seconds=15),)
)
"""The default stabilization window for scaling down is the controller's."""

_CPU = MetricSpec(
    type=RESOURCE,
    resource=ResourceMetricSource(
        name="cpu", target=MetricTarget(type=UTILIZATION, average_utilization=UTILIZATION_PERCENT)
    ),
)


def default_autoscaler(autoscaler: HorizontalPodAutoscaler) -> HorizontalPodAutoscaler:
    """At least one pod, and 80% of the requested CPU.

    >>> default_autoscaler(HorizontalPodAutoscaler()).spec.min_replicas
    1
    """
    spec = autoscaler.spec
    spec = filled(
        spec,
        min_replicas=1 if spec.min_replicas is None else spec.min_replicas,
        metrics=spec.metrics or (_CPU,),
        behavior=None if spec.behavior is None else default_behavior(spec.behavior),
    )
    return filled(autoscaler, spec=spec)


def default_behavior(behavior: HorizontalPodAutoscalerBehavior) -> HorizontalPodAutoscalerBehavior:
    """The rules of both directions, completed."""
    return filled(
        behavior,
        scale_up=_rules(behavior.scale_up, SCALE_UP),
        scale_down=_rules(behavior.scale_down, SCALE_DOWN),
    )


def _rules(given: HPAScalingRules | None, default: HPAScalingRules) -> HPAScalingRules:
    if given is None:
        return default
    window = given.stabilization_window_seconds
    return filled(
        given,
        stabilization_window_seconds=default.stabilization_window_seconds if window is None else window,
        select_policy=default.select_policy if given.select_policy is None else given.select_policy,
        policies=default.policies if given.policies is None else given.policies,
    )
