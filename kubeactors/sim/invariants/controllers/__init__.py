"""Invariants of controllers.

deployments.py  progress.py       proportions.py     rollouts
sets.py         stateful sets and daemon sets
scale_down.py   which pods are deleted               jobs.py       job_indexes.py  deadlines.py   jobs and cron jobs
autoscaling.py  promptness.py     how soon a new spec is acted on
nodes.py        outages.py        taints.py          ownership.py  owner references and garbage collection
endpoints.py    services.py       quotas.py          volumes.py    devices.py      certificates.py
statuses.py     status_counts.py  what statuses say  steady_state.py  what has to be done once all is quiet
"""

from kubeactors.sim.invariants.controllers import (
    autoscaling,
    certificates,
    deadlines,
    deployments,
    devices,
    endpoints,
    job_indexes,
    jobs,
    nodes,
    outages,
    ownership,
    progress,
    promptness,
    proportions,
    quotas,
    scale_down,
    services,
    sets,
    status_counts,
    statuses,
    steady_state,
    taints,
    volumes,
)
from kubeactors.sim.invariants.invariant import Invariant

INVARIANTS: tuple[type[Invariant], ...] = (
    *deployments.INVARIANTS,
    *sets.INVARIANTS,
    *jobs.INVARIANTS,
    *job_indexes.INVARIANTS,
    *nodes.INVARIANTS,
    *outages.INVARIANTS,
    *ownership.INVARIANTS,
    *endpoints.INVARIANTS,
    *services.INVARIANTS,
    *quotas.INVARIANTS,
    *volumes.INVARIANTS,
    *statuses.INVARIANTS,
    *status_counts.INVARIANTS,
    *steady_state.INVARIANTS,
    *autoscaling.INVARIANTS,
    *devices.INVARIANTS,
    *deadlines.INVARIANTS,
    *certificates.INVARIANTS,
    *scale_down.INVARIANTS,
    *progress.INVARIANTS,
    *promptness.INVARIANTS,
    *proportions.INVARIANTS,
    *taints.INVARIANTS,
)

__all__ = ["INVARIANTS"]
