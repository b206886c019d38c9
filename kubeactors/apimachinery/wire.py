"""The wire format of protobuf, as far as messages of Kubernetes and CEL use it.

Source: protobuf.dev/programming-guides/encoding.
"""

import struct
from collections.abc import Iterator
from typing import TypeAlias

Value: TypeAlias = int | float | bytes
"""A number, or the bytes of a string, a message or packed numbers."""

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


class ProtobufError(ValueError):
    """The bytes are not a message."""


def fields(data: bytes) -> Iterator[tuple[int, Value]]:
    r"""The fields of a message in order, as number and value.

    >>> list(fields(b"\x08\x96\x01\x12\x02hi"))
    [(1, 150), (2, b'hi')]

    Raises:
        ProtobufError: the bytes are truncated or malformed.
    """
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _LENGTH:
            length, at = _varint(data, at)
            value, at = _taken(data, at, length)
            yield key >> 3, value
        elif kind == _VARINT:
            number, at = _varint(data, at)
            yield key >> 3, number
        elif kind == _FIXED64:
            value, at = _taken(data, at, 8)
            yield key >> 3, _unpacked("<d", value)
        elif kind == _FIXED32:
            value, at = _taken(data, at, 4)
            yield key >> 3, _unpacked("<f", value)
        else:
            raise ProtobufError(f"proto: illegal wireType {kind}")


def numbers(data: bytes) -> list[int]:
    r"""Packed numbers.

    >>> numbers(b"\x01\x96\x01")
    [1, 150]
    """
    found: list[int] = []
    at = 0
    while at < len(data):
        number, at = _varint(data, at)
        found.append(signed(number))
    return found


def signed(number: int) -> int:
    """An unsigned 64-bit number as two's complement.

    >>> signed(2**64 - 1)
    -1
    """
    return number - (1 << 64) if number >> 63 else number


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7
    raise ProtobufError("unexpected EOF" if shift < 64 else "proto: integer overflow")


def _taken(data: bytes, at: int, length: int) -> tuple[bytes, int]:
    end = at + length
    if end > len(data):
        raise ProtobufError("unexpected EOF")
    return data[at:end], end


def _unpacked(layout: str, data: bytes) -> float:
    value: float
    (value,) = struct.unpack(layout, data)
    return value
