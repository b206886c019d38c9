"""Validation of PersistentVolumeClaims.

Source: ValidatePersistentVolumeClaim, ValidatePersistentVolumeClaimUpdate (v1.36).
"""

from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.api.core.v1.persistentvolumeclaim import BOUND, CLASS_ANNOTATION, PersistentVolumeClaim
from kubeactors.api.core.v1.resources import is_native_resource
from kubeactors.api.core.v1.validation.claims import validate_claim_spec
from kubeactors.api.core.v1.validation.common import messages
from kubeactors.api.core.v1.volume import PersistentVolumeClaimSpec
from kubeactors.apimachinery import names, quantity
from kubeactors.apimachinery.field import FieldError, forbidden, invalid, not_supported
from kubeactors.apimachinery.objectmeta import validate_immutable

_RESIZING = (
    "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible",
    "NodeResizePending",
)  # fmt: skip
_FROZEN = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"


def validate_claim(claim: PersistentVolumeClaim) -> Iterator[FieldError]:
    """How much storage is needed, and where data comes from."""
    return validate_claim_spec(claim.spec, "spec")


def validate_claim_update(new: PersistentVolumeClaim, old: PersistentVolumeClaim) -> Iterator[FieldError]:
    """A volume is bound once; a bound claim may grow, and ask for other attributes."""
    yield from validate_claim_spec(new.spec, "spec", any_group=_names_group(old.spec))
    if not _moves_class(new, old):
        annotation, before = (
            new.metadata.annotations.get(CLASS_ANNOTATION),
            old.metadata.annotations.get(CLASS_ANNOTATION),
        )
        if (annotation or "") != (before or ""):
            yield invalid(f"metadata.annotations.{CLASS_ANNOTATION}", annotation or "", "field is immutable")
    if _frozen_part(new, old) != old.spec:
        yield forbidden("spec", _FROZEN)
    yield from _validate_growth(new, old)
    yield from validate_immutable(new.spec.volume_mode, old.spec.volume_mode, "volumeMode")
    yield from _validate_attributes_class(new.spec.volume_attributes_class_name, old.spec.volume_attributes_class_name)


def validate_claim_status(new: PersistentVolumeClaim, _old: PersistentVolumeClaim) -> Iterator[FieldError]:
    """A volume is of some size, and so is what was set aside for it."""
    status, path = new.status, "status.allocatedResources"
    for name, amount in status.capacity.items():
        yield from _validate_amount(amount, f"status.capacity[{name}]")
    for name, state in status.allocated_resource_statuses.items():
        yield from _validate_resource(name, "status.allocatedResourceStatus")
        if state not in _RESIZING:
            yield not_supported("status.allocatedResourceStatus", name, _RESIZING)
    for name, amount in status.allocated_resources.items():
        wrong = tuple(_validate_resource(name, path))
        yield from wrong or _validate_amount(amount, f"{path}[{name}]")


def _validate_amount(amount: str, path: str) -> Iterator[FieldError]:
    if quantity.value(amount) < 0:
        yield invalid(path, quantity.value(amount), "must be a valid resource quantity")


def _validate_resource(name: str, path: str) -> Iterator[FieldError]:
    """Of Kubernetes' own resources only storage is set aside."""
    if wrong := names.qualified_name(name):
        yield from messages(path, name, wrong)
    elif is_native_resource(name) and name != "storage":
        yield not_supported(path, name, ("storage",))


def _names_group(spec: PersistentVolumeClaimSpec) -> bool:
    """Whether a source of data had an API group before such names were looked at."""
    return any(one is not None and one.api_group is not None for one in (spec.data_source, spec.data_source_ref))


def _moves_class(new: PersistentVolumeClaim, old: PersistentVolumeClaim) -> bool:
    """Whether the class moves from the legacy annotation to the field."""
    before = old.metadata.annotations.get(CLASS_ANNOTATION)
    if before is None or old.spec.storage_class_name is not None:
        return False
    return new.spec.storage_class_name == before == new.metadata.annotations.get(CLASS_ANNOTATION, before)


def _gets_class(new: PersistentVolumeClaim, old: PersistentVolumeClaim) -> bool:
    """Whether a claim that named no class names one now, which its annotation does not contradict."""
    after = new.spec.storage_class_name
    if after is None or old.spec.storage_class_name is not None:
        return False
    return old.metadata.annotations.get(CLASS_ANNOTATION, after) == after


def _frozen_part(new: PersistentVolumeClaim, old: PersistentVolumeClaim) -> PersistentVolumeClaimSpec:
    """The new spec with all mutable fields as they were."""
    spec, before, bound = new.spec, old.spec, new.status.phase == BOUND
    requests, attributes = spec.resources.requests, spec.volume_attributes_class_name
    if bound and requests:
        requests = {**requests, "storage": before.resources.requests.get("storage", "0")}
    if bound and attributes is not None:
        attributes = before.volume_attributes_class_name
    takes_class = _moves_class(new, old) or _gets_class(new, old)
    return replace(
        spec,
        volume_name=spec.volume_name if before.volume_name else before.volume_name,
        storage_class_name=before.storage_class_name if takes_class else spec.storage_class_name,
        volume_attributes_class_name=attributes,
        resources=replace(spec.resources, requests=requests),
    )


def _validate_attributes_class(new: str | None, old: str | None) -> Iterator[FieldError]:
    path = "spec.volumeAttributesClassName"
    if old is not None and new is None:
        yield forbidden(path, "update from non-nil value to nil is forbidden")
    elif old and not new:
        yield forbidden(path, "update from non-nil value to an empty string is forbidden")


def _validate_growth(new: PersistentVolumeClaim, old: PersistentVolumeClaim) -> Iterator[FieldError]:
    """A volume never shrinks below what it has; what was asked for in vain may be taken back."""
    after = new.spec.resources.requests.get("storage", "0")
    before = old.spec.resources.requests.get("storage", "0")
    if quantity.compare(after, before) < 0 and quantity.compare(after, old.status.capacity.get("storage", "0")) <= 0:
        yield forbidden("spec.resources.requests.storage", "field can not be less than status.capacity")
