"""resource.k8s.io/v1: dynamic resource allocation."""

from kubeactors.api.resource.v1.deviceclass import DeviceClass
from kubeactors.api.resource.v1.resourceclaim import ResourceClaim, ResourceClaimTemplate
from kubeactors.api.resource.v1.resourceslice import ResourceSlice

__all__ = ["DeviceClass", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"]
