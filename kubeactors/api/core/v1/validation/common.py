"""Helpers of validators."""

from collections.abc import Iterable, Iterator

import msgspec

from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, invalid, not_supported, required
from kubeactors.apimachinery.meta import Object

FILE_MODE = "must be a number between 0 and 0777 (octal), both inclusive"


def messages(path: str, value: object, found: Iterable[str]) -> Iterator[FieldError]:
    """One error for each message about the value."""
    for message in found:
        yield invalid(path, value, message)


def label(path: str, value: str) -> Iterator[FieldError]:
    """The value must be a DNS label."""
    yield from messages(path, value, names.dns1123_label(value))


def subdomain(path: str, value: str) -> Iterator[FieldError]:
    """The value must be a DNS subdomain."""
    yield from messages(path, value, names.dns1123_subdomain(value))


def qualified_name(path: str, value: str) -> Iterator[FieldError]:
    """The value must be a qualified name."""
    yield from messages(path, value, names.qualified_name(value))


def needed(path: str, value: object, detail: str = "") -> Iterator[FieldError]:
    """The value may not be empty."""
    if not value:
        yield required(path, detail)


def one_of(path: str, value: str, supported: Iterable[str]) -> Iterator[FieldError]:
    """The value must be one of these, which are listed in the given order."""
    if value not in supported:
        yield not_supported(path, value, supported)


def internal(value: Object) -> dict[str, object]:
    """A value as Go prints it: with Go's field names, and none omitted.

    >>> from kubeactors.api.core.v1.podstatus import PodIP
    >>> internal(PodIP(ip="10.0.0.1"))
    {'IP': '10.0.0.1'}
    """
    fields = msgspec.structs.fields(value)
    return {_go_name(field.encode_name): getattr(value, field.name) for field in fields}


def _go_name(name: str) -> str:
    return name.upper() if name == "ip" else name[0].upper() + name[1:]


def file_mode(path: str, mode: int | None) -> Iterator[FieldError]:
    """Permission bits of a file."""
    if mode is not None and not 0 <= mode <= 0o777:
        yield invalid(path, mode, FILE_MODE)
