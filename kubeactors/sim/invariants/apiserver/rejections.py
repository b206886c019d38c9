"""Invariants of rejections: the reason that the server gives is true.

A mistake in an admission check shows in two ways: as an admitted request that exceeds a bound, which other invariants
catch, and, here, as a rejected one that does not.

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
from kubeactors.apimachinery.requests import APPLY_PATCH, ApiRequest, Create, Delete, Get, Patch, Update
from kubeactors.apimachinery.status import Status
from kubeactors.sim.invariants.invariant import Invariant, ServerInvariant, title
from kubeactors.sim.network import STORE, Served
from kubeactors.sim.users.requests import REPEATER
from kubeactors.sim.world import World, since

FORBIDDEN = "Forbidden"
WRONG, BROKEN = ("Invalid", "BadRequest"), "InternalError"
SERVICES = "services"
TAKEN = "provided IP is already allocated"
BOUND = re.compile(r"(maximum|minimum) \S+ usage per \w+ is ([\w.]+), but (?:request|limit) is ([\w.]+)")
SHARE = re.compile(r"exceeded quota: (\S+), requested: (\S+), used: (\S+), limited: (\S+)")


class ResourceRejectionsAreJustified(ServerInvariant):
    """A rejection by a LimitRange or quota follows from the amounts in its message, and that quota existed."""

    name: ClassVar[str] = "resource-rejections-are-justified"
    answers: ClassVar[tuple[type[object], ...]] = (Status,)

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Recompute the check from the amounts in the message."""
        if not isinstance(answer, Status) or answer.reason != FORBIDDEN:
            return
        for which, bound, amount in BOUND.findall(answer.message):
            if compare(amount, bound) * (1 if which == "maximum" else -1) <= 0:
                yield f"a request of {amount} was rejected, though the {which} is {bound}: {answer.message}"
        for name, *shares in SHARE.findall(answer.message):
            requested, used, limited = map(_amounts, shares)
            for what, most in limited.items():
                if compare(add(used[what], requested[what]), most) <= 0:
                    yield f"a request of {requested[what]} of {what} was rejected, though the quota allows it: {answer.message}"
            if not self._was_so(served.request.namespace, name, limited):
                yield f"quota {name} never had these limits: {answer.message}"

    def _was_so(self, namespace: str, name: str, limited: dict[str, str]) -> bool:
        states = self.world.histories(ResourceQuota).get((namespace, name), ())
        quotas = (one.new for one in states if isinstance(one.new, ResourceQuota))
        return any(limited.items() <= one.spec.hard.items() for one in quotas)


def _amounts(text: str) -> dict[str, str]:
    """Amounts by resource.

    >>> _amounts("pods=1,requests.cpu=2")
    {'pods': '1', 'requests.cpu': '2'}
    """
    return dict(part.split("=", maxsplit=1) for part in text.split(","))


class ValidRequestsAreAccepted(ServerInvariant):
    """Requests of users are never rejected as Invalid or BadRequest, and no request with InternalError.

    Users in scenarios send valid requests, as far as they know, unless they repeat what was recorded in another cluster. A
    request may be invalid because of another user's write in between; `DESERVED` lists these cases.
    """

    name: ClassVar[str] = "valid-requests-are-accepted"
    answers: ClassVar[tuple[type[object], ...]] = (Status,)

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Look at each such answer."""
        if not isinstance(answer, Status) or answer.reason not in (*WRONG, BROKEN) or DESERVED.search(answer.message):
            return
        user = served.request.user.name
        if answer.reason == BROKEN or not user.startswith((COMPONENT, REPEATER.name)):
            what = f"{type(served.request).__name__.lower()} of {served.request.resource.resource}"
            yield f"{what} by {user} was rejected: {answer.message}"


class RejectionsNameTheObject(ServerInvariant):
    """A rejection because of one object names it in its details.

    Exempt: creations that are forbidden whatever the name, missing namespaces, JSON patches that cannot be applied, and
    apply conflicts, whose details name the fields.

    Source: the documentation of StatusDetails in apimachinery/pkg/apis/meta/v1/types.go (v1.36).
    """

    name: ClassVar[str] = "rejections-name-the-object"
    answers: ClassVar[tuple[type[object], ...]] = (Status,)

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Compare the name in the details with the requested one."""
        request = served.request
        if not isinstance(answer, Status) or not isinstance(request, Get | Create | Update | Patch | Delete):
            return
        name = request.object.metadata.name if isinstance(request, Create) else request.name
        refused = answer.reason in ABOUT_IT and SCHEME.by_resource(request.resource) is not None
        if not refused or not name or APART.search(answer.message):
            return
        if answer.reason == NOT_FOUND and (isinstance(request, Create) or _is_apply(request)):
            return
        told = answer.details.name if answer.details is not None else ""
        if told != name:
            what = f"{type(request).__name__.lower()} of {request.resource.resource} {name}"
            yield f"{what} was rejected, but the rejection names {told or 'no object'}: {answer.message}"


