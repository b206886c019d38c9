"""Defaults of claims.

Source: pkg/apis/resource/v1/defaults.go (v1.36).
"""

from typing import TypeVar

from msgspec.structs import replace

from kubeactors.api.resource.v1.request import DeviceRequest, DeviceSubRequest, ExactDeviceRequest, ResourceClaimSpec
from kubeactors.api.resource.v1.resourceclaim import ResourceClaim, ResourceClaimTemplate

EXACT_COUNT, ALL = "ExactCount", "All"
"""The number of devices of a request: `count`, or all that match."""

R = TypeVar("R", ExactDeviceRequest, DeviceSubRequest)


def default_resource_claim(claim: ResourceClaim) -> ResourceClaim:
    """One device of each request.

    >>> request = DeviceRequest(name="r", exactly=ExactDeviceRequest(device_class_name="gpu"))
    >>> _default_request(request).exactly.count
    1
    """
    return replace(claim, spec=_default_spec(claim.spec))


def default_resource_claim_template(template: ResourceClaimTemplate) -> ResourceClaimTemplate:
    """One device of each request."""
    return replace(template, spec=replace(template.spec, spec=_default_spec(template.spec.spec)))


def _default_spec(spec: ResourceClaimSpec) -> ResourceClaimSpec:
    requests = spec.devices.requests
    if not requests:
        return spec
    filled = tuple(_default_request(one) for one in requests)
    return replace(spec, devices=replace(spec.devices, requests=filled))


def _default_request(request: DeviceRequest) -> DeviceRequest:
    return replace(
        request,
        exactly=None if request.exactly is None else _default_count(request.exactly),
        first_available=tuple(_default_count(one) for one in request.first_available),
    )


def _default_count(request: R) -> R:
    mode = request.allocation_mode or EXACT_COUNT
    count = request.count or (1 if mode == EXACT_COUNT else 0)
    tolerations = tuple(one if one.operator else replace(one, operator="Equal") for one in request.tolerations)
    return replace(request, allocation_mode=mode, count=count, tolerations=tolerations)
