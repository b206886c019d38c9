"""Allocates devices on one node to the claims of a pod: the first fit in order, or none.

Source: k8s.io/dynamic-resource-allocation/structured/internal/stable/allocator.go (v1.36).
"""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from kubeactors.api.core.v1 import NodeSelector, NodeSelectorRequirement, NodeSelectorTerm
from kubeactors.api.resource.v1 import DeviceClass
from kubeactors.api.resource.v1.defaults import ALL
from kubeactors.api.resource.v1.devices import DeviceSelector, DeviceToleration
from kubeactors.api.resource.v1.request import (
    DeviceClaim,
    DeviceConstraint,
    DeviceRequest,
    DeviceSubRequest,
    ExactDeviceRequest,
)
from kubeactors.api.resource.v1.resourceclaim import (
    AllocationResult,
    DeviceAllocationConfiguration,
    DeviceAllocationResult,
    DeviceRequestAllocationResult,
)
from kubeactors.scheduler.devices import DeviceId, Offer, is_match

MOST_DEVICES = 32
"""The maximum number of devices of a claim. Source: api/resource/v1/types.go, AllocationResultsMaxSize (v1.36)."""

ClassOf = Callable[[str], DeviceClass | None]


class Wanted(msgspec.Struct, frozen=True):
    """One way to satisfy a request."""

    name: str
    """The name of the request; `request/subrequest` for one of its alternatives."""
    class_name: str
    selectors: tuple[DeviceSelector, ...]
    tolerations: tuple[DeviceToleration, ...]
    count: int
    """The number of devices; 0 means all."""
    admin_access: bool | None = None


class Picked(msgspec.Struct, frozen=True):
    """A device for a request."""

    wanted: Wanted
    offer: Offer


def ways(request: DeviceRequest) -> tuple[Wanted, ...]:
    """The ways to satisfy a request, in order of preference."""
    if request.exactly is not None:
        return (_wanted(request.name, request.exactly, request.exactly.admin_access),)
    return tuple(_wanted(f"{request.name}/{one.name}", one, None) for one in request.first_available)


def _wanted(name: str, one: ExactDeviceRequest | DeviceSubRequest, admin: bool | None) -> Wanted:  # noqa: FBT001
    count = 0 if one.allocation_mode == ALL else one.count or 1
    return Wanted(name, one.device_class_name, one.selectors, one.tolerations, count, admin)


def allocate(
    claims: Sequence[DeviceClaim], there: Sequence[Offer], class_of: ClassOf, is_taken: Callable[[DeviceId], bool]
) -> tuple[tuple[Picked, ...], ...] | None:
    """The devices for each claim, out of those offered; None if not all claims can be satisfied.

    Raises:
        CelError: an expression cannot be evaluated.
    """
    search = _Search(claims, there, class_of, is_taken)
    return tuple(map(tuple, search.picked)) if search.satisfy(0) else None


class _Step(msgspec.Struct, frozen=True):
    """A step of the search: a request, its claim, the way that is tried, and the matching devices."""

    at: int
    number: int
    wanted: Wanted
    free: Sequence[Offer]


