"""Validation of IP addresses and CIDR blocks in fields.

Source: apimachinery/pkg/util/validation/ip.go (v1.36).
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from kubeactors.apimachinery.field import FieldError, invalid

_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}", re.ASCII)
"""Dotted decimal without leading zeros: the fast path."""

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@lru_cache(maxsize=1 << 14)
def parse_ip(value: str) -> Address | None:
    """The address, or None. Leading zeros of IPv4 octets are ignored, as `net.ParseIP` once did.

    >>> parse_ip("010.0.0.1"), parse_ip("fe80::1%eth0")
    (IPv4Address('10.0.0.1'), None)
    """
    if "%" in value:
        return None
    try:
        return ip_address(_without_leading_zeros(value))
    except ValueError:
        return None


def parse_cidr(value: str) -> tuple[Address, Network] | None:
    """The address and its network, or None.

    >>> parse_cidr("10.1.2.3/8")
    (IPv4Address('10.1.2.3'), IPv4Network('10.0.0.0/8'))
    """
    text, slash, bits = value.partition("/")
    address = parse_ip(text)
    if address is None or not slash or not re.fullmatch("[0-9]+", bits) or int(bits) > address.max_prefixlen:
        return None
    return address, ip_network(f"{address}/{int(bits)}", strict=False)


def validate_ip(value: str, path: str) -> Iterator[FieldError]:
    """An address of a newer field: only the canonical form is valid."""
    address = parse_ip(value)
    wrong = tuple(_wrong_ip(value, address, path))
    yield from wrong
    if not wrong and str(address) != value:
        yield invalid(path, value, f'must be in canonical form ("{address}")')


def validate_legacy_ip(value: str, path: str) -> Iterator[FieldError]:
    """An address of a field that has always accepted any form (`podIP`, `clusterIP`, `externalIPs`)."""
    if not _IPV4.fullmatch(value):
        yield from _wrong_ip(value, parse_ip(value), path)


def validate_cidr(value: str, path: str) -> Iterator[FieldError]:
    """A block of a newer field: only the canonical form is valid."""
    parsed = parse_cidr(value)
    wrong = tuple(_wrong_cidr(value, parsed, path))
    yield from wrong
    if not wrong and parsed and str(parsed[1]) != value:
        yield invalid(path, value, f'must be in canonical form ("{parsed[1]}")')


def validate_legacy_cidr(value: str, path: str) -> Iterator[FieldError]:
    """A block of a field that has always accepted any form (`podCIDR`, `loadBalancerSourceRanges`)."""
    yield from _wrong_cidr(value, parse_cidr(value), path)


def _wrong_ip(value: str, address: Address | None, path: str) -> Iterator[FieldError]:
    if address is None:
        yield invalid(path, value, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)")
        return
    if _without_leading_zeros(value) != value:
        yield invalid(path, value, "must not have leading 0s")
    if _is_mapped(address):
        yield invalid(path, value, "must not be an IPv4-mapped IPv6 address")


def _wrong_cidr(value: str, parsed: tuple[Address, Network] | None, path: str) -> Iterator[FieldError]:
    if parsed is None:
        yield invalid(path, value, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)")
        return
    address, network = parsed
    text, _, bits = value.partition("/")
    if _without_leading_zeros(text) != text or str(int(bits)) != bits:
        yield invalid(path, value, "must not have leading 0s in IP or prefix length")
    elif _is_mapped(address):
        yield invalid(path, value, "must not have an IPv4-mapped IPv6 address")
    elif address != network.network_address:
        yield invalid(path, value, "must not have bits set beyond the prefix length")


def _is_mapped(address: Address) -> bool:
    return isinstance(address, IPv6Address) and address.ipv4_mapped is not None


def _without_leading_zeros(value: str) -> str:
    """Only the dotted part is IPv4; leading zeros in groups of IPv6 are allowed."""
    head, colon, tail = value.rpartition(":")
    return head + colon + re.sub(r"(?<![0-9])0+(?=[0-9])", "", tail) if "." in tail else value
