"""Why the server refuses what it does: the reason that it gives holds.

Who reckons wrongly who may have what is seen twice: when too much is let in, and here, when somebody is sent away who
would have kept to the bounds.

Source: plugin/pkg/admission/limitranger/admission.go, apiserver/pkg/admission/plugin/resourcequota/controller.go (v1.36).
"""

import re
from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import Service
from kubeactors.api.core.v1.resourcequota import ResourceQuota
from kubeactors.apimachinery.meta import HasMeta
from kubeactors.apimachinery.quantity import add, compare
from kubeactors.apimachinery.requests import Create, Delete, Get, Patch, Update
from kubeactors.apimachinery.status import Status
from kubeactors.sim.invariants.invariant import Invariant, ServerInvariant, title
from kubeactors.sim.network import STORE, Served
from kubeactors.sim.world import World, since

FORBIDDEN = "Forbidden"
WRONG, BROKEN = ("Invalid", "BadRequest"), "InternalError"
SERVICES = "services"
TAKEN = "provided IP is already allocated"
BOUND = re.compile(r"(maximum|minimum) \S+ usage per \w+ is ([\w.]+), but (?:request|limit) is ([\w.]+)")
SHARE = re.compile(r"exceeded quota: (\S+), requested: (\S+), used: (\S+), limited: (\S+)")


class ResourceRejectionsAreJustified(ServerInvariant):
    """Who is told that he asks for too much, or too little, does; and the quota that he is shown is one that there was."""

    name: ClassVar[str] = "resource-rejections-are-justified"

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Reckon again with the numbers that he is told."""
        if not isinstance(answer, Status) or answer.reason != FORBIDDEN:
            return
        for which, bound, amount in BOUND.findall(answer.message):
            if compare(amount, bound) * (1 if which == "maximum" else -1) <= 0:
                yield f"{amount} is refused, and the {which} is {bound}: {answer.message}"
        for name, *shares in SHARE.findall(answer.message):
            requested, used, limited = map(_amounts, shares)
            for what, most in limited.items():
                if compare(add(used[what], requested[what]), most) <= 0:
                    yield f"{requested[what]} is refused, and there is room for it: {answer.message}"
            if not self._was_so(served.request.namespace, name, limited):
                yield f"no quota {name} was ever so: {answer.message}"

    def _was_so(self, namespace: str, name: str, limited: dict[str, str]) -> bool:
        states = self.world.histories(ResourceQuota).get((namespace, name), ())
        quotas = (one.new for one in states if isinstance(one.new, ResourceQuota))
        return any(limited.items() <= one.spec.hard.items() for one in quotas)


def _amounts(text: str) -> dict[str, str]:
    """What is said of each resource.

    >>> _amounts("pods=1,requests.cpu=2")
    {'pods': '1', 'requests.cpu': '2'}
    """
    return dict(part.split("=", maxsplit=1) for part in text.split(","))


class ValidRequestsAreAccepted(ServerInvariant):
    """What people ask for is never called wrong in itself, and the server never fails by itself, whoever asks.

    People in scenarios write what is valid, as far as they know. What they say may not go together with what others
    have said since; what that may be is known (`DESERVED`).
    """

    name: ClassVar[str] = "valid-requests-are-accepted"

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Look at each answer of these kinds."""
        if not isinstance(answer, Status) or answer.reason not in (*WRONG, BROKEN) or DESERVED.search(answer.message):
            return
        who = served.request.user.name
        if answer.reason == BROKEN or not who.startswith(COMPONENT):
            what = f"{type(served.request).__name__.lower()} {served.request.resource.resource}"
            yield f"{who} is to {what}, and is told: {answer.message}"


