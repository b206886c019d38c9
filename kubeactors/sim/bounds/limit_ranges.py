"""What the LimitRanges of a namespace allow: what claims are judged by."""

from collections.abc import Iterator

from kubeactors.api.core.v1 import PersistentVolumeClaim
from kubeactors.api.core.v1.limitrange import CLAIM, LimitRange, LimitRangeItem
from kubeactors.apimachinery.quantity import compare
from kubeactors.sim.world import World


def limits_in(world: World, namespace: str) -> Iterator[LimitRangeItem]:
    """All that is limited in a namespace."""
    for one in world.of(LimitRange).values():
        if one.metadata.namespace == namespace:
            yield from one.spec.limits or ()


def exceeded_by(world: World, claim: PersistentVolumeClaim) -> Iterator[str]:
    """How large at most a claim may be that is larger.

    Such a claim is not made; if there was one before, it stays as it is: whatever is changed of it is refused, too.

    Source: `ValidateLimit` and `SupportsLimit` in plugin/pkg/admission/limitranger/admission.go (v1.36).
    """
    amount = claim.spec.resources.requests.get("storage", "0")
    for item in limits_in(world, claim.metadata.namespace):
        if item.type == CLAIM and "storage" in item.max and compare(amount, item.max["storage"]) > 0:
            yield item.max["storage"]
