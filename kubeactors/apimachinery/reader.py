"""Decodes a JSON value into a Struct as Go's decoder would: leniently, with a list of errors.

This is the slow path, which `serializer.decode` takes when the fast one (msgspec) rejects a document, or could miss
something. Unlike in the fast path

- null leaves a field at its zero value,
- unknown and duplicate fields are errors that the caller may ignore (the last duplicate wins),
- times and quantities are made canonical from any form that Kubernetes accepts,
- and errors have Go's messages: `json: cannot unmarshal number into Go struct field ConfigMap.data of type string`.

Source: sigs.k8s.io/json (decode.go, kubernetes_patch.go); UnmarshalJSON of Time, MicroTime, Quantity, IntOrString.
"""

import re
import types
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from typing import Annotated, Union, cast, get_args, get_origin

import msgspec

from kubeactors.apimachinery import jsontext
from kubeactors.apimachinery.findings import Findings, Place, Reader
from kubeactors.apimachinery.jsontext import JSONSyntaxError, Pairs
from kubeactors.apimachinery.leaves import (
    BOOLEAN,
    BYTES,
    FLOAT,
    INT32,
    INT64,
    INT_OR_STRING,
    MICRO_TIME,
    OPAQUE,
    QUANTITY,
    STRING,
    TIME,
    plain,
    text_of,
)


@cache
def reader_of(type_: object, name: str = "") -> Reader:
    """The reader of a field's type; `name` is the field's, which determines the width of integers."""
    origin, arguments = get_origin(type_), get_args(type_)
    if origin is Annotated:
        go = _go_name(cast("Iterable[object]", arguments[1:]))
        return _NAMED[go] if go in _NAMED else reader_of(arguments[0], name)
    if origin in (Union, types.UnionType):
        return _reader_of_union(arguments, name)
    if origin is tuple:
        return _List(reader_of(arguments[0], name))
    if origin is dict:
        return _Map(reader_of(arguments[1], name))
    if type_ is int:
        return INT64 if name in LONG_FIELDS else INT32
    if type_ in _SIMPLE:
        return _SIMPLE[type_]
    is_struct = isinstance(type_, type) and issubclass(type_, msgspec.Struct)
    return _Struct(cast("type[msgspec.Struct]", type_)) if is_struct else OPAQUE


def parse_plain(data: bytes) -> tuple[object, tuple[str, ...]]:
    """A JSON document without a type as builtins, and its duplicate names as strict errors.

    Raises:
        JSONSyntaxError: it is not JSON.

    >>> parse_plain(b'{"a": {"b": 1, "b": 2}}')
    ({'a': {'b': 2}}, ('duplicate field "a.b"',))
    """
    try:
        value: object = msgspec.json.decode(data)
        if not jsontext.needs_care(data):
            return value, ()
    except (msgspec.DecodeError, RecursionError):
        pass
    findings = Findings()
    try:
        value = _noting_duplicates(jsontext.parse(data), Place(), findings)
    except RecursionError as error:
        raise JSONSyntaxError("exceeded max depth") from error
    return value, findings.strict_errors


class _Struct:
    """Reads a Struct. The readers of its fields are made on first use: Structs may be recursive."""

    def __init__(self, type_: type[msgspec.Struct]) -> None:
        self._type = type_
        self._name = type_.__name__
        versions = [part for part in type_.__module__.split(".") if re.fullmatch(r"v\d\w*", part)]
        self.go = f"{versions[-1] if versions else 'v1'}.{self._name}"

    @cached_property
    def _fields(self) -> dict[str, tuple[str, Reader]]:
        fields = msgspec.structs.fields(self._type)
        return {one.encode_name: (one.name, reader_of(one.type, one.encode_name)) for one in fields}

    def zero(self) -> object:
        return self._type()

    def read(self, value: object, place: Place, findings: Findings) -> object:
        members = _members(value)
        if members is None:
            findings.unfit(value, self.go, place)
            return self._type()
        found: dict[str, object] = {}
        seen: dict[str, None] = {}
        for key, item in members:
            name, reader = self._fields.get(key, ("", None))
            inner = place.field(key, self._name)
            if reader is None:
                findings.strict("unknown", inner)
                continue
            if key in seen:
                findings.strict("duplicate", inner)
            seen[key] = None
            if item is not None:
                found[name] = reader.read(item, inner, findings)
        return self._type(**found)


