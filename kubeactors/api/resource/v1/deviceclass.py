"""DeviceClass: devices of one sort.

Source: api/resource/v1/types.go (v1.36).
"""

from kubeactors.api.resource.v1.devices import DeviceSelector, OpaqueDeviceConfiguration
from kubeactors.apimachinery.meta import (
    Object,
    TypedObject,
    always,
)


class DeviceClassConfiguration(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How devices of a class are to be set up."""

    opaque: OpaqueDeviceConfiguration | None = None


class DeviceClassSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which devices belong to the class, and how they are set up."""

    selectors: tuple[DeviceSelector, ...] = ()
    config: tuple[DeviceClassConfiguration, ...] = ()
    extended_resource_name: str | None = None


class DeviceClass(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Devices of one sort, for claims to ask for."""

    api_version: str = "resource.k8s.io/v1"
    kind: str = "DeviceClass"
    spec: DeviceClassSpec = always(DeviceClassSpec())
