"""The version 2 document in protobuf, which kubectl up to 1.28 requires before it applies.

Only what our documents contain is encoded. Functions are named after the messages that they encode; numbers are field
numbers.

Source: github.com/google/gnostic openapiv2/OpenAPIv2.proto.
"""

from collections.abc import Iterable
from typing import cast

import msgspec

from kubeactors.apiserver.http.openapi.schemas import Json

_METHODS = {"get": 2, "put": 3, "post": 4, "delete": 5, "patch": 8}
_QUERY = {"required": 1, "in": 2, "name": 4, "type": 6, "unique": 20}
_PATH = {"required": 1, "in": 2, "name": 4, "type": 5, "unique": 19}


def document(found: Json) -> bytes:
    """The whole document."""
    info = cast("Json", found["info"])
    paths = (_field(2, _named(path, _path_item(_json(item)))) for path, item in _json(found["paths"]).items())
    schemas = (_field(1, _named(name, _schema(_json(one)))) for name, one in _json(found["definitions"]).items())
    return b"".join(
        (
            _text(1, found["swagger"]),
            _field(2, _text(1, info["title"]) + _text(2, info["version"])),
            _field(8, b"".join(paths)),
            _field(9, b"".join(schemas)),
        )
    )


def _path_item(item: Json) -> bytes:
    parts = [_field(number, _operation(_json(item[method]))) for method, number in _METHODS.items() if method in item]
    return b"".join(parts) + _each(9, (_parameter(one) for one in _list(item.get("parameters"))))


def _operation(operation: Json) -> bytes:
    responses = (_field(1, _named(code, _response(_json(one)))) for code, one in _json(operation["responses"]).items())
    return b"".join(
        (
            _texts(1, operation["tags"]),
            _text(3, operation["description"]),
            _text(5, operation["operationId"]),
            _texts(6, operation["produces"]),
            _texts(7, operation["consumes"]),
            _each(8, (_parameter(one) for one in _list(operation["parameters"]))),
            _field(9, b"".join(responses)),
            _texts(10, operation["schemes"]),
            _extensions(13, operation),
        )
    )


def _parameter(one: Json) -> bytes:
    """A ParametersItem."""
    if one["in"] == "body":
        body = (
            _text(2, one["name"])
            + _text(3, one["in"])
            + _flag(4, one.get("required"))
            + _field(5, _schema(_json(one["schema"])))
        )
        return _field(1, _field(1, body))
    in_query = one["in"] == "query"
    at = _QUERY if in_query else _PATH
    written = (
        _flag(at["required"], one.get("required"))
        + _text(at["in"], one["in"])
        + _text(at["name"], one["name"])
        + _text(at["type"], one["type"])
        + _flag(at["unique"], one.get("uniqueItems"))
    )
    return _field(1, _field(2, _field(3 if in_query else 4, written)))


def _response(one: Json) -> bytes:
    """A ResponseValue."""
    schema = _field(2, _field(1, _schema(_json(one["schema"])))) if "schema" in one else b""
    return _field(1, _text(1, one["description"]) + schema)


def _schema(one: Json) -> bytes:
    properties = (
        _field(1, _named(name, _schema(_json(each)))) for name, each in _json(one.get("properties", {})).items()
    )
    known = b"".join(properties)
    return b"".join(
        (
            _text(1, one.get("$ref", "")),
            _text(2, one.get("format", "")),
            _text(4, one.get("description", "")),
            _texts(19, one.get("required", [])),
            _field(21, _field(1, _schema(_json(one["additionalProperties"]))))
            if "additionalProperties" in one
            else b"",
            _field(22, _text(1, one["type"])) if "type" in one else b"",
            _field(23, _field(1, _schema(_json(one["items"])))) if "items" in one else b"",
            _field(25, known) if known else b"",
            _extensions(31, one),
        )
    )


def _extensions(number: int, one: Json) -> bytes:
    """The keys that start with `x-`, as NamedAny; values are YAML, a superset of JSON."""
    found = ((name, msgspec.json.encode(value)) for name, value in one.items() if name.startswith("x-"))
    return _each(number, (_named(name, _field(2, value)) for name, value in found))


def _named(name: str, value: bytes) -> bytes:
    return _text(1, name) + _field(2, value)


def _each(number: int, values: Iterable[bytes]) -> bytes:
    return b"".join(_field(number, value) for value in values)


def _texts(number: int, values: object) -> bytes:
    return _each(number, (str(one).encode() for one in cast("list[object]", values)))


def _text(number: int, value: object) -> bytes:
    return _field(number, str(value).encode()) if value else b""


def _flag(number: int, value: object) -> bytes:
    return _varint(number << 3) + b"\x01" if value else b""


def _field(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    r"""A varint: groups of seven bits, the lowest first.

    >>> _varint(300)
    b'\xac\x02'
    """
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def _json(value: object) -> Json:
    return cast("Json", value)


def _list(value: object) -> list[Json]:
    return cast("list[Json]", value or [])
