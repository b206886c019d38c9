"""metrics.k8s.io/v1beta1: NodeMetrics and PodMetrics. They are measured on request, and never stored."""

from kubeactors.api.metrics.v1beta1.usage import ContainerMetrics, NodeMetrics, PodMetrics

__all__ = ["ContainerMetrics", "NodeMetrics", "PodMetrics"]
