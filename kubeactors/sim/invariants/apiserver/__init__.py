"""What holds of the API server.

watches.py   what watchers are told         objects.py   what becomes of an object, write by write
reads.py     what who asks is shown         writes.py    what who writes is told, and what is written then
rules.py     what users let be written      rights.py    who may do what
refusals.py  whether who is refused is refused rightly
defaults.py  what is filled in from others  known.py     what the server may know of some objects
ownership.py who owns which fields, and what is only tried
services.py  whether services keep what they were given
"""

from kubeactors.sim.invariants.apiserver import (
    defaults,
    objects,
    ownership,
    reads,
    refusals,
    rights,
    rules,
    services,
    watches,
    writes,
)
from kubeactors.sim.invariants.apiserver.watches import WatchesAreGapFree
from kubeactors.sim.invariants.invariant import Invariant

INVARIANTS: tuple[type[Invariant], ...] = (
    *watches.INVARIANTS,
    *objects.INVARIANTS,
    *reads.INVARIANTS,
    *writes.INVARIANTS,
    *rules.INVARIANTS,
    *rights.INVARIANTS,
    *refusals.INVARIANTS,
    *defaults.INVARIANTS,
    *ownership.INVARIANTS,
    *services.INVARIANTS,
)

__all__ = ["INVARIANTS", "WatchesAreGapFree"]
