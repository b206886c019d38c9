"""Warnings about Services.

Source: pkg/api/service/warnings.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1.service import (
    CLUSTER_IP,
    EXTERNAL_NAME,
    HEADLESS,
    TOPOLOGY_HINTS,
    TOPOLOGY_MODE,
    Service,
    ServiceSpec,
)
from kubeactors.api.ip_advice import warn_of_cidr, warn_of_ip


def warn_of_service(service: Service, _old: Service | None) -> Iterator[str]:
    """Fields that are deprecated or without effect, and addresses that are not in canonical form."""
    spec = service.spec
    headless = spec.type == CLUSTER_IP and spec.cluster_ip == HEADLESS
    if TOPOLOGY_HINTS in service.metadata.annotations:
        yield f"annotation {TOPOLOGY_HINTS} is deprecated, please use {TOPOLOGY_MODE} instead"
    if spec.cluster_ip not in ("", HEADLESS):
        yield from _warn_of_addresses(spec.cluster_ips, "spec.clusterIPs")
    if headless:
        yield from _warn_of_headless(spec)
    yield from _warn_of_addresses(spec.external_ips, "spec.externalIPs")
    if spec.external_ips and not headless and spec.type != EXTERNAL_NAME:
        yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters"
    if spec.load_balancer_ip:
        yield from warn_of_ip(spec.load_balancer_ip, "spec.loadBalancerIP")
    for i, block in enumerate(spec.load_balancer_source_ranges):
        yield from warn_of_cidr(block, f"spec.loadBalancerSourceRanges[{i}]")
    yield from _warn_of_useless(spec)


def _warn_of_addresses(addresses: tuple[str, ...], path: str) -> Iterator[str]:
    for i, address in enumerate(addresses):
        yield from warn_of_ip(address, f"{path}[{i}]")


def _warn_of_headless(spec: ServiceSpec) -> Iterator[str]:
    if spec.load_balancer_ip:
        yield "spec.loadBalancerIP is ignored for headless services"
    if spec.external_ips:
        yield "spec.externalIPs is ignored for headless services"
    if spec.session_affinity != "None":
        yield "spec.SessionAffinity is ignored for headless services"


def _warn_of_useless(spec: ServiceSpec) -> Iterator[str]:
    if spec.type == EXTERNAL_NAME and spec.external_ips:
        yield 'spec.externalIPs is ignored when spec.type is "ExternalName"'
    if spec.type != EXTERNAL_NAME and spec.external_name:
        yield 'spec.externalName is ignored when spec.type is not "ExternalName"'
    if spec.traffic_distribution == "PreferClose":
        yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'
