"""Validation of addresses of Services: cluster IPs and families, external IPs, load balancers.

Source: pkg/apis/core/validation/validation.go (v1.36).
"""

from collections.abc import Iterator
from ipaddress import IPv6Address

from kubeactors.api.core.v1.service import (
    EXTERNAL_NAME,
    HEADLESS,
    LOAD_BALANCER,
    LoadBalancerIngress,
    Service,
    is_headless,
)
from kubeactors.api.validation import validate_endpoint_ip, validate_known_cidr, validate_known_ip, validate_text
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, duplicate, forbidden, invalid, not_supported, required
from kubeactors.apimachinery.ip import parse_ip

FAMILIES = ("IPv4", "IPv6")
FAMILY_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
IP_MODES = ("Proxy", "VIP")

SOURCE_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
"""The legacy annotation for `loadBalancerSourceRanges`."""

_CLUSTER_IPS, _FAMILIES, _POLICY = "spec.clusterIPs", "spec.ipFamilies", "spec.ipFamilyPolicy"
_FIXED = "may not change once set"
_ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'"


def validate_cluster_ips(service: Service, old: Service | None) -> Iterator[FieldError]:
    """At most one address per family, in the order of the families; the first equals `clusterIP`."""
    if service.spec.type == EXTERNAL_NAME:
        return
    ips = service.spec.cluster_ips
    yield from _validate_first(service)
    yield from _validate_families(service)
    wrong = tuple(_validate_each_ip(ips, old.spec.cluster_ips if old else ()))
    yield from wrong
    if len(ips) > 2:
        yield invalid(_CLUSTER_IPS, ips, "may only hold up to 2 values")
    if wrong:
        return
    if len(ips) > 1 and len(dict.fromkeys(map(_is_ipv6, ips))) == 1:
        yield invalid(_CLUSTER_IPS, ips, "may specify no more than one IP for each IP family")
    if not is_headless(service):
        yield from _validate_order(service)


def validate_changed_addresses(new: Service, old: Service) -> Iterator[FieldError]:
    """The first address is immutable; a second one may be added and removed."""
    if EXTERNAL_NAME in (new.spec.type, old.spec.type):
        return
    if not (is_headless(old) and is_headless(new)):
        yield from _validate_changed_ips(new, old)
    if not is_headless(old) and not is_headless(new):
        yield from _validate_changed_families(new, old)


def validate_external_ips(service: Service, old: Service | None) -> Iterator[FieldError]:
    """Addresses are valid endpoints."""
    known = old.spec.external_ips if old else ()
    for i, ip in enumerate(service.spec.external_ips):
        path = f"spec.externalIPs[{i}]"
        wrong = tuple(validate_known_ip(ip, path, known))
        yield from wrong or validate_endpoint_ip(ip, path)


def validate_source_ranges(service: Service, old: Service | None) -> Iterator[FieldError]:
    """CIDR blocks, from the field or the legacy annotation. White space around them is ignored."""
    ranges = service.spec.load_balancer_source_ranges
    annotation = service.metadata.annotations.get(SOURCE_RANGES)
    if ranges:
        path = "spec.LoadBalancerSourceRanges"
        if service.spec.type != LOAD_BALANCER:
            yield forbidden(path, _ONLY_LOAD_BALANCER)
        known = tuple(one.strip() for one in old.spec.load_balancer_source_ranges) if old else ()
        for i, block in enumerate(ranges):
            yield from validate_known_cidr(block.strip(), f"{path}[{i}]", known)
    elif annotation is not None:
        path = f"metadata.annotations[{SOURCE_RANGES}]"
        if service.spec.type != LOAD_BALANCER:
            yield forbidden(path, _ONLY_LOAD_BALANCER)
        if old is None or old.metadata.annotations.get(SOURCE_RANGES) != annotation:
            yield from _validate_annotation(annotation.strip(), path)


def validate_load_balancer_status(service: Service, old: Service) -> Iterator[FieldError]:
    """Each entry has an address and its mode, or a host name."""
    path, ingress = "status.loadBalancer.ingress", service.status.load_balancer.ingress
    if ingress and service.spec.type != LOAD_BALANCER:
        yield forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")
        return
    known = tuple(one.ip for one in old.status.load_balancer.ingress if one.ip)
    for i, one in enumerate(ingress):
        yield from _validate_ingress(one, f"{path}[{i}]", known)


def _validate_first(service: Service) -> Iterator[FieldError]:
    first, ips = service.spec.cluster_ip, service.spec.cluster_ips
    if not first:
        if ips:
            yield invalid(_CLUSTER_IPS, ips, "must be empty when `clusterIP` is not specified")
    elif not ips:
        yield required(_CLUSTER_IPS)
    elif ips[0] != first:
        yield invalid(_CLUSTER_IPS, ips, "first value must match `clusterIP`")


