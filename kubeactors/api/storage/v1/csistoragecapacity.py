"""CSIStorageCapacity: the available capacity of a storage class in a topology segment.

Source: api/storage/v1/types.go, pkg/apis/storage/validation/validation.go, pkg/apis/storage/v1/defaults.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1.node_labels import warn_of_node_selector
from kubeactors.api.validation import validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, invalid
from kubeactors.apimachinery.labels import validate_selector
from kubeactors.apimachinery.meta import (
    LabelSelector,
    Quantity,
    TypedObject,
    always,
)
from kubeactors.apimachinery.objectmeta import validate_immutable
from kubeactors.apimachinery.quantity import parse


class CSIStorageCapacity(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The available capacity of a storage class in a topology segment."""

    api_version: str = "storage.k8s.io/v1"
    kind: str = "CSIStorageCapacity"
    node_topology: LabelSelector | None = None
    storage_class_name: str = always("")
    capacity: Quantity | None = None
    maximum_volume_size: Quantity | None = None


def validate_csi_storage_capacity(one: CSIStorageCapacity) -> Iterator[FieldError]:
    """The class is valid, and amounts are not negative."""
    yield from validate_text(one.storage_class_name, "storageClassName", names.dns1123_subdomain)
    yield from validate_selector(one.node_topology, "nodeTopology")
    for path, amount in (("capacity", one.capacity), ("maximumVolumeSize", one.maximum_volume_size)):
        if amount is not None and parse(amount).nanos < 0:
            yield invalid(path, amount, "must be greater than or equal to 0")


def validate_csi_storage_capacity_update(new: CSIStorageCapacity, old: CSIStorageCapacity) -> Iterator[FieldError]:
    """The class and the topology are immutable."""
    yield from validate_immutable(new.node_topology, old.node_topology, "nodeTopology")
    yield from validate_immutable(new.storage_class_name, old.storage_class_name, "storageClassName")
    yield from validate_csi_storage_capacity(new)


def warn_of_csi_storage_capacity(new: CSIStorageCapacity, _old: CSIStorageCapacity | None) -> Iterator[str]:
    """Deprecated node labels."""
    if new.node_topology is not None:
        yield from warn_of_node_selector(new.node_topology, "nodeTopology")
