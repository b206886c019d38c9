"""The requests of a ResourceClaim.

Source: api/resource/v1/types.go (v1.36).
"""

from kubeactors.api.resource.v1.devices import (
    CapacityRequirements,
    DeviceSelector,
    DeviceToleration,
    OpaqueDeviceConfiguration,
)
from kubeactors.apimachinery.meta import (
    Object,
    always,
)


class ExactDeviceRequest(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Devices of one class; `allocation_mode` is ExactCount or All."""

    device_class_name: str = always("")
    selectors: tuple[DeviceSelector, ...] = ()
    allocation_mode: str = ""
    count: int = 0
    admin_access: bool | None = None
    tolerations: tuple[DeviceToleration, ...] = ()
    capacity: CapacityRequirements | None = None


class DeviceSubRequest(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One of several alternatives of a request."""

    name: str = always("")
    device_class_name: str = always("")
    selectors: tuple[DeviceSelector, ...] = ()
    allocation_mode: str = ""
    count: int = 0
    tolerations: tuple[DeviceToleration, ...] = ()
    capacity: CapacityRequirements | None = None


class DeviceRequest(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A request for devices: exactly these, or the first available alternative."""

    name: str = always("")
    exactly: ExactDeviceRequest | None = None
    first_available: tuple[DeviceSubRequest, ...] = ()


class DeviceConstraint(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A constraint between the devices of a claim."""

    requests: tuple[str, ...] = ()
    match_attribute: str | None = None
    distinct_attribute: str | None = None


class DeviceClaimConfiguration(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The configuration of some devices of a claim."""

    requests: tuple[str, ...] = ()
    opaque: OpaqueDeviceConfiguration | None = None


class DeviceClaim(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The requests, constraints and configurations of a claim."""

    requests: tuple[DeviceRequest, ...] | None = always(None)
    constraints: tuple[DeviceConstraint, ...] = ()
    config: tuple[DeviceClaimConfiguration, ...] = ()


class ResourceClaimSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The requested devices; immutable."""

    devices: DeviceClaim = always(DeviceClaim())
