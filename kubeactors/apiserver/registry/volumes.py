"""Claims and volumes.

Source: pkg/registry/core/{persistentvolumeclaim,persistentvolume}/strategy.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.core.v1.persistentvolume import PENDING as VOLUME_PENDING
from kubeactors.api.core.v1.persistentvolume import PersistentVolume, PersistentVolumeStatus
from kubeactors.api.core.v1.persistentvolumeclaim import PENDING, PersistentVolumeClaim, PersistentVolumeClaimStatus
from kubeactors.api.core.v1.references import TypedLocalObjectReference
from kubeactors.apiserver.registry.strategy import WithStatus


class PersistentVolumeClaimStrategy(WithStatus[PersistentVolumeClaim]):
    """Claims: pending at first; data comes from claims and snapshots."""

    counts_generations = False
    returns_deleted = True

    def prepare_for_create(self, new: PersistentVolumeClaim) -> PersistentVolumeClaim:
        """Pending; a source of data that nobody could fill from is forgotten."""
        spec = new.spec
        if spec.data_source is not None and not _is_known_source(spec.data_source):
            spec = replace(spec, data_source=None)
        return replace(new, spec=spec, status=PersistentVolumeClaimStatus(phase=PENDING))


class PersistentVolumeStrategy(WithStatus[PersistentVolume]):
    """Volumes: pending at first; the server notes when the phase changes."""

    counts_generations = False
    returns_deleted = True

    def prepare_for_create(self, new: PersistentVolume) -> PersistentVolume:
        """Pending since now."""
        status = PersistentVolumeStatus(phase=VOLUME_PENDING, last_phase_transition_time=self.environment.timestamp())
        return replace(new, status=status)

    def prepare_for_status_update(self, new: PersistentVolume, old: PersistentVolume) -> PersistentVolume:
        """The spec stays; another phase is another time, unless the client says which."""
        new = super().prepare_for_status_update(new, old)
        status, before = new.status, old.status
        time = before.last_phase_transition_time
        if status.phase != before.phase and status.last_phase_transition_time in {None, time}:
            time = self.environment.timestamp()
        elif status.last_phase_transition_time is not None:
            time = status.last_phase_transition_time
        return replace(new, status=replace(status, last_phase_transition_time=time))


def _is_known_source(source: TypedLocalObjectReference) -> bool:
    group, kind = source.api_group or "", source.kind
    return (group, kind) in {("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot")}
