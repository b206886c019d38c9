"""Invariants of persistent volumes and claims: binding, protection, retention."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.api.apps.v1 import StatefulSet
from kubeactors.api.core.v1 import PersistentVolumeClaim, Pod
from kubeactors.api.core.v1.limitrange import LimitRange
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.api.storage.v1 import StorageClass
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.quantity import value
from kubeactors.apimachinery.time import parse_time
from kubeactors.sim.bounds.limit_ranges import exceeded_by
from kubeactors.sim.bounds.rollouts import FINISHED
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.prompt import PromptInvariant
from kubeactors.sim.world import Commit, World

BOUND, RELEASED, DELETE = "Bound", "Released", "Delete"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
PROVISIONER = "kubeactors.io/simulated"
LATE = "WaitForFirstConsumer"
COMPLETED = "pv.kubernetes.io/bind-completed"
PROTECTED = {"PersistentVolumeClaim": "kubernetes.io/pvc-protection", "PersistentVolume": "kubernetes.io/pv-protection"}


class ClaimedVolumesAreKept(Invariant):
    """No component deletes or releases a volume whose claim exists and is not terminating.

    A volume that a user deletes stays until its claim is removed.
    """

    name: ClassVar[str] = "claimed-volumes-are-kept"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (PersistentVolume,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each volume that is deleted, removed or released."""
        old, new = commit.old, commit.new
        if not isinstance(old, PersistentVolume):
            return
        reference = old.spec.claim_ref
        claim = self.world.by_uid.get(reference.uid) if reference is not None else None
        if not isinstance(claim, PersistentVolumeClaim) or claim.metadata.deletion_timestamp is not None:
            return
        if old.metadata.deletion_timestamp is not None:
            if new is None and old.status.phase == BOUND and PROTECTED[old.kind] in old.metadata.finalizers:
                yield f"{title(old)} was removed, though {title(claim)} is bound to it"
        elif new is None or new.metadata.deletion_timestamp is not None:
            if old.metadata.uid not in self.world.intents.user_managed:
                yield f"{title(old)} was deleted, though {title(claim)} is bound to it"
        elif isinstance(new, PersistentVolume) and new.status.phase == "Released":
            yield f"{title(old)} was released, though {title(claim)} is bound to it"


