"""What a claim of devices asks for.

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
    """One of several ways to fulfil a request."""

    name: str = always("")
    device_class_name: str = always("")
    selectors: tuple[DeviceSelector, ...] = ()
    allocation_mode: str = ""
    count: int = 0
    tolerations: tuple[DeviceToleration, ...] = ()
    capacity: CapacityRequirements | None = None


class DeviceRequest(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Devices that a claim asks for: exactly these, or the first of several that is to be had."""

    name: str = always("")
    exactly: ExactDeviceRequest | None = None
    first_available: tuple[DeviceSubRequest, ...] = ()


class DeviceConstraint(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What must hold between the devices of a claim."""

    requests: tuple[str, ...] = ()
    match_attribute: str | None = None
    distinct_attribute: str | None = None


class DeviceClaimConfiguration(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How some devices of a claim are to be set up."""

    requests: tuple[str, ...] = ()
    opaque: OpaqueDeviceConfiguration | None = None


class DeviceClaim(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The devices that are asked for together."""

    requests: tuple[DeviceRequest, ...] | None = always(None)
    constraints: tuple[DeviceConstraint, ...] = ()
    config: tuple[DeviceClaimConfiguration, ...] = ()


class ResourceClaimSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What is claimed; it does not change."""

    devices: DeviceClaim = always(DeviceClaim())
