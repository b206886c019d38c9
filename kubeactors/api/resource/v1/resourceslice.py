"""ResourceSlice: devices published by a driver.

Source: api/resource/v1/types.go (v1.36).
"""

import msgspec

from kubeactors.api.core.v1.affinity import NodeSelector
from kubeactors.apimachinery.meta import (
    Object,
    Quantity,
    Time,
    TypedObject,
    always,
)


class ResourcePool(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A pool of devices, published in `resource_slice_count` slices of one generation."""

    name: str = always("")
    generation: int = always(0)
    resource_slice_count: int = always(0)


class DeviceAttribute(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One property of a device, of one type."""

    int_: int | None = msgspec.field(name="int", default=None)
    bool_: bool | None = msgspec.field(name="bool", default=None)
    string: str | None = None
    version: str | None = None
    ints: tuple[int, ...] = ()
    bools: tuple[bool, ...] = ()
    strings: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()


class CapacityRequestPolicyRange(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Amounts from `min` to `max` in steps."""

    min: Quantity | None = None
    max: Quantity | None = None
    step: Quantity | None = None


class CapacityRequestPolicy(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The amounts of a device's capacity that can be requested."""

    default: Quantity | None = always(None)
    valid_values: tuple[Quantity, ...] = ()
    valid_range: CapacityRequestPolicyRange | None = None


class DeviceCapacity(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A capacity of a device."""

    value: Quantity = always("0")
    request_policy: CapacityRequestPolicy | None = None


class Counter(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The amount of a shared counter."""

    value: Quantity = always("0")


class DeviceCounterConsumption(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The consumption of counters by a device."""

    counter_set: str = always("")
    counters: dict[str, Counter] = {}


class DeviceTaint(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Repels claims that do not tolerate it; `effect` is NoSchedule, NoExecute or None."""

    key: str = always("")
    value: str = ""
    effect: str = always("")
    time_added: Time | None = None


class NodeAllocatableResourceMapping(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How a device counts as an allocatable resource of its node."""

    capacity_key: str | None = None
    allocation_multiplier: Quantity | None = None


class Device(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One device."""

    name: str = always("")
    attributes: dict[str, DeviceAttribute] = {}
    capacity: dict[str, DeviceCapacity] = {}
    consumes_counters: tuple[DeviceCounterConsumption, ...] = ()
    node_name: str | None = None
    node_selector: NodeSelector | None = None
    all_nodes: bool | None = None
    taints: tuple[DeviceTaint, ...] = ()
    binds_to_node: bool | None = None
    binding_conditions: tuple[str, ...] = ()
    binding_failure_conditions: tuple[str, ...] = ()
    allow_multiple_allocations: bool | None = None
    node_allocatable_resource_mappings: dict[str, NodeAllocatableResourceMapping] = {}


class CounterSet(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Counters that devices of a pool share."""

    name: str = always("")
    counters: dict[str, Counter] = {}


class ResourceSliceSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The driver and pool of the devices, and the nodes that can access them."""

    driver: str = always("")
    pool: ResourcePool = always(ResourcePool())
    node_name: str | None = None
    node_selector: NodeSelector | None = None
    all_nodes: bool | None = None
    devices: tuple[Device, ...] = ()
    per_device_node_selection: bool | None = None
    shared_counters: tuple[CounterSet, ...] = ()


class ResourceSlice(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Some of the devices of a driver."""

    api_version: str = "resource.k8s.io/v1"
    kind: str = "ResourceSlice"
    spec: ResourceSliceSpec = always(ResourceSliceSpec())


def resource_slice_fields(one: ResourceSlice) -> dict[str, str]:
    """The fields that field selectors support."""
    return {"spec.nodeName": one.spec.node_name or "", "spec.driver": one.spec.driver}
