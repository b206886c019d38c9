"""Field errors: the field, and what is wrong with its value, in Kubernetes' words.

Validators are generators: they take a value and the path of its field (`spec.containers[0].name`), and yield errors.

Source: apimachinery/pkg/util/validation/field/errors.go (v1.36).
"""

from collections.abc import Iterable

import msgspec

REQUIRED = "FieldValueRequired"
INVALID = "FieldValueInvalid"
NOT_SUPPORTED = "FieldValueNotSupported"
DUPLICATE = "FieldValueDuplicate"
FORBIDDEN = "FieldValueForbidden"
NOT_FOUND = "FieldValueNotFound"
TOO_LONG = "FieldValueTooLong"
TOO_MANY = "FieldValueTooMany"
INTERNAL = "InternalError"
TYPE_INVALID = "FieldValueTypeInvalid"


class FieldError(msgspec.Struct, frozen=True):
    """An error of a field: `reason` is for programs, `message` for people."""

    field: str
    reason: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


def shown(value: object) -> str:
    """A rejected value as Go's error prints it: strings quoted, numbers and booleans plain, the rest as JSON.

    >>> shown("a"), shown(3), shown(True), shown(None)
    ('"a"', '3', 'true', 'null')
    """
    return quoted(value) if isinstance(value, str) else msgspec.json.encode(value).decode()


def quoted(text: str) -> str:
    r"""A string as Go's %q prints it.

    >>> print(quoted('say "hi"'), quoted("a\n\x00é"))
    "say \"hi\"" "a\n\x00é"
    """
    return f'"{"".join(map(_escaped, text))}"' if not _plain(text) else f'"{text}"'


def required(path: str, detail: str = "") -> FieldError:
    """A required value is missing."""
    return FieldError(path, REQUIRED, _with_detail("Required value", detail))


def invalid(path: str, value: object, detail: str = "") -> FieldError:
    """The value is malformed or out of range.

    >>> str(invalid("spec.replicas", -1, "must be greater than or equal to 0"))
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0'
    """
    return FieldError(path, INVALID, _with_detail(f"Invalid value: {shown(value)}", detail))


def not_supported(path: str, value: object, supported: Iterable[str]) -> FieldError:
    """The value is not one of an enumeration; supported values are listed in the given order."""
    known = ", ".join(map(quoted, supported))
    return FieldError(
        path, NOT_SUPPORTED, _with_detail(f"Unsupported value: {shown(value)}", known and f"supported values: {known}")
    )


def duplicate(path: str, value: object) -> FieldError:
    """The value is not unique in its list."""
    return FieldError(path, DUPLICATE, f"Duplicate value: {shown(value)}")


def forbidden(path: str, detail: str) -> FieldError:
    """The field must not be set here, or not be changed."""
    return FieldError(path, FORBIDDEN, _with_detail("Forbidden", detail))


def not_found(path: str, value: object) -> FieldError:
    """The value refers to something that does not exist."""
    return FieldError(path, NOT_FOUND, f"Not found: {shown(value)}")


def too_long(path: str, maximum: int) -> FieldError:
    """The value has more than `maximum` bytes."""
    return FieldError(path, TOO_LONG, f"Too long: may not be more than {maximum} bytes")


def too_many(path: str, count: int, maximum: int) -> FieldError:
    """The list has more than `maximum` items."""
    return FieldError(path, TOO_MANY, f"Too many: {count}: must have at most {maximum} items")


_ESCAPES = {
    '"': '\\"', "\\": "\\\\", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v",
}  # fmt: skip


def _plain(text: str) -> bool:
    return text.isprintable() and '"' not in text and "\\" not in text


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _with_detail(text: str, detail: str) -> str:
    return f"{text}: {detail}" if detail else text
