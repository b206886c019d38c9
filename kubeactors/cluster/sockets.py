"""What the sockets of a cluster have in common."""

import struct
from socket import SO_LINGER, SOL_SOCKET

from anyio.abc import SocketAttribute, SocketStream

_RESET = struct.pack("ii", 1, 0)


def reset(stream: SocketStream) -> None:
    """Whoever cannot be served is told so when the connection is closed: it was taken before that was known."""
    stream.extra(SocketAttribute.raw_socket).setsockopt(SOL_SOCKET, SO_LINGER, _RESET)  # noqa: S610 -- no Django