def _is_apply(request: ApiRequest[object]) -> bool:
    return isinstance(request, Patch) and request.patch_type == APPLY_PATCH


NOT_FOUND = "NotFound"
ABOUT_IT = (NOT_FOUND, "AlreadyExists", "Conflict", "Invalid", FORBIDDEN)
APART = re.compile(
    "^Apply failed|cannot create resource|^the server rejected our request due to an error in our request"
)
COMPONENT = "system:"
"""Prefix of components' user names; their requests are judged by `components-send-valid-requests`."""
DESERVED = re.compile(
    "failed calling webhook|denied request"  # users' admission policies and webhooks
    "|must be less than or equal to"  # with a limit that a LimitRange gives
    "|can not be less than status.capacity"  # a claim never shrinks
    "|spec.clusterIPs"  # a service with a cluster IP cannot become headless, nor the other way round
    "|field can not be less than"  # another user has resized it
    "|provided port is already allocated"  # by a creation in flight
    f"|{TAKEN}|is immutable after creation|name must be provided"
)
"""Messages of rejections because of another user's write in between."""


class ReleasedClusterIPsAreReusable(ServerInvariant):
    """A service gets the cluster IP that it requests, unless another service has it, or a write of one is in flight.

    Source: `Delete` and `beginCreate` in pkg/registry/core/service/storage/storage.go (v1.36): a deleted service's IP is
    released once the store has answered, and a service being created holds its IP until it is created or rejected. If
    the store's answer to a deletion is lost, a repair loop releases the IP minutes later: see registry/repair.py.
    """

    name: ClassVar[str] = "released-cluster-ips-are-reusable"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._rejected: list[tuple[int, Service]] = []
        """Services that were rejected because their IP was taken, and the revision at their request."""

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Note each rejected service; drop those that were rejected while another one with that IP was written."""
        request = served.request
        if not isinstance(request, Create | Update | Patch | Delete) or request.resource.resource != SERVICES:
            return
        wanted = request.object if isinstance(request, Create) else None
        if not isinstance(wanted, Service) or not isinstance(answer, Status) or TAKEN not in answer.message:
            written = [one.spec.cluster_ip for one in self._written(served, wanted)] if self._rejected else ()
            self._rejected = [
                (revision, one)
                for revision, one in self._rejected
                if revision < served.revision or one.spec.cluster_ip not in written
            ]
        elif STORE not in self.world.faults.affected:
            self._rejected.append((served.revision, wanted))
        yield from ()

    def _written(self, served: Served, wanted: HasMeta | None) -> Iterator[Service]:
        """A service as requested, and its states since the request arrived."""
        name = served.request.name if wanted is None else wanted.metadata.name
        history = self.world.histories(Service).get((served.request.namespace, name), ())
        yield from (one for one in (wanted, *since(history, served.revision)) if isinstance(one, Service))

    def settled(self) -> Iterator[str]:
        """Look for services that had the IP; writes that were in flight then are done by now."""
        for revision, wanted in self._rejected:
            address = wanted.spec.cluster_ip
            if not any(one.spec.cluster_ip == address for one in self._services_since(revision)):
                yield f"{title(wanted)} requested the cluster IP {address} at revision {revision} and was rejected, though no service had it"

    def _services_since(self, revision: int) -> Iterator[Service]:
        """All states of services from a revision on."""
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
