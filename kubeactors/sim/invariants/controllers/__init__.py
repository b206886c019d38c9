"""What holds of controllers.

deployments.py    sets.py    jobs.py    nodes.py    ownership.py    endpoints.py    volumes.py
statuses.py       leftovers.py    outages.py    services.py    quotas.py    autoscaling.py    devices.py
deadlines.py      certificates.py  choices.py      progress.py    sums.py         indexes.py
promptness.py
"""

from kubeactors.sim.invariants.controllers import (
    autoscaling,
    certificates,
    choices,
    deadlines,
    deployments,
    devices,
    endpoints,
    indexes,
    jobs,
    leftovers,
    nodes,
    outages,
    ownership,
    progress,
    promptness,
    quotas,
    services,
    sets,
    statuses,
    sums,
    volumes,
)
from kubeactors.sim.invariants.invariant import Invariant

INVARIANTS: tuple[type[Invariant], ...] = (
    *deployments.INVARIANTS,
    *sets.INVARIANTS,
    *jobs.INVARIANTS,
    *indexes.INVARIANTS,
    *nodes.INVARIANTS,
    *outages.INVARIANTS,
    *ownership.INVARIANTS,
    *endpoints.INVARIANTS,
    *services.INVARIANTS,
    *quotas.INVARIANTS,
    *volumes.INVARIANTS,
    *statuses.INVARIANTS,
    *sums.INVARIANTS,
    *leftovers.INVARIANTS,
    *autoscaling.INVARIANTS,
    *devices.INVARIANTS,
    *deadlines.INVARIANTS,
    *certificates.INVARIANTS,
    *choices.INVARIANTS,
    *progress.INVARIANTS,
    *promptness.INVARIANTS,
)

__all__ = ["INVARIANTS"]
