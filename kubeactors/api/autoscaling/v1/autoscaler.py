"""HorizontalPodAutoscaler in version 1: one target, a percentage of the requested CPU.

What this version has no field for is in annotations; `conversion` tells which.

Source: api/autoscaling/v1/types.go, pkg/apis/autoscaling/v1/defaults.go (v1.36).
"""

import msgspec

from kubeactors.api.autoscaling.v2.metrics import CrossVersionObjectReference
from kubeactors.api.core.v1.defaults.common import filled
from kubeactors.apimachinery.meta import Object, Time, TypedObject, always


class HorizontalPodAutoscalerSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The target to scale, the bounds, and the target CPU utilization in percent of the requests."""

    scale_target_ref: CrossVersionObjectReference = always(CrossVersionObjectReference())
    min_replicas: int | None = None
    max_replicas: int = always(0)
    target_cpu_utilization_percentage: int | None = msgspec.field(default=None, name="targetCPUUtilizationPercentage")


class HorizontalPodAutoscalerStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The current and desired number of pods, and the CPU utilization in percent of the requests."""

    observed_generation: int | None = None
    last_scale_time: Time | None = None
    current_replicas: int = always(0)
    desired_replicas: int = always(0)
    current_cpu_utilization_percentage: int | None = msgspec.field(default=None, name="currentCPUUtilizationPercentage")


class HorizontalPodAutoscaler(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Keeps the CPU utilization of a workload at its target by changing the number of its pods."""

    api_version: str = "autoscaling/v1"
    kind: str = "HorizontalPodAutoscaler"
    spec: HorizontalPodAutoscalerSpec = always(HorizontalPodAutoscalerSpec())
    status: HorizontalPodAutoscalerStatus = always(HorizontalPodAutoscalerStatus())


def default_autoscaler(autoscaler: HorizontalPodAutoscaler) -> HorizontalPodAutoscaler:
    """At least one pod; the default target is that of the storage version.

    >>> default_autoscaler(HorizontalPodAutoscaler()).spec.min_replicas
    1
    """
    least = autoscaler.spec.min_replicas
    return filled(autoscaler, spec=filled(autoscaler.spec, min_replicas=1 if least is None else least))
