"""The expand controller: expands volumes whose claims request more.

A simulated volume is expanded at once, as its driver's resizer would; others need an external controller, as an event
says. Admission has checked that the class allows expansion (`PersistentVolumeClaimResize`).

Source: pkg/controller/volume/expand/expand_controller.go (v1.36); kubernetes-csi/external-resizer
pkg/controller/expand_and_recover.go (v1.14), for a driver whose nodes have nothing to do.
"""

from msgspec.structs import replace

from kubeactors.api.core.v1 import PersistentVolumeClaim
from kubeactors.api.core.v1.persistentvolume import PersistentVolume
from kubeactors.api.core.v1.persistentvolumeclaim import BOUND
from kubeactors.apimachinery import quantity
from kubeactors.client import Change, Client, Controller, EventRecorder, RecordEvent, SharedInformer, key_of
from kubeactors.controllers.persistentvolume.provisioner import DRIVER, PROVISIONER
from kubeactors.message import Recipient

STORAGE = "storage"


class ExpandController(Controller):
    """Expands the volumes of claims that request more than their capacity."""

    def __init__(
        self,
        client: Client,
        events: Recipient[RecordEvent],
        *,
        claims: SharedInformer[PersistentVolumeClaim],
        volumes: SharedInformer[PersistentVolume],
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        self._claims = claims.lister
        self._volumes = volumes.lister
        self.observe(claims, self._on_claim)
        self.observe(volumes, self._on_volume)

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, "volume_expand")
        self._resizer = EventRecorder(self._events, self.ctx, f"external-resizer {PROVISIONER}")

    def _on_claim(self, change: Change[PersistentVolumeClaim]) -> None:
        if change.new is not None and wants_more(change.new):
            self.enqueue(change.key)

    def _on_volume(self, change: Change[PersistentVolume]) -> None:
        """Enqueue the volume's claim, whose request may have been seen before its volume."""
        before = change.old.spec.claim_ref if change.old is not None else None
        reference = change.new.spec.claim_ref if change.new is not None else None
        if reference is None or reference == before:
            return
        claim = self._claims.get(reference.name, reference.namespace)
        if claim is not None and wants_more(claim):
            self.enqueue(key_of(claim))

    async def reconcile(self, key: str) -> None:
        """Expand the claim's volume if it requests more."""
        claim = self._claims.by_key(key)
        if claim is None or not wants_more(claim):
            return
        volume = self._volumes.by_key(claim.spec.volume_name)
        if volume is None or not _is_of(volume, claim):
            return
        self._recorder.normal(claim, "ExternalExpanding", "waiting for an external controller to expand this PVC")
        if volume.spec.csi is not None and volume.spec.csi.driver == DRIVER:
            await self._expand(claim, volume)

    async def _expand(self, claim: PersistentVolumeClaim, volume: PersistentVolume) -> None:
        wanted = {STORAGE: claim.spec.resources.requests[STORAGE]}
        name = volume.metadata.name
        self._resizer.normal(claim, "Resizing", f"External resizer is resizing volume {name}")
        if _less(volume.spec.capacity, wanted):
            await self._client.update(
                replace(volume, spec=replace(volume.spec, capacity={**volume.spec.capacity, **wanted}))
            )
        status = replace(claim.status, capacity={**claim.status.capacity, **wanted}, allocated_resources=wanted)
        await self._client.update_status(replace(claim, status=status))
        self._resizer.normal(claim, "VolumeResizeSuccessful", "Resize volume succeeded")


def wants_more(claim: PersistentVolumeClaim) -> bool:
    """Whether a bound claim requests more than its capacity."""
    bound = claim.status.phase == BOUND and claim.metadata.deletion_timestamp is None
    return bound and _less(claim.status.capacity, claim.spec.resources.requests)


def _less(one: dict[str, str], other: dict[str, str]) -> bool:
    """Whether there is less storage in one than in the other.

    >>> _less({"storage": "1Gi"}, {"storage": "1025Mi"}), _less({"storage": "1Gi"}, {"storage": "1024Mi"})
    (True, False)
    """
    return quantity.parse(one.get(STORAGE, "0")).nanos < quantity.parse(other.get(STORAGE, "0")).nanos


def _is_of(volume: PersistentVolume, claim: PersistentVolumeClaim) -> bool:
    of = volume.spec.claim_ref
    return of is not None and of.uid == claim.metadata.uid
