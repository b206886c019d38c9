"""What holds of volumes: data stays as long as somebody claims it."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.api.apps.v1 import StatefulSet
from kubeactors.api.core.v1 import PersistentVolumeClaim
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.world import Commit


class ClaimedVolumesStay(Invariant):
    """Nobody deletes a volume whose claim exists and is not going, or takes it away."""

    name: ClassVar[str] = "claimed-volumes-stay"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (PersistentVolume,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at each volume that goes, or is said to be free."""
        old, new = commit.old, commit.new
        if not isinstance(old, PersistentVolume) or old.metadata.deletion_timestamp is not None:
            return
        reference = old.spec.claim_ref
        claim = self.world.by_uid.get(reference.uid) if reference is not None else None
        if not isinstance(claim, PersistentVolumeClaim) or claim.metadata.deletion_timestamp is not None:
            return
        if new is None or new.metadata.deletion_timestamp is not None:
            yield f"{title(old)} was deleted, though {title(claim)} claims it"
        elif isinstance(new, PersistentVolume) and new.status.phase == "Released":
            yield f"{title(old)} was released, though {title(claim)} claims it"


class VolumesHaveOneClaim(Invariant):
    """When all is quiet, every claim that is bound has a volume that says so, and no other claim has it."""

    name: ClassVar[str] = "volumes-have-one-claim"

    def settled(self) -> Iterator[str]:
        """Look at each claim."""
        for claim in self.world.of(PersistentVolumeClaim).values():
            if not claim.spec.volume_name:
                continue
            volume = self.world.find(PersistentVolume, claim.spec.volume_name, "")
            reference = volume.spec.claim_ref if volume is not None else None
            if reference is None or reference.uid != claim.metadata.uid:
                yield f"{title(claim)} has volume {claim.spec.volume_name}, which knows nothing of it"


class IdentitiesKeepTheirData(Invariant):
    """Nobody deletes the claim of a pod of a stateful set that keeps them, nor of one that has gone by scaling."""

    name: ClassVar[str] = "identities-keep-their-data"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (PersistentVolumeClaim,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at each claim that goes, or begins to."""
        old, new = commit.old, commit.new
        if old is None or old.metadata.deletion_timestamp is not None or old.metadata.owner_references:
            return
        if new is None or new.metadata.deletion_timestamp is not None:
            prefix = old.metadata.name.rpartition("-")[0]
            for found in self.world.of(StatefulSet).values():
                names = (f"{one.metadata.name}-{found.metadata.name}" for one in found.spec.volume_claim_templates)
                if _keeps_claims(found) and prefix in names:
                    yield f"{title(old)} was deleted, and {title(found)} has its data there"


def _keeps_claims(found: StatefulSet) -> bool:
    policy = found.spec.persistent_volume_claim_retention_policy
    return policy is None or policy.when_scaled == "Retain"


INVARIANTS: tuple[type[Invariant], ...] = (ClaimedVolumesStay, VolumesHaveOneClaim, IdentitiesKeepTheirData)
