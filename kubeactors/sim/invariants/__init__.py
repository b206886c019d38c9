"""What must hold of a cluster, one file per room, with the room's name.

    invariant.py    what an invariant is          looking.py      how it looks inside components
    storage.py      apiserver/      client.py      conduct.py      controllers/      scheduler.py      kubelet.py
    podstatus.py    what pods say of themselves     podtimes.py     what kubelets do in time
    probes.py       and what they make of probes
    events.py       what people are told
    conditions.py   what holds of conditions of all kinds             memories.py     of all components
    statements.py   what statuses say that was seen                  wavering.py     who takes back what was written
    patience.py     how often who is refused asks again
    reckoning.py    what schedulers keep in their books              choices.py      which node they choose
    disruptions.py  what is said of pods that are taken away         reading.py     how controllers read

Some more are judged by the simulation itself: `cluster-converges`, every deployment gets what it wants once faults stop, and
`cluster-quiesces`, after that nobody writes, and `restarts-change-nothing`, not even who starts anew; `no-livelock`, so
that work makes more work without end; and `no-component-fails` by itself.
"""

from kubeactors.sim.invariants import (
    apiserver,
    choices,
    client,
    conditions,
    conduct,
    controllers,
    disruptions,
    events,
    kubelet,
    memories,
    patience,
    podstatus,
    podtimes,
    probes,
    reading,
    reckoning,
    scheduler,
    statements,
    storage,
    wavering,
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
    *conduct.INVARIANTS,
    *patience.INVARIANTS,
    *reading.INVARIANTS,
    *disruptions.INVARIANTS,
    *controllers.INVARIANTS,
    *scheduler.INVARIANTS,
    *choices.INVARIANTS,
    *reckoning.INVARIANTS,
    *kubelet.INVARIANTS,
    *podstatus.INVARIANTS,
    *podtimes.INVARIANTS,
    *probes.INVARIANTS,
    *events.INVARIANTS,
    *conditions.INVARIANTS,
    *memories.INVARIANTS,
    *statements.INVARIANTS,
    *wavering.INVARIANTS,
)

CONVERGES, QUIESCES, NO_FAILURE = "cluster-converges", "cluster-quiesces", "no-component-fails"
RESTARTS_CHANGE_NOTHING, NO_LIVELOCK = "restarts-change-nothing", "no-livelock"
RAISES = "reconcile-does-not-raise"
"""Of somebody's operator: its code raises nothing but refusals of the API server."""

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
