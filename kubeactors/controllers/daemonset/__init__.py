"""DaemonSets: `controller.py` acts; `plan.py` and `placing.py` decide (pure functions)."""

from kubeactors.controllers.daemonset.controller import DaemonSetController

__all__ = ["DaemonSetController"]
