"""DeviceClass: a class of devices.

Source: api/resource/v1/types.go (v1.36).
"""

from kubeactors.api.resource.v1.devices import DeviceSelector, OpaqueDeviceConfiguration
from kubeactors.apimachinery.meta import (
    Object,
    TypedObject,
    always,
)


class DeviceClassConfiguration(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The configuration of a class's devices."""

    opaque: OpaqueDeviceConfiguration | None = None


class DeviceClassSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The selectors of a class, and the configuration of its devices."""

    selectors: tuple[DeviceSelector, ...] = ()
    config: tuple[DeviceClassConfiguration, ...] = ()
    extended_resource_name: str | None = None


class DeviceClass(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A class of devices, for claims to refer to."""

    api_version: str = "resource.k8s.io/v1"
    kind: str = "DeviceClass"
    spec: DeviceClassSpec = always(DeviceClassSpec())
