"""Warnings about addresses that are not in canonical form.

Source: apimachinery/pkg/util/validation/ip.go (v1.36).
"""

from collections.abc import Iterator
from ipaddress import IPv6Address

from kubeactors.apimachinery.ip import Address, Network, parse_cidr, parse_ip


def warn_of_ip(value: str, path: str) -> Iterator[str]:
    """Warn about an address that is not in canonical form.

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
    """Warn about a block that is not in canonical form.

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


def _is_strict(address: Address) -> bool:
    """Whether only the spelling is odd: every other form of IPv4 is read differently by different programs."""
    return isinstance(address, IPv6Address) and address.ipv4_mapped is None


def _is_strict_cidr(value: str, address: Address, network: Network) -> bool:
    return _is_strict(address) and value.endswith(f"/{network.prefixlen}")


def _unmapped(address: Address) -> Address:
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
