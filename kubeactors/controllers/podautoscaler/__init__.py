"""Sets the size of workloads by metrics: see `controller.py`. Where metrics come from is said by `metrics.py`."""

from kubeactors.controllers.podautoscaler.controller import HorizontalController
from kubeactors.controllers.podautoscaler.metrics import MetricsSource, NoMetrics, PodMetric

__all__ = ["HorizontalController", "MetricsSource", "NoMetrics", "PodMetric"]
