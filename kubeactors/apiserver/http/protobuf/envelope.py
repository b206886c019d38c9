"""The envelope of an object: a magic number, its type, its encoding.

Source: apimachinery/pkg/runtime/generated.proto, message Unknown (v1.36).
"""

import msgspec

from kubeactors.apimachinery.serializer import TypeMeta
from kubeactors.apimachinery.wire import ProtobufError, fields

PREFIX = b"k8s\x00"


class Envelope(msgspec.Struct, frozen=True):
    """An object of known type, not decoded yet."""

    said: TypeMeta
    raw: bytes


def open_envelope(data: bytes) -> Envelope:
    r"""The envelope in a body.

    >>> open_envelope(b"k8s\x00\x0a\x09\x0a\x02v1\x12\x03Pod\x12\x02hi")
    Envelope(said=TypeMeta(api_version='v1', kind='Pod'), raw=b'hi')

    Raises:
        ProtobufError: it is not an envelope.
    """
    if not data:
        raise ProtobufError("empty data")
    if not data.startswith(PREFIX):
        raise ProtobufError("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]")
    found = dict(fields(data[len(PREFIX) :]))
    return Envelope(_type(_bytes(found.get(1))), _bytes(found.get(2)))


def _type(data: bytes) -> TypeMeta:
    found = dict(fields(data))
    return TypeMeta(_bytes(found.get(1)).decode(), _bytes(found.get(2)).decode())


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
