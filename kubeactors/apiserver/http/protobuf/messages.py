"""A message as dicts and lists, ready to be converted to a Struct.

The Struct gives the fields, `numbers.txt` their numbers. Fields with unknown numbers are ignored.
"""

import base64
import typing
from collections.abc import Callable
from functools import cache, lru_cache
from importlib.resources import files
from typing import Protocol, TypeAlias, cast

import msgspec

from kubeactors.apimachinery.meta import Object
from kubeactors.apimachinery.time import format_micro_time, format_time
from kubeactors.apimachinery.wire import ProtobufError, Value, fields, numbers, signed
from kubeactors.apiserver.http.type_hints import arguments, is_union, origin, package_of, struct_of, unwrapped

_SECOND = 1_000_000_000

Read: TypeAlias = Callable[[Value], object]
"""Decodes a value."""


def read_message(data: bytes, type_: type[Object]) -> dict[str, object]:
    """A message as its JSON object.

    Raises:
        ProtobufError: the bytes are not such a message.
    """
    try:
        return _message(type_).read(data)
    except UnicodeDecodeError as error:
        raise ProtobufError(f"proto: invalid UTF-8: {error.reason}") from error


def known_fields(type_: type[Object]) -> frozenset[str]:
    """The JSON names of a Struct's fields that can be decoded."""
    return _names(f"{package_of(type_)}.{type_.__name__}")


def _names(message: str) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for member in _numbers().get(message, {}):
        inline = member.startswith("~")
        found |= _names(f"{message.rpartition('.')[0]}.{member[1:]}") if inline else {member}
    return found


class _Field(Protocol):
    """Puts a value into the object that is being decoded."""

    def put(self, found: dict[str, object], value: Value) -> None: ...


class _Message:
    """Decodes messages of a type."""

    def __init__(self, members: dict[int, _Field]) -> None:
        self._members = members

    def read(self, value: Value) -> dict[str, object]:
        found: dict[str, object] = {}
        for number, one in fields(_bytes(value)):
            member = self._members.get(number)
            if member is not None:
                member.put(found, one)
        return found


class _Single:
    """A singular field; the last of several values wins."""

    def __init__(self, name: str, read: Read) -> None:
        self._name = name
        self._read = read

    def put(self, found: dict[str, object], value: Value) -> None:
        found[self._name] = self._read(value)


class _Struct(_Single):
    """A field with a message. Its fields are looked up on first use: Structs may be recursive."""

    def __init__(self, name: str, type_: type[Object]) -> None:
        super().__init__(name, lambda value: _message(type_).read(value))


class _Repeated:
    """A repeated field. Numbers may be packed."""

    def __init__(self, name: str, read: Read, *, packed: bool) -> None:
        self._name = name
        self._read = read
        self._packed = packed

    def put(self, found: dict[str, object], value: Value) -> None:
        items = cast("list[object]", found.setdefault(self._name, []))
        if self._packed and isinstance(value, bytes):
            items.extend(numbers(value))
        else:
            items.append(self._read(value))


class _Map:
    """A map: each entry is a message with a key and a value."""

    def __init__(self, name: str, read: Read) -> None:
        self._name = name
        self._read = read

    def put(self, found: dict[str, object], value: Value) -> None:
        entry = dict(fields(_bytes(value)))
        items = cast("dict[str, object]", found.setdefault(self._name, {}))
        items[_text(entry.get(1, b""))] = self._read(entry.get(2, b""))


class _Inline:
    """A message whose fields are inlined into the enclosing one."""

    def __init__(self, message: _Message) -> None:
        self._message = message

    def put(self, found: dict[str, object], value: Value) -> None:
        found |= self._message.read(value)


@cache
def _message(type_: type[Object]) -> _Message:
    """The decoder of a Struct's messages."""
    hints = typing.get_type_hints(type_, include_extras=True)
    members = {field.encode_name: hints[field.name] for field in msgspec.structs.fields(type_)}
    return _reader(f"{package_of(type_)}.{type_.__name__}", members)


