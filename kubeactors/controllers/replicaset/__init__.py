"""ReplicaSets: see `controller.py` (what happens and what is done) and `plan.py`, `ranking.py` (what to do; pure)."""

from kubeactors.controllers.replicaset.controller import ReplicaSetController

__all__ = ["ReplicaSetController"]
