"""What is unwise in a Service, as warnings for the user.

Source: pkg/api/service/warnings.go, apimachinery/pkg/util/validation/ip.go (v1.36).
"""

from collections.abc import Iterator
from ipaddress import IPv6Address

from kubeactors.api.core.v1.service import (
    CLUSTER_IP,
    EXTERNAL_NAME,
    HEADLESS,
    TOPOLOGY_HINTS,
    TOPOLOGY_MODE,
    Service,
    ServiceSpec,
)
from kubeactors.apimachinery.ip import Address, Network, parse_cidr, parse_ip


def warn_of_service(service: Service, _old: Service | None) -> Iterator[str]:
    """Fields that are deprecated or without effect, and addresses in odd forms."""
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


def warn_of_ip(value: str, path: str) -> Iterator[str]:
    """An address that is not written as it should be.

    >>> list(warn_of_ip("FD00::1", "spec.loadBalancerIP"))
    ['spec.loadBalancerIP: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")']
    """
    address = parse_ip(value)
    if address is None or str(address) == value:
        return
    if _is_strict(address):
        yield f'{path}: IPv6 address "{value}" should be in RFC 5952 canonical format ("{address}")'
    else:
        yield f'{path}: non-standard IP address "{value}" is invalid: use "{_unmapped(address)}"'


def warn_of_cidr(value: str, path: str) -> Iterator[str]:
    """A block that is not written as it should be.

    >>> list(warn_of_cidr("10.0.0.1/8", "spec"))
    ['spec: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)']
    """
    parsed = parse_cidr(value)
    if parsed is None or str(parsed[1]) == value:
        return
    address, network = parsed
    if address != network.network_address:
        single = f"{address}/{address.max_prefixlen}"
        yield f'{path}: CIDR value "{value}" is ambiguous in this context (should be "{network}" or "{single}"?)'
    elif _is_strict_cidr(value, address, network):
        yield f'{path}: IPv6 CIDR value "{value}" should be in RFC 5952 canonical format ("{network}")'
    else:
        yield f'{path}: non-standard CIDR value "{value}" is invalid: use "{network}"'


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


def _is_strict(address: Address) -> bool:
    """Whether only the spelling is odd: every other form of IPv4 is read differently by different programs."""
    return isinstance(address, IPv6Address) and address.ipv4_mapped is None


def _is_strict_cidr(value: str, address: Address, network: Network) -> bool:
    return _is_strict(address) and value.endswith(f"/{network.prefixlen}")


def _unmapped(address: Address) -> Address:
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
