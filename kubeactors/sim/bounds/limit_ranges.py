"""What the LimitRanges of a namespace allow."""

from collections.abc import Iterator

from kubeactors.api.core.v1 import PersistentVolumeClaim
from kubeactors.api.core.v1.limitrange import CLAIM, LimitRange, LimitRangeItem
from kubeactors.apimachinery.quantity import compare
from kubeactors.sim.world import World


def limits_in(world: World, namespace: str) -> Iterator[LimitRangeItem]:
    """All limits in a namespace."""
    for one in world.of(LimitRange).values():
        if one.metadata.namespace == namespace:
            yield from one.spec.limits or ()


def exceeded_by(world: World, claim: PersistentVolumeClaim) -> Iterator[str]:
    """Each maximum that a claim exceeds.

    Such a claim is rejected; one that existed before the LimitRange cannot be changed, because every update is rejected.

    Source: `ValidateLimit` and `SupportsLimit` in plugin/pkg/admission/limitranger/admission.go (v1.36).
    """
    amount = claim.spec.resources.requests.get("storage", "0")
    for item in limits_in(world, claim.metadata.namespace):
        if item.type == CLAIM and "storage" in item.max and compare(amount, item.max["storage"]) > 0:
            yield item.max["storage"]
