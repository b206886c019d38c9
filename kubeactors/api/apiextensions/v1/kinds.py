"""The kind of definitions."""

from kubeactors.api.apiextensions.v1 import validation
from kubeactors.api.apiextensions.v1.advice import warn_of_definition
from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.api.apiextensions.v1.defaults import default_definition
from kubeactors.api.apiextensions.v1.schema_shape import unknown_keywords
from kubeactors.apimachinery.scheme import Kind

GROUP = "apiextensions.k8s.io"

KINDS = (
    Kind(
        type=CustomResourceDefinition,
        group=GROUP,
        kind="CustomResourceDefinition",
        resource="customresourcedefinitions",
        singular="customresourcedefinition",
        short_names=("crd", "crds"),
        categories=("api-extensions",),
        namespaced=False,
        subresources=("status",),
        default=default_definition,
        validate=validation.validate_definition,
        validate_update=validation.validate_definition_update,
        validate_status_update=validation.validate_definition_status,
        warn=warn_of_definition,
        unknown_fields=unknown_keywords,
    ),
)
