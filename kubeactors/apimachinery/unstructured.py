"""Objects of kinds that are known at run time only: custom resources.

Every such kind has a Struct, made from its names (`type_of_kind`), so that lookups of a kind by the type of an object
work. Everything but type and metadata is nested dicts and lists, which must not be changed.

Source: apimachinery/pkg/apis/meta/v1/unstructured (v1.36).
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import ClassVar, cast

import msgspec
from msgspec.structs import replace

from kubeactors.apimachinery.findings import DecodeError, Findings, Place, mismatch
from kubeactors.apimachinery.jsontext import JSONSyntaxError
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.reader import parse_plain, reader_of

_OWN = ("apiVersion", "kind", "metadata")


class Unstructured(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=True):
    """An object whose fields are nested dicts and lists; a change makes a new one.

    >>> thing = of({"apiVersion": "a.io/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": {"size": 3}})
    >>> thing.kind, thing.metadata.name, thing.at("spec", "size"), thing.at("status", "phase")
    ('Thing', 'a', 3, None)
    """

    fields: Mapping[str, object] = {}
    """Everything but type and metadata."""

    @property
    def content(self) -> dict[str, object]:
        """The whole object as dicts and lists."""
        metadata: object = msgspec.json.decode(msgspec.json.encode(self.metadata))
        return {"apiVersion": self.api_version, "kind": self.kind, "metadata": metadata, **self.fields}

    def at(self, *path: str) -> object:
        """The value at a path of names, or None."""
        return _at(self.fields, path)

    def with_metadata(self, metadata: ObjectMeta) -> "Unstructured":
        """The object with other metadata; the rest is shared."""
        return replace(self, metadata=metadata)

    def with_field(self, name: str, value: object) -> "Unstructured":
        """The object with another value of a top-level field (`spec`, `status`); None removes it."""
        others = {key: one for key, one in self.fields.items() if key != name}
        return replace(self, fields=others if value is None else {**others, name: value})

    def with_fields(self, fields: Mapping[str, object]) -> "Unstructured":
        """The object with these fields instead of its own."""
        return self if fields is self.fields else replace(self, fields=fields)

    __hash__: ClassVar[None] = None  # type: ignore[assignment] # pyright: ignore[reportIncompatibleMethodOverride] -- dicts are not hashable


@lru_cache(maxsize=4096)
def type_of_kind(api_version: str, kind: str) -> type[Unstructured]:
    """The Struct of a kind; the same one for the same names.

    >>> type_of_kind("a.io/v1", "Thing")().kind
    'Thing'
    """
    made = msgspec.defstruct(
        kind,
        [("api_version", str, api_version), ("kind", str, kind)],
        bases=(Unstructured,),
        module=__name__,
        frozen=True,
        kw_only=True,
        omit_defaults=True,
        gc=True,
    )
    return cast("type[Unstructured]", made)


def encode(obj: Unstructured) -> bytes:
    """The object as JSON, with its type first.

    >>> encode(of({"spec": {}, "kind": "Thing", "apiVersion": "a.io/v1"}))
    b'{"kind":"Thing","apiVersion":"a.io/v1","metadata":{},"spec":{}}'
    """
    return msgspec.json.encode(
        {"kind": obj.kind, "apiVersion": obj.api_version, "metadata": obj.metadata, **obj.fields}
    )


def of(content: Mapping[str, object]) -> Unstructured:
    """Convert dicts and lists to an object.

    Raises:
        DecodeError: it has no kind, or malformed metadata.
    """
    if not _text(content.get("kind")):
        said = msgspec.json.encode(content).decode()
        raise DecodeError(f"Object 'Kind' is missing in '{said}'")
    return _read(content, type_of_kind(_text(content.get("apiVersion")), _text(content.get("kind"))), Findings())


def decode(data: bytes) -> tuple[Unstructured, tuple[str, ...]]:
    """Decode a JSON document; returns its duplicate and unknown fields as strict errors.

    Raises:
        DecodeError: it is not a JSON object with a kind and well-formed metadata.

    >>> decode(b'{"kind":"Thing","apiVersion":"a.io/v1","spec":{"a":1,"a":2}}')[1]
    ('duplicate field "spec.a"',)
    """
    value, duplicates = _parsed(data)
    if not isinstance(value, dict):
        raise DecodeError(mismatch(value, "map[string]interface {}", Place()))
    content = cast("dict[str, object]", value)
    if not _text(content.get("kind")):
        raise DecodeError(f"Object 'Kind' is missing in '{data.decode('utf-8', 'replace')}'")
    type_ = type_of_kind(_text(content.get("apiVersion")), _text(content.get("kind")))
    found, unknown = from_plain(content, type_)
    return found, (*duplicates, *unknown)


def decode_as(data: bytes, type_: type[Unstructured]) -> tuple[Unstructured, tuple[str, ...]]:
    """Decode a JSON document as an object of a kind, whatever kind the document has.

    Raises:
        DecodeError: it is not a JSON object with well-formed metadata.
    """
    value, duplicates = _parsed(data)
    found, unknown = from_plain(value, type_)
    return found, (*duplicates, *unknown)


def from_plain(value: object, type_: type[Unstructured]) -> tuple[Unstructured, tuple[str, ...]]:
    """Convert dicts and lists to an object; returns the unknown fields of its metadata.

    Raises:
        DecodeError: it is not an object with well-formed metadata.
    """
    if not isinstance(value, Mapping):
        raise DecodeError(mismatch(value, "map[string]interface {}", Place()))
    findings = Findings()
    found = _read(cast("Mapping[str, object]", value), type_, findings)
    return found, findings.strict_errors


def _parsed(data: bytes) -> tuple[object, tuple[str, ...]]:
    try:
        return parse_plain(data)
    except JSONSyntaxError as error:
        raise DecodeError(str(error)) from error


def _read(content: Mapping[str, object], type_: type[Unstructured], findings: Findings) -> Unstructured:
    fields = {key: value for key, value in content.items() if key not in _OWN}
    return type_(metadata=_metadata(content.get("metadata"), findings), fields=fields)


def _metadata(value: object, findings: Findings) -> ObjectMeta:
    place = Place("metadata", "", ("metadata",))
    found = ObjectMeta() if value is None else reader_of(ObjectMeta).read(value, place, findings)
    if findings.wrong:
        raise DecodeError(findings.wrong)
    return cast("ObjectMeta", found)


def _at(value: object, path: tuple[str, ...]) -> object:
    if not path:
        return value
    return _at(cast("Mapping[str, object]", value).get(path[0]), path[1:]) if isinstance(value, Mapping) else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
