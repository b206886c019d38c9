"""Validators of fields that many kinds share.

Those of metadata are in `apimachinery/objectmeta.py`, those of selectors in `apimachinery/labels.py`.

Source: pkg/apis/core/validation/validation.go (v1.36).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address

from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, invalid, not_supported, required
from kubeactors.apimachinery.ip import parse_ip, validate_legacy_cidr, validate_legacy_ip
from kubeactors.apimachinery.meta import IntOrString
from kubeactors.apimachinery.objectmeta import validate_nonnegative

POD_LOOPBACK = IPv4Network("127.128.0.0/9")
"""The addresses of coroutine pods, at which real sockets listen."""

PROTOCOLS = ("SCTP", "TCP", "UDP")
"""The protocols, in the order in which errors list them."""


def validate_text(value: str, path: str, rule: Callable[[str], names.Messages]) -> Iterator[FieldError]:
    """A string must satisfy a rule of `names`.

    >>> [str(error) for error in validate_text("a.b", "spec.hostname", names.dns1123_label)]
    ['spec.hostname: Invalid value: "a.b": must not contain dots']
    """
    for message in rule(value):
        yield invalid(path, value, message)


def validate_one_of(value: str, path: str, supported: Iterable[str]) -> Iterator[FieldError]:
    """A required member of an enumeration."""
    if not value:
        yield required(path)
    elif value not in supported:
        yield not_supported(path, value, supported)


def validate_count(value: int | None, path: str) -> Iterator[FieldError]:
    """A count, which may be absent.

    >>> [str(error) for error in validate_count(-1, "spec.replicas")]
    ['spec.replicas: Invalid value: -1: must be greater than or equal to 0']
    """
    if value is not None:
        yield from validate_nonnegative(value, path)


def validate_port(value: int, path: str) -> Iterator[FieldError]:
    """A port's number, not zero."""
    for message in names.port_number(value):
        yield invalid(path, value, message)


def validate_port_number_or_name(value: IntOrString, path: str) -> Iterator[FieldError]:
    """A port's number, or the name of a container's port."""
    rule = names.port_number(value) if isinstance(value, int) else names.port_name(value)
    for message in rule:
        yield invalid(path, value, message)


def validate_known_ip(value: str, path: str, old: Iterable[str]) -> Iterator[FieldError]:
    """An address of a legacy field; an existing one is accepted as it is."""
    if value not in old:
        yield from validate_legacy_ip(value, path)


def validate_known_cidr(value: str, path: str, old: Iterable[str]) -> Iterator[FieldError]:
    """A CIDR block of a legacy field; an existing one is accepted as it is."""
    if value not in old:
        yield from validate_legacy_cidr(value, path)


def validate_endpoint_ip(value: str, path: str) -> Iterator[FieldError]:
    """A valid endpoint: not a loopback or link-local address.

    Unlike the original it takes the loopback addresses of pods that really listen (`POD_LOOPBACK`).

    >>> [str(error) for error in validate_endpoint_ip("127.0.0.1", "ip")]
    ['ip: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)']
    """
    address = parse_ip(value)
    if address is None:
        yield invalid(path, value, "must be a valid IP address")
        return
    if address.is_unspecified:
        yield invalid(path, value, f"may not be unspecified ({value})")
    if address.is_loopback and address not in POD_LOOPBACK:
        yield invalid(path, value, "may not be in the loopback range (127.0.0.0/8, ::1/128)")
    if address.is_link_local:
        yield invalid(path, value, "may not be in the link-local range (169.254.0.0/16, fe80::/10)")
    if _is_link_local_multicast(address):
        yield invalid(path, value, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)")


def _is_link_local_multicast(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.packed[:3] == b"\xe0\x00\x00"
    return address.packed[0] == 0xFF and address.packed[1] & 0x0F == 0x02


def validate_domain_prefixed_path(value: str, path: str) -> Iterator[FieldError]:
    """A domain-prefixed path, as in the names of controllers and signers.

    >>> [str(error) for error in validate_domain_prefixed_path("example.com", "spec.controller")]
    ['spec.controller: Invalid value: "example.com": must be a domain-prefixed path (such as "acme.io/foo")']
    """
    domain, _, within = value.partition("/")
    if not value:
        yield required(path)
    elif not domain or not within:
        yield invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')
    else:
        yield from validate_text(domain, path, names.dns1123_subdomain)
        if not _HTTP_PATH.fullmatch(within):
            yield invalid(path, within, names.must_match("Invalid path", _HTTP_PATH.pattern))


_HTTP_PATH = re.compile(r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+")
