"""The PersistentVolume controller: binds claims to volumes, and reclaims volumes whose claims are gone.

A bind is four writes: `claimRef` and phase of the volume, then `volumeName` and phase of the claim. Each builds on the
one before, and a sync continues where an earlier one was interrupted.
A volume is released only after a live read has shown that its claim is gone: a new volume may be seen before its claim
(kubernetes/kubernetes#83177).

Source: pkg/controller/volume/persistentvolume/pv_controller.go (v1.36).
"""

from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.api.classes import with_default_class
from kubeactors.api.core.v1 import PersistentVolumeClaim
from kubeactors.api.core.v1.persistentvolume import (
    AVAILABLE,
    BOUND,
    DELETE,
    FAILED,
    RECYCLE,
    RELEASED,
    PersistentVolume,
    PersistentVolumeStatus,
    class_of_volume,
)
from kubeactors.api.core.v1.persistentvolumeclaim import LOST, PENDING, PersistentVolumeClaimStatus, class_of_claim
from kubeactors.api.core.v1.volume_matching import (
    BETA_STORAGE_PROVISIONER,
    BIND_COMPLETED,
    BOUND_BY_CONTROLLER,
    PROVISIONED_BY,
    SELECTED_NODE,
    STORAGE_PROVISIONER,
    best_match,
    bound_claim,
    bound_status,
    bound_volume,
    is_bound_to,
    suits,
    unbound_volume,
)
from kubeactors.api.storage.v1 import StorageClass
from kubeactors.api.storage.v1.storageclass import WAIT_FOR_FIRST_CONSUMER
from kubeactors.apimachinery.status import NotFound
from kubeactors.client import (
    Change,
    Client,
    Controller,
    EventRecorder,
    Overlay,
    RecordEvent,
    SharedInformer,
    cluster_key,
    key_of,
    split_key,
)
from kubeactors.message import Recipient

CANDIDATES = "candidates"
"""Index: available volumes by their class, the others by the claim in their `claimRef`."""

_CLAIM, _VOLUME = "claim:", "volume:"


