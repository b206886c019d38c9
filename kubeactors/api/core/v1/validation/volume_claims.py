"""What claims must fulfil, and what of them may change.

Source: ValidatePersistentVolumeClaim, ValidatePersistentVolumeClaimUpdate (v1.36).
"""

from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.api.core.v1.persistentvolumeclaim import BOUND, PersistentVolumeClaim
from kubeactors.api.core.v1.references import TypedLocalObjectReference
from kubeactors.api.core.v1.validation.claims import validate_claim_spec
from kubeactors.api.core.v1.volume import PersistentVolumeClaimSpec
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, required
from kubeactors.apimachinery.objectmeta import validate_immutable

_FROZEN = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"


def validate_claim(claim: PersistentVolumeClaim) -> Iterator[FieldError]:
    """How much storage is needed, and where data comes from."""
    yield from validate_claim_spec(claim.spec, "spec")
    if claim.spec.data_source is not None:
        yield from _validate_source(claim.spec.data_source, "spec.dataSource")


def validate_claim_update(new: PersistentVolumeClaim, old: PersistentVolumeClaim) -> Iterator[FieldError]:
    """A volume is bound once; a bound claim may grow."""
    yield from validate_claim(new)
    if _frozen_part(new, old) != old.spec:
        yield forbidden("spec", _FROZEN)
    yield from _validate_growth(new, old)
    yield from validate_immutable(new.spec.volume_mode, old.spec.volume_mode, "volumeMode")


def validate_claim_status(new: PersistentVolumeClaim, old: PersistentVolumeClaim) -> Iterator[FieldError]:
    """A volume is of some size."""
    del old
    for name, amount in new.status.capacity.items():
        if quantity.sign(amount) < 0:
            yield invalid(f"status.capacity[{name}]", amount, "must be greater than or equal to 0")


def _validate_source(source: TypedLocalObjectReference, path: str) -> Iterator[FieldError]:
    if not source.name:
        yield required(f"{path}.name")
    if not source.kind:
        yield required(f"{path}.kind")
    if not source.api_group and source.kind != "PersistentVolumeClaim":
        yield invalid(path, source.kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup")


def _frozen_part(new: PersistentVolumeClaim, old: PersistentVolumeClaim) -> PersistentVolumeClaimSpec:
    """The new spec with everything that may change as it was."""
    spec, before = new.spec, old.spec
    requests = spec.resources.requests
    if new.status.phase == BOUND and "storage" in before.resources.requests:
        requests = {**requests, "storage": before.resources.requests["storage"]}
    keeps_class = before.storage_class_name is not None
    return replace(
        spec,
        volume_name=spec.volume_name if before.volume_name else before.volume_name,
        storage_class_name=spec.storage_class_name if keeps_class else None,
        volume_attributes_class_name=before.volume_attributes_class_name,
        resources=replace(spec.resources, requests=requests),
    )


def _validate_growth(new: PersistentVolumeClaim, old: PersistentVolumeClaim) -> Iterator[FieldError]:
    """A volume never shrinks below what it has; what was asked for in vain may be taken back."""
    after = new.spec.resources.requests.get("storage", "0")
    before = old.spec.resources.requests.get("storage", "0")
    if quantity.compare(after, before) < 0 and quantity.compare(after, old.status.capacity.get("storage", "0")) <= 0:
        yield forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")
