"""Dynamic provisioning of volumes in a cluster without disks.

The provisioner `kubeactors.io/simulated` creates volumes that exist in name only; `kubeactors.io/local-path` creates
directories on the machine that runs the cluster, with node affinity, as local volumes have.

Source: sigs.k8s.io/sig-storage-lib-external-provisioner (v11), whose events and annotations these are;
rancher/local-path-provisioner (v0.0.31), for the spec of local volumes.
"""

from contextlib import suppress

from kubeactors.api.core.v1 import ObjectReference, PersistentVolumeClaim
from kubeactors.api.core.v1.affinity import NodeSelector, NodeSelectorRequirement, NodeSelectorTerm
from kubeactors.api.core.v1.persistentvolume import (
    DELETE,
    RELEASED,
    PersistentVolume,
    PersistentVolumeSpec,
    VolumeNodeAffinity,
)
from kubeactors.api.core.v1.persistentvolumeclaim import class_of_claim
from kubeactors.api.core.v1.volume import HostPathVolumeSource
from kubeactors.api.core.v1.volume_matching import PROVISIONED_BY, SELECTED_NODE, STORAGE_PROVISIONER
from kubeactors.api.core.v1.volume_sources import CSIPersistentVolumeSource
from kubeactors.api.storage.v1 import StorageClass
from kubeactors.api.storage.v1.storageclass import WAIT_FOR_FIRST_CONSUMER
from kubeactors.apimachinery.meta import DeleteOptions, ObjectMeta, Preconditions
from kubeactors.apimachinery.status import AlreadyExists, Conflict, NotFound
from kubeactors.client import Change, Client, Controller, EventRecorder, RecordEvent, SharedInformer, key_of
from kubeactors.message import Recipient

PROVISIONER = "kubeactors.io/simulated"
DRIVER = "simulated.kubeactors.io"
"""The CSI driver of simulated volumes: unlike a provisioner, a driver's name must be a DNS domain."""
LOCAL_PATH = "kubeactors.io/local-path"
HOSTNAME = "kubernetes.io/hostname"

_CLAIM, _VOLUME = "claim:", "volume:"


class Provisioner(Controller):
    """Creates a volume for each claim that asks for one, and deletes it when it is released.

    `directory` is the parent of local volumes; the owner of the disk removes their content.
    """

    def __init__(  # noqa: PLR0913  the informers that it shares
        self,
        client: Client,
        events: Recipient[RecordEvent],
        directory: str,
        *,
        claims: SharedInformer[PersistentVolumeClaim],
        volumes: SharedInformer[PersistentVolume],
        classes: SharedInformer[StorageClass],
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        self._directory = directory
        self._claims = claims.lister
        self._volumes = volumes.lister
        self._classes = classes.lister
        self.observe(claims, self._on_claim)
        self.observe(volumes, self._on_volume)
        self.observe(classes, lambda _: None)

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._recorders = {name: EventRecorder(self._events, self.ctx, name) for name in (PROVISIONER, LOCAL_PATH)}

    def _on_claim(self, change: Change[PersistentVolumeClaim]) -> None:
        if change.new is not None and _wants_volume(change.new):
            self.enqueue(f"{_CLAIM}{change.key}")

    def _on_volume(self, change: Change[PersistentVolume]) -> None:
        if change.new is not None and _is_reclaimable(change.new):
            self.enqueue(f"{_VOLUME}{change.key}")

    async def reconcile(self, key: str) -> None:
        """Provision a volume for a claim, or delete a released one."""
        if key.startswith(_CLAIM):
            claim = self._claims.by_key(key.removeprefix(_CLAIM))
            found = self._classes.get(class_of_claim(claim)) if claim is not None else None
            if claim is not None and found is not None and _wants_volume(claim) and _may_provision(claim, found):
                await self._make(claim, found)
        else:
            volume = self._volumes.by_key(key.removeprefix(_VOLUME))
            if volume is not None and _is_reclaimable(volume):
                await self._delete(volume)

    async def _make(self, claim: PersistentVolumeClaim, found: StorageClass) -> None:
        name = f"pvc-{claim.metadata.uid}"
        if self._volumes.by_key(name) is not None:
            return
        message = f'External provisioner is provisioning volume for claim "{key_of(claim)}"'
        recorder = self._recorders[found.provisioner]
        recorder.normal(claim, "Provisioning", message)
        with suppress(AlreadyExists):
            await self._client.create(volume_for(claim, found, self._directory))
        recorder.normal(claim, "ProvisioningSucceeded", f"Successfully provisioned volume {name}")

    async def _delete(self, volume: PersistentVolume) -> None:
        metadata = volume.metadata
        seen = Preconditions(uid=metadata.uid, resource_version=metadata.resource_version)
        with suppress(NotFound, Conflict):  # the event of that change will trigger the next sync
            await self._client.delete(PersistentVolume, metadata.name, options=DeleteOptions(preconditions=seen))


def volume_for(claim: PersistentVolumeClaim, found: StorageClass, directory: str) -> PersistentVolume:
    """A volume as the claim requests it, bound to it in advance. Its name is unique: it contains the claim's UID."""
    metadata, spec = claim.metadata, claim.spec
    name = f"pvc-{metadata.uid}"
    local = found.provisioner == LOCAL_PATH
    node = metadata.annotations.get(SELECTED_NODE, "")
    return PersistentVolume(
        metadata=ObjectMeta(name=name, annotations={PROVISIONED_BY: found.provisioner}),
        spec=PersistentVolumeSpec(
            capacity={"storage": spec.resources.requests.get("storage", "0")},
            csi=None if local else CSIPersistentVolumeSource(driver=DRIVER, volume_handle=name),
            host_path=HostPathVolumeSource(path=f"{directory}/{name}", type="DirectoryOrCreate") if local else None,
            node_affinity=_on_node(node) if local and node else None,
            access_modes=spec.access_modes,
            claim_ref=ObjectReference(
                kind="PersistentVolumeClaim",
                namespace=metadata.namespace,
                name=metadata.name,
                uid=metadata.uid,
                api_version="v1",
                resource_version=metadata.resource_version,
            ),
            persistent_volume_reclaim_policy=found.reclaim_policy or DELETE,
            storage_class_name=found.metadata.name,
            mount_options=found.mount_options,
            volume_mode=spec.volume_mode,
        ),
    )


def _on_node(name: str) -> VolumeNodeAffinity:
    here = NodeSelectorRequirement(key=HOSTNAME, operator="In", values=(name,))
    return VolumeNodeAffinity(required=NodeSelector(node_selector_terms=(NodeSelectorTerm(match_expressions=(here,)),)))


def _wants_volume(claim: PersistentVolumeClaim) -> bool:
    asked = claim.metadata.annotations.get(STORAGE_PROVISIONER) in (PROVISIONER, LOCAL_PATH)
    return asked and not claim.spec.volume_name and claim.metadata.deletion_timestamp is None


def _may_provision(claim: PersistentVolumeClaim, found: StorageClass) -> bool:
    asked = claim.metadata.annotations.get(STORAGE_PROVISIONER)
    waits = found.volume_binding_mode == WAIT_FOR_FIRST_CONSUMER
    return found.provisioner == asked and (not waits or SELECTED_NODE in claim.metadata.annotations)


def _is_reclaimable(volume: PersistentVolume) -> bool:
    own = volume.metadata.annotations.get(PROVISIONED_BY) in (PROVISIONER, LOCAL_PATH)
    deletes = volume.spec.persistent_volume_reclaim_policy == DELETE
    return own and deletes and volume.status.phase == RELEASED and volume.metadata.deletion_timestamp is None