class PersistentVolumeController(Controller):
    """Binds claims and volumes, one at a time, so that no two claims choose the same volume."""

    concurrency = 1

    def __init__(
        self,
        client: Client,
        events: Recipient[RecordEvent],
        *,
        claims: SharedInformer[PersistentVolumeClaim],
        volumes: SharedInformer[PersistentVolume],
        classes: SharedInformer[StorageClass],
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        volumes.add_indexes({CANDIDATES: _by_candidacy})
        self._claims = claims.lister
        self._volumes = volumes.lister
        self._classes = classes.lister
        self._own_claims: Overlay[PersistentVolumeClaim] = Overlay(claims.lister)
        self._own_volumes: Overlay[PersistentVolume] = Overlay(volumes.lister)
        self._pending: dict[str, dict[str, None]] = {}
        """Keys of unbound or lost claims, by what they wait for: a volume of a given name, or one of a class."""
        self._waits_for: dict[str, str] = {}
        """What each of these claims waits for."""
        self.observe(claims, self._on_claim)
        self.observe(volumes, self._on_volume)
        self.observe(classes, self._on_class)

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, "persistentvolume-controller")

    # Events.

    def _on_claim(self, change: Change[PersistentVolumeClaim]) -> None:
        news = not self._own_claims.seen(change)
        claim = change.current
        self._note_pending(change.key, change.new)
        if news and change.new is not None:
            self.enqueue(f"{_CLAIM}{change.key}")
        if claim.spec.volume_name and (news or change.new is None):
            self.enqueue(f"{_VOLUME}{claim.spec.volume_name}")
        if change.new is None:
            for name in self._volumes.by_index(CANDIDATES, _reserved(claim.metadata.namespace, claim.metadata.name)):
                self.enqueue(f"{_VOLUME}{name}")

    def _note_pending(self, key: str, claim: PersistentVolumeClaim | None) -> None:
        before = self._waits_for.pop(key, None)
        if before is not None:
            del self._pending[before][key]
            if not self._pending[before]:
                del self._pending[before]
        if claim is not None and (BIND_COMPLETED not in claim.metadata.annotations or claim.status.phase == LOST):
            awaited = self._waits_for[key] = _waits_for(claim)
            self._pending.setdefault(awaited, {})[key] = None

    def _on_volume(self, change: Change[PersistentVolume]) -> None:
        news = not self._own_volumes.seen(change)
        volume = change.current
        if news and change.new is not None:
            self.enqueue(f"{_VOLUME}{change.key}")
        reference = volume.spec.claim_ref
        if reference is not None and news:
            self.enqueue(f"{_CLAIM}{cluster_key(reference.namespace, reference.name)}")

    def _on_class(self, change: Change[StorageClass]) -> None:
        """Enqueue the claims that wait for this class, or for a default class."""
        for name in (change.current.metadata.name, ""):
            for key in self._pending.get(_class(name), {}):
                self.enqueue(f"{_CLAIM}{key}")

    # Sync.

    async def reconcile(self, key: str) -> None:
        """Sync a claim or a volume."""
        if key.startswith(_CLAIM):
            await self._sync_claim(key.removeprefix(_CLAIM))
        else:
            await self._sync_volume(key.removeprefix(_VOLUME))

    def _claim(self, key: str) -> PersistentVolumeClaim | None:
        return self._own_claims.newest(key, self._claims.by_key(key))

    async def _live_claim(self, key: str) -> PersistentVolumeClaim | None:
        namespace, name = split_key(key)
        return await self._client.find(PersistentVolumeClaim, name, namespace)

    def _volume(self, name: str) -> PersistentVolume | None:
        return self._own_volumes.newest(name, self._volumes.by_key(name))

    # Claims.

    async def _sync_claim(self, key: str) -> None:
        claim = self._claim(key)
        if claim is None:
            return
        if BIND_COMPLETED in claim.metadata.annotations:
            await self._check_bound(claim)
        elif claim.spec.volume_name:
            await self._bind_named(claim)
        else:
            await self._find_volume(claim)

    async def _find_volume(self, claim: PersistentVolumeClaim) -> None:
        """Find a matching volume, or have one provisioned."""
        found = self._classes.get(class_of_claim(claim)) if class_of_claim(claim) else None
        waits = found is not None and found.volume_binding_mode == WAIT_FOR_FIRST_CONSUMER
        waits = waits and SELECTED_NODE not in claim.metadata.annotations
        volume = best_match(self._candidates(claim), claim, waits=waits)
        if volume is not None:
            await self._bind(claim, volume)
            return
        classed = with_default_class(claim, self._classes)
        if classed is not claim:
            await self._find_volume(await self._write_claim(classed))
            return
        if waits:
            message = "waiting for first consumer to be created before binding"
            self._recorder.normal(claim, "WaitForFirstConsumer", message)
        elif class_of_claim(claim):
            claim = await self._provision(claim, found)
        else:
            message = "no persistent volumes available for this claim and no storage class is set"
            self._recorder.normal(claim, "FailedBinding", message)
        await self._set_claim(claim, replace(claim.status, phase=PENDING))

    def _candidates(self, claim: PersistentVolumeClaim) -> Iterator[PersistentVolume]:
        """The available volumes of the claim's class, and those that are reserved for the claim."""
        for value in (_class(class_of_claim(claim)), _reserved(claim.metadata.namespace, claim.metadata.name)):
            for key, one in self._volumes.by_index(CANDIDATES, value).items():
                known = self._own_volumes.newest(key, one)
                if known is not None:
                    yield known

    async def _provision(self, claim: PersistentVolumeClaim, found: StorageClass | None) -> PersistentVolumeClaim:
        """Annotate the claim, so that the provisioner of the class creates a volume."""
        if found is None:
            message = f'storageclass.storage.k8s.io "{class_of_claim(claim)}" not found'
            self._recorder.warning(claim, "ProvisioningFailed", message)
            return claim
        annotations = claim.metadata.annotations
        asked = {STORAGE_PROVISIONER: found.provisioner, BETA_STORAGE_PROVISIONER: found.provisioner}
        if not asked.items() <= annotations.items():
            metadata = replace(claim.metadata, annotations={**annotations, **asked})
            claim = await self._write_claim(replace(claim, metadata=metadata))
        message = (
            f"Waiting for a volume to be created either by the external provisioner '{found.provisioner}' or manually "
            "by the system administrator. If volume creation is delayed, please verify that the provisioner is running "
            "and correctly registered."
        )
        self._recorder.normal(claim, "ExternalProvisioning", message)
        return claim

    async def _bind_named(self, claim: PersistentVolumeClaim) -> None:
        """Sync a claim that names its volume: it was requested by name, or the bind is incomplete."""
        volume = self._volume(claim.spec.volume_name)
        if volume is not None and volume.spec.claim_ref is None and not suits(volume, claim):
            message = f'Cannot bind to requested volume "{volume.metadata.name}": requested and actual volume differ'
            self._recorder.warning(claim, "VolumeMismatch", message)
            volume = None
        elif volume is not None and volume.spec.claim_ref is not None and not is_bound_to(volume, claim):
            volume = None
        if volume is not None:
            await self._bind(claim, volume)
            return
        await self._set_claim(claim, replace(claim.status, phase=PENDING))

    async def _check_bound(self, claim: PersistentVolumeClaim) -> None:
        """Sync a bound claim: mark it Lost if its volume is gone or bound to another claim."""
        if not claim.spec.volume_name:
            await self._mark_lost(claim, "ClaimLost", "Bound claim has lost reference to PersistentVolume.")
            return
        volume = self._volume(claim.spec.volume_name)
        if volume is None:
            volume = await self._client.find(PersistentVolume, claim.spec.volume_name)
        if volume is None:
            await self._mark_lost(claim, "ClaimLost", "Bound claim has lost its PersistentVolume.")
        elif volume.spec.claim_ref is None or is_bound_to(volume, claim):
            await self._bind(claim, volume)
        else:
            await self._mark_lost(
                claim, "ClaimMisbound", "Two claims are bound to the same volume, this one is bound incorrectly."
            )

    async def _mark_lost(self, claim: PersistentVolumeClaim, reason: str, message: str) -> None:
        if claim.status.phase == LOST:
            return
        await self._set_claim(claim, replace(claim.status, phase=LOST, access_modes=(), capacity={}))
        tail = " Data on the volume is lost!" if reason == "ClaimLost" else ""
        self._recorder.warning(claim, reason, f"{message}{tail}")

    async def _bind(self, claim: PersistentVolumeClaim, volume: PersistentVolume) -> None:
        """Do the writes of the bind that are still missing."""
        reserved = bound_volume(volume, claim)
        if reserved is not volume:
            reserved = await self._write_volume(reserved)
        reserved = await self._set_volume(reserved, BOUND)
        taken = bound_claim(claim, reserved)
        try:
            if taken is not claim:
                taken = await self._write_claim(taken)
            await self._set_claim(taken, bound_status(taken, reserved))
        except NotFound:  # the claim is gone, though the cache may still show it, and no event will follow
            await self._sync_claimed(reserved, await self._live_claim(key_of(claim)))

    # Volumes.

    async def _sync_volume(self, name: str) -> None:
        volume = self._volume(name)
        if volume is None:
            return
        reference = volume.spec.claim_ref
        if reference is None or not reference.uid:
            await self._set_volume(volume, AVAILABLE)
            self._wake_pending(volume)
            return
        key = cluster_key(reference.namespace, reference.name)
        claim = self._claim(key)
        if claim is None or claim.metadata.uid != reference.uid:
            claim = await self._live_claim(key)
        await self._sync_claimed(volume, claim)

    async def _sync_claimed(self, volume: PersistentVolume, claim: PersistentVolumeClaim | None) -> None:
        """Sync a volume that is reserved for a claim, by the state of the claim."""
        reference = volume.spec.claim_ref
        if claim is None or reference is None or claim.metadata.uid != reference.uid:
            await self._release(volume)
        elif claim.spec.volume_name == volume.metadata.name:
            await self._set_volume(volume, BOUND)
        elif not claim.spec.volume_name:
            self.enqueue(f"{_CLAIM}{key_of(claim)}")
        else:
            await self._sync_misbound(volume)

    def _wake_pending(self, volume: PersistentVolume) -> None:
        """Enqueue the claims that may wait for this available volume."""
        for awaited in (_class(class_of_volume(volume)), _name(volume.metadata.name)):
            for key in self._pending.get(awaited, {}):
                self.enqueue(f"{_CLAIM}{key}")

    async def _release(self, volume: PersistentVolume) -> None:
        """Reclaim a volume whose claim is gone."""
        if volume.status.phase not in (RELEASED, FAILED):
            volume = await self._set_volume(volume, RELEASED)
        policy = volume.spec.persistent_volume_reclaim_policy
        if policy == RECYCLE and volume.status.phase != FAILED:
            message = "No recycler plugin found for the volume!"
            self._recorder.warning(volume, "VolumeRecycleFailed", message)
            await self._set_volume(volume, FAILED, message)
        elif policy == DELETE and PROVISIONED_BY not in volume.metadata.annotations and volume.status.phase != FAILED:
            message = "error getting deleter volume plugin for volume: no deletable volume plugin matched"
            self._recorder.warning(volume, "VolumeFailedDelete", message)
            await self._set_volume(volume, FAILED, message)

    async def _sync_misbound(self, volume: PersistentVolume) -> None:
        """The claim is bound to another volume: release this one if it was provisioned for the claim, else free it."""
        made = PROVISIONED_BY in volume.metadata.annotations
        if made and volume.spec.persistent_volume_reclaim_policy == DELETE:
            await self._set_volume(volume, RELEASED)
            return
        if BOUND_BY_CONTROLLER in volume.metadata.annotations:
            free = await self._write_volume(unbound_volume(volume))
            self._wake_pending(await self._set_volume(free, AVAILABLE))

    # Writes.

    async def _write_claim(self, claim: PersistentVolumeClaim) -> PersistentVolumeClaim:
        return self._own_claims.wrote(key_of(claim), await self._client.update(claim))

    async def _write_volume(self, volume: PersistentVolume) -> PersistentVolume:
        return self._own_volumes.wrote(key_of(volume), await self._client.update(volume))

    async def _set_claim(
        self, claim: PersistentVolumeClaim, status: PersistentVolumeClaimStatus
    ) -> PersistentVolumeClaim:
        if status == claim.status:
            return claim
        written = await self._client.update_status(replace(claim, status=status))
        return self._own_claims.wrote(key_of(claim), written)

    async def _set_volume(self, volume: PersistentVolume, phase: str, message: str = "") -> PersistentVolume:
        if volume.status.phase == phase:
            return volume
        time = volume.status.last_phase_transition_time
        status = PersistentVolumeStatus(phase=phase, message=message, last_phase_transition_time=time)
        written = await self._client.update_status(replace(volume, status=status))
        return self._own_volumes.wrote(key_of(volume), written)


def _waits_for(claim: PersistentVolumeClaim) -> str:
    """What the claim waits for, as a key of `_pending`."""
    return _name(claim.spec.volume_name) if claim.spec.volume_name else _class(class_of_claim(claim))


def _name(volume: str) -> str:
    return f"name/{volume}"


def _class(name: str) -> str:
    return f"class/{name}"


def _reserved(namespace: str, name: str) -> str:
    return f"claim/{namespace}/{name}"


def _by_candidacy(volume: PersistentVolume) -> tuple[str, ...]:
    """Index: see `CANDIDATES`."""
    reference = volume.spec.claim_ref
    if reference is None:
        return (_class(class_of_volume(volume)),)
    return (_reserved(reference.namespace, reference.name),)
