"""VolumeBinding: schedules pods to nodes where their volumes are available, and binds waiting claims.

Source: pkg/scheduler/framework/plugins/volumebinding/volume_binding.go (v1.36).
"""

from functools import partial

import msgspec
import numpy as np
from msgspec.structs import replace

from kubeactors.api.core.v1 import Node, NodeSelector, PersistentVolumeClaim
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.api.core.v1.volume_matching import SELECTED_NODE, bound_volume, reaches
from kubeactors.api.storage.v1 import CSIDriver, CSIStorageCapacity, StorageClass
from kubeactors.apimachinery.quantity import compare
from kubeactors.client import revision_of
from kubeactors.scheduler.cluster_event import Action, Hint, Resource, Subject
from kubeactors.scheduler.framework import View
from kubeactors.scheduler.handle import Handle
from kubeactors.scheduler.node_masks import NodeMasks, RefusalView
from kubeactors.scheduler.plugins.volume_restrictions import is_its_claim
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Code, Mask, Status
from kubeactors.scheduler.volume_binder import (
    BIND_CONFLICT,
    NO_VOLUME,
    NODE_CONFLICT,
    Claims,
    Decision,
    VolumeBinder,
    is_bound,
)

NAME = "VolumeBinding"
POLL_SECONDS = 0.1
"""How often a claim that is being bound is checked."""

_SKIP = Status(Code.SKIP, (), NAME)


class VolumeBinding:
    """Rejects nodes where the pod's volumes are not available; reserves and binds the volumes of unbound claims.

    Args:
        handle: the scheduler's handle.
        bind_timeout_seconds: how long binding the volumes of a pod may take.
    """

    name = NAME
    weight = 0

    def __init__(self, handle: Handle, *, bind_timeout_seconds: int = 600) -> None:
        self._cache = handle.cache
        self._client = handle.client
        self._sleep = handle.sleep
        self._patience = bind_timeout_seconds
        self._binder = None if handle.volumes is None else VolumeBinder(handle.volumes)
        self._reached: NodeMasks[bytes] = NodeMasks(handle.cache)
        self._decisions: dict[str, Decision] = {}
        """By the UID of the pod."""
        self._reused: dict[str, tuple[PersistentVolumeClaim, ...]] = {}
        """By the UID of the pod, its bound claims; see `VolumeBinder.reused`."""

    def pre_filter(self, pod: PodInfo) -> Status | None:
        """Reject the pod unless its claims exist, and are bound or wait for its node."""
        problem = self._binder.problem(pod) if pod.claims and self._binder is not None else ""
        return Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, (problem,), NAME) if problem else None

    def view(self, pod: PodInfo) -> View | None:
        """None if the pod's volumes are available on all nodes."""
        if not pod.claims or self._binder is None:
            return None
        claims = self._binder.claims(pod)
        volumes = [self._binder.volume(one) for one in claims.bound]
        if not claims.delayed and all(one is not None and one.spec.node_affinity is None for one in volumes):
            return None
        return RefusalView(lambda: self._refusals(claims, volumes))

    def reserve(self, pod: PodInfo, node_name: str) -> Status | None:
        """Reserve volumes for the pod, and decide which are to be provisioned."""
        if not pod.claims or self._binder is None:
            return None
        info = self._cache.get(node_name)
        claims = self._binder.claims(pod)
        decision = self._binder.decide(claims, info.node) if info is not None and info.node is not None else ""
        if isinstance(decision, str):
            return Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, (decision or BIND_CONFLICT,), NAME)
        reused = self._binder.reused(claims)
        if reused:
            self._reused[pod.uid] = reused
        if not decision.is_empty:
            self._decisions[pod.uid] = decision
            self._binder.assume(decision, node_name)
        return None

    def unreserve(self, pod: PodInfo, node_name: str) -> None:
        """Release the volumes."""
        del node_name
        self._reused.pop(pod.uid, None)
        decision = self._decisions.pop(pod.uid, None)
        if decision is not None and self._binder is not None:
            self._binder.forget(decision)

    def pre_bind_pre_flight(self, pod: PodInfo, node_name: str) -> Status | None:
        """Skip pods whose claims are all bound, and of immediate binding mode."""
        del node_name
        return None if pod.uid in self._decisions or pod.uid in self._reused else _SKIP

    async def pre_bind(self, pod: PodInfo, node_name: str) -> Status | None:
        """Write the decisions, and wait until the claims are bound.

        Claims that seem bound are read live: a recreated claim waits for its pod, and no scheduler would select a node
        for it any more. kube-scheduler trusts its cache.
        """
        for claim in self._reused.get(pod.uid, ()):
            if await self._client.again(claim) is None:
                return Status(Code.ERROR, (f'persistentvolumeclaim "{claim.metadata.name}" was deleted',), NAME)
        decision = self._decisions.get(pod.uid, Decision())
        for volume, claim in decision.bindings:
            await self._client.update(bound_volume(volume, claim))
        asked = [await self._ask_for_volume(claim, node_name) for claim in decision.provisions]
        failure = await self._bound([*(claim for _, claim in decision.bindings), *asked], node_name)
        if failure:
            return Status(Code.ERROR, (f"binding volumes: {failure}",), NAME)
        self.unreserve(pod, node_name)
        return None

    def hints(self) -> tuple[Hint, ...]:
        """Any change of the pod's claims; volumes, classes and nodes that are added or change."""
        return (
            Hint(Resource.STORAGE_CLASS, Action.ADD | Action.UPDATE, _allows_more),
            Hint(Resource.PERSISTENT_VOLUME_CLAIM, Action.ADD | Action.UPDATE, is_its_claim),
            Hint(Resource.PERSISTENT_VOLUME, Action.ADD | Action.UPDATE),
            Hint(Resource.CSI_DRIVER, Action.UPDATE, _stops_counting),
            Hint(Resource.CSI_STORAGE_CAPACITY, Action.ADD | Action.UPDATE, _has_more),
            Hint(Resource.NODE, Action.ADD | Action.UPDATE_NODE_LABEL),
        )

    def _refusals(self, claims: Claims, volumes: list[PersistentVolume | None]) -> list[tuple[Status, Mask]]:
        capacity = self._cache.table.capacity
        conflicting = np.zeros(capacity, np.bool_)
        for volume in volumes:
            if volume is not None and volume.spec.node_affinity is not None:
                conflicting |= ~self._reach(volume, volume.spec.node_affinity.required)
        unmet = self._unmet(claims) if claims.delayed else {}
        found: list[tuple[tuple[str, ...], Mask]] = []
        found += [((NODE_CONFLICT, reason), conflicting & mask) for reason, mask in unmet.items()]
        found += [((NODE_CONFLICT,), conflicting), *(((reason,), mask) for reason, mask in unmet.items())]
        if any(one is None for one in volumes):
            found.append(((NO_VOLUME,), np.ones(capacity, np.bool_)))
        return [
            (Status(Code.UNSCHEDULABLE_AND_UNRESOLVABLE, reasons, NAME), mask) for reasons, mask in found if mask.any()
        ]

    def _reach(self, volume: PersistentVolume, selector: NodeSelector | None) -> Mask:
        key = msgspec.json.encode(selector)
        return self._reached.rows(key, partial(reaches, volume))

    def _unmet(self, claims: Claims) -> dict[str, Mask]:
        """The rows on which waiting claims cannot be bound, by reason."""
        assert self._binder is not None  # there are claims
        found: dict[str, Mask] = {}
        for info in self._cache:
            decision = self._binder.decide(claims, _node(info.node))
            if isinstance(decision, str):
                if decision not in found:
                    found[decision] = np.zeros(self._cache.table.capacity, np.bool_)
                found[decision][info.row] = True
        return found

    async def _ask_for_volume(self, claim: PersistentVolumeClaim, node_name: str) -> PersistentVolumeClaim:
        """Annotate the claim with the selected node, unless an earlier cycle has done so."""
        if claim.metadata.annotations.get(SELECTED_NODE) == node_name:
            return claim
        annotations = {**claim.metadata.annotations, SELECTED_NODE: node_name}
        return await self._client.update(replace(claim, metadata=replace(claim.metadata, annotations=annotations)))

    async def _bound(self, claims: list[PersistentVolumeClaim], node_name: str) -> str:
        """Wait until all claims are bound. Returns the failure, or an empty string."""
        assert self._binder is not None  # there are claims
        for _ in range(int(self._patience / POLL_SECONDS)):
            newest = [self._binder.newest(one) for one in claims]
            if all(one is not None and is_bound(one) for one in newest):
                return ""
            if None in newest:
                return "a persistentvolumeclaim was deleted"
            for asked, now in zip(claims, newest, strict=True):
                if now is not None and _is_given_up(asked, now, node_name):
                    return f'provisioning failed for PVC "{now.metadata.name}"'
            await self._sleep(POLL_SECONDS)
        return "context deadline exceeded"


