"""The node lifecycle controller: `controller.py` acts; `health.py` and `zones.py` decide (pure functions)."""

from kubeactors.controllers.nodelifecycle.controller import NodeLifecycleConfig, NodeLifecycleController

__all__ = ["NodeLifecycleConfig", "NodeLifecycleController"]
