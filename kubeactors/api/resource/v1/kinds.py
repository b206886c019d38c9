"""The kinds of dynamic resource allocation."""

from kubeactors.api.resource.v1 import validation
from kubeactors.api.resource.v1.defaults import default_resource_claim, default_resource_claim_template
from kubeactors.api.resource.v1.deviceclass import DeviceClass
from kubeactors.api.resource.v1.resourceclaim import ResourceClaim, ResourceClaimTemplate
from kubeactors.api.resource.v1.resourceslice import ResourceSlice, resource_slice_fields
from kubeactors.apimachinery.scheme import Kind

GROUP = "resource.k8s.io"

KINDS = (
    Kind(
        type=DeviceClass,
        group=GROUP,
        kind="DeviceClass",
        resource="deviceclasses",
        singular="deviceclass",
        namespaced=False,
        validate=validation.validate_device_class,
        validate_update=validation.validate_device_class_update,
    ),
    Kind(
        type=ResourceClaim,
        group=GROUP,
        kind="ResourceClaim",
        resource="resourceclaims",
        singular="resourceclaim",
        subresources=("status",),
        default=default_resource_claim,
        validate=validation.validate_resource_claim,
        validate_update=validation.validate_resource_claim_update,
        validate_status_update=validation.validate_resource_claim_status,
    ),
    Kind(
        type=ResourceClaimTemplate,
        group=GROUP,
        kind="ResourceClaimTemplate",
        resource="resourceclaimtemplates",
        singular="resourceclaimtemplate",
        default=default_resource_claim_template,
        validate=validation.validate_resource_claim_template,
        validate_update=validation.validate_resource_claim_template_update,
    ),
    Kind(
        type=ResourceSlice,
        group=GROUP,
        kind="ResourceSlice",
        resource="resourceslices",
        singular="resourceslice",
        namespaced=False,
        validate=validation.validate_resource_slice,
        validate_update=validation.validate_resource_slice_update,
        fields=resource_slice_fields,
    ),
)
