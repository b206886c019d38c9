"""The devices of a cluster: where they are available, which a request matches, and which an allocation holds.

Devices that need unsupported features are left out: partitionable devices (`consumesCounters`), shared devices
(`allowMultipleAllocations`), and devices that a driver must prepare first (`bindingConditions`).

Source: k8s.io/dynamic-resource-allocation/structured/internal/stable/{allocator,pools}.go, cel/compile.go (v1.36).
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from kubeactors.api.core.v1 import Node, NodeSelector
from kubeactors.api.core.v1.placement import matches_node_selector
from kubeactors.api.resource.v1 import DeviceClass, ResourceSlice
from kubeactors.api.resource.v1.devices import DeviceSelector, DeviceToleration
from kubeactors.api.resource.v1.resourceclaim import AllocationResult
from kubeactors.api.resource.v1.resourceslice import Device, DeviceAttribute, DeviceTaint
from kubeactors.apimachinery.cel import compile_program
from kubeactors.apimachinery.cel.library import quantities, versions

_INDEX = re.compile(r"""\[\s*["']([^"']*)["']\s*\]""")
"""Matches the domains that an expression names."""
_BLOCKING = ("NoSchedule", "NoExecute")


class DeviceId(NamedTuple):
    """The cluster-wide identity of a device."""

    driver: str
    pool: str
    device: str


class Offer:
    """An allocatable device, with cached results of expressions."""

    __slots__ = ("_said", "device", "id", "place")

    def __init__(self, id_: DeviceId, device: Device, place: NodeSelector | str | None) -> None:
        self.id: DeviceId = id_
        self.device: Device = device
        self.place: NodeSelector | str | None = place
        """Where it is available: a node's name, a selector of nodes, or None for all nodes."""
        self._said: dict[str, bool] = {}

    def holds(self, expression: str) -> bool:
        """The result of an expression over `device`.

        Raises:
            CelError: it does not compile, or fails for this device.
        """
        said = self._said.get(expression)
        if said is None:
            seen = {"device": variables(self.id.driver, self.device, tuple(_INDEX.findall(expression)))}
            said = self._said[expression] = compile_program(expression, ("device",), "bool").holds(seen)
        return said

    def attribute(self, name: str) -> DeviceAttribute | None:
        """An attribute by its qualified name; the driver's own may be named without the domain."""
        found = self.device.attributes.get(name)
        domain, _, rest = name.rpartition("/")
        return self.device.attributes.get(rest) if found is None and domain == self.id.driver else found


def variables(driver: str, device: Device, domains: Iterable[str] = ()) -> dict[str, object]:
    """The value of `device` in expressions. Each of these domains is present, even if it is empty.

    >>> variables("d", Device(attributes={"size": DeviceAttribute(int_=3)}))["attributes"]
    {'d': {'size': 3}}
    """
    attributes: dict[str, dict[str, object]] = {one: {} for one in domains}
    for name, value in device.attributes.items():
        domain, _, rest = name.rpartition("/")
        attributes.setdefault(domain or driver, {})[rest] = _value(value)
    capacity: dict[str, dict[str, object]] = {one: {} for one in domains}
    for name, amount in device.capacity.items():
        domain, _, rest = name.rpartition("/")
        capacity.setdefault(domain or driver, {})[rest] = quantities.parse(amount.value)
    return {"driver": driver, "attributes": attributes, "capacity": capacity}


def _value(attribute: DeviceAttribute) -> object:
    if attribute.version is not None:
        return versions.parse(attribute.version)
    for value in (attribute.int_, attribute.bool_, attribute.string):
        if value is not None:
            return value
    return list(attribute.ints or attribute.bools or attribute.strings or map(versions.parse, attribute.versions))


def offers(slices: Iterable[ResourceSlice]) -> tuple[Offer, ...]:
    """The devices of all complete pools, of the newest generation of each; pools in order of their names."""
    pools: dict[tuple[str, str], list[ResourceSlice]] = {}
    for one in slices:
        pools.setdefault((one.spec.driver, one.spec.pool.name), []).append(one)
    found: list[Offer] = []
    for key in sorted(pools):
        found.extend(_of_pool(pools[key]))
    return tuple(found)


def _of_pool(slices: list[ResourceSlice]) -> Iterable[Offer]:
    newest = max(one.spec.pool.generation for one in slices)
    current = sorted((one for one in slices if one.spec.pool.generation == newest), key=lambda one: one.metadata.name)
    if len(current) != current[0].spec.pool.resource_slice_count:
        return
    for one in current:
        for device in one.spec.devices:
            if not _is_special(device):
                id_ = DeviceId(one.spec.driver, one.spec.pool.name, device.name)
                yield Offer(id_, device, _place(one, device))


def _is_special(device: Device) -> bool:
    return bool(device.consumes_counters or device.allow_multiple_allocations or device.binding_conditions)


def _place(one: ResourceSlice, device: Device) -> NodeSelector | str | None:
    where = device if one.spec.per_device_node_selection else one.spec
    return where.node_name or where.node_selector


def is_available_on(offer: Offer, node: Node) -> bool:
    """Whether the device is available on the node."""
    if offer.place is None:
        return True
    if isinstance(offer.place, str):
        return offer.place == node.metadata.name
    return matches_node_selector(offer.place, node.metadata.labels, node.metadata.name)


def is_match(
    offer: Offer,
    class_: DeviceClass,
    selectors: Iterable[DeviceSelector],
    tolerations: Iterable[DeviceToleration],
) -> bool:
    """Whether a request for devices of this class matches this one.

    Raises:
        CelError: an expression cannot be evaluated.
    """
    expressions = (one.cel.expression for one in (*class_.spec.selectors, *selectors) if one.cel is not None)
    if not all(offer.holds(one) for one in expressions):
        return False
    tolerated = tuple(tolerations)
    taints = (one for one in offer.device.taints if one.effect in _BLOCKING)
    return all(any(_tolerates(toleration, taint) for toleration in tolerated) for taint in taints)


def _tolerates(toleration: DeviceToleration, taint: DeviceTaint) -> bool:
    if toleration.effect and toleration.effect != taint.effect:
        return False
    if toleration.key and toleration.key != taint.key:
        return False
    return toleration.operator == "Exists" or (bool(toleration.key) and toleration.value == taint.value)


def held_by(allocation: AllocationResult | None) -> tuple[DeviceId, ...]:
    """The devices that an allocation holds exclusively."""
    results = allocation.devices.results if allocation is not None else ()
    return tuple(DeviceId(one.driver, one.pool, one.device) for one in results if not one.admin_access)
