"""HorizontalPodAutoscalers: `controller.py` scales workloads by the metrics of a source (`metrics.py`).

`evaluation.py` and `calculator.py` turn metrics into replica counts; `behavior.py` limits the speed of scaling;
`selecting.py` finds autoscalers with overlapping selectors.
"""

from kubeactors.controllers.podautoscaler.controller import HorizontalController
from kubeactors.controllers.podautoscaler.metrics import MetricsSource, NoMetrics, PodMetric

__all__ = ["HorizontalController", "MetricsSource", "NoMetrics", "PodMetric"]
