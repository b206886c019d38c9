"""Helpers for sockets."""

import struct
from socket import SO_LINGER, SOL_SOCKET

from anyio.abc import SocketAttribute, SocketStream

_RESET = struct.pack("ii", 1, 0)


def reset(stream: SocketStream) -> None:
    """Make closing a connection reset it, so that the client sees a failure: it was accepted before that was known."""
    stream.extra(SocketAttribute.raw_socket).setsockopt(SOL_SOCKET, SO_LINGER, _RESET)  # noqa: S610 -- not Django
