"""The codec for values that are bytes already."""

from typing import cast

from kubeactors.storage.messages import Value


class BytesCodec:
    """The codec for values that are bytes, and do not contain their revision.

    >>> BytesCodec().stamp(b"x", 7)
    b'x'
    """

    def encode(self, value: Value) -> bytes:
        """The value."""
        return cast("bytes", value)

    def decode(self, data: bytes, mod_revision: int) -> Value:
        """The value."""
        return data

    def stamp(self, value: Value, mod_revision: int) -> Value:
        """The value."""
        return value
