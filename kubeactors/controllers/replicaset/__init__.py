"""ReplicaSets: `controller.py` acts; `plan.py` and `ranking.py` decide (pure functions).

ReplicationControllers share this code, through `replication.py`.
"""

from kubeactors.controllers.replicaset.controller import ReplicaSetController, ReplicationManager

__all__ = ["ReplicaSetController", "ReplicationManager"]
