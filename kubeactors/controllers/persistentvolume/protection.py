"""Storage object in use protection: a claim is kept while a pod uses it, a volume while it is bound.

Source: pkg/controller/volume/pvcprotection/pvc_protection_controller.go,
pkg/controller/volume/pvprotection/pv_protection_controller.go (v1.36).
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import TypeVar

from msgspec.structs import replace

from kubeactors.api.core.v1 import PersistentVolumeClaim, Pod
from kubeactors.api.core.v1.persistentvolume import BOUND, PersistentVolume
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.status import NotFound
from kubeactors.client import Change, Client, Controller, SharedInformer, cluster_key, is_controlled_by, reading
from kubeactors.client.expectations import AWAIT_SECONDS
from kubeactors.controllers.pod_marks import ENDED, GONE
from kubeactors.controllers.pods import FAILED, SUCCEEDED

CLAIM_FINALIZER, VOLUME_FINALIZER = "kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"
USERS = "claims"
"""Index: pods by the keys of their claims."""

T = TypeVar("T", bound=TypedObject)


class PersistentVolumeClaimProtectionController(Controller):
    """Removes the protection finalizer of a terminating claim once no pod uses it."""

    def __init__(
        self, client: Client, *, claims: SharedInformer[PersistentVolumeClaim], pods: SharedInformer[Pod]
    ) -> None:
        super().__init__()
        self._client = client
        pods.add_indexes({USERS: claims_of})
        self._claims = claims.lister
        self._pods = pods.lister
        self.observe(claims, self._on_claim)
        self.observe(pods, self._on_pod, GONE | ENDED)

    def _on_claim(self, change: Change[PersistentVolumeClaim]) -> None:
        claim = change.new
        if claim is not None and _is_due(claim, CLAIM_FINALIZER):
            self.enqueue(change.key)

    def _on_pod(self, change: Change[Pod]) -> None:
        for one in (change.old, change.new):
            if one is not None and (change.new is None or not _may_use(change.new)):
                for key in claims_of(one):
                    self.enqueue(key)

    async def reconcile(self, key: str) -> None:
        """Add or remove the protection finalizer."""
        claim = self._claims.by_key(key)
        if claim is None or not _is_due(claim, CLAIM_FINALIZER):
            return
        if claim.metadata.deletion_timestamp is None:
            await self._client.update(_with(claim, CLAIM_FINALIZER))
        elif not await self._is_in_use(key, claim):
            with suppress(NotFound):
                await self._client.update(_without(claim, CLAIM_FINALIZER))

    async def _is_in_use(self, key: str, claim: PersistentVolumeClaim) -> bool:
        """Whether a pod uses the claim: by the cache, and if it shows none, by a live list."""
        if _is_used(claim, self._pods.by_index(USERS, key).values()):
            return True
        pods = await self._client.list(Pod, claim.metadata.namespace)
        is_used = _is_used(claim, (pod for pod in pods.items if key in claims_of(pod)))
        if is_used:
            self.enqueue_after(key, AWAIT_SECONDS)  # a relist may miss an object that came and went
        return is_used


class PersistentVolumeProtectionController(Controller):
    """Removes the protection finalizer of a terminating volume once it is not bound."""

    def __init__(self, client: Client, *, volumes: SharedInformer[PersistentVolume]) -> None:
        super().__init__()
        self._client = client
        self._volumes = volumes.lister
        self.observe(volumes, self._on_volume)

    def _on_volume(self, change: Change[PersistentVolume]) -> None:
        volume = change.new
        if volume is not None and _is_due(volume, VOLUME_FINALIZER):
            self.enqueue(change.key)

    async def reconcile(self, key: str) -> None:
        """Add or remove the protection finalizer."""
        volume = self._volumes.by_key(key)
        if volume is None or not _is_due(volume, VOLUME_FINALIZER):
            return
        if volume.metadata.deletion_timestamp is None:
            await self._client.update(_with(volume, VOLUME_FINALIZER))
        elif volume.status.phase != BOUND:
            with suppress(NotFound):
                await self._client.update(_without(volume, VOLUME_FINALIZER))


@reading("spec.volumes")
def claims_of(pod: Pod) -> tuple[str, ...]:
    """The keys of the claims that the pod's volumes name, or that are created for its ephemeral volumes."""
    namespace, name = pod.metadata.namespace, pod.metadata.name
    found: list[str] = []
    for volume in pod.spec.volumes:
        if volume.persistent_volume_claim is not None:
            found.append(cluster_key(namespace, volume.persistent_volume_claim.claim_name))
        elif volume.ephemeral is not None:
            found.append(cluster_key(namespace, f"{name}-{volume.name}"))
    return tuple(found)


def _is_used(claim: PersistentVolumeClaim, pods: Iterable[Pod]) -> bool:
    """Whether one of these pods uses the claim."""
    return any(
        _may_use(pod) and (_names(pod, claim) or is_controlled_by(claim.metadata, pod.metadata.uid)) for pod in pods
    )


def _names(pod: Pod, claim: PersistentVolumeClaim) -> bool:
    """Whether the pod names the claim. A claim created for an ephemeral volume is used by its owner only, by UID."""
    sources = (volume.persistent_volume_claim for volume in pod.spec.volumes)
    return any(one is not None and one.claim_name == claim.metadata.name for one in sources)


def _may_use(pod: Pod) -> bool:
    """Whether the pod may use its claims: a pod that is not scheduled will not be with a terminating claim."""
    return bool(pod.spec.node_name) and pod.status.phase not in (SUCCEEDED, FAILED)


def _is_due(value: TypedObject, finalizer: str) -> bool:
    """Whether the finalizer is missing, or may have to be removed."""
    metadata = value.metadata
    return (finalizer in metadata.finalizers) == (metadata.deletion_timestamp is not None)


def _with(value: T, finalizer: str) -> T:
    metadata = value.metadata
    return replace(value, metadata=replace(metadata, finalizers=(*metadata.finalizers, finalizer)))


def _without(value: T, finalizer: str) -> T:
    metadata = value.metadata
    kept = tuple(one for one in metadata.finalizers if one != finalizer)
    return replace(value, metadata=replace(metadata, finalizers=kept))
