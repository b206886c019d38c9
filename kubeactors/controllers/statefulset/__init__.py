"""StatefulSets: see `controller.py` (what happens and what is done) and `plan.py` with its helpers (what to do; pure)."""

from kubeactors.controllers.statefulset.controller import StatefulSetController

__all__ = ["StatefulSetController"]
