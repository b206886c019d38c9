"""ReplicaSets: see `controller.py` (what happens and what is done) and `plan.py`, `ranking.py` (what to do; pure).

ReplicationControllers are looked after by the same code, through `replication.py`.
"""

from kubeactors.controllers.replicaset.controller import ReplicaSetController, ReplicationManager

__all__ = ["ReplicaSetController", "ReplicationManager"]
