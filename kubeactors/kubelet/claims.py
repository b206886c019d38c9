"""Why the volume of a claim cannot be mounted. Pure.

Source: pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go, WaitForAttachAndMount in
pkg/kubelet/volumemanager/volume_manager.go, VolumeIsForPod in
k8s.io/component-helpers/storage/ephemeral/ephemeral.go (v1.36).
"""

from collections.abc import Iterator, Mapping

from kubeactors.api.core.v1 import PersistentVolumeClaim, Pod, Volume
from kubeactors.api.core.v1.persistentvolume import PersistentVolume

BOUND = "Bound"


def claim_of(volume: Volume, pod: Pod) -> str:
    """The name of a volume's claim; empty if it has none."""
    if volume.persistent_volume_claim is not None:
        return volume.persistent_volume_claim.claim_name
    return f"{pod.metadata.name}-{volume.name}" if volume.ephemeral is not None else ""


def mounted_claims(pod: Pod) -> Iterator[tuple[str, str]]:
    """The volumes that containers mount or use as devices, with their claims."""
    claims = {one.name: claim for one in pod.spec.volumes if (claim := claim_of(one, pod))}
    if claims:
        containers = (*pod.spec.init_containers, *pod.spec.containers)
        used = {one.name for container in containers for one in container.volume_mounts}
        used |= {one.name for container in containers for one in container.volume_devices}
        yield from ((name, claim) for name, claim in claims.items() if name in used)


def why_not_mounted(name: str, pod: Pod, claim: PersistentVolumeClaim | None, volume: PersistentVolume | None) -> str:
    """Why a pod cannot mount the claim of this name, with its volume if that exists; empty if it can."""
    where = f"{pod.metadata.namespace}/{name}"
    if why := _of_claim(name, claim):
        return f"error processing PVC {where}: {why}"
    assert claim is not None  # else there is a reason
    is_ephemeral = any(one.ephemeral is not None and claim_of(one, pod) == name for one in pod.spec.volumes)
    if is_ephemeral and not any(one.uid == pod.metadata.uid for one in claim.metadata.owner_references):
        of_pod = f"{pod.metadata.namespace}/{pod.metadata.name}"
        return f"PVC {where} was not created for pod {of_pod} (pod is not owner)"
    why = _of_volume(claim, volume)
    return why and f"error processing PVC {where}: {why}"


def _of_claim(name: str, claim: PersistentVolumeClaim | None) -> str:
    if claim is None:
        return f'failed to fetch PVC from API server: persistentvolumeclaims "{name}" not found'
    if claim.metadata.deletion_timestamp is not None:
        return "PVC is being deleted"
    if claim.status.phase != BOUND:
        return "PVC is not bound"
    return "" if claim.spec.volume_name else "PVC has empty pvc.Spec.VolumeName"


def _of_volume(claim: PersistentVolumeClaim, volume: PersistentVolume | None) -> str:
    name = claim.spec.volume_name
    if volume is None:
        return f'failed to fetch PV {name} from API server: persistentvolumes "{name}" not found'
    found = f"found PV object {name} but"
    if volume.spec.claim_ref is None:
        return f"{found} it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim"
    uid = volume.spec.claim_ref.uid
    if uid != claim.metadata.uid:
        return f"{found} its pv.Spec.ClaimRef.UID {uid} does not point to claim.UID {claim.metadata.uid}"
    return ""


def not_mounted(pod: Pod, unmountable: Mapping[str, str]) -> str:
    """The message of the event FailedMount, if claims of the pod are in `unmountable`; empty otherwise."""
    found = sorted((name, claim) for name, claim in mounted_claims(pod) if claim in unmountable)
    if not found:
        return ""
    volumes = f"[{' '.join(name for name, _ in found)}]"
    why = "; ".join(unmountable[claim] for _, claim in found)
    return (
        f"Unable to attach or mount volumes: unmounted volumes={volumes}, unattached volumes=[], "
        f"failed to process volumes={volumes}: {why}"
    )
