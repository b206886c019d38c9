"""HTTP/1.1 requests to servers on this machine.

Source: RFC 9112.
"""

import re

from kubeactors.kubelet.runtimes.platform import ByteStream, Platform
from kubeactors.kubelet.runtimes.question import Visited

ANSWER_SECONDS = 10.0
MAX_ANSWER_BYTES = 1 << 20
_status = re.compile(rb"HTTP/1\.[01] (\d{3})")
_length = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


async def requested(platform: Platform, address: str, port: int, path: str) -> Visited:
    """The response to a GET; without a status if nothing listens, or the response is not valid HTTP."""
    try:
        return await platform.within(ANSWER_SECONDS, _requested(platform, address, port, path))
    except (OSError, TimeoutError):
        return Visited(address=address)


async def _requested(platform: Platform, address: str, port: int, path: str) -> Visited:
    async with await platform.connect("127.0.0.1", address, port) as stream:
        await stream.send(f"GET {path} HTTP/1.1\r\nhost: {address}:{port}\r\nconnection: close\r\n\r\n".encode())
        data = await _answer(stream)
    status, (_, _, body) = _status.match(data), data.partition(b"\r\n\r\n")
    if status is None:
        return Visited(address=address)
    return Visited(address=address, status=int(status[1]), body=body.decode(errors="replace"))


async def _answer(stream: ByteStream) -> bytes:
    """Read to the declared end of the response, or to the end of the connection."""
    data = b""
    while len(data) < MAX_ANSWER_BYTES and not _is_whole(data):
        try:
            data += await stream.receive()
        except Exception:  # noqa: BLE001 -- the type of a connection's end is known only to the edge
            break
    return data


def _is_whole(data: bytes) -> bool:
    r"""Whether the response is complete by its declared length.

    >>> _is_whole(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), _is_whole(b"HTTP/1.1 200 OK\r\n\r\nhi")
    (True, False)
    """
    head, end, body = data.partition(b"\r\n\r\n")
    length = _length.search(head)
    return bool(end) and length is not None and len(body) >= int(length[1])
