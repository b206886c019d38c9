"""ResourceClaim and ResourceClaimTemplate: devices for pods.

Source: api/resource/v1/types.go (v1.36).
"""

from typing import Annotated

import msgspec

from kubeactors.api.core.v1.affinity import NodeSelector
from kubeactors.api.resource.v1.devices import DeviceToleration, OpaqueDeviceConfiguration
from kubeactors.api.resource.v1.request import ResourceClaimSpec
from kubeactors.apimachinery.meta import (
    Condition,
    Object,
    ObjectMeta,
    Quantity,
    Time,
    TypedObject,
    always,
    list_map,
    merge_by,
)

FINALIZER = "resource.kubernetes.io/delete-protection"
"""Protects a claim while it has allocated devices."""


class DeviceRequestAllocationResult(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A device allocated to a request."""

    request: str = always("")
    driver: str = always("")
    pool: str = always("")
    device: str = always("")
    admin_access: bool | None = None
    tolerations: tuple[DeviceToleration, ...] = ()
    binding_conditions: tuple[str, ...] = ()
    binding_failure_conditions: tuple[str, ...] = ()
    share_id: str | None = msgspec.field(name="shareID", default=None)
    consumed_capacity: dict[str, Quantity] = {}


class DeviceAllocationConfiguration(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The configuration of some of the devices, from the class or the claim."""

    source: str = always("")
    requests: tuple[str, ...] = ()
    opaque: OpaqueDeviceConfiguration | None = None


class DeviceAllocationResult(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The allocated devices."""

    results: tuple[DeviceRequestAllocationResult, ...] = ()
    config: tuple[DeviceAllocationConfiguration, ...] = ()


class AllocationResult(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The allocated devices, and the nodes that can access them."""

    devices: DeviceAllocationResult = always(DeviceAllocationResult())
    node_selector: NodeSelector | None = None
    allocation_timestamp: Time | None = None


class ResourceClaimConsumerReference(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A consumer of the claim."""

    api_group: str = ""
    resource: str = always("")
    name: str = always("")
    uid: str = always("")


class NetworkDeviceData(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Network properties of a device."""

    interface_name: str = ""
    ips: tuple[str, ...] = ()
    hardware_address: str = ""


class AllocatedDeviceStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The status of a device, reported by its driver."""

    driver: str = always("")
    pool: str = always("")
    device: str = always("")
    share_id: str | None = msgspec.field(name="shareID", default=None)
    conditions: Annotated[tuple[Condition, ...] | None, list_map("type")] = always(None)
    data: dict[str, object] | None = None
    network_data: NetworkDeviceData | None = None


class ResourceClaimStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The allocation of a claim, and its consumers."""

    allocation: AllocationResult | None = None
    reserved_for: Annotated[tuple[ResourceClaimConsumerReference, ...], merge_by("uid")] = ()
    devices: Annotated[tuple[AllocatedDeviceStatus, ...], list_map("driver", "device", "pool", "shareID")] = ()


class ResourceClaim(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Claims devices for pods."""

    api_version: str = "resource.k8s.io/v1"
    kind: str = "ResourceClaim"
    spec: ResourceClaimSpec = always(ResourceClaimSpec())
    status: ResourceClaimStatus = always(ResourceClaimStatus())


class ResourceClaimTemplateSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The metadata and spec of claims from a template."""

    metadata: ObjectMeta = always(ObjectMeta())
    spec: ResourceClaimSpec = always(ResourceClaimSpec())


class ResourceClaimTemplate(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A template for claims that are created per pod."""

    api_version: str = "resource.k8s.io/v1"
    kind: str = "ResourceClaimTemplate"
    spec: ResourceClaimTemplateSpec = always(ResourceClaimTemplateSpec())
