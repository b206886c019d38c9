"""DaemonSets: see `controller.py` (what happens and what is done) and `plan.py`, `placing.py` (what to do; pure)."""

from kubeactors.controllers.daemonset.controller import DaemonSetController

__all__ = ["DaemonSetController"]
