"""autoscaling/v1: Scale, and HorizontalPodAutoscaler in its first version."""

from kubeactors.api.autoscaling.v1.autoscaler import (
    HorizontalPodAutoscaler,
    HorizontalPodAutoscalerSpec,
    HorizontalPodAutoscalerStatus,
)
from kubeactors.api.autoscaling.v1.scale import Scale, ScaleSpec, ScaleStatus

__all__ = [
    "HorizontalPodAutoscaler",
    "HorizontalPodAutoscalerSpec",
    "HorizontalPodAutoscalerStatus",
    "Scale",
    "ScaleSpec",
    "ScaleStatus",
]