class _Search:
    """A backtracking search over the devices."""

    def __init__(
        self,
        claims: Sequence[DeviceClaim],
        there: Sequence[Offer],
        class_of: ClassOf,
        is_taken: Callable[[DeviceId], bool],
    ) -> None:
        self.picked: list[list[Picked]] = [[] for _ in claims]
        self._claims = claims
        self._there = there
        self._class_of = class_of
        self._is_taken = is_taken
        self._requests = [(number, one) for number, claim in enumerate(claims) for one in claim.requests or ()]
        self._used: dict[DeviceId, None] = {}

    def satisfy(self, at: int) -> bool:
        """Whether this request and those after it can be satisfied."""
        if at == len(self._requests):
            return True
        number, request = self._requests[at]
        return any(self._try(at, number, one) for one in ways(request))

    def _try(self, at: int, number: int, wanted: Wanted) -> bool:
        class_ = self._class_of(wanted.class_name)
        if class_ is None:
            return False
        meant = [one for one in self._there if is_match(one, class_, wanted.selectors, wanted.tolerations)]
        free = [one for one in meant if wanted.admin_access or not self._is_held(one.id)]
        count = wanted.count or len(meant)
        if not count or len(free) < count or len(self.picked[number]) + count > MOST_DEVICES:
            return False
        return self._take(_Step(at, number, wanted, free), 0, count)

    def _take(self, step: _Step, start: int, left: int) -> bool:
        """Whether `left` of the devices from `start` on can be allocated, and then the requests that follow."""
        if not left:
            return self.satisfy(step.at + 1)
        for place in range(start, len(step.free) - left + 1):
            one = step.free[place]
            if self._is_allowed(step.number, step.wanted, one):
                self._pick(step, one)
                if self._take(step, place + 1, left - 1):
                    return True
                self._undo(step)
        return False

    def _pick(self, step: _Step, one: Offer) -> None:
        self.picked[step.number].append(Picked(step.wanted, one))
        if not step.wanted.admin_access:
            self._used[one.id] = None

    def _undo(self, step: _Step) -> None:
        one = self.picked[step.number].pop()
        if not step.wanted.admin_access:
            del self._used[one.offer.id]

    def _is_held(self, one: DeviceId) -> bool:
        return one in self._used or self._is_taken(one)

    def _is_allowed(self, number: int, wanted: Wanted, offer: Offer) -> bool:
        """Whether the offer satisfies the constraints between the devices of the claim."""
        for one in self._claims[number].constraints:
            if _covers(one, wanted.name):
                others = [each.offer for each in self.picked[number] if _covers(one, each.wanted.name)]
                if not _agree(one, others, offer):
                    return False
        return True


def _covers(one: DeviceConstraint, name: str) -> bool:
    return not one.requests or name in one.requests or name.partition("/")[0] in one.requests


def _agree(one: DeviceConstraint, others: Sequence[Offer], offer: Offer) -> bool:
    if one.match_attribute is not None:
        value = offer.attribute(one.match_attribute)
        return value is not None and all(each.attribute(one.match_attribute) == value for each in others)
    if one.distinct_attribute is not None:
        value = offer.attribute(one.distinct_attribute)
        return value is not None and all(each.attribute(one.distinct_attribute) != value for each in others)
    return True


def result_of(claim: DeviceClaim, picked: Sequence[Picked], class_of: ClassOf) -> AllocationResult:
    """The allocation result of a claim."""
    results = tuple(
        DeviceRequestAllocationResult(
            request=one.wanted.name,
            driver=one.offer.id.driver,
            pool=one.offer.id.pool,
            device=one.offer.id.device,
            admin_access=one.wanted.admin_access,
            tolerations=one.wanted.tolerations,
        )
        for one in picked
    )
    devices = DeviceAllocationResult(results=results, config=tuple(_configurations(claim, picked, class_of)))
    return AllocationResult(devices=devices, node_selector=_selector([one.offer for one in picked]))


def _configurations(
    claim: DeviceClaim, picked: Sequence[Picked], class_of: ClassOf
) -> Iterator[DeviceAllocationConfiguration]:
    chosen = {one.wanted.name: one.wanted.class_name for one in picked}
    for name, class_name in chosen.items():
        class_ = class_of(class_name)
        for config in class_.spec.config if class_ is not None else ():
            yield DeviceAllocationConfiguration(source="FromClass", requests=(name,), opaque=config.opaque)
    for one in claim.config:
        meant = [name for name in chosen if name in one.requests or name.partition("/")[0] in one.requests]
        if not one.requests or meant:
            yield DeviceAllocationConfiguration(source="FromClaim", requests=one.requests, opaque=one.opaque)


def _selector(chosen: Sequence[Offer]) -> NodeSelector | None:
    """The nodes from which all of the devices are available; None if from all."""
    names = [one.place for one in chosen if isinstance(one.place, str)]
    if names:
        here = NodeSelectorRequirement(key="metadata.name", operator="In", values=(names[0],))
        return NodeSelector(node_selector_terms=(NodeSelectorTerm(match_fields=(here,)),))
    selectors = {one.place: None for one in chosen if isinstance(one.place, NodeSelector)}
    terms = [one.node_selector_terms[0] for one in selectors if one.node_selector_terms]
    expressions = tuple(dict.fromkeys(each for one in terms for each in one.match_expressions))
    fields = tuple(dict.fromkeys(each for one in terms for each in one.match_fields))
    if not expressions and not fields:
        return None
    return NodeSelector(node_selector_terms=(NodeSelectorTerm(match_expressions=expressions, match_fields=fields),))
