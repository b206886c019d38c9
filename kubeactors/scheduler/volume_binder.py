"""Finds the nodes on which the claims of a pod are bound, can be bound, or can be provisioned.

Decisions that are not written yet are assumed, so that the next pod sees them.

Source: pkg/scheduler/framework/plugins/volumebinding/{binder,assume_cache}.go (v1.36).
"""

from collections.abc import Iterator, Mapping

import msgspec

from kubeactors.api.core.v1 import Node, PersistentVolumeClaim
from kubeactors.api.core.v1.persistentvolume import PersistentVolume, class_of_volume
from kubeactors.api.core.v1.persistentvolumeclaim import class_of_claim
from kubeactors.api.core.v1.topology import TopologySelectorTerm
from kubeactors.api.core.v1.volume_matching import BIND_COMPLETED, SELECTED_NODE, best_match
from kubeactors.api.storage.v1 import CSIStorageCapacity, StorageClass
from kubeactors.api.storage.v1.storageclass import WAIT_FOR_FIRST_CONSUMER
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.labels import of_object
from kubeactors.client import is_controlled_by, key_of
from kubeactors.scheduler.disks import claim_name
from kubeactors.scheduler.handle import Volumes
from kubeactors.scheduler.pod_info import PodInfo

NO_PROVISIONER = "kubernetes.io/no-provisioner"

NODE_CONFLICT = "node(s) didn't match PersistentVolume's node affinity"
BIND_CONFLICT = "node(s) didn't find available persistent volumes to bind"
NO_SPACE = "node(s) did not have enough free storage"
NO_VOLUME = "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)"

BY_CLASS = "scheduler-class"
"""Index: volumes and capacities by StorageClass."""


class Claims(msgspec.Struct, frozen=True):
    """A pod's claims: bound ones, unbound ones that wait for its node, and unbound ones of immediate binding mode."""

    bound: tuple[PersistentVolumeClaim, ...]
    delayed: tuple[PersistentVolumeClaim, ...]
    immediate: tuple[PersistentVolumeClaim, ...]


