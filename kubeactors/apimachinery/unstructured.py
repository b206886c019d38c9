"""Objects of kinds that are known at run time only: custom resources.

Source: apimachinery/pkg/apis/meta/v1/unstructured (v1.36).
"""

from collections.abc import Mapping
from typing import ClassVar, cast

import msgspec

from kubeactors.apimachinery.findings import DecodeError, Findings, Place, mismatch
from kubeactors.apimachinery.jsontext import JSONSyntaxError
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.reader import parse_plain, reader_of


class Unstructured:
    """An object as nested dicts and lists, which nobody changes; a changed object is a new one.

    `metadata` is read when it is first asked for, and kept.

    >>> thing = Unstructured({"apiVersion": "a.io/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": {"size": 3}})
    >>> thing.kind, thing.metadata.name, thing.at("spec", "size"), thing.at("status", "phase")
    ('Thing', 'a', 3, None)
    """

    __slots__ = ("_metadata", "content")

    def __init__(self, content: Mapping[str, object], metadata: ObjectMeta | None = None) -> None:
        self.content: Mapping[str, object] = content
        self._metadata = metadata

    @property
    def api_version(self) -> str:
        """Group and version; empty if there is none."""
        return _text(self.content.get("apiVersion"))

    @property
    def kind(self) -> str:
        """The kind's name; empty if there is none."""
        return _text(self.content.get("kind"))

    @property
    def metadata(self) -> ObjectMeta:
        """Name, labels, revision and so on.

        Raises:
            DecodeError: the metadata is not as metadata should be.
        """
        if self._metadata is None:
            self._metadata = _metadata(self.content.get("metadata"))
        return self._metadata

    def at(self, *path: str) -> object:
        """The value at the end of a path of names, or None."""
        return _at(self.content, path)

    def with_metadata(self, metadata: ObjectMeta) -> "Unstructured":
        """The object with other metadata; the rest is shared."""
        return self.with_field("metadata", msgspec.json.decode(msgspec.json.encode(metadata)))

    def with_field(self, name: str, value: object) -> "Unstructured":
        """The object with another value of a top-level field (`spec`, `status`); None removes it."""
        others = {key: one for key, one in self.content.items() if key != name}
        return Unstructured(others if value is None else {**others, name: value})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unstructured) and self.content == other.content

    __hash__: ClassVar[None] = None  # type: ignore[assignment] # pyright: ignore[reportIncompatibleMethodOverride] -- its dicts have none either

    def __repr__(self) -> str:
        return f"Unstructured({dict(self.content)!r})"


def encode(obj: Unstructured) -> bytes:
    """The object as JSON, its type first.

    >>> encode(Unstructured({"spec": {}, "kind": "Thing", "apiVersion": "a.io/v1"}))
    b'{"kind":"Thing","apiVersion":"a.io/v1","spec":{}}'
    """
    others = {key: value for key, value in obj.content.items() if key not in ("kind", "apiVersion")}
    return msgspec.json.encode({"kind": obj.kind, "apiVersion": obj.api_version, **others})


def decode(data: bytes) -> tuple[Unstructured, tuple[str, ...]]:
    """Read one JSON document; and its duplicate fields, as strict errors.

    Raises:
        DecodeError: it is no JSON object with a kind and readable metadata.

    >>> decode(b'{"kind":"Thing","apiVersion":"a.io/v1","spec":{"a":1,"a":2}}')[1]
    ('duplicate field "spec.a"',)
    """
    try:
        value, strict_errors = parse_plain(data)
    except JSONSyntaxError as error:
        raise DecodeError(str(error)) from error
    if not isinstance(value, dict):
        raise DecodeError(mismatch(value, "map[string]interface {}", Place()))
    content = cast("dict[str, object]", value)
    if not _text(content.get("kind")):
        raise DecodeError(f"Object 'Kind' is missing in '{data.decode('utf-8', 'replace')}'")
    return Unstructured(content, _metadata(content.get("metadata"))), strict_errors


def _metadata(value: object) -> ObjectMeta:
    findings = Findings()
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
