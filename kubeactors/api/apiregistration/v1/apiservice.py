"""APIService: the server of a group version.

Source: kube-aggregator/pkg/apis/apiregistration/v1/types.go, validation/validation.go (v1.36).
"""

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec.structs import replace

from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, invalid, not_supported, quoted, required
from kubeactors.apimachinery.meta import (
    Object,
    ObjectMeta,
    Time,
    TypedObject,
    always,
    merge_by,
)

AVAILABLE = "Available"
MANAGED = "kube-aggregator.kubernetes.io/automanaged"
"""The label of those that the server maintains from its start."""
_MAX_GROUP, _MAX_VERSION = 20000, 1000
_STATUSES = ("True", "False", "Unknown")


class ServiceReference(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A service, and a path and a port of it."""

    namespace: str = ""
    name: str = ""
    port: int | None = None


class APIServiceSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The group version, the service that serves it (this server if absent), and its priority for clients."""

    service: ServiceReference | None = None
    group: str = ""
    version: str = ""
    insecure_skip_tls_verify: bool = msgspec.field(name="insecureSkipTLSVerify", default=False)
    ca_bundle: bytes = b""
    group_priority_minimum: int = always(0)
    version_priority: int = always(0)


class APIServiceCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One aspect of the state: Available."""

    type: str = always("")
    status: str = always("")
    last_transition_time: Time | None = always(None)
    reason: str = ""
    message: str = ""


class APIServiceStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Whether the group version is served."""

    conditions: Annotated[tuple[APIServiceCondition, ...], merge_by("type")] = ()


class APIService(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A group version of the API, and the server of it."""

    api_version: str = "apiregistration.k8s.io/v1"
    kind: str = "APIService"
    spec: APIServiceSpec = always(APIServiceSpec())
    status: APIServiceStatus = always(APIServiceStatus())


def local_service(group: str, version: str, group_priority: int, version_priority: int) -> APIService:
    """The APIService of a group version of this server."""
    spec = APIServiceSpec(
        group=group, version=version, group_priority_minimum=group_priority, version_priority=version_priority
    )
    metadata = ObjectMeta(name=f"{version}.{group}", labels={MANAGED: "onstart"})
    return APIService(metadata=metadata, spec=spec)


def local_condition(timestamp: str) -> APIServiceCondition:
    """The condition of a group version served here: available."""
    return APIServiceCondition(
        type=AVAILABLE,
        status="True",
        last_transition_time=timestamp,
        reason="Local",
        message="Local APIServices are always available",
    )


def default_api_service(one: APIService) -> APIService:
    """The port of a service is 443."""
    service = one.spec.service
    if service is None or service.port is not None:
        return one
    return replace(one, spec=replace(one.spec, service=replace(service, port=443)))


def validate_api_service(one: APIService) -> Iterator[FieldError]:
    """The name is that of the group version."""
    spec = one.spec
    wanted = f"{spec.version}.{spec.group}"
    if one.metadata.name != wanted:
        why = f'must be `spec.version+"."+spec.group`: {quoted(wanted)}'
        yield invalid("metadata.name", one.metadata.name, why)
    if spec.group:
        for message in names.dns1123_subdomain(spec.group):
            yield invalid("spec.group", spec.group, message)
    for message in names.dns1035_label(spec.version):
        yield invalid("spec.version", spec.version, message)
    if not 0 < spec.group_priority_minimum <= _MAX_GROUP:
        yield invalid(
            "spec.groupPriorityMinimum", spec.group_priority_minimum, f"must be positive and less than {_MAX_GROUP}"
        )
    if not 0 < spec.version_priority <= _MAX_VERSION:
        yield invalid("spec.versionPriority", spec.version_priority, f"must be positive and less than {_MAX_VERSION}")
    yield from _validate_service(spec)


def validate_api_service_update(new: APIService, _old: APIService) -> Iterator[FieldError]:
    """Everything but the group version is mutable."""
    return validate_api_service(new)


def validate_api_service_status(new: APIService, _old: APIService) -> Iterator[FieldError]:
    """Conditions have valid statuses."""
    for i, one in enumerate(new.status.conditions):
        if one.status not in _STATUSES:
            yield not_supported(f"status.conditions[{i}].status", one.status, _STATUSES)


def _validate_service(spec: APIServiceSpec) -> Iterator[FieldError]:
    service = spec.service
    if service is None:
        if spec.ca_bundle:
            yield invalid("spec.caBundle", f"{len(spec.ca_bundle)} bytes", "local APIServices may not have a caBundle")
        if spec.insecure_skip_tls_verify:
            yield invalid("spec.insecureSkipTLSVerify", True, "local APIServices may not have insecureSkipTLSVerify")
        return
    if not service.namespace:
        yield required("spec.service.namespace")
    if not service.name:
        yield required("spec.service.name")
    for message in names.port_number(service.port or 0):
        yield invalid("spec.service.port", service.port, f"port is not valid: {message}")
    if spec.insecure_skip_tls_verify and spec.ca_bundle:
        yield invalid("spec.insecureSkipTLSVerify", True, "may not be true if caBundle is present")
