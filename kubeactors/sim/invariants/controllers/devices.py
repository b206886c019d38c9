"""Invariants of devices and their claims: exclusive allocation, release after use."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.api.core.v1 import Node, Pod
from kubeactors.api.core.v1.placement import matches_node_selector
from kubeactors.api.core.v1.podspec import PodResourceClaim
from kubeactors.api.resource.v1 import ResourceClaim, ResourceSlice
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of
from kubeactors.sim.bounds.rollouts import FINISHED, is_active
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.world import Commit, World

Device = tuple[str, str, str]
"""Driver, pool and name."""


class OneClaimPerDevice(Invariant):
    """No device is allocated to two claims."""

    name: ClassVar[str] = "one-claim-per-device"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (ResourceClaim,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each claim with an allocation."""
        claim = commit.new
        if not isinstance(claim, ResourceClaim) or claim.status.allocation is None:
            return
        given = devices_of(claim)
        for other in self.world.of(ResourceClaim).values():
            for device in devices_of(other) if other is not claim else ():
                if device in given:
                    yield f"{title(claim)} was allocated the device {device[1]}/{device[2]}, which {title(other)} has"


class UsedDeviceClaimsAreKept(Invariant):
    """No claim is removed, or loses its devices, as long as an active pod uses it."""

    name: ClassVar[str] = "used-device-claims-are-kept"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (ResourceClaim,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each claim that loses its allocation."""
        old, new = commit.old, commit.new
        if not isinstance(old, ResourceClaim) or old.status.allocation is None:
            return
        if isinstance(new, ResourceClaim) and devices_of(new) == devices_of(old):
            return
        for one in old.status.reserved_for:
            pod = self.world.by_uid.get(one.uid)
            if isinstance(pod, Pod) and pod.spec.node_name and pod.status.phase not in FINISHED:
                yield f"{title(old)} lost its devices, though {title(pod)} uses them"


class DeviceClaimsMatchPods(Invariant):
    """When all is quiet, pods have their claims, and each claim is allocated and reserved exactly for its active pods."""

    name: ClassVar[str] = "device-claims-match-pods"

    def settled(self) -> Iterator[str]:
        """Check each claim and each pod."""
        for claim in self.world.of(ResourceClaim).values():
            yield from self._claim(claim)
        for pod in self.world.of(Pod).values():
            if pod.spec.resource_claims and is_active(pod):
                yield from self._pod(pod)

    def _claim(self, claim: ResourceClaim) -> Iterator[str]:
        users = [self.world.by_uid.get(one.uid) for one in claim.status.reserved_for]
        if not all(isinstance(one, Pod) and one.status.phase not in FINISHED for one in users):
            yield f"{title(claim)} is reserved for a pod that is deleted or has finished"
        if (claim.status.allocation is None) is bool(users):
            yield f"{title(claim)} has {len(devices_of(claim))} allocated devices, but is reserved for {len(users)} pods"
        owner = controller_of(claim.metadata)
        pod = self.world.by_uid.get(owner.uid) if owner is not None else None
        if isinstance(pod, Pod) and pod.status.phase in FINISHED:
            yield f"{title(claim)} still exists, though {title(pod)}, for which it was created, has finished"

    def _pod(self, pod: Pod) -> Iterator[str]:
        for one in pod.spec.resource_claims:
            claim = claim_of(self.world, pod, one)
            if pod.spec.node_name:
                if claim is None or pod.metadata.uid not in [user.uid for user in claim.status.reserved_for]:
                    yield f"{title(pod)} is bound to {pod.spec.node_name}, but its claim {one.name} is not reserved for it"
            elif one.resource_claim_template_name is not None and claim is None:
                yield f"{title(pod)} has no claim from the template {one.resource_claim_template_name}"
        made = [one for one in self.world.controlled_by(pod.metadata.uid).values() if isinstance(one, ResourceClaim)]
        if len(made) > sum(1 for one in pod.spec.resource_claims if one.resource_claim_template_name is not None):
            yield f"{title(pod)} has {len(made)} claims from templates, which is too many"


def devices_of(claim: ResourceClaim) -> list[Device]:
    """The devices allocated to a claim."""
    allocation = claim.status.allocation
    return [] if allocation is None else [(one.driver, one.pool, one.device) for one in allocation.devices.results]


def claim_of(world: World, pod: Pod, one: PodResourceClaim) -> ResourceClaim | None:
    """The claim behind an entry of a pod's spec, if it exists."""
    names = {said.name: said.resource_claim_name for said in pod.status.resource_claim_statuses}
    name = one.resource_claim_name or names.get(one.name)
    return world.find(ResourceClaim, name, pod.metadata.namespace) if name else None


def devices_suit(world: World, node: Node, pod: Pod) -> bool:
    """Whether a node has the devices that a pod needs: allocated to its claims, or free.

    Only for pods that need one device.
    """
    claims = [claim_of(world, pod, one) for one in pod.spec.resource_claims]
    return all(one is not None and _suits(world, node, one) for one in claims)


def _suits(world: World, node: Node, claim: ResourceClaim) -> bool:
    if claim.metadata.deletion_timestamp is not None:
        return False
    if claim.status.allocation is None:
        given = [device for one in world.of(ResourceClaim).values() for device in devices_of(one)]
        return any(device not in given for device in _offered(world, node.metadata.name))
    selector = claim.status.allocation.node_selector
    return selector is None or matches_node_selector(selector, node.metadata.labels, node.metadata.name)


def _offered(world: World, node: str) -> Iterator[Device]:
    for one in world.of(ResourceSlice).values():
        if one.spec.node_name == node:
            yield from ((one.spec.driver, one.spec.pool.name, device.name) for device in one.spec.devices)


INVARIANTS: tuple[type[Invariant], ...] = (OneClaimPerDevice, UsedDeviceClaimsAreKept, DeviceClaimsMatchPods)
