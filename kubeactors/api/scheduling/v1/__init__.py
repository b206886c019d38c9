"""scheduling.k8s.io/v1: PriorityClass."""

from kubeactors.api.scheduling.v1.priorityclass import SYSTEM_PRIORITY_CLASSES, PriorityClass

__all__ = ["SYSTEM_PRIORITY_CLASSES", "PriorityClass"]
