"""The node lifecycle controller: see `controller.py` (what is done), `health.py` and `zones.py` (what to do; pure)."""

from kubeactors.controllers.nodelifecycle.controller import NodeLifecycleConfig, NodeLifecycleController

__all__ = ["NodeLifecycleConfig", "NodeLifecycleController"]
