"""Invariant of the owners of stateful sets' claims, with which the garbage collector deletes them."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.api.apps.v1 import StatefulSet
from kubeactors.api.core.v1 import LimitRange, PersistentVolumeClaim, Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of
from kubeactors.sim.bounds.limit_ranges import exceeded_by
from kubeactors.sim.bounds.rollouts import has_caught_up, is_ready, numbers
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.prompt import PromptInvariant

DELETE = "Delete"


class StatefulClaimsHaveOwners(PromptInvariant):
    """A claim of a stateful set's pod is owned by the set if claims are to be deleted with it, and otherwise by none.

    Nor is it owned by a pod, as the claim of a pod that is scaled away may be: it would be deleted with that. Checked while
    the set has exactly its pods, all of them ready. Claims that exceed a LimitRange are exempt, as every update of them is
    rejected.

    Source: "StatefulSets: PersistentVolumeClaim retention" in Kubernetes' documentation; updateClaimOwnerRefForSetAndPod
    in pkg/controller/statefulset/stateful_set_utils.go (v1.36).
    """

    name: ClassVar[str] = "stateful-claims-have-owners"
    reads: ClassVar[tuple[type[TypedObject], ...]] = (StatefulSet, Pod, PersistentVolumeClaim, LimitRange)

    def settled(self) -> Iterator[str]:
        """Check the claims of each stateful set."""
        for found in self.world.of(StatefulSet).values():
            for claim in self._claims(found) if self._is_complete(found) else ():
                owned = [one.kind for one in claim.metadata.owner_references if one.kind in {"StatefulSet", "Pod"}]
                expected = ["StatefulSet"] if _is_deleted_with(found) else []
                if owned != expected:
                    yield f"{title(claim)} has the owners {owned}, but {title(found)} should give it {expected}"

    def _is_complete(self, found: StatefulSet) -> bool:
        waits = (
            found.metadata.deletion_timestamp is not None or not has_caught_up(found) or found.spec.min_ready_seconds
        )
        if waits or not found.spec.volume_claim_templates or self.world.faults.is_corrupted(found.metadata.uid):
            return False
        pods = [one for one in self.world.controlled_by(found.metadata.uid).values() if isinstance(one, Pod)]
        names = sorted(f"{found.metadata.name}-{number}" for number in numbers(found))
        return sorted(one.metadata.name for one in pods) == names and all(map(is_ready, pods))

    def _claims(self, found: StatefulSet) -> Iterator[PersistentVolumeClaim]:
        """The claims of its pods that can be changed, and that no user has given to another controller."""
        for template in found.spec.volume_claim_templates:
            for number in numbers(found):
                name = f"{template.metadata.name}-{found.metadata.name}-{number}"
                claim = self.world.find(PersistentVolumeClaim, name, found.metadata.namespace)
                if (
                    claim is None
                    or claim.metadata.deletion_timestamp is not None
                    or any(exceeded_by(self.world, claim))
                ):
                    continue
                owner = controller_of(claim.metadata)
                is_own = owner is None or owner.kind in {"StatefulSet", "Pod"}
                if is_own and not self.world.faults.is_corrupted(claim.metadata.uid):
                    yield claim


def _is_deleted_with(found: StatefulSet) -> bool:
    policy = found.spec.persistent_volume_claim_retention_policy
    return policy is not None and policy.when_deleted == DELETE


INVARIANTS: tuple[type[Invariant], ...] = (StatefulClaimsHaveOwners,)
