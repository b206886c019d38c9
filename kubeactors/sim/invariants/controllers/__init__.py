"""What holds of controllers.

deployments.py    sets.py    jobs.py    nodes.py    ownership.py    endpoints.py    volumes.py
"""

from kubeactors.sim.invariants.controllers import deployments, endpoints, jobs, nodes, ownership, sets, volumes
from kubeactors.sim.invariants.invariant import Invariant

INVARIANTS: tuple[type[Invariant], ...] = (
    *deployments.INVARIANTS,
    *sets.INVARIANTS,
    *jobs.INVARIANTS,
    *nodes.INVARIANTS,
    *ownership.INVARIANTS,
    *endpoints.INVARIANTS,
    *volumes.INVARIANTS,
)

__all__ = ["INVARIANTS"]
