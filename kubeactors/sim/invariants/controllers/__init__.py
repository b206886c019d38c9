"""Invariants of controllers.

deployments.py  progress.py       proportions.py     rollout_steps.py               rollouts
sets.py         claim_owners.py   stateful sets and daemon sets
scale_down.py   which pods are deleted               jobs.py       job_indexes.py  job_tracking.py  deadlines.py  jobs and cron jobs
autoscaling.py  promptness.py     how soon a new spec is acted on
templates.py    pods that controllers create          availability.py  when pods count as available
nodes.py        outages.py        taints.py          ownership.py  owner references and garbage collection
endpoints.py    services.py       quotas.py          volumes.py    devices.py      certificates.py
statuses.py     status_counts.py  admission_policies.py  what statuses say  steady_state.py  what has to be done once all is quiet
"""

from kubeactors.sim.invariants.controllers import (
    admission_policies,
    autoscaling,
    availability,
    certificates,
    claim_owners,
    deadlines,
    deployments,
    devices,
    endpoints,
    job_indexes,
    job_tracking,
    jobs,
    nodes,
    outages,
    ownership,
    progress,
    promptness,
    proportions,
    quotas,
    rollout_steps,
    scale_down,
    services,
    sets,
    status_counts,
    statuses,
    steady_state,
    taints,
    templates,
    volumes,
)
from kubeactors.sim.invariants.invariant import Invariant

INVARIANTS: tuple[type[Invariant], ...] = (
    *deployments.INVARIANTS,
    *rollout_steps.INVARIANTS,
    *sets.INVARIANTS,
    *jobs.INVARIANTS,
    *job_indexes.INVARIANTS,
    *job_tracking.INVARIANTS,
    *nodes.INVARIANTS,
    *outages.INVARIANTS,
    *ownership.INVARIANTS,
    *endpoints.INVARIANTS,
    *services.INVARIANTS,
    *quotas.INVARIANTS,
    *volumes.INVARIANTS,
    *claim_owners.INVARIANTS,
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
    *templates.INVARIANTS,
    *availability.INVARIANTS,
    *admission_policies.INVARIANTS,
)

__all__ = ["INVARIANTS"]