def _validate_families(service: Service) -> Iterator[FieldError]:
    families, policy = service.spec.ip_families, service.spec.ip_family_policy
    for i, family in enumerate(families):
        if family not in FAMILIES:
            yield not_supported(f"{_FAMILIES}[{i}]", family, FAMILIES)
        elif family in families[:i]:
            yield duplicate(f"{_FAMILIES}[{i}]", family)
    if policy is not None and policy not in FAMILY_POLICIES:
        yield not_supported(_POLICY, policy, FAMILY_POLICIES)


def _validate_each_ip(ips: tuple[str, ...], known: tuple[str, ...]) -> Iterator[FieldError]:
    for i, ip in enumerate(ips):
        if i or ip != HEADLESS:
            yield from validate_known_ip(ip, f"{_CLUSTER_IPS}[{i}]", known)
        elif len(ips) > 1:
            yield invalid(_CLUSTER_IPS, ips, "'None' must be the first and only value")


def _validate_order(service: Service) -> Iterator[FieldError]:
    for i, (ip, family) in enumerate(zip(service.spec.cluster_ips, service.spec.ip_families, strict=False)):
        actual = "IPv6" if _is_ipv6(ip) else "IPv4"
        if family in FAMILIES and family != actual:
            yield invalid(f"{_CLUSTER_IPS}[{i}]", ip, f"expected an {family} value as indicated by `ipFamilies[{i}]`")


def _validate_changed_ips(new: Service, old: Service) -> Iterator[FieldError]:
    ips, before = new.spec.cluster_ips, old.spec.cluster_ips
    if len(ips) == len(before):
        for i, ip in enumerate(ips):
            if ip != before[i]:
                yield invalid(f"{_CLUSTER_IPS}[{i}]", ips, _FIXED)
        return
    if before and not ips:
        yield invalid(f"{_CLUSTER_IPS}[0]", ips, "primary clusterIP can not be unset")
    if before and ips and ips[0] != before[0]:
        yield invalid(f"{_CLUSTER_IPS}[0]", ips, _FIXED)
    if len(before) > len(ips) == 1:
        yield from _validate_single(new, "clusterIP")


def _validate_changed_families(new: Service, old: Service) -> Iterator[FieldError]:
    families, before, path = new.spec.ip_families, old.spec.ip_families, f"{_FAMILIES}[0]"
    if len(families) == len(before):
        for i, family in enumerate(families):
            if family != before[i]:
                yield invalid(path, families, _FIXED)
        return
    if len(before) > len(families) and not new.spec.cluster_ips:
        yield invalid(path, families, "primary ipFamily can not be unset")
    if before and families and families[0] != before[0]:
        yield invalid(path, new.spec.cluster_ips, _FIXED)
    if len(before) > len(families) == 1:
        yield from _validate_single(new, "ipFamily")


def _validate_single(new: Service, released: str) -> Iterator[FieldError]:
    policy = new.spec.ip_family_policy
    if policy != "SingleStack":
        yield invalid(_POLICY, policy, f"must be set to 'SingleStack' when releasing the secondary {released}")


def _validate_annotation(value: str, path: str) -> Iterator[FieldError]:
    for block in value.split(",") if value else ():
        yield from validate_known_cidr(block.strip(), path, ())


def _validate_ingress(ingress: LoadBalancerIngress, path: str, known: tuple[str, ...]) -> Iterator[FieldError]:
    if ingress.ip:
        yield from validate_known_ip(ingress.ip, f"{path}.ip", known)
    yield from _validate_ip_mode(ingress, f"{path}.ipMode")
    if ingress.hostname:
        yield from validate_text(ingress.hostname, f"{path}.hostname", names.dns1123_subdomain)
        if parse_ip(ingress.hostname) is not None:
            yield invalid(f"{path}.hostname", ingress.hostname, "must be a DNS name, not an IP address")


def _validate_ip_mode(ingress: LoadBalancerIngress, path: str) -> Iterator[FieldError]:
    if ingress.ip_mode is None:
        if ingress.ip:
            yield required(path, "must be specified when `ip` is set")
    elif not ingress.ip:
        yield forbidden(path, "may not be specified when `ip` is not set")
    elif ingress.ip_mode not in IP_MODES:
        yield not_supported(path, ingress.ip_mode, IP_MODES)


def _is_ipv6(ip: str) -> bool:
    return isinstance(parse_ip(ip), IPv6Address)
