"""Strict decoding of configuration files: unknown keys are errors, and each error is one sentence."""

import re
from collections.abc import Iterator
from typing import TypeVar

import msgspec
import msgspec.inspect as types

from kubeactors.apimachinery import yamltext
from kubeactors.apimachinery.words import nearest

S = TypeVar("S", bound=msgspec.Struct)

_at = re.compile(r"(?s)(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?")
_unknown = re.compile(r"Object contains unknown field `(.*)`")
_enum = re.compile(r"Invalid enum value '(.*)'")
_part = re.compile(r"([^.\[\]]+)|\[(\d*|\.\.\.)\]")
_PREFIX = "error converting YAML to JSON: "


class DecodeError(ValueError):
    """The document is not valid; the message says where and why."""


def to_json(text: bytes) -> bytes:
    """The JSON of one YAML document without duplicate keys.

    Raises:
        YAMLError: it is not one.

    >>> to_json(b"{a: 1, a: 2}")
    Traceback (most recent call last):
    kubeactors.apimachinery.yamltext.YAMLError: yaml: unmarshal errors: line 1: key "a" already set in map
    """
    try:
        data, duplicates = yamltext.to_json(text)
    except yamltext.YAMLError as error:
        raise yamltext.YAMLError(str(error).removeprefix(_PREFIX)) from error
    if duplicates:
        raise yamltext.YAMLError(" ".join(duplicates[0].split()).removeprefix(_PREFIX))
    return data


def decode(data: bytes, type_: type[S]) -> S:
    """A Struct that forbids unknown fields, from JSON.

    Raises:
        DecodeError: with the path of the error, and for an unknown key the nearest known one.

    >>> class Point(msgspec.Struct, forbid_unknown_fields=True):
    ...     across: int
    >>> decode(b'{"acros": 1}', Point)
    Traceback (most recent call last):
    kubeactors.apimachinery.exact.DecodeError: acros: unknown key; did you mean "across"?
    """
    try:
        return msgspec.json.decode(data, type=type_)
    except msgspec.ValidationError as error:
        raise DecodeError(_said(str(error), type_)) from error


def _said(message: str, type_: type[msgspec.Struct]) -> str:
    found = _at.fullmatch(message)
    assert found is not None  # the pattern matches everything
    what, path = found["what"], found["path"] or ""
    wrong = _enum.fullmatch(what)
    if wrong is not None:
        return f'{path}: "{wrong[1]}" is not known; {nearest(wrong[1], _choices(type_, path))}'
    unknown = _unknown.fullmatch(what)
    if unknown is None:
        return f"{path}: {what[:1].lower()}{what[1:]}" if path else what
    key = unknown[1]
    place = f"{path}.{key}" if path else key
    return f"{place}: unknown key; {nearest(key, _fields(type_, path))}"


def _fields(type_: type[msgspec.Struct], path: str) -> list[str]:
    """The known keys at a path."""
    return [field.encode_name for one in _at_path(type_, path) for each in _structs(one) for field in each.fields]


def _choices(type_: type[msgspec.Struct], path: str) -> list[str]:
    """The known values at a path."""
    literals = (one for one in _at_path(type_, path) if isinstance(one, types.LiteralType))
    return [str(value) for one in literals for value in one.values]


def _at_path(type_: type[msgspec.Struct], path: str) -> list[types.Type]:
    found: list[types.Type] = [types.type_info(type_)]
    for name, _ in _part.findall(path):
        found = [inner for one in found for inner in _inside(one, name)]
    return found


def _structs(type_: types.Type) -> Iterator[types.StructType]:
    if isinstance(type_, types.UnionType):
        for one in type_.types:
            yield from _structs(one)
    elif isinstance(type_, types.StructType):
        yield type_


def _inside(type_: types.Type, name: str) -> Iterator[types.Type]:
    """The types under a key, of a list's items, or of a map's values."""
    if not name and isinstance(type_, types.VarTupleType):
        yield type_.item_type
    if not name and isinstance(type_, types.DictType):
        yield type_.value_type
    for one in _structs(type_):
        yield from (field.type for field in one.fields if field.encode_name == name)
