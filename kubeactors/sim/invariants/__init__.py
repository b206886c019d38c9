"""The invariants of a cluster, one file per room of the control plane, under the room's name.

    invariant.py            the base classes                  inspection.py       what invariants share
    prompt.py               what holds within seconds, too
    storage.py              apiserver/                        client.py           caches, back-off, leader election
    requests.py             what components may request       live_reads.py       how controllers read
    retries.py              whether they retry                backoff.py          how often
    oscillation.py          whether they undo each other's writes
    controllers/            conditions.py                     observed_generation.py
    disruptions.py          pods that are evicted or deleted  component_state.py  what components keep in memory
    scheduler.py            node_choice.py                    scheduler_state.py  the scheduler's cache and accounting
    kubelet.py              pod_status.py                     pod_timing.py       restarts and termination
    probes.py               events.py

The simulation judges a few more by itself: `cluster-converges` (once faults stop, every workload gets what its spec says),
`cluster-quiesces` (then nobody writes any more), `restarts-change-nothing` (not even a component that restarts),
`no-livelock` (no work creates more work without end) and `no-component-fails`.
"""

from kubeactors.sim.invariants import (
    apiserver,
    backoff,
    client,
    component_state,
    conditions,
    controllers,
    disruptions,
    events,
    kubelet,
    live_reads,
    node_choice,
    observed_generation,
    oscillation,
    pod_status,
    pod_timing,
    probes,
    requests,
    retries,
    scheduler,
    scheduler_state,
    storage,
)
from kubeactors.sim.invariants.invariant import (
    Invariant,
    RequestInvariant,
    ServerInvariant,
    StoreInvariant,
    WatchInvariant,
)

ALL: tuple[type[Invariant], ...] = (
    *storage.INVARIANTS,
    *apiserver.INVARIANTS,
    *client.INVARIANTS,
    *requests.INVARIANTS,
    *backoff.INVARIANTS,
    *retries.INVARIANTS,
    *live_reads.INVARIANTS,
    *disruptions.INVARIANTS,
    *controllers.INVARIANTS,
    *scheduler.INVARIANTS,
    *node_choice.INVARIANTS,
    *scheduler_state.INVARIANTS,
    *kubelet.INVARIANTS,
    *pod_status.INVARIANTS,
    *pod_timing.INVARIANTS,
    *probes.INVARIANTS,
    *events.INVARIANTS,
    *conditions.INVARIANTS,
    *component_state.INVARIANTS,
    *observed_generation.INVARIANTS,
    *oscillation.INVARIANTS,
)

CONVERGES, QUIESCES, NO_FAILURE = "cluster-converges", "cluster-quiesces", "no-component-fails"
RESTARTS_CHANGE_NOTHING, NO_LIVELOCK = "restarts-change-nothing", "no-livelock"
RAISES = "reconcile-does-not-raise"
"""Of an operator under test: `reconcile` raises nothing but rejections by the API server."""

NAMES: tuple[str, ...] = (
    *(one.name for one in ALL),
    CONVERGES,
    QUIESCES,
    RESTARTS_CHANGE_NOTHING,
    NO_LIVELOCK,
    NO_FAILURE,
)
"""The names of all invariants."""

__all__ = [
    "ALL",
    "CONVERGES",
    "NAMES",
    "NO_FAILURE",
    "NO_LIVELOCK",
    "QUIESCES",
    "RAISES",
    "RESTARTS_CHANGE_NOTHING",
    "Invariant",
    "RequestInvariant",
    "ServerInvariant",
    "StoreInvariant",
    "WatchInvariant",
]
