"""DynamicResources: schedules pods to nodes where their ResourceClaims can be allocated, and allocates them.

Source: pkg/scheduler/framework/plugins/dynamicresources/dynamicresources.go (v1.36). See `scheduler/devices.py` for
unsupported devices.
"""

from collections.abc import Sequence
from functools import partial

import msgspec
import numpy as np
from msgspec.structs import replace

from kubeactors.api.core.v1 import Node, NodeSelector, Pod
from kubeactors.api.core.v1.placement import matches_node_selector
from kubeactors.api.resource.v1 import ResourceClaim
from kubeactors.api.resource.v1.resourceclaim import FINALIZER, AllocationResult
from kubeactors.apimachinery.cel import CelError
from kubeactors.apimachinery.status import Conflict
from kubeactors.client import controller_of
from kubeactors.scheduler.cluster_event import Action, Hint, Resource, Subject
from kubeactors.scheduler.device_allocation import result_of, ways
from kubeactors.scheduler.device_book import AllocatableView, DeviceBook
from kubeactors.scheduler.device_claims import ClaimProblem, can_have_more_users, claims_of, is_user, user
from kubeactors.scheduler.framework import Trial, View
from kubeactors.scheduler.handle import Handle
from kubeactors.scheduler.node_masks import NodeMasks, RefusalView
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Code, Diagnosis, Mask, PostFilterResult, Status
from kubeactors.scheduler.views import Views

NAME = "DynamicResources"
ATTEMPTS = 5
"""How often the write of a claim is retried after a conflict."""

_SKIP = Status(Code.SKIP, (), NAME)


def _refusal(reason: str) -> Status:
    return Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, (reason,), NAME)


_NO_DEVICES = _refusal("cannot allocate all claims")
_ELSEWHERE = _refusal("resourceclaim not available on the node")
_IN_USE = _refusal("resourceclaim in use")


