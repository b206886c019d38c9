"""PersistentVolumeClaims and PersistentVolumes.

Source: pkg/registry/core/{persistentvolumeclaim,persistentvolume}/strategy.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.core.v1.persistentvolume import PENDING as VOLUME_PENDING
from kubeactors.api.core.v1.persistentvolume import PersistentVolume, PersistentVolumeStatus
from kubeactors.api.core.v1.persistentvolumeclaim import PENDING, PersistentVolumeClaim, PersistentVolumeClaimStatus
from kubeactors.api.core.v1.references import TypedLocalObjectReference, TypedObjectReference
from kubeactors.api.core.v1.volume import PersistentVolumeClaimSpec
from kubeactors.apiserver.registry.strategy import WithStatus


class PersistentVolumeClaimStrategy(WithStatus[PersistentVolumeClaim]):
    """Claims: Pending at first; `dataSource` and `dataSourceRef` agree."""

    counts_generations = False
    returns_deleted = True

    def prepare_for_create(self, new: PersistentVolumeClaim) -> PersistentVolumeClaim:
        """Pending; data sources that no provisioner supports are dropped."""
        spec = _with_both_sources(_without_unknown_sources(new.spec, PersistentVolumeClaimSpec()))
        return replace(new, spec=spec, status=PersistentVolumeClaimStatus(phase=PENDING))

    def prepare_for_update(self, new: PersistentVolumeClaim, old: PersistentVolumeClaim) -> PersistentVolumeClaim:
        """Keep the status; data sources as at creation."""
        new = super().prepare_for_update(new, old)
        if new.spec == old.spec:
            return new
        return replace(new, spec=_with_both_sources(_without_unknown_sources(new.spec, old.spec)))


class PersistentVolumeStrategy(WithStatus[PersistentVolume]):
    """Volumes: Pending at first; the server records when the phase changes."""

    counts_generations = False
    returns_deleted = True

    def prepare_for_create(self, new: PersistentVolume) -> PersistentVolume:
        """Pending, with the time."""
        status = PersistentVolumeStatus(phase=VOLUME_PENDING, last_phase_transition_time=self.environment.timestamp())
        return replace(new, status=status)

    def prepare_for_status_update(self, new: PersistentVolume, old: PersistentVolume) -> PersistentVolume:
        """Keep the spec; record the time of a phase change, unless the client sets one."""
        new = super().prepare_for_status_update(new, old)
        status, before = new.status, old.status
        time = before.last_phase_transition_time
        if status.phase != before.phase and status.last_phase_transition_time in {None, time}:
            time = self.environment.timestamp()
        elif status.last_phase_transition_time is not None:
            time = status.last_phase_transition_time
        return replace(new, status=replace(status, last_phase_transition_time=time))


def _without_unknown_sources(
    new: PersistentVolumeClaimSpec, old: PersistentVolumeClaimSpec
) -> PersistentVolumeClaimSpec:
    """The spec without data sources that need a feature gate.

    A source in another namespace needs CrossNamespaceVolumeDataSource, which is off; `dataSource` accepts claims and
    snapshots only.
    """
    if new.data_source_ref is not None and new.data_source_ref.namespace and old.data_source_ref is None:
        new = replace(new, data_source_ref=None)
    is_new = old.data_source is None and old.data_source_ref is None and new.data_source_ref is None
    if is_new and new.data_source is not None and not _is_known_source(new.data_source):
        return replace(new, data_source=None)
    return new


def _with_both_sources(spec: PersistentVolumeClaimSpec) -> PersistentVolumeClaimSpec:
    """Copy the data source to both fields, if one of them is set."""
    old, new = spec.data_source, spec.data_source_ref
    if old is not None and new is None:
        made = TypedObjectReference(api_group=old.api_group, kind=old.kind, name=old.name)
        return replace(spec, data_source_ref=made)
    if new is not None and old is None and not new.namespace:
        local = TypedLocalObjectReference(api_group=new.api_group, kind=new.kind, name=new.name)
        return replace(spec, data_source=local)
    return spec


def _is_known_source(source: TypedLocalObjectReference) -> bool:
    group, kind = source.api_group or "", source.kind
    return (group, kind) in {("", "PersistentVolumeClaim"), ("snapshot.storage.k8s.io", "VolumeSnapshot")}
