"""Counts the writes in a cluster, except the heartbeats of an idle one.

Whether a write is a heartbeat depends on the writer: kubelets report their nodes' status, leaders renew their Leases,
components record Events. Writes of the same objects by others count.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from msgspec.structs import replace

from kubeactors.api.coordination.v1 import Lease
from kubeactors.api.core.v1 import Event, Node
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ApiRequest, ListResult, Result
from kubeactors.sim.network import WRITES, Served
from kubeactors.sim.world import Commit, World

COMPONENTS = ("system:kube-", "system:node:")
"""The prefixes of our own components' user names."""
NODES = "system:node:"
HEARTBEATS: Mapping[str, type[TypedObject]] = MappingProxyType({"leases": Lease, "events": Event, "nodes": Node})
"""The kinds of heartbeats, by resource."""


class WriteActivity:
    """Counts writes other than heartbeats.

    Args:
        world: the contents of the store.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.count: int = 0
        self.last: str = ""
        """The key of the last of these writes."""

    def committed(self, commit: Commit) -> None:
        """Count a commit, unless it is of a kind of heartbeats: see `served`."""
        if type(commit.current) not in HEARTBEATS.values():
            self._note(commit)

    def concerns(self, request: ApiRequest[object]) -> bool:
        """Whether the answer to a request is needed: it may be a write that `committed` has left out."""
        resource = request.resource.resource
        return resource in HEARTBEATS and isinstance(request, WRITES) and not is_heartbeat(request)

    def served(self, served: Served, answer: object) -> None:
        """Count the writes of a request for which `concerns` is true."""
        type_ = HEARTBEATS[served.request.resource.resource]
        for namespace, name in _named(served.request, answer):
            for commit in reversed(self._world.histories(type_).get((namespace, name), ())):
                if commit.revision <= served.revision:
                    break
                if not is_renewal(commit):
                    self._note(commit)
                    break

    def _note(self, commit: Commit) -> None:
        self.count += 1
        self.last = commit.key


def is_heartbeat(request: ApiRequest[object]) -> bool:
    """Whether a request is a heartbeat of our own components."""
    user, resource = request.user.name, request.resource.resource
    if resource == "nodes":
        return request.subresource == "status" and user == f"{NODES}{request.name}"
    return user.startswith(COMPONENTS)


def is_renewal(commit: Commit) -> bool:
    """Whether a commit only renews a Lease.

    >>> from kubeactors.api.coordination.v1 import LeaseSpec
    >>> one, other = (Lease(spec=LeaseSpec(holder_identity="a", renew_time=time)) for time in ("1", "2"))
    >>> is_renewal(Commit(7, "/leases/default/a", one, other)), is_renewal(Commit(7, "/leases/default/a", None, other))
    (True, False)
    """
    old, new = commit.old, commit.new
    if not isinstance(old, Lease) or not isinstance(new, Lease):
        return False
    return replace(new.spec, renew_time=old.spec.renew_time) == old.spec


def _named(request: ApiRequest[object], answer: object) -> Iterator[tuple[str, str]]:
    """Namespace and name of the objects of a write."""
    if isinstance(answer, ListResult):
        written = tuple(one.metadata for one in answer.items)
    elif isinstance(answer, Result) and answer.object.metadata.name:
        written = (answer.object.metadata,)
    else:
        yield request.namespace, request.name
        return
    yield from ((one.namespace, one.name) for one in written)