class DynamicResources:
    """Finds devices for the claims of a pod, reserves them, and writes the allocation before the pod is bound."""

    name = NAME
    weight = 0

    def __init__(self, handle: Handle) -> None:
        self._cache = handle.cache
        self._client = handle.client
        self._claims = handle.devices.claims.lister if handle.devices is not None else None
        self._book = DeviceBook(handle.devices, handle.cache) if handle.devices is not None else None
        self._selected: NodeMasks[bytes] = NodeMasks(handle.cache)
        self._views: Views[bytes, AllocatableView] = Views()
        self._reserved: dict[str, dict[str, AllocationResult]] = {}
        """Allocations in flight, by the UID of the pod and of the claim."""

    def pre_enqueue(self, pod: PodInfo) -> Status | None:
        """Gate the pod until its claims exist."""
        if not pod.pod.spec.resource_claims:
            return None
        try:
            self._claims_of(pod)
        except ClaimProblem as problem:
            return _refusal(str(problem))
        return None

    def pre_filter(self, pod: PodInfo) -> Status | None:
        """Reject the pod if a claim is not available to it, or names unknown classes or invalid expressions."""
        if not pod.pod.spec.resource_claims or self._book is None:
            return None
        try:
            claims = self._claims_of(pod)
        except ClaimProblem as problem:
            return _refusal(str(problem))
        for claim in claims:
            refusal = self._unusable(claim, pod)
            if refusal is not None:
                return refusal
        view = self._view(claims)
        if view is not None:
            view.rows()
        return _refusal(view.error) if view is not None and view.error else None

    def view(self, pod: PodInfo) -> View | None:
        """None if the pod has no claims."""
        if not pod.pod.spec.resource_claims or self._book is None:
            return None
        try:
            claims = self._claims_of(pod)
        except ClaimProblem:
            return None
        return RefusalView(lambda: self._refusals(claims))

    def post_filter(self, pod: PodInfo, diagnosis: Diagnosis, trial: Trial) -> PostFilterResult:
        """Deallocate a claim that no other pod uses, if its devices are on unsuitable nodes."""
        del trial
        if not pod.pod.spec.resource_claims or self._book is None or diagnosis.pre_filter_message:
            return PostFilterResult(message="no new claims to deallocate")
        for claim in self._claims_of(pod):
            others = [one for one in claim.status.reserved_for if one.uid != pod.uid]
            if claim.status.allocation is not None and not others and not self._reach(claim).all():
                return PostFilterResult(message="deallocation of ResourceClaim completed", released=(claim,))
        return PostFilterResult(message="still not schedulable")

    def reserve(self, pod: PodInfo, node_name: str) -> Status | None:
        """Allocate devices on the node, and keep them for the pod."""
        if not pod.pod.spec.resource_claims or self._book is None:
            return None
        info = self._cache.get(node_name)
        waiting = [one for one in self._claims_of(pod) if one.status.allocation is None]
        if not waiting or info is None or info.node is None:
            return None
        try:
            picked = self._book.allocate([one.spec.devices for one in waiting], info.node)
        except CelError as error:
            return Status(Code.ERROR, (str(error),), NAME)
        if picked is None:
            return _NO_DEVICES
        kept = self._reserved[pod.uid] = {}
        for claim, each in zip(waiting, picked, strict=True):
            uid = claim.metadata.uid
            kept[uid] = result_of(claim.spec.devices, each, self._book.class_of)
            self._book.keep(uid, kept[uid])
        return None

    def unreserve(self, pod: PodInfo, node_name: str) -> None:
        """Release the allocations that are not written."""
        del node_name
        for uid in self._reserved.pop(pod.uid, {}):
            if self._book is not None:
                self._book.forget(uid)

    def pre_bind_pre_flight(self, pod: PodInfo, node_name: str) -> Status | None:
        """Skip pods without claims."""
        del node_name
        return None if pod.pod.spec.resource_claims and self._book is not None else _SKIP

    async def pre_bind(self, pod: PodInfo, node_name: str) -> Status | None:
        """Write the allocations, and reserve the claims for the pod."""
        del node_name
        try:
            claims = self._claims_of(pod)
        except ClaimProblem as problem:  # it was deleted while other plugins' PreBind ran
            return Status(Code.ERROR, (str(problem),), NAME)
        reserved = self._reserved.get(pod.uid, {})
        for claim in claims:
            if not is_user(claim, pod.uid):
                await self._write(claim, pod, reserved.get(claim.metadata.uid))
                reserved.pop(claim.metadata.uid, None)
        self._reserved.pop(pod.uid, None)
        return None

    def object_changed(self, old: Subject, new: Subject) -> None:
        """Update the device book."""
        if self._book is not None:
            self._book.object_changed(old, new)

    def hints(self) -> tuple[Hint, ...]:
        """Nodes, claims, classes and devices that are added or change, and claims that are created for the pod.

        So is a pod whose binding failed, whose devices are free again; kube-scheduler has no event for that.
        """
        return (
            Hint(Resource.NODE, Action.ADD | Action.UPDATE_NODE_LABEL),
            Hint(Resource.RESOURCE_CLAIM, Action.ADD | Action.UPDATE, self._helps, _single_target),
            Hint(Resource.TARGET_POD, Action.UPDATE_POD_GENERATED_RESOURCE_CLAIM),
            Hint(Resource.DEVICE_CLASS, Action.ADD | Action.UPDATE),
            Hint(Resource.RESOURCE_SLICE, Action.ADD | Action.UPDATE),
            Hint(Resource.ASSIGNED_POD, Action.DELETE, _had_claims),
        )

    def _helps(self, pod: PodInfo, old: Subject, new: Subject) -> bool:
        if not isinstance(new, ResourceClaim) or not pod.pod.spec.resource_claims:
            return False
        try:
            own = any(one.metadata.uid == new.metadata.uid for one in self._claims_of(pod))
        except ClaimProblem:
            return False
        if not isinstance(old, ResourceClaim):
            return own
        if old.status.allocation is not None and new.status.allocation is None:
            return True
        return own and old.status != new.status

    def _claims_of(self, pod: PodInfo) -> tuple[ResourceClaim, ...]:
        """See `claims_of`."""
        claims, namespace = self._claims, pod.group.namespace
        return () if claims is None else claims_of(pod.pod, lambda name: claims.get(name, namespace))

    def _unusable(self, claim: ResourceClaim, pod: PodInfo) -> Status | None:
        assert self._book is not None  # there are claims
        metadata = claim.metadata
        if claim.status.allocation is not None:
            return None if is_user(claim, pod.uid) or can_have_more_users(claim) else _IN_USE
        if self._book.is_in_flight(metadata.uid):
            name = f"{metadata.namespace}/{metadata.name}"
            return _refusal(f"resource claim {name} is in the process of being allocated")
        for request in claim.spec.devices.requests or ():
            for way in ways(request):
                if self._book.class_of(way.class_name) is None:
                    return _refusal(f"request {way.name}: device class {way.class_name} does not exist")
        return None

    def _view(self, claims: Sequence[ResourceClaim]) -> AllocatableView | None:
        """None if all claims are allocated."""
        assert self._book is not None  # there are claims
        waiting = [one.spec.devices for one in claims if one.status.allocation is None]
        if not waiting:
            return None
        book = self._book
        return self._views.get(msgspec.json.encode(waiting), lambda: AllocatableView(waiting, book, self._cache))

    def _refusals(self, claims: Sequence[ResourceClaim]) -> list[tuple[Status, Mask]]:
        found: list[tuple[Status, Mask]] = []
        view = self._view(claims)
        if view is not None:
            found.append((_NO_DEVICES, ~view.rows()))
        found += [(_ELSEWHERE, ~self._reach(one)) for one in claims if one.status.allocation is not None]
        return [(status, mask) for status, mask in found if mask.any()]

    def _reach(self, claim: ResourceClaim) -> Mask:
        """The rows on which the devices of the claim are available; True also where there is no node."""
        allocation = claim.status.allocation
        selector = allocation.node_selector if allocation is not None else None
        if selector is None:
            return np.ones(self._cache.table.capacity, np.bool_)
        selected = self._selected.rows(msgspec.json.encode(selector), partial(_selects, selector))
        return selected | ~self._cache.table.present

    async def _write(self, claim: ResourceClaim, pod: PodInfo, allocation: AllocationResult | None) -> None:
        """Write the allocation, and retry on conflicts."""
        current = claim
        for attempt in range(ATTEMPTS):
            obstacle = _obstacle(claim, current, allocation)
            if obstacle:
                raise Conflict.saying(f"claim {claim.metadata.name} {obstacle} in the meantime")
            try:
                await self._write_once(current, pod, allocation)
            except Conflict:
                if attempt == ATTEMPTS - 1:
                    raise
                current = await self._client.get(ResourceClaim, claim.metadata.name, claim.metadata.namespace)
            else:
                return

    async def _write_once(self, claim: ResourceClaim, pod: PodInfo, allocation: AllocationResult | None) -> None:
        if allocation is not None and FINALIZER not in claim.metadata.finalizers:
            finalizers = (*claim.metadata.finalizers, FINALIZER)
            claim = await self._client.update(replace(claim, metadata=replace(claim.metadata, finalizers=finalizers)))
        users = claim.status.reserved_for
        if not is_user(claim, pod.uid):
            users = (*users, user(pod.pod))
        status = replace(claim.status, reserved_for=users, allocation=allocation or claim.status.allocation)
        await self._client.update_status(replace(claim, status=status))


