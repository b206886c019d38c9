"""IP addresses and CIDR blocks: `cidr("10.0.0.0/8").containsIP(ip(self.address))`.

Source: apiserver/pkg/cel/library/{ip,cidr}.go (v1.36).
"""

from ipaddress import IPv4Address, ip_address, ip_network

from kubeactors.apimachinery.cel.library.declaration import (
    BOOL,
    INT,
    STRING,
    TAGGED,
    Function,
    Tagged,
    function,
    is_valid,
    member,
    of_value,
    of_values,
    text_of,
)
from kubeactors.apimachinery.ip import Address, Network

IP, CIDR = "ip", "cidr"


def parse_ip(text: str) -> Tagged:
    """An address.

    Raises:
        ValueError: it is not one.
    """
    return {IP: str(_address(text))}


def parse_cidr(text: str) -> Tagged:
    """A block, including the address that it was written with.

    Raises:
        ValueError: it is not one.
    """
    whole, slash, bits = text.partition("/")
    address = _address(whole)
    if not slash or not bits.isdecimal() or int(bits) > address.max_prefixlen:
        raise ValueError(f"network address parse error during conversion from string: {text!r}")
    return {CIDR: f"{address}/{int(bits)}"}


def _address(text: str) -> Address:
    """Strict: no leading zeros, no zone, no IPv4-mapped IPv6."""
    if "%" in text:
        raise ValueError("IP address with zone value is not allowed")
    found = ip_address(text)
    if getattr(found, "ipv4_mapped", None) is not None:
        raise ValueError("IPv4-mapped IPv6 address is not allowed")
    return found


def _ip(value: Tagged) -> Address:
    return _address(text_of(value, IP))


def _block(value: Tagged) -> Network:
    return ip_network(text_of(value, CIDR), strict=False)


def _is_canonical(text: str) -> bool:
    return str(_address(text)) == text


def _family(value: Tagged) -> int:
    return 4 if isinstance(_ip(value), IPv4Address) else 6


def _contains_ip(block: Tagged, address: Tagged | str) -> bool:
    found = _address(address) if isinstance(address, str) else _ip(address)
    return found in _block(block)


def _contains_block(block: Tagged, other: Tagged | str) -> bool:
    inner = _block(parse_cidr(other) if isinstance(other, str) else other)
    outer = _block(block)
    return inner.version == outer.version and inner.subnet_of(outer)  # type: ignore[arg-type]  # same version


def _masked(block: Tagged) -> Tagged:
    return {CIDR: str(_block(block))}


def _is_link_local_multicast(value: Tagged) -> bool:
    address = _ip(value)
    inside = ip_network("224.0.0.0/24") if isinstance(address, IPv4Address) else ip_network("ff02::/16")
    return address in inside


def _is_global_unicast(value: Tagged) -> bool:
    address = _ip(value)
    special = address.is_unspecified or address.is_loopback or address.is_multicast or address.is_link_local
    return not special and str(address) != "255.255.255.255"


FUNCTIONS: tuple[Function, ...] = (
    function("ip", (STRING,), TAGGED, parse_ip),
    function("isIP", (STRING,), BOOL, is_valid(parse_ip)),
    function("ip.isCanonical", (STRING,), BOOL, _is_canonical),
    function("cidr", (STRING,), TAGGED, parse_cidr),
    function("isCIDR", (STRING,), BOOL, is_valid(parse_cidr)),
    of_value("family", INT, _family),
    of_value("isUnspecified", BOOL, lambda one: _ip(one).is_unspecified),
    of_value("isLoopback", BOOL, lambda one: _ip(one).is_loopback),
    of_value("isLinkLocalMulticast", BOOL, _is_link_local_multicast),
    of_value("isLinkLocalUnicast", BOOL, lambda one: _ip(one).is_link_local),
    of_value("isGlobalUnicast", BOOL, _is_global_unicast),
    of_values("containsIP", BOOL, _contains_ip),
    member("containsIP", (TAGGED, STRING), BOOL, _contains_ip),
    of_values("containsCIDR", BOOL, _contains_block),
    member("containsCIDR", (TAGGED, STRING), BOOL, _contains_block),
    of_value("ip", TAGGED, lambda one: {IP: text_of(one, CIDR).partition("/")[0]}),
    of_value("prefixLength", INT, lambda one: _block(one).prefixlen),
    of_value("masked", TAGGED, _masked),
)
