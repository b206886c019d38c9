"""autoscaling/v1: Scale."""

from kubeactors.api.autoscaling.v1.scale import Scale, ScaleSpec, ScaleStatus

__all__ = ["Scale", "ScaleSpec", "ScaleStatus"]