def _obstacle(claim: ResourceClaim, current: ResourceClaim, allocation: AllocationResult | None) -> str:
    """Why the present state of the claim rules out the decision; empty if it does not.

    kube-scheduler does not check the first case, and leaves the last one to the API server.
    """
    if current.metadata.uid != claim.metadata.uid:
        return "was deleted and created again"
    if current.metadata.deletion_timestamp is not None:
        return "got deleted"
    if allocation is not None and current.status.allocation is not None:
        return "got allocated elsewhere"
    if allocation is None and current.status.allocation is None:
        return "got deallocated"
    return ""


def _single_target(old: Subject, new: Subject) -> str:
    """The UID of the only pod that may use a claim created for it, until its devices are released."""
    if not isinstance(new, ResourceClaim):
        return ""
    if isinstance(old, ResourceClaim) and old.status.allocation is not None and new.status.allocation is None:
        return ""
    owner = controller_of(new.metadata)
    return owner.uid if owner is not None and owner.kind == "Pod" else ""


def _had_claims(_: PodInfo, old: Subject, __: Subject) -> bool:
    return isinstance(old, Pod) and bool(old.spec.resource_claims)


def _selects(selector: NodeSelector, node: Node) -> bool:
    return matches_node_selector(selector, node.metadata.labels, node.metadata.name)
