"""What stands around an object: a mark, its type, and what it is encoded in.

Source: apimachinery/pkg/runtime/generated.proto, message Unknown (v1.36).
"""

import msgspec

from kubeactors.apimachinery.serializer import TypeMeta
from kubeactors.apimachinery.wire import ProtobufError, fields

PREFIX = b"k8s\x00"


class Envelope(msgspec.Struct, frozen=True):
    """An object whose kind is known, but which is not read yet."""

    said: TypeMeta
    raw: bytes


def open_envelope(data: bytes) -> Envelope:
    r"""What is in a body.

    >>> open_envelope(b"k8s\x00\x0a\x09\x0a\x02v1\x12\x03Pod\x12\x02hi")
    Envelope(said=TypeMeta(api_version='v1', kind='Pod'), raw=b'hi')

    Raises:
        ProtobufError: it is no envelope.
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