class RejectionsNameTheObject(ServerInvariant):
    """Who is refused a write or a look at one object because of that object is told its name.

    Not who may not create anything there, whatever its name; nor who misses the namespace; nor who applies what others
    own, who is told whose it is.

    Source: the documentation of StatusDetails in apimachinery/pkg/apis/meta/v1/types.go (v1.36).
    """

    name: ClassVar[str] = "rejections-name-the-object"

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Compare the name that he is told with the one that he has said."""
        request = served.request
        if not isinstance(answer, Status) or not isinstance(request, Get | Create | Update | Patch | Delete):
            return
        name = request.object.metadata.name if isinstance(request, Create) else request.name
        refused = answer.reason in ABOUT_IT and SCHEME.by_resource(request.resource) is not None
        if not refused or not name or APART.search(answer.message):
            return
        if isinstance(request, Create) and answer.reason == NOT_FOUND:
            return
        told = answer.details.name if answer.details is not None else ""
        if told != name:
            what = f"{type(request).__name__.lower()} {request.resource.resource} {name}"
            yield f"who is to {what} is told of {told or 'nothing'}: {answer.message}"


NOT_FOUND = "NotFound"
ABOUT_IT = (NOT_FOUND, "AlreadyExists", "Conflict", "Invalid", FORBIDDEN)
APART = re.compile("^Apply failed|cannot create resource")
COMPONENT = "system:"
"""What the names of our own components begin with: what they ask for is judged where they ask it."""
DESERVED = re.compile(
    "failed calling webhook|denied request"  # users' own rules
    "|must be less than or equal to"  # with a limit that a LimitRange gives
    "|can not be less than status.capacity"  # a claim never shrinks
    "|spec.clusterIPs"  # a service that has an address can never do without, nor the other way round
    "|field can not be less than"  # the size that somebody else has given it
    f"|{TAKEN}|is immutable after creation|name must be provided"
)
"""How users are told that what they say does not go together with what is so by now."""


class ReleasedClusterIPsAreReusable(ServerInvariant):
    """A service that asks for an address gets it, unless another one had it then, or has got it since, or was being written.

    Source: `Delete` and `beginCreate` in pkg/registry/core/service/storage/storage.go (v1.36): a service that was deleted
    gives back what it had once the store has answered, and one that is being created holds its address until it turns out
    that it cannot be. If the store has not said that a service is gone, its address is given back by a repair that takes
    minutes: see registry/repair.py.
    """

    name: ClassVar[str] = "released-cluster-ips-are-reusable"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._refused: list[tuple[int, Service]] = []
        """The services that were refused, and at which revision they were asked for."""

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Note who is refused; and forget those who were while another one was written that had the address, or was to."""
        request = served.request
        if not isinstance(request, Create | Update | Patch | Delete) or request.resource.resource != SERVICES:
            return
        wanted = request.object if isinstance(request, Create) else None
        if not isinstance(wanted, Service) or not isinstance(answer, Status) or TAKEN not in answer.message:
            written = [one.spec.cluster_ip for one in self._written(served, wanted)] if self._refused else ()
            self._refused = [
                (revision, one)
                for revision, one in self._refused
                if revision < served.revision or one.spec.cluster_ip not in written
            ]
        elif STORE not in self.world.faults.disturbed:
            self._refused.append((served.revision, wanted))
        yield from ()

    def _written(self, served: Served, wanted: HasMeta | None) -> Iterator[Service]:
        """What a service was to be, and was since it was asked for a write of it."""
        name = served.request.name if wanted is None else wanted.metadata.name
        history = self.world.histories(Service).get((served.request.namespace, name), ())
        yield from (one for one in (wanted, *since(history, served.revision)) if isinstance(one, Service))

    def settled(self) -> Iterator[str]:
        """Look for who had the address; what was under way then is written by now."""
        for revision, wanted in self._refused:
            address = wanted.spec.cluster_ip
            if not any(one.spec.cluster_ip == address for one in self._services_since(revision)):
                yield f"{title(wanted)} asked for {address} at {revision}, which nobody had, and did not get it"

    def _services_since(self, revision: int) -> Iterator[Service]:
        """Those that there were at a revision, and from then on."""
        yield from self.world.of(Service).values()
        for commit in self.world.log_of(Service):
            for one in (commit.old, commit.new) if commit.revision > revision else ():
                if isinstance(one, Service):
                    yield one


INVARIANTS: tuple[type[Invariant], ...] = (
    ResourceRejectionsAreJustified,
    ValidRequestsAreAccepted,
    RejectionsNameTheObject,
    ReleasedClusterIPsAreReusable,
)
