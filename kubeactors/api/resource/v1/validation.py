"""Validation of devices and claims.

Expressions that choose devices are compiled, but what they may cost is not estimated.

Source: pkg/apis/resource/validation/validation.go (v1.36).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from kubeactors.api.core.v1.validation.claims import validate_template_meta
from kubeactors.api.resource.v1.defaults import ALL, EXACT_COUNT
from kubeactors.api.resource.v1.deviceclass import DeviceClass
from kubeactors.api.resource.v1.devices import DeviceSelector, DeviceToleration, OpaqueDeviceConfiguration
from kubeactors.api.resource.v1.request import (
    DeviceClaim,
    DeviceConstraint,
    DeviceRequest,
    DeviceSubRequest,
    ExactDeviceRequest,
)
from kubeactors.api.resource.v1.resourceclaim import (
    AllocationResult,
    ResourceClaim,
    ResourceClaimConsumerReference,
    ResourceClaimTemplate,
)
from kubeactors.api.resource.v1.resourceslice import Device, ResourceSlice, ResourceSliceSpec
from kubeactors.api.storage.v1.csinode import validate_driver_name
from kubeactors.api.validation import validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.cel import CelError, compile_program
from kubeactors.apimachinery.field import (
    FieldError,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
    too_many,
)
from kubeactors.apimachinery.objectmeta import validate_immutable

T = TypeVar("T")

_MAX_REQUESTS = _MAX_CONSTRAINTS = _MAX_CONFIGS = _MAX_SELECTORS = 32
_MAX_ALTERNATIVES = 8
_MAX_CONSUMERS = 256
_MAX_DEVICES = 128
_MAX_EXPRESSION = 10 * 1024
_EITHER = "exactly one of `exactly` or `firstAvailable` is required"
_NO_REQUEST = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
_ONE_PLACE = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"


def validate_device_class(one: DeviceClass) -> Iterator[FieldError]:
    """Selectors and configurations are valid."""
    yield from _validate_selectors(one.spec.selectors, "spec.selectors")
    for i, config in enumerate(one.spec.config):
        yield from _validate_opaque(config.opaque, f"spec.config[{i}]")


def validate_device_class_update(new: DeviceClass, _old: DeviceClass) -> Iterator[FieldError]:
    """Everything is mutable."""
    return validate_device_class(new)


def validate_resource_claim(claim: ResourceClaim) -> Iterator[FieldError]:
    """Requests, constraints and configurations are valid."""
    return _validate_claim(claim.spec.devices, "spec.devices")


def validate_resource_claim_update(new: ResourceClaim, old: ResourceClaim) -> Iterator[FieldError]:
    """The spec is immutable."""
    yield from validate_immutable(new.spec, old.spec, "spec")


def validate_resource_claim_status(new: ResourceClaim, old: ResourceClaim) -> Iterator[FieldError]:
    """An allocation is immutable; consumers need an allocation."""
    status, before = new.status, old.status
    yield from _validate_each(
        status.reserved_for, "status.reservedFor", _MAX_CONSUMERS, _validate_consumer, lambda one: one.uid
    )
    if status.reserved_for and status.allocation is None:
        yield forbidden("status.reservedFor", "may not be specified when `allocated` is not set")
    added = [one for one in status.reserved_for if one not in before.reserved_for]
    if added and new.metadata.deletion_timestamp is not None:
        why = "new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set"
        yield forbidden("status.reservedFor", why)
    if before.allocation is not None and status.allocation is not None:
        yield from validate_immutable(status.allocation, before.allocation, "status.allocation")
    elif status.allocation is not None:
        known = _names_of(new.spec.devices)
        yield from _validate_allocation(status.allocation, "status.allocation.devices", known)


def validate_resource_claim_template(template: ResourceClaimTemplate) -> Iterator[FieldError]:
    """The spec of the claims is valid."""
    yield from validate_template_meta(template.spec.metadata, "spec.metadata")
    yield from _validate_claim(template.spec.spec.devices, "spec.spec.devices")


def validate_resource_claim_template_update(
    new: ResourceClaimTemplate, old: ResourceClaimTemplate
) -> Iterator[FieldError]:
    """The spec is immutable."""
    yield from validate_immutable(new.spec, old.spec, "spec")


def validate_resource_slice(one: ResourceSlice) -> Iterator[FieldError]:
    """Driver, pool and nodes are valid, and device names are unique."""
    spec = one.spec
    yield from validate_driver_name(spec.driver, "spec.driver")
    yield from _validate_pool(spec.pool.name, "spec.pool.name")
    if spec.pool.resource_slice_count <= 0:
        yield invalid("spec.pool.resourceSliceCount", spec.pool.resource_slice_count, "must be greater than zero")
    if spec.pool.generation < 0:
        yield invalid("spec.pool.generation", spec.pool.generation, "must be greater than or equal to zero")
    yield from _validate_place(spec)
    yield from _validate_each(spec.devices, "spec.devices", _MAX_DEVICES, _validate_device, lambda device: device.name)


def validate_resource_slice_update(new: ResourceSlice, old: ResourceSlice) -> Iterator[FieldError]:
    """The driver, the pool and the node are immutable."""
    yield from validate_resource_slice(new)
    yield from validate_immutable(new.spec.driver, old.spec.driver, "spec.driver")
    yield from validate_immutable(new.spec.pool.name, old.spec.pool.name, "spec.pool.name")
    yield from validate_immutable(new.spec.node_name, old.spec.node_name, "spec.nodeName")


def _validate_each(
    items: Sequence[T],
    path: str,
    maximum: int,
    validate: Callable[[T, str], Iterator[FieldError]],
    key: Callable[[T], str] | None = None,
) -> Iterator[FieldError]:
    """Validate each item; the list has a maximum length, and keys are unique."""
    if len(items) > maximum:
        yield too_many(path, len(items), maximum)
        return
    seen: list[str] = []
    for i, one in enumerate(items):
        yield from validate(one, f"{path}[{i}]")
        if key is not None and key(one) in seen:
            yield duplicate(f"{path}[{i}]", key(one))
        if key is not None:
            seen.append(key(one))


def _validate_claim(claim: DeviceClaim, path: str) -> Iterator[FieldError]:
    known = _names_of(claim)
    requests = claim.requests or ()
    yield from _validate_each(requests, f"{path}.requests", _MAX_REQUESTS, _validate_request, lambda one: one.name)
    yield from _validate_each(
        claim.constraints,
        f"{path}.constraints",
        _MAX_CONSTRAINTS,
        lambda one, at: _validate_constraint(one, at, known),
    )
    for i, config in enumerate(claim.config[:_MAX_CONFIGS]):
        yield from _validate_references(config.requests, f"{path}.config[{i}].requests", known)
        yield from _validate_opaque(config.opaque, f"{path}.config[{i}]")


def _names_of(claim: DeviceClaim) -> dict[str, tuple[str, ...]]:
    """The requests of a claim, and the alternatives of each."""
    return {one.name: tuple(sub.name for sub in one.first_available) for one in claim.requests or ()}


def _validate_request(request: DeviceRequest, path: str) -> Iterator[FieldError]:
    yield from validate_text(request.name, f"{path}.name", names.dns1123_label)
    if request.exactly is None and not request.first_available:
        yield required(path, _EITHER)
    elif request.exactly is not None and request.first_available:
        yield invalid(path, None, f"{_EITHER}, but multiple fields are set")
    elif request.exactly is not None:
        yield from _validate_wanted(request.exactly, f"{path}.exactly")
    else:
        alternatives, at = request.first_available, f"{path}.firstAvailable"
        yield from _validate_each(alternatives, at, _MAX_ALTERNATIVES, _validate_alternative, lambda one: one.name)


def _validate_alternative(request: DeviceSubRequest, path: str) -> Iterator[FieldError]:
    yield from validate_text(request.name, f"{path}.name", names.dns1123_label)
    yield from _validate_wanted(request, path)


def _validate_wanted(request: ExactDeviceRequest | DeviceSubRequest, path: str) -> Iterator[FieldError]:
    if request.device_class_name:
        yield from validate_text(request.device_class_name, f"{path}.deviceClassName", names.dns1123_subdomain)
    else:
        yield required(f"{path}.deviceClassName")
    yield from _validate_selectors(request.selectors, f"{path}.selectors")
    mode, count = request.allocation_mode, request.count
    if mode == ALL and count:
        yield invalid(f"{path}.count", count, f"must not be specified when allocationMode is '{mode}'")
    elif mode == EXACT_COUNT and count <= 0:
        yield invalid(f"{path}.count", count, "must be greater than zero")
    elif mode not in (ALL, EXACT_COUNT):
        yield not_supported(f"{path}.allocationMode", mode, (ALL, EXACT_COUNT))
    for i, toleration in enumerate(request.tolerations):
        yield from _validate_toleration(toleration, f"{path}.tolerations[{i}]")


def _validate_selectors(selectors: tuple[DeviceSelector, ...], path: str) -> Iterator[FieldError]:
    return _validate_each(selectors, path, _MAX_SELECTORS, _validate_selector)


def _validate_selector(selector: DeviceSelector, path: str) -> Iterator[FieldError]:
    if selector.cel is None:
        yield required(f"{path}.cel")
        return
    expression, path = selector.cel.expression, f"{path}.cel.expression"
    if len(expression) > _MAX_EXPRESSION:
        yield too_long(path, _MAX_EXPRESSION)
        return
    try:
        compile_program(expression, ("device",), "bool")
    except CelError as error:
        yield invalid(path, expression, str(error))


def _validate_toleration(toleration: DeviceToleration, path: str) -> Iterator[FieldError]:
    if toleration.key:
        yield from validate_text(toleration.key, f"{path}.key", names.qualified_name)
    if toleration.operator == "Exists":
        if toleration.value:
            yield invalid(f"{path}.value", toleration.value, "must be empty for operator `Exists`")
    elif toleration.operator == "Equal":
        yield from validate_text(toleration.value, f"{path}.value", names.label_value)
    elif not toleration.operator:
        yield required(f"{path}.operator")
    else:
        yield not_supported(f"{path}.operator", toleration.operator, ("Equal", "Exists"))
    if toleration.effect not in ("", "NoSchedule", "NoExecute", "None"):
        yield not_supported(f"{path}.effect", toleration.effect, ("NoExecute", "NoSchedule", "None"))


def _validate_constraint(
    constraint: DeviceConstraint, path: str, known: dict[str, tuple[str, ...]]
) -> Iterator[FieldError]:
    yield from _validate_references(constraint.requests, f"{path}.requests", known)
    for field, attribute in (
        ("matchAttribute", constraint.match_attribute),
        ("distinctAttribute", constraint.distinct_attribute),
    ):
        if attribute is not None:
            yield from _validate_attribute_name(attribute, f"{path}.{field}")
            return
    why = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
    yield required(path, why)


def _validate_attribute_name(name: str, path: str) -> Iterator[FieldError]:
    domain, slash, _ = name.partition("/")
    if not name:
        yield required(path)
    elif not slash:
        yield invalid(path, name, "must include a domain")
    else:
        yield from validate_text(domain, path, names.dns1123_subdomain)


def _validate_references(
    references: tuple[str, ...], path: str, known: dict[str, tuple[str, ...]]
) -> Iterator[FieldError]:
    for i, name in enumerate(references):
        yield from _validate_reference(name, f"{path}[{i}]", known)
        if name in references[:i]:
            yield duplicate(f"{path}[{i}]", name)


def _validate_reference(name: str, path: str, known: dict[str, tuple[str, ...]]) -> Iterator[FieldError]:
    request, slash, alternative = name.partition("/")
    if request not in known or (slash and alternative not in known[request]):
        yield invalid(path, name, _NO_REQUEST)


def _validate_opaque(config: OpaqueDeviceConfiguration | None, path: str) -> Iterator[FieldError]:
    if config is None:
        yield required(f"{path}.opaque")
        return
    yield from validate_driver_name(config.driver, f"{path}.opaque.driver")
    if not config.parameters:
        yield required(f"{path}.opaque.parameters")


def _validate_consumer(one: ResourceClaimConsumerReference, path: str) -> Iterator[FieldError]:
    for field, value in (("resource", one.resource), ("name", one.name), ("uid", one.uid)):
        if not value:
            yield required(f"{path}.{field}")


def _validate_allocation(
    allocation: AllocationResult, path: str, known: dict[str, tuple[str, ...]]
) -> Iterator[FieldError]:
    for i, result in enumerate(allocation.devices.results):
        at = f"{path}.results[{i}]"
        yield from _validate_reference(result.request, f"{at}.request", known)
        yield from validate_driver_name(result.driver, f"{at}.driver")
        yield from _validate_pool(result.pool, f"{at}.pool")
        yield from validate_text(result.device, f"{at}.device", names.dns1123_label)


def _validate_pool(name: str, path: str) -> Iterator[FieldError]:
    if not name:
        yield required(path)
        return
    for part in name.split("/"):
        yield from validate_text(part, path, names.dns1123_subdomain)


def _validate_place(spec: ResourceSliceSpec) -> Iterator[FieldError]:
    """Exactly one of the node fields is set."""
    places = (spec.node_name, spec.node_selector, spec.all_nodes, spec.per_device_node_selection)
    given = [place for place in places if place is not None]
    if not given:
        yield required("spec", _ONE_PLACE)
    elif len(given) > 1:
        yield invalid("spec", None, f"{_ONE_PLACE}, but multiple fields are set")
    elif spec.node_name is not None:
        yield from validate_text(spec.node_name, "spec.nodeName", names.dns1123_subdomain)


def _validate_device(device: Device, path: str) -> Iterator[FieldError]:
    yield from validate_text(device.name, f"{path}.name", names.dns1123_label)
    for name, attribute in device.attributes.items():
        values = (attribute.int_, attribute.bool_, attribute.string, attribute.version)
        lists = (attribute.ints, attribute.bools, attribute.strings, attribute.versions)
        count = sum(one is not None for one in values) + sum(bool(one) for one in lists)
        at = f"{path}.attributes[{name}]"
        if count == 0:
            yield required(at, "exactly one value must be specified")
        elif count > 1:
            yield invalid(at, attribute, "exactly one value must be specified")