class UsedClaimsAreKept(Invariant):
    """A deleted claim is kept as long as an active pod uses it that was bound to a node before the deletion."""

    name: ClassVar[str] = "used-claims-are-kept"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (PersistentVolumeClaim,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each removed claim."""
        old = commit.old
        if not isinstance(old, PersistentVolumeClaim) or commit.new is not None:
            return
        end = old.metadata.deletion_timestamp
        if end is None or PROTECTED[old.kind] not in old.metadata.finalizers:
            return
        for pod in self.world.of(Pod).values():
            if (
                pod.status.phase not in FINISHED
                and uses(pod, old)
                and parse_time(_placed(pod) or end) < parse_time(end)
            ):
                yield f"{title(old)} was removed, though {title(pod)} uses it"


def _placed(pod: Pod) -> str:
    """When a pod was bound to its node; empty if it is not bound."""
    found = (one for one in pod.status.conditions if one.type == "PodScheduled" and one.status == "True")
    return next((one.last_transition_time or "" for one in found), "") if pod.spec.node_name else ""


def claims_of(pod: Pod) -> Iterator[str]:
    """The names of the claims that a pod uses."""
    for volume in pod.spec.volumes:
        if volume.persistent_volume_claim is not None:
            yield volume.persistent_volume_claim.claim_name
        elif volume.ephemeral is not None:
            yield f"{pod.metadata.name}-{volume.name}"


def uses(pod: Pod, claim: PersistentVolumeClaim) -> bool:
    """Whether a pod uses a claim."""
    return pod.metadata.namespace == claim.metadata.namespace and claim.metadata.name in claims_of(pod)


class VolumeStatusesAreAccurate(PromptInvariant):
    """When all is quiet, claims and volumes have the right phase, capacity and protection finalizer.

    No claim is pending that a volume matches, or for which one would be provisioned; and bound volumes have the requested
    size. Claims that exceed a LimitRange are exempt, as every update of them is rejected.
    """

    name: ClassVar[str] = "volume-statuses-are-accurate"
    reads: ClassVar[tuple[type[TypedObject], ...]] = (
        PersistentVolumeClaim, PersistentVolume, StorageClass, LimitRange, Pod
    )  # fmt: skip

    def settled(self) -> Iterator[str]:
        """Check each claim and each volume."""
        for claim in self.world.of(PersistentVolumeClaim).values():
            if not any(exceeded_by(self.world, claim)):
                yield from self._of_claim(claim)
                yield from _protected(claim)
        for volume in self.world.of(PersistentVolume).values():
            expected = _phase_of(self.world, volume)
            if volume.status.phase != expected:
                yield f"{title(volume)} is {volume.status.phase or 'in no phase'}, but should be {expected}"
            elif expected == RELEASED and volume.spec.persistent_volume_reclaim_policy == DELETE:
                yield f"{title(volume)} exists, though it is released and its reclaim policy is Delete"
            yield from _protected(volume)

    def _of_claim(self, claim: PersistentVolumeClaim) -> Iterator[str]:
        volume = self.world.find(PersistentVolume, claim.spec.volume_name, "") if claim.spec.volume_name else None
        if volume is None:
            expected = "Lost" if COMPLETED in claim.metadata.annotations else "Pending"
            if self._could_have_one(claim) or claim.status.phase != expected:
                yield f"{title(claim)} has no volume and is {claim.status.phase or 'in no phase'}, but should be {expected} or bound"
            return
        if claim.status.phase != BOUND or COMPLETED not in claim.metadata.annotations:
            yield f"{title(claim)} is {claim.status.phase or 'in no phase'}, but has {title(volume)}"
        size, wanted = claim.status.capacity, claim.spec.resources.requests.get("storage", "0")
        if size != volume.spec.capacity or claim.status.access_modes != volume.spec.access_modes:
            yield f"{title(claim)} reports capacity {size}, but its volume has {volume.spec.capacity}"
        going = claim.metadata.deletion_timestamp is not None
        if not going and value(volume.spec.capacity.get("storage", "0")) < value(wanted):
            yield f"{title(claim)} requests {wanted}, but its volume has {volume.spec.capacity}"

    def _could_have_one(self, claim: PersistentVolumeClaim) -> bool:
        """Whether a volume matches a claim or would be provisioned for it, without waiting for a pod."""
        if claim.metadata.deletion_timestamp is not None or claim.spec.volume_name:
            return False
        name = claim.spec.storage_class_name or ""
        found = self.world.find(StorageClass, name, "")
        if found is not None and found.volume_binding_mode == LATE:
            pods = self.world.of(Pod).values()
            return found.provisioner == PROVISIONER and any(uses(pod, claim) and pod.spec.node_name for pod in pods)
        if found is not None and found.provisioner == PROVISIONER:
            return True
        return any(_suits(volume, claim) for volume in self.world.of(PersistentVolume).values())


def _suits(volume: PersistentVolume, claim: PersistentVolumeClaim) -> bool:
    spec, reference, metadata = volume.spec, volume.spec.claim_ref, claim.metadata
    mine = reference is None or (
        (reference.namespace, reference.name) == (metadata.namespace, metadata.name)
        and reference.uid in {"", metadata.uid}
    )
    asked = value(claim.spec.resources.requests.get("storage", "0"))
    return (
        mine
        and volume.metadata.deletion_timestamp is None
        and spec.storage_class_name == (claim.spec.storage_class_name or "")
        and value(spec.capacity.get("storage", "0")) >= asked
        and all(one in spec.access_modes for one in claim.spec.access_modes)
    )


def _protected(found: PersistentVolume | PersistentVolumeClaim) -> Iterator[str]:
    if found.metadata.deletion_timestamp is None and PROTECTED[found.kind] not in found.metadata.finalizers:
        yield f"{title(found)} lacks the finalizer {PROTECTED[found.kind]}"


def _phase_of(world: World, volume: PersistentVolume) -> str:
    reference = volume.spec.claim_ref
    if reference is None:
        return "Available"
    if not reference.uid:
        return BOUND if world.find(PersistentVolumeClaim, reference.name, reference.namespace) else "Available"
    if reference.uid in world.by_uid:
        return BOUND
    by_hand = PROVISIONED_BY not in volume.metadata.annotations
    return "Failed" if by_hand and volume.spec.persistent_volume_reclaim_policy == DELETE else RELEASED


class OneClaimPerVolume(PromptInvariant):
    """When all is quiet, the volume of each bound claim refers back to that claim."""

    name: ClassVar[str] = "one-claim-per-volume"
    reads: ClassVar[tuple[type[TypedObject], ...]] = (PersistentVolumeClaim, PersistentVolume)

    def settled(self) -> Iterator[str]:
        """Check each claim."""
        for claim in self.world.of(PersistentVolumeClaim).values():
            if not claim.spec.volume_name or claim.status.phase == "Lost":
                continue
            volume = self.world.find(PersistentVolume, claim.spec.volume_name, "")
            reference = volume.spec.claim_ref if volume is not None else None
            if reference is None or reference.uid != claim.metadata.uid:
                yield f"{title(claim)} has volume {claim.spec.volume_name}, which does not refer to it"


class StatefulClaimsAreRetained(Invariant):
    """No claim of a stateful set whose policy is to retain them is deleted, not even after scaling down."""

    name: ClassVar[str] = "stateful-claims-are-retained"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (PersistentVolumeClaim,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each deleted claim."""
        old, new = commit.old, commit.new
        if old is None or old.metadata.deletion_timestamp is not None or old.metadata.owner_references:
            return
        if new is None or new.metadata.deletion_timestamp is not None:
            prefix = old.metadata.name.rpartition("-")[0]
            for found in self.world.of(StatefulSet).values():
                names = (f"{one.metadata.name}-{found.metadata.name}" for one in found.spec.volume_claim_templates)
                if _keeps_claims(found) and prefix in names:
                    yield f"{title(old)} was deleted, though {title(found)} retains its claims"


def _keeps_claims(found: StatefulSet) -> bool:
    policy = found.spec.persistent_volume_claim_retention_policy
    return policy is None or policy.when_scaled == "Retain"


INVARIANTS: tuple[type[Invariant], ...] = (
    ClaimedVolumesAreKept,
    UsedClaimsAreKept,
    VolumeStatusesAreAccurate,
    OneClaimPerVolume,
    StatefulClaimsAreRetained,
)
