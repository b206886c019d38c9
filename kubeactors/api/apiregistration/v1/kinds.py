"""The kind of APIServices."""

from kubeactors.api.apiregistration.v1 import apiservice
from kubeactors.api.apiregistration.v1.apiservice import APIService
from kubeactors.apimachinery import names
from kubeactors.apimachinery.scheme import Kind

GROUP = "apiregistration.k8s.io"

KINDS = (
    Kind(
        type=APIService,
        group=GROUP,
        kind="APIService",
        resource="apiservices",
        singular="apiservice",
        categories=("api-extensions",),
        namespaced=False,
        subresources=("status",),
        name_rule=names.name_is_path_segment,
        default=apiservice.default_api_service,
        validate=apiservice.validate_api_service,
        validate_update=apiservice.validate_api_service_update,
        validate_status_update=apiservice.validate_api_service_status,
    ),
)
