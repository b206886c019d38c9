"""Small checks that many validators share."""

from collections.abc import Iterable, Iterator

from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, invalid, not_supported, required

NOT_NEGATIVE = "must be greater than or equal to 0"
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
    """The value must be what labels have as a key."""
    yield from messages(path, value, names.qualified_name(value))


def not_negative(path: str, value: int) -> Iterator[FieldError]:
    """The value must be zero or more."""
    if value < 0:
        yield invalid(path, value, NOT_NEGATIVE)


def needed(path: str, value: object, detail: str = "") -> Iterator[FieldError]:
    """The value may not be empty."""
    if not value:
        yield required(path, detail)


def one_of(path: str, value: str, supported: Iterable[str]) -> Iterator[FieldError]:
    """The value must be one of these; they are named in the given order."""
    if value not in supported:
        yield not_supported(path, value, supported)


def one_of_or_required(path: str, value: str, supported: Iterable[str]) -> Iterator[FieldError]:
    """The value must be given, and one of these."""
    if not value:
        yield required(path)
    else:
        yield from one_of(path, value, supported)


def file_mode(path: str, mode: int | None) -> Iterator[FieldError]:
    """Permission bits of a file."""
    if mode is not None and not 0 <= mode <= 0o777:
        yield invalid(path, mode, FILE_MODE)


def port_or_name(path: str, port: int | str) -> Iterator[FieldError]:
    """The number or the name of a port."""
    found = names.port_name(port) if isinstance(port, str) else names.port_number(port)
    yield from messages(path, port, found)
