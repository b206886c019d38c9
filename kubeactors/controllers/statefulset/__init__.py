"""StatefulSets: `controller.py` acts; `plan.py`, `claims.py` and `identity.py` decide (pure functions)."""

from kubeactors.controllers.statefulset.controller import StatefulSetController

__all__ = ["StatefulSetController"]
