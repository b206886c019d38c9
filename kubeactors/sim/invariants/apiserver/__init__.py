"""Invariants of the API server.

watches.py          what watchers receive             objects.py      how an object changes from write to write
reads.py            what GET and LIST return          writes.py       acknowledged writes, and conflicts
policies.py         admission policies and webhooks   rbac.py         who may do what
rejections.py       whether rejections are justified  defaults.py     default classes
field_ownership.py  server-side apply, dry runs       services.py     cluster IPs and node ports
deletions.py        propagation policies
server_view.py      which states of objects the server may know
"""

from kubeactors.sim.invariants.apiserver import (
    defaults,
    deletions,
    field_ownership,
    objects,
    policies,
    rbac,
    reads,
    rejections,
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
    *deletions.INVARIANTS,
    *policies.INVARIANTS,
    *rbac.INVARIANTS,
    *rejections.INVARIANTS,
    *defaults.INVARIANTS,
    *field_ownership.INVARIANTS,
    *services.INVARIANTS,
)

__all__ = ["INVARIANTS", "WatchesAreGapFree"]