class Decision(msgspec.Struct, frozen=True):
    """The writes after which the pod's volumes are available on its node."""

    bindings: tuple[tuple[PersistentVolume, PersistentVolumeClaim], ...] = ()
    provisions: tuple[PersistentVolumeClaim, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not self.bindings and not self.provisions


class VolumeBinder:
    """Makes decisions about volumes, node by node."""

    def __init__(self, storage: Volumes) -> None:
        storage.volumes.add_indexes({BY_CLASS: lambda one: (class_of_volume(one),)})
        storage.capacities.add_indexes({BY_CLASS: lambda one: (one.storage_class_name,)})
        self._storage = storage
        self._reserved: dict[str, str] = {}
        """The UID of the claim for which each volume is assumed, by the volume's name."""
        self._selected: dict[str, str] = {}
        """The selected node of each claim to provision, by the claim's UID."""

    def problem(self, pod: PodInfo) -> str:
        """Why the pod is unschedulable on all nodes until its claims change; empty if it is not."""
        for name in pod.claims:
            claim = self._storage.claims.lister.get(name, pod.group.namespace)
            if claim is None:
                return self._missing(pod, name)
            if claim.status.phase == "Lost":
                return (
                    f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{claim.spec.volume_name}"'
                )
            if claim.metadata.deletion_timestamp is not None:
                return f'persistentvolumeclaim "{name}" is being deleted'
            if _is_made(pod, name) and not is_controlled_by(claim.metadata, pod.pod.metadata.uid):
                return f'PVC "{key_of(claim)}" was not created for pod "{key_of(pod.pod)}" (pod is not owner)'
        return "pod has unbound immediate PersistentVolumeClaims" if self.claims(pod).immediate else ""

    def claims(self, pod: PodInfo) -> Claims:
        """The pod's existing claims, by state."""
        bound: list[PersistentVolumeClaim] = []
        delayed: list[PersistentVolumeClaim] = []
        immediate: list[PersistentVolumeClaim] = []
        for name in pod.claims:
            claim = self._storage.claims.lister.get(name, pod.group.namespace)
            if claim is None:
                continue
            if is_bound(claim):
                bound.append(claim)
            else:
                (delayed if not claim.spec.volume_name and self._waits(claim) else immediate).append(claim)
        return Claims(tuple(bound), tuple(delayed), tuple(immediate))

    def reused(self, claims: Claims) -> tuple[PersistentVolumeClaim, ...]:
        """The bound claims of delayed binding mode: if recreated, they would wait for a node again."""
        return tuple(filter(self._waits, claims.bound))

    def volume(self, claim: PersistentVolumeClaim) -> PersistentVolume | None:
        """The volume of a bound claim."""
        return self._storage.volumes.lister.get(claim.spec.volume_name)

    def decide(self, claims: Claims, node: Node) -> Decision | str:
        """How the waiting claims can be bound on the node, or why they cannot."""
        bindings: list[tuple[PersistentVolume, PersistentVolumeClaim]] = []
        provisions: list[PersistentVolumeClaim] = []
        taken: dict[str, str] = {}
        for claim in sorted(claims.delayed, key=_size):
            selected = self._selected.get(claim.metadata.uid) or claim.metadata.annotations.get(SELECTED_NODE)
            if selected and selected != node.metadata.name:
                return BIND_CONFLICT
            found = None if selected else best_match(self._free(claim, taken), claim, waits=False, node=node)
            if found is not None:
                taken[found.metadata.name] = claim.metadata.uid
                bindings.append((found, claim))
            elif not self._can_be_made(claim, node):
                return BIND_CONFLICT
            elif not self._has_space(claim, node):
                return NO_SPACE
            else:
                provisions.append(claim)
        return Decision(tuple(bindings), tuple(provisions))

    def assume(self, decision: Decision, node_name: str) -> None:
        """Assume a decision, so that others see it."""
        for volume, claim in decision.bindings:
            self._reserved[volume.metadata.name] = claim.metadata.uid
            self._selected[claim.metadata.uid] = node_name
        for claim in decision.provisions:
            self._selected[claim.metadata.uid] = node_name

    def forget(self, decision: Decision) -> None:
        """Drop an assumed decision: it is written, or will not be."""
        for volume, claim in decision.bindings:
            self._reserved.pop(volume.metadata.name, None)
            self._selected.pop(claim.metadata.uid, None)
        for claim in decision.provisions:
            self._selected.pop(claim.metadata.uid, None)

    def newest(self, claim: PersistentVolumeClaim) -> PersistentVolumeClaim | None:
        """The newest known state of the claim; None if it is gone."""
        metadata = claim.metadata
        found = self._storage.claims.lister.get(metadata.name, metadata.namespace)
        return found if found is not None and found.metadata.uid == metadata.uid else None

    def _free(self, claim: PersistentVolumeClaim, taken: Mapping[str, str]) -> Iterator[PersistentVolume]:
        """The volumes of the claim's class that are not reserved for another claim."""
        uid = claim.metadata.uid
        for name, volume in self._storage.volumes.lister.by_index(BY_CLASS, class_of_claim(claim)).items():
            if taken.get(name, uid) == uid and self._reserved.get(name, uid) == uid:
                yield volume

    def _class(self, claim: PersistentVolumeClaim) -> StorageClass | None:
        name = class_of_claim(claim)
        return self._storage.classes.lister.get(name) if name else None

    def _waits(self, claim: PersistentVolumeClaim) -> bool:
        found = self._class(claim)
        return found is not None and found.volume_binding_mode == WAIT_FOR_FIRST_CONSUMER

    def _can_be_made(self, claim: PersistentVolumeClaim, node: Node) -> bool:
        found = self._class(claim)
        if found is None or found.provisioner in {"", NO_PROVISIONER}:
            return False
        terms = found.allowed_topologies
        return not terms or any(_allows(one, node) for one in terms)

    def _has_space(self, claim: PersistentVolumeClaim, node: Node) -> bool:
        """Whether the driver has enough capacity for the node, if it publishes its capacity."""
        found = self._class(claim)
        driver = None if found is None else self._storage.drivers.lister.get(found.provisioner)
        if found is None or driver is None or not driver.spec.storage_capacity or "storage" not in _requests(claim):
            return True
        there = self._storage.capacities.lister.by_index(BY_CLASS, found.metadata.name)
        return any(_is_enough(one, _size(claim)) and _is_for(one, node) for one in there.values())

    @staticmethod
    def _missing(pod: PodInfo, name: str) -> str:
        if _is_made(pod, name):
            return f'waiting for ephemeral volume controller to create the persistentvolumeclaim "{name}"'
        return f'persistentvolumeclaim "{name}" not found'


def _is_made(pod: PodInfo, name: str) -> bool:
    """Whether the claim is created for an ephemeral volume of the pod."""
    return any(one.ephemeral is not None and claim_name(pod.pod, one) == name for one in pod.pod.spec.volumes)


def is_bound(claim: PersistentVolumeClaim) -> bool:
    """Whether the claim is fully bound."""
    return bool(claim.spec.volume_name) and BIND_COMPLETED in claim.metadata.annotations


def _requests(claim: PersistentVolumeClaim) -> Mapping[str, str]:
    return claim.spec.resources.requests


def _size(claim: PersistentVolumeClaim) -> int:
    return quantity.value(_requests(claim).get("storage", "0"))


def _is_enough(capacity: CSIStorageCapacity, size: int) -> bool:
    limit = capacity.maximum_volume_size or capacity.capacity
    return limit is not None and quantity.value(limit) >= size


def _is_for(capacity: CSIStorageCapacity, node: Node) -> bool:
    return capacity.node_topology is not None and of_object(capacity.node_topology).matches(node.metadata.labels)


def _allows(term: TopologySelectorTerm, node: Node) -> bool:
    return all(node.metadata.labels.get(one.key) in (one.values or ()) for one in term.match_label_expressions)
