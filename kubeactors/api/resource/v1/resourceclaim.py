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
"""Keeps a claim as long as it has devices."""


class DeviceRequestAllocationResult(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One device that was given to a request."""

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
    """How some of the devices are set up, and whether class or claim says so."""

    source: str = always("")
    requests: tuple[str, ...] = ()
    opaque: OpaqueDeviceConfiguration | None = None


class DeviceAllocationResult(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The devices that were given."""

    results: tuple[DeviceRequestAllocationResult, ...] = ()
    config: tuple[DeviceAllocationConfiguration, ...] = ()


class AllocationResult(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a claim was given, and on which nodes it can be used."""

    devices: DeviceAllocationResult = always(DeviceAllocationResult())
    node_selector: NodeSelector | None = None
    allocation_timestamp: Time | None = None


class ResourceClaimConsumerReference(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Somebody who may use what is claimed."""

    api_group: str = ""
    resource: str = always("")
    name: str = always("")
    uid: str = always("")


class NetworkDeviceData(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A device as the network sees it."""

    interface_name: str = ""
    ips: tuple[str, ...] = ()
    hardware_address: str = ""


class AllocatedDeviceStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What the driver says of a device."""

    driver: str = always("")
    pool: str = always("")
    device: str = always("")
    share_id: str | None = msgspec.field(name="shareID", default=None)
    conditions: Annotated[tuple[Condition, ...] | None, list_map("type")] = always(None)
    data: dict[str, object] | None = None
    network_data: NetworkDeviceData | None = None


class ResourceClaimStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a claim was given, and who uses it."""

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
    """What claims of the template are like."""

    metadata: ObjectMeta = always(ObjectMeta())
    spec: ResourceClaimSpec = always(ResourceClaimSpec())


class ResourceClaimTemplate(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A claim that every pod gets for itself."""

    api_version: str = "resource.k8s.io/v1"
    kind: str = "ResourceClaimTemplate"
    spec: ResourceClaimTemplateSpec = always(ResourceClaimTemplateSpec())
