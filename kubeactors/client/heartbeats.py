"""Heartbeats: changes that only show that a component is alive. Most observers of nodes do not need them.

A thousand idle nodes renew a hundred Leases a second, and write three statuses in which only a time differs.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Final

import msgspec

from kubeactors.api.coordination.v1 import Lease, LeaseSpec
from kubeactors.api.core.v1 import Node, NodeCondition, NodeStatus
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.client.reflector import Change

NEWS: Final = 1
"""The mark of changes that are no heartbeats."""
HEARTBEAT: Final = 2
RENEWAL: Final = 4
"""The mark of a leader's heartbeat. Only the other candidates need it, and they read the Lease themselves."""
ELECTIONS: Final = "kube-system"
"""The namespace of the Leases of leader election; those of nodes are in another."""


def _all_but(type_: type[msgspec.Struct], *fields: str) -> Callable[[object], tuple[object, ...]]:
    """A getter of all fields but these."""
    return attrgetter(*(one for one in type_.__struct_fields__ if one not in fields))


_metadata = _all_but(ObjectMeta, "resource_version", "managed_fields")
_lease = _all_but(LeaseSpec, "renew_time")
_status = _all_but(NodeStatus, "conditions")
_condition = _all_but(NodeCondition, "last_heartbeat_time")


def marks_of_lease(change: Change[Lease]) -> int:
    """HEARTBEAT, or RENEWAL for a leader's Lease, if only the renew time differs; else NEWS.

    >>> marks_of_lease(Change("MODIFIED", "node-1", Lease(), Lease())) == HEARTBEAT
    True
    >>> leads = Lease(metadata=ObjectMeta(namespace=ELECTIONS, name="kube-scheduler"))
    >>> marks_of_lease(Change("MODIFIED", "kube-system/kube-scheduler", leads, leads)) == RENEWAL
    True
    """
    old, new = change.old, change.new
    if old is None or new is None or _metadata(old.metadata) != _metadata(new.metadata):
        return NEWS
    if _lease(old.spec) != _lease(new.spec):
        return NEWS
    return RENEWAL if new.metadata.namespace == ELECTIONS else HEARTBEAT


def marks_of_node(change: Change[Node]) -> int:
    """HEARTBEAT if only the heartbeat times of conditions differ; else NEWS.

    >>> marks_of_node(Change("ADDED", "node-1", None, Node())) == NEWS
    True
    """
    old, new = change.old, change.new
    if old is None or new is None or _metadata(old.metadata) != _metadata(new.metadata) or old.spec != new.spec:
        return NEWS
    before, after = old.status, new.status
    same = [*map(_condition, before.conditions)] == [*map(_condition, after.conditions)]
    return HEARTBEAT if same and _status(before) == _status(after) else NEWS