class _List:
    """Reads a list; null items are zero values."""

    def __init__(self, item: Reader) -> None:
        self._item = item
        self.go = f"[]{item.go}"

    def zero(self) -> object:
        return ()

    def read(self, value: object, place: Place, findings: Findings) -> object:
        if not isinstance(value, list | tuple):
            findings.unfit(value, self.go, place)
            return ()
        items = enumerate(cast("Iterable[object]", value))
        return tuple(_read(self._item, item, place.index(index), findings) for index, item in items)


class _Map:
    """Reads a map with string keys; null values are zero values."""

    def __init__(self, item: Reader) -> None:
        self._item = item
        self.go = "v1.ResourceList" if item.go == "resource.Quantity" else f"map[string]{item.go}"

    def zero(self) -> object:
        return {}

    def read(self, value: object, place: Place, findings: Findings) -> object:
        members = _members(value)
        if members is None:
            findings.unfit(value, self.go, place)
            return {}
        found: dict[str, object] = {}
        for key, item in members:
            inner = place.key(key)
            if key in found:
                findings.strict("duplicate", inner)
            found[text_of(key)] = _read(self._item, item, inner, findings)
        return found


class _Pointer:
    """Reads an optional value: null is None."""

    def __init__(self, target: Reader) -> None:
        self.go = target.go
        self.read = target.read

    def zero(self) -> object:
        return None


_NAMED: dict[str, Reader] = {
    "v1.Time": TIME,
    "v1.MicroTime": MICRO_TIME,
    "resource.Quantity": QUANTITY,
    "FieldsV1": OPAQUE,
}
"""Readers of types that are str or dict in Python and have rules of their own in Go."""

_SIMPLE: dict[object, Reader] = {str: STRING, bool: BOOLEAN, float: FLOAT, bytes: BYTES}

LONG_FIELDS = frozenset(
    {
        "activeDeadlineSeconds",
        "deletionGracePeriodSeconds",
        "expirationSeconds",
        "fsGroup",
        "generation",
        "gracePeriodSeconds",
        "limitBytes",
        "maxItems",
        "maxLength",
        "maxProperties",
        "minItems",
        "minLength",
        "minProperties",
        "nodeAllocatableUpdatePeriodSeconds",
        "observedGeneration",
        "remainingItemCount",
        "resourceSliceCount",
        "revision",
        "runAsGroup",
        "runAsUser",
        "sinceSeconds",
        "sizeBytes",
        "startingDeadlineSeconds",
        "supplementalGroups",
        "tailLines",
        "templateGeneration",
        "terminationGracePeriodSeconds",
        "tolerationSeconds",
    }
)
"""The 64-bit integer fields; all other integers of Kubernetes' API have 32 bits."""


def _reader_of_union(arguments: tuple[object, ...], name: str) -> Reader:
    others = [one for one in arguments if one is not types.NoneType]
    reader = reader_of(others[0], name) if len(others) == 1 else _of_many(others)
    return _Pointer(reader) if len(others) < len(arguments) else reader


def _of_many(types_: list[object]) -> Reader:
    return INT_OR_STRING if sorted(map(str, types_)) == sorted(map(str, (int, str))) else OPAQUE


def _go_name(metadata: Iterable[object]) -> str:
    for one in metadata:
        if isinstance(one, msgspec.Meta) and one.extra and "go" in one.extra:
            return str(one.extra["go"])
    return ""


def _noting_duplicates(value: object, place: Place, findings: Findings) -> object:
    """A value without a type as builtins; duplicate names in an object are strict errors."""
    if isinstance(value, list):
        items = enumerate(cast("list[object]", value))
        return [_noting_duplicates(item, place.index(index), findings) for index, item in items]
    if not isinstance(value, Pairs):
        return plain(value)
    found: dict[str, object] = {}
    for key, item in value.members:
        inner = place.key(key)
        if key in found:
            findings.strict("duplicate", inner)
        found[text_of(key)] = _noting_duplicates(item, inner, findings)
    return found


def _read(reader: Reader, value: object, place: Place, findings: Findings) -> object:
    return reader.zero() if value is None else reader.read(value, place, findings)


def _members(value: object) -> Iterable[tuple[str, object]] | None:
    if isinstance(value, Pairs):
        return value.members
    return cast("Mapping[str, object]", value).items() if isinstance(value, Mapping) else None
