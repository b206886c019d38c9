"""VolumeAttributesClass: mutable parameters of volumes.

Source: api/storage/v1/types.go, pkg/apis/storage/validation/validation.go, pkg/apis/storage/v1/defaults.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.storage.v1.storageclass import validate_parameters
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, invalid, required
from kubeactors.apimachinery.meta import (
    TypedObject,
    always,
)
from kubeactors.apimachinery.objectmeta import validate_immutable


class VolumeAttributesClass(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Parameters of volumes that are mutable during their lifetime."""

    api_version: str = "storage.k8s.io/v1"
    kind: str = "VolumeAttributesClass"
    driver_name: str = always("")
    parameters: dict[str, str] = {}


def validate_volume_attributes_class(one: VolumeAttributesClass) -> Iterator[FieldError]:
    """The driver and its parameters are valid."""
    if not one.driver_name:
        yield required("driverName")
    else:
        for message in names.qualified_name(one.driver_name.lower()):
            yield invalid("driverName", one.driver_name, message)
    if not one.parameters:
        yield required("parameters", "must contain at least one key/value pair")
    yield from validate_parameters(one.parameters)


def validate_volume_attributes_class_update(
    new: VolumeAttributesClass, old: VolumeAttributesClass
) -> Iterator[FieldError]:
    """The driver and the parameters are immutable."""
    yield from validate_immutable(new.driver_name, old.driver_name, "driverName")
    yield from validate_immutable(new.parameters, old.parameters, "parameters")
