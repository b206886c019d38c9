"""Selection and configuration of devices.

Source: api/resource/v1/types.go (v1.36).
"""

from kubeactors.apimachinery.meta import (
    Object,
    Quantity,
    always,
)


class CELDeviceSelector(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An expression in CEL about a device."""

    expression: str = always("")


class DeviceSelector(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A selector of devices."""

    cel: CELDeviceSelector | None = None


class OpaqueDeviceConfiguration(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Parameters that only the driver understands."""

    driver: str = always("")
    parameters: dict[str, object] = {}


class DeviceToleration(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A taint of devices that is tolerated."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None


class CapacityRequirements(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The requested capacity of a device."""

    requests: dict[str, Quantity] = {}
