"""Ingress: routes HTTP from outside the cluster, by host and path.

Source: api/networking/v1/types.go, pkg/apis/networking/validation/validation.go, pkg/apis/networking/v1/defaults.go (v1.36).
"""

from collections.abc import Callable, Iterator
from typing import ClassVar

from kubeactors.api.core.v1.references import TypedLocalObjectReference
from kubeactors.api.validation import validate_known_ip, validate_port, validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, invalid, not_supported, required
from kubeactors.apimachinery.ip import parse_ip
from kubeactors.apimachinery.meta import (
    Object,
    TypedObject,
    always,
)

IMPLEMENTATION_SPECIFIC = "ImplementationSpecific"
PATH_TYPES = ("Exact", IMPLEMENTATION_SPECIFIC, "Prefix")
CLASS_ANNOTATION = "kubernetes.io/ingress.class"
"""The legacy annotation for the class."""

_WRONG_PARTS = ("//", "/./", "/../", "%2f", "%2F")
_WRONG_ENDS = ("/..", "/.")
_NOT_AN_ADDRESS = "must be a DNS name, not an IP address"


class ServiceBackendPort(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A service's port, by name or by number."""

    atomic: ClassVar[bool] = True
    name: str = ""
    number: int = 0


class IngressServiceBackend(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A service and its port."""

    name: str = always("")
    port: ServiceBackendPort = always(ServiceBackendPort())


class IngressBackend(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The target of traffic: a service, or another object in the namespace."""

    service: IngressServiceBackend | None = None
    resource: TypedLocalObjectReference | None = None


class IngressTLS(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The hosts of a certificate, and the Secret that holds it."""

    hosts: tuple[str, ...] = ()
    secret_name: str = ""


class HTTPIngressPath(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The backend of requests for a path; `path_type` is Exact, Prefix or ImplementationSpecific."""

    path: str = ""
    path_type: str | None = always(None)
    backend: IngressBackend = always(IngressBackend())


class HTTPIngressRuleValue(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Backends by path."""

    paths: tuple[HTTPIngressPath, ...] | None = always(None)


class IngressRule(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The routes for a host, or for all hosts."""

    host: str = ""
    http: HTTPIngressRuleValue | None = None


class IngressSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Rules, and the default backend."""

    ingress_class_name: str | None = None
    default_backend: IngressBackend | None = None
    tls: tuple[IngressTLS, ...] = ()
    rules: tuple[IngressRule, ...] = ()


class IngressPortStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The status of a port of a load balancer."""

    port: int = always(0)
    protocol: str = always("")
    error: str | None = None


class IngressLoadBalancerIngress(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An address of a load balancer."""

    ip: str = ""
    hostname: str = ""
    ports: tuple[IngressPortStatus, ...] = ()


class IngressLoadBalancerStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The addresses of a load balancer."""

    ingress: tuple[IngressLoadBalancerIngress, ...] = ()


class IngressStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The addresses of the ingress."""

    load_balancer: IngressLoadBalancerStatus = always(IngressLoadBalancerStatus())


class Ingress(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Routes HTTP requests from outside the cluster to services, by host and path."""

    api_version: str = "networking.k8s.io/v1"
    kind: str = "Ingress"
    spec: IngressSpec = always(IngressSpec())
    status: IngressStatus = always(IngressStatus())


def validate_ingress(one: Ingress) -> Iterator[FieldError]:
    """There are rules or a default backend, and one class."""
    yield from _validate_spec(one.spec)
    annotation, name = one.metadata.annotations.get(CLASS_ANNOTATION), one.spec.ingress_class_name
    if annotation is not None and name is not None and annotation != name:
        path = f"annotations.{CLASS_ANNOTATION}"
        yield invalid(path, annotation, "must match `ingressClassName` when both are specified")


def validate_ingress_update(new: Ingress, _old: Ingress) -> Iterator[FieldError]:
    """Everything is mutable."""
    return _validate_spec(new.spec)


def validate_ingress_status(new: Ingress, old: Ingress) -> Iterator[FieldError]:
    """Addresses and host names are valid."""
    known = tuple(one.ip for one in old.status.load_balancer.ingress if one.ip)
    for i, one in enumerate(new.status.load_balancer.ingress):
        path = f"status.loadBalancer.ingress[{i}]"
        if one.ip:
            yield from validate_known_ip(one.ip, f"{path}.ip", known)
        if one.hostname:
            yield from validate_text(one.hostname, f"{path}.hostname", names.dns1123_subdomain)
            if parse_ip(one.hostname) is not None:
                yield invalid(f"{path}.hostname", one.hostname, _NOT_AN_ADDRESS)


def warn_of_ingress(new: Ingress, old: Ingress | None) -> Iterator[str]:
    """The legacy class annotation."""
    if old is None and CLASS_ANNOTATION in new.metadata.annotations:
        yield f"annotation \"{CLASS_ANNOTATION}\" is deprecated, please use 'spec.ingressClassName' instead"


def validate_local_reference(group: str | None, kind: str, name: str, path: str) -> Iterator[FieldError]:
    """Validate a reference to an object of any kind."""
    if group is not None:
        yield from validate_text(group, f"{path}.apiGroup", names.dns1123_subdomain)
    for field, value in (("kind", kind), ("name", name)):
        if value:
            yield from validate_text(value, f"{path}.{field}", names.path_segment)
        else:
            yield required(f"{path}.{field}")


def _validate_spec(spec: IngressSpec) -> Iterator[FieldError]:
    if not spec.rules and spec.default_backend is None:
        yield invalid("spec", None, "either `defaultBackend` or `rules` must be specified")
    if spec.default_backend is not None:
        yield from _validate_backend(spec.default_backend, "spec.defaultBackend")
    for i, rule in enumerate(spec.rules):
        yield from _validate_rule(rule, f"spec.rules[{i}]")
    for i, tls in enumerate(spec.tls):
        for j, host in enumerate(tls.hosts):
            yield from validate_text(host, f"spec.tls[{i}].hosts[{j}]", _rule_of_host(host))
        if tls.secret_name:
            yield from validate_text(tls.secret_name, f"spec.tls[{i}].secretName", names.dns1123_subdomain)
    if spec.ingress_class_name is not None:
        yield from validate_text(spec.ingress_class_name, "spec.ingressClassName", names.dns1123_subdomain)


def _rule_of_host(host: str) -> Callable[[str], names.Messages]:
    return names.wildcard_dns1123_subdomain if "*" in host else names.dns1123_subdomain


def _validate_rule(rule: IngressRule, path: str) -> Iterator[FieldError]:
    if rule.host:
        if parse_ip(rule.host) is not None:
            yield invalid(f"{path}.host", rule.host, _NOT_AN_ADDRESS)
        yield from validate_text(rule.host, f"{path}.host", _rule_of_host(rule.host))
    if rule.http is None:
        return
    if not rule.http.paths:
        yield required(f"{path}.http.paths")
    for i, one in enumerate(rule.http.paths or ()):
        yield from _validate_path(one, f"{path}.http.paths[{i}]")


def _validate_path(one: HTTPIngressPath, path: str) -> Iterator[FieldError]:
    if one.path_type is None:
        yield required(f"{path}.pathType", "pathType must be specified")
        return
    if one.path_type not in PATH_TYPES:
        yield not_supported(f"{path}.pathType", one.path_type, PATH_TYPES)
    else:
        yield from _validate_http_path(one.path, f"{path}.path", exact=one.path_type != IMPLEMENTATION_SPECIFIC)
    yield from _validate_backend(one.backend, f"{path}.backend")


def _validate_http_path(value: str, path: str, *, exact: bool) -> Iterator[FieldError]:
    if (exact or value) and not value.startswith("/"):
        yield invalid(path, value, "must be an absolute path")
    if exact:
        for part in _WRONG_PARTS:
            if part in value:
                yield invalid(path, value, f"must not contain '{part}'")
        for end in _WRONG_ENDS:
            if value.endswith(end):
                yield invalid(path, value, f"cannot end with '{end}'")


def _validate_backend(backend: IngressBackend, path: str) -> Iterator[FieldError]:
    resource, service = backend.resource, backend.service
    if resource is not None and service is not None:
        yield invalid(path, "", "cannot set both resource and service backends")
    elif resource is not None:
        yield from validate_local_reference(resource.api_group, resource.kind, resource.name, f"{path}.resource")
    elif service is not None:
        yield from _validate_service(service, path)
    else:
        yield invalid(path, "", "resource or service backend is required")


def _validate_service(service: IngressServiceBackend, path: str) -> Iterator[FieldError]:
    if service.name:
        yield from validate_text(service.name, f"{path}.service.name", names.dns1123_label)
    else:
        yield required(f"{path}.service.name")
    port = service.port
    if port.name and port.number:
        yield invalid(path, "", "cannot set both port name & port number")
    elif port.name:
        yield from validate_text(port.name, f"{path}.service.port.name", names.port_name)
    elif port.number:
        yield from validate_port(port.number, f"{path}.service.port.number")
    else:
        yield required(path, "port name or number is required")