def _node(node: Node | None) -> Node:
    assert node is not None  # the cache iterates over existing nodes
    return node


def _is_given_up(asked: PersistentVolumeClaim, now: PersistentVolumeClaim, node_name: str) -> bool:
    """Whether a provisioner has removed the selected node from the claim: it cannot provision there.

    Source: pkg/scheduler/framework/plugins/volumebinding/binder.go, checkBindings (v1.36).
    """
    if asked.metadata.annotations.get(SELECTED_NODE) != node_name or is_bound(now):
        return False
    wanted = now.metadata.annotations.get(SELECTED_NODE)
    return wanted != node_name and revision_of(now.metadata) >= revision_of(asked.metadata)


def _stops_counting(_: PodInfo, old: Subject, new: Subject) -> bool:
    if not isinstance(old, CSIDriver) or not isinstance(new, CSIDriver):
        return False
    return bool(old.spec.storage_capacity) and not new.spec.storage_capacity


def _has_more(_: PodInfo, old: Subject, new: Subject) -> bool:
    if not isinstance(new, CSIStorageCapacity):
        return False
    if not isinstance(old, CSIStorageCapacity):
        return True
    pairs = ((old.capacity, new.capacity), (old.maximum_volume_size, new.maximum_volume_size))
    return any(after is not None and (before is None or compare(after, before) > 0) for before, after in pairs)


def _allows_more(_: PodInfo, old: Subject, new: Subject) -> bool:
    if not isinstance(new, StorageClass):
        return False
    return not isinstance(old, StorageClass) or old.allowed_topologies != new.allowed_topologies
