"""CSINode: the storage drivers on a node.

Source: api/storage/v1/types.go, pkg/apis/storage/validation/validation.go, pkg/apis/storage/v1/defaults.go (v1.36).
"""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec.structs import replace

from kubeactors.api.validation import validate_count, validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, duplicate, invalid, required, too_long
from kubeactors.apimachinery.meta import (
    Object,
    TypedObject,
    always,
    merge_by,
)

_MAX_NAME, _MAX_NODE_ID = 63, 256


class VolumeNodeResources(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The maximum number of a driver's volumes on a node; absent if there is no limit."""

    count: int | None = None


class CSINodeDriver(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A driver on a node: its id of the node, and the topology keys."""

    name: str = always("")
    node_id: str = msgspec.field(name="nodeID", default_factory=lambda: "")
    topology_keys: tuple[str, ...] | None = always(None)
    allocatable: VolumeNodeResources | None = None


class CSINodeSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The drivers on a node."""

    drivers: Annotated[tuple[CSINodeDriver, ...] | None, merge_by("name")] = always(None)


class CSINode(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The storage drivers on the node of the same name."""

    api_version: str = "storage.k8s.io/v1"
    kind: str = "CSINode"
    spec: CSINodeSpec = always(CSINodeSpec())


def validate_csi_node(node: CSINode) -> Iterator[FieldError]:
    """Driver names are unique, and node ids are valid."""
    seen: list[str] = []
    for i, driver in enumerate(node.spec.drivers or ()):
        path = f"spec.drivers[{i}]"
        yield from _validate_driver(driver, path)
        if driver.name in seen:
            yield duplicate(f"{path}.name", driver.name)
        seen.append(driver.name)


def validate_csi_node_update(new: CSINode, old: CSINode) -> Iterator[FieldError]:
    """Existing drivers are immutable, except for their volume limits."""
    yield from validate_csi_node(new)
    before = {driver.name: driver for driver in old.spec.drivers or ()}
    for driver in new.spec.drivers or ():
        known = before.get(driver.name)
        if known is not None and replace(known, allocatable=driver.allocatable) != driver:
            yield invalid("CSINode", driver.name, "field is immutable")


def _validate_driver(driver: CSINodeDriver, path: str) -> Iterator[FieldError]:
    yield from validate_driver_name(driver.name, f"{path}.name")
    if not driver.node_id:
        yield required(f"{path}.nodeID")
    elif len(driver.node_id) > _MAX_NODE_ID:
        yield invalid(f"{path}.nodeID", driver.node_id, f"must be {_MAX_NODE_ID} characters or less")
    yield from validate_count(
        None if driver.allocatable is None else driver.allocatable.count, f"{path}.allocatable.count"
    )
    keys = driver.topology_keys or ()
    for i, key in enumerate(keys):
        if not key:
            yield required(f"{path}.topologyKeys")
        elif key in keys[:i]:
            yield duplicate(f"{path}.topologyKeys", key)
        yield from validate_text(key, f"{path}.topologyKeys", names.qualified_name)


def validate_driver_name(name: str, path: str) -> Iterator[FieldError]:
    """The name of a storage driver."""
    if not name:
        yield required(path)
    if len(name) > _MAX_NAME:
        yield too_long(path, _MAX_NAME)
    for message in names.dns1123_subdomain(name.lower()):
        yield invalid(path, name, message)
