"""Errors of decoding a document, and their places, in the words of Go's decoder.

Source: Go's encoding/json (UnmarshalTypeError); sigs.k8s.io/json/internal/golang/encoding/json/kubernetes_patch.go.
"""

from typing import Protocol

import msgspec

from kubeactors.apimachinery.field import shown
from kubeactors.apimachinery.jsontext import Number

MAX_STRICT_ERRORS = 100


class DecodeError(ValueError):
    """The document is not an object of this type; the message is that of Go's decoder."""


class Place(msgspec.Struct, frozen=True, gc=False):
    """A place in the document: its path, and for Go's messages the innermost struct and the fields from there."""

    path: str = ""
    struct: str = ""
    fields: tuple[str, ...] = ()

    def key(self, name: str) -> "Place":
        """An entry of a map."""
        return Place(f"{self.path}.{name}" if self.path else name, self.struct, self.fields)

    def field(self, name: str, struct: str) -> "Place":
        """A field of a struct."""
        return Place(f"{self.path}.{name}" if self.path else name, struct, (*self.fields, name))

    def index(self, index: int) -> "Place":
        """An item of a list."""
        return Place(f"{self.path}[{index}]", self.struct, self.fields)


class Findings:
    """The errors of decoding a document: strict errors, and the first value of a wrong type."""

    def __init__(self) -> None:
        self._strict: dict[str, None] = {}
        self.wrong: str = ""

    @property
    def strict_errors(self) -> tuple[str, ...]:
        """In the order of the document."""
        return tuple(self._strict)

    def strict(self, problem: str, place: Place) -> None:
        """Record an unknown or duplicate field."""
        if len(self._strict) < MAX_STRICT_ERRORS:
            self._strict[f"{problem} field {shown(place.path)}"] = None

    def unfit(self, value: object, go: str, place: Place) -> None:
        """Record a value that does not fit its Go type. Decoding continues, but will fail."""
        self.wrong = self.wrong or mismatch(value, go, place)


class Reader(Protocol):
    """Decodes values of one type."""

    @property
    def go(self) -> str:
        """The name of the type in Go."""
        ...

    def zero(self) -> object:
        """The value of null."""
        ...

    def read(self, value: object, place: Place, findings: Findings, /) -> object:
        """Decode a value other than null."""
        ...


def mismatch(value: object, go: str, place: Place) -> str:
    """Go's error for a value of the wrong type.

    >>> mismatch(Number("1.5"), "int32", Place("spec.replicas", "DeploymentSpec", ("spec", "replicas")))
    'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32'
    """
    word = word_of(value)
    if word == "number" and (go.startswith(("int", "float"))):
        word = f"number {literal_of(value)}"
    target = f"struct field {place.struct}.{'.'.join(place.fields)} of type" if place.fields else "value of type"
    return f"json: cannot unmarshal {word} into Go {target} {go}"


def word_of(value: object) -> str:
    """Go's name for the type of a JSON value."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, Number | int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list | tuple) else "object"


def literal_of(value: object) -> str:
    """A number or boolean as JSON; empty for other values."""
    if isinstance(value, Number):
        return value.literal
    return str(value).lower() if isinstance(value, bool | int | float) else ""
