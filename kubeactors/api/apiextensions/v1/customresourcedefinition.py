"""CustomResourceDefinition: a kind defined by users.

Source: apiextensions-apiserver/pkg/apis/apiextensions/v1/types.go (v1.36).
"""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from kubeactors.apimachinery.meta import (
    Object,
    Time,
    TypedObject,
    always,
    list_map,
)

ESTABLISHED, NAMES_ACCEPTED, TERMINATING = "Established", "NamesAccepted", "Terminating"
"""Conditions of definitions."""
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
"""The finalizer of definitions: their objects are deleted first."""
CLUSTER, NAMESPACED = "Cluster", "Namespaced"
NONE, WEBHOOK = "None", "Webhook"
"""The strategies of conversion between versions."""


class CustomResourceDefinitionNames(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The names of the kind; `list_kind` and `singular` have defaults."""

    plural: str = always("")
    singular: str = ""
    short_names: tuple[str, ...] = ()
    kind: str = always("")
    list_kind: str = ""
    categories: tuple[str, ...] = ()


class CustomResourceValidation(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The schema of a version, as JSON Schema with Kubernetes' extensions; see `apimachinery/structural`."""

    open_api_v3_schema: dict[str, object] | None = msgspec.field(name="openAPIV3Schema", default=None)


class CustomResourceSubresourceStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Enables the `status` subresource."""


class CustomResourceSubresourceScale(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Enables the `scale` subresource: the paths of the replicas in spec and status."""

    spec_replicas_path: str = always("")
    status_replicas_path: str = always("")
    label_selector_path: str | None = None


class CustomResourceSubresources(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The subresources of a version."""

    status: CustomResourceSubresourceStatus | None = None
    scale: CustomResourceSubresourceScale | None = None


class CustomResourceColumnDefinition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An additional column in tables."""

    name: str = always("")
    type: str = always("")
    format: str = ""
    description: str = ""
    priority: int = 0
    json_path: str = always("")


class SelectableField(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A field that field selectors support."""

    json_path: str = always("")


class CustomResourceDefinitionVersion(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A version: whether it is served, whether it is the storage version, and its schema."""

    name: str = always("")
    served: bool = always(False)
    storage: bool = always(False)
    deprecated: bool = False
    deprecation_warning: str | None = None
    schema: CustomResourceValidation | None = None
    subresources: CustomResourceSubresources | None = None
    additional_printer_columns: tuple[CustomResourceColumnDefinition, ...] = ()
    selectable_fields: tuple[SelectableField, ...] = ()


class ServiceReference(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A service, and a path and a port of it."""

    namespace: str = always("")
    name: str = always("")
    path: str | None = None
    port: int | None = None


class WebhookClientConfig(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How to reach a webhook: at a URL, or as a service of the cluster."""

    url: str | None = None
    service: ServiceReference | None = None
    ca_bundle: bytes = b""


class WebhookConversion(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The webhook that converts between versions."""

    client_config: WebhookClientConfig | None = None
    conversion_review_versions: tuple[str, ...] | None = always(None)


class CustomResourceConversion(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How objects are converted between versions: None (only `apiVersion` changes) or Webhook."""

    strategy: str = always("")
    webhook: WebhookConversion | None = None


class CustomResourceDefinitionSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The kind to serve."""

    group: str = always("")
    names: CustomResourceDefinitionNames = always(CustomResourceDefinitionNames())
    scope: str = always("")
    versions: tuple[CustomResourceDefinitionVersion, ...] | None = always(None)
    conversion: CustomResourceConversion | None = None
    preserve_unknown_fields: bool = False


class CustomResourceDefinitionCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Established, NamesAccepted, Terminating, ..."""

    type: str = always("")
    status: str = always("")
    last_transition_time: Time | None = always(None)
    reason: str = ""
    message: str = ""
    observed_generation: int = 0


class CustomResourceDefinitionStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Whether the kind is served, its accepted names, and the versions in which objects are stored."""

    conditions: Annotated[tuple[CustomResourceDefinitionCondition, ...] | None, list_map("type")] = always(None)
    accepted_names: CustomResourceDefinitionNames = always(CustomResourceDefinitionNames())
    stored_versions: tuple[str, ...] | None = always(None)
    observed_generation: int = 0


class CustomResourceDefinition(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A kind that users add to the API."""

    api_version: str = "apiextensions.k8s.io/v1"
    kind: str = "CustomResourceDefinition"
    spec: CustomResourceDefinitionSpec = always(CustomResourceDefinitionSpec())
    status: CustomResourceDefinitionStatus = always(CustomResourceDefinitionStatus())


def condition_of(crd: CustomResourceDefinition, type_: str) -> CustomResourceDefinitionCondition | None:
    """A condition of a definition."""
    return next((one for one in crd.status.conditions or () if one.type == type_), None)


def is_true(crd: CustomResourceDefinition, type_: str) -> bool:
    """Whether a condition holds."""
    found = condition_of(crd, type_)
    return found is not None and found.status == "True"


def storage_version(crd: CustomResourceDefinition) -> str:
    """The storage version; empty if there is none."""
    return next((one.name for one in crd.spec.versions or () if one.storage), "")


def schema_of_version(version: CustomResourceDefinitionVersion) -> dict[str, object] | None:
    """The schema of a version."""
    return None if version.schema is None else version.schema.open_api_v3_schema


def share(values: Sequence[object]) -> bool:
    """Whether a part is the same in all versions: then errors name it once, for the whole definition."""
    return bool(values) and all(one and one == values[0] for one in values)
