"""The kind of endpoint slices."""

from kubeactors.api.discovery.v1 import endpointslice, validation
from kubeactors.apimachinery.scheme import Kind

KINDS = (
    Kind(
        type=endpointslice.EndpointSlice,
        group="discovery.k8s.io",
        kind="EndpointSlice",
        resource="endpointslices",
        singular="endpointslice",
        default=validation.default_endpoint_slice,
        validate=validation.validate_endpoint_slice,
        validate_update=validation.validate_endpoint_slice_update,
        warn=endpointslice.warn_of_endpoint_slice,
    ),
)
