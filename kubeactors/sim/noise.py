"""How much is written in a cluster, but what goes on for ever in one where nothing happens.

That is a matter of who writes: kubelets say what state their nodes are in, those who are elected renew their Leases,
components tell people by Events. The same objects, written for ever by somebody else, are noise as any other.
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
"""How the names of our own components begin, as users of the API."""
NODES = "system:node:"
BEATING: Mapping[str, type[TypedObject]] = MappingProxyType({"leases": Lease, "events": Event, "nodes": Node})
"""What is written for ever in a cluster where nothing happens, by some."""


class Noise:
    """Counts writes.

    Args:
        world: what was written.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.count: int = 0
        self.last: str = ""
        """The key of what was written last of these."""

    def committed(self, commit: Commit) -> None:
        """Something was written; of some kinds it matters by whom: see `served`."""
        if type(commit.current) not in BEATING.values():
            self._note(commit)

    def concerns(self, request: ApiRequest[object]) -> bool:
        """Whether what becomes of a request must be heard: it may be noise that `committed` has left out."""
        resource = request.resource.resource
        return resource in BEATING and isinstance(request, WRITES) and not is_beat(request)

    def served(self, served: Served, answer: object) -> None:
        """A server has answered a request that `concerns`."""
        type_ = BEATING[served.request.resource.resource]
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


def is_beat(request: ApiRequest[object]) -> bool:
    """Whether a component of ours says that it, or what it does, is there."""
    user, resource = request.user.name, request.resource.resource
    if resource == "nodes":
        return request.subresource == "status" and user == f"{NODES}{request.name}"
    return user.startswith(COMPONENTS)


def is_renewal(commit: Commit) -> bool:
    """Whether whoever holds a Lease goes on to hold it, and nothing else.

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
    """What a write was about, by namespace and name."""
    if isinstance(answer, ListResult):
        written = tuple(one.metadata for one in answer.items)
    elif isinstance(answer, Result) and answer.object.metadata.name:
        written = (answer.object.metadata,)
    else:
        yield request.namespace, request.name
        return
    yield from ((one.namespace, one.name) for one in written)