def _reader(name: str, hints: dict[str, object]) -> _Message:
    members: dict[int, _Field] = {}
    for member, number in _numbers()[name].items():
        if member.startswith("~"):
            package = name.rpartition(".")[0]
            members[number] = _Inline(_reader(f"{package}.{member[1:]}", hints))
        elif member in hints:
            members[number] = _field(member, hints[member])
    return _Message(members)


def _field(name: str, hint: object) -> _Field:
    hint, go = _plain(hint)
    struct = struct_of(hint)
    if origin(hint) is tuple:
        item, item_go = _plain(arguments(hint)[0])
        return _Repeated(name, _read_of(item, item_go), packed=item is int)
    if origin(hint) is dict and go not in _SPECIAL:
        return _Map(name, _read_of(*_plain(arguments(hint)[1])))
    if struct is not None:
        return _Struct(name, struct)
    return _Single(name, _read_of(hint, go))


def _read_of(hint: object, go: str) -> Read:
    if go in _SPECIAL:
        return _SPECIAL[go]
    if is_union(hint):
        return _int_or_string
    struct = struct_of(hint)
    if struct is not None:
        return lambda value: _message(struct).read(value)
    if origin(hint) is tuple:
        return _list_of(_read_of(*_plain(arguments(hint)[0])))
    return _SCALARS[cast("type", hint)]


def _list_of(read: Read) -> Read:
    """Decodes a list that is a map value: a message of its items (authentication's ExtraValue)."""
    return lambda value: [read(item) for number, item in fields(_bytes(value)) if number == 1]


def _plain(hint: object) -> tuple[object, str]:
    """A type without `None` and annotations, and its annotated name in Kubernetes, if any."""
    hint, extras = unwrapped(hint)
    return hint, str(extras.get("go", ""))


@lru_cache(maxsize=1)
def _numbers() -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for line in files("kubeactors.apiserver.http.protobuf").joinpath("numbers.txt").read_text().splitlines():
        if not line.startswith("#"):
            name, *members = line.split(" ")
            found[name] = {one.partition("=")[0]: int(one.partition("=")[2]) for one in members}
    return found


def _bytes(value: Value) -> bytes:
    if not isinstance(value, bytes):
        raise ProtobufError("proto: wrong wireType")
    return value


def _int(value: Value) -> int:
    if not isinstance(value, int):
        raise ProtobufError("proto: wrong wireType")
    return signed(value)


def _text(value: Value) -> str:
    return _bytes(value).decode()


def _time(value: Value) -> str | None:
    moment = _nanoseconds(value)
    return None if moment is None else format_time(moment)


def _micro_time(value: Value) -> str | None:
    moment = _nanoseconds(value)
    return None if moment is None else format_micro_time(moment)


def _nanoseconds(value: Value) -> int | None:
    """Unix nanoseconds; None for an empty message."""
    found = dict(fields(_bytes(value)))
    return _int(found.get(1, 0)) * _SECOND + _int(found.get(2, 0)) if found else None


def _quantity(value: Value) -> str:
    return _text(dict(fields(_bytes(value))).get(1, b""))


def _int_or_string(value: Value) -> int | str:
    found = dict(fields(_bytes(value)))
    return _text(found.get(3, b"")) if found.get(1) else _int(found.get(2, 0))


def _raw_json(value: Value) -> object:
    return msgspec.json.decode(_bytes(dict(fields(_bytes(value))).get(1, b"null")))


_SPECIAL: dict[str, Read] = {
    "v1.Time": _time,
    "v1.MicroTime": _micro_time,
    "resource.Quantity": _quantity,
    "FieldsV1": _raw_json,
}
_SCALARS: dict[type, Read] = {
    str: _text,
    int: _int,
    bool: bool,
    float: float,
    bytes: lambda value: base64.b64encode(_bytes(value)).decode(),
}
