"""SPDY/3.1 as kubectl uses it: streams of bytes over one connection. Sans-I/O.

Feed it received bytes, and it yields events; bytes to send are buffered until they are taken. There is no flow control:
kubectl's library has none.

Source: the SPDY protocol, draft 3.1; the subset is that of github.com/moby/spdystream.
"""

import zlib
from collections.abc import Iterator, Mapping
from struct import pack, unpack_from
from typing import TypeAlias

import msgspec

SYN_STREAM, SYN_REPLY, RST_STREAM, SETTINGS, PING, GOAWAY, HEADERS = 1, 2, 3, 4, 6, 7, 8
FIN = 0x01
REFUSED_STREAM = 3
VERSION = 3
HEADER_BYTES = 8
MAX_FRAME_BYTES = 1 << 20
"""The limit of a frame, which is buffered until it is complete. Clients send shorter ones."""
MAX_HEADERS_BYTES = 1 << 16
CHUNK_BYTES = 32 * 1024

_WORDS = (
    "options", "head", "post", "put", "delete", "trace", "accept", "accept-charset", "accept-encoding",
    "accept-language", "accept-ranges", "age", "allow", "authorization", "cache-control", "connection", "content-base",
    "content-encoding", "content-language", "content-length", "content-location", "content-md5", "content-range",
    "content-type", "date", "etag", "expect", "expires", "from", "host", "if-match", "if-modified-since",
    "if-none-match", "if-range", "if-unmodified-since", "last-modified", "location", "max-forwards", "pragma",
    "proxy-authenticate", "proxy-authorization", "range", "referer", "retry-after", "server", "te", "trailer",
    "transfer-encoding", "upgrade", "user-agent", "vary", "via", "warning", "www-authenticate", "method", "get",
    "status", "200 OK", "version", "HTTP/1.1", "url", "public", "set-cookie", "keep-alive", "origin",
)  # fmt: skip
_TAIL = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden"
    "404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,"
    "publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)
DICTIONARY = b"".join(pack("!I", len(word)) + word.encode() for word in _WORDS) + _TAIL.encode()
"""The initial dictionary of header compression. Its Adler-32 is 0xe3c6a7c2."""


class SpdyError(Exception):
    """The bytes are not SPDY/3; the connection cannot continue."""


class StreamOpened(msgspec.Struct, frozen=True):
    """The peer has opened a stream with these headers. `ended`: it will send no data."""

    stream: int
    headers: Mapping[str, str]
    ended: bool


class DataReceived(msgspec.Struct, frozen=True):
    """Bytes on a stream. `ended`: they were the last."""

    stream: int
    data: bytes
    ended: bool


class StreamReset(msgspec.Struct, frozen=True):
    """The peer has reset a stream."""

    stream: int


class GoneAway(msgspec.Struct, frozen=True):
    """The peer will open no more streams."""


Event: TypeAlias = StreamOpened | DataReceived | StreamReset | GoneAway


class SpdySession:
    """The server's side of a connection.

    >>> client, server = SpdySession(), SpdySession()
    >>> client.open(1, {"streamtype": "data"}); client.send(1, b"hello", end=True)
    >>> [type(event).__name__ for event in server.feed(client.take())]
    ['StreamOpened', 'DataReceived']
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._out = bytearray()
        self._compressor = zlib.compressobj(zdict=DICTIONARY)
        self._decompressor = zlib.decompressobj(zdict=DICTIONARY)

    def feed(self, data: bytes) -> Iterator[Event]:
        """Parse received bytes.

        Raises:
            SpdyError: they are not SPDY/3.
        """
        self._bytes += data
        while len(self._bytes) >= HEADER_BYTES:
            size = int.from_bytes(self._bytes[5:8])
            if size > MAX_FRAME_BYTES:
                raise SpdyError(f"a frame of {size} bytes")
            if len(self._bytes) < HEADER_BYTES + size:
                return
            head, body = bytes(self._bytes[:HEADER_BYTES]), bytes(self._bytes[HEADER_BYTES : HEADER_BYTES + size])
            del self._bytes[: HEADER_BYTES + size]
            event = self._control(head, body) if head[0] & 0x80 else self._data(head, body)
            if event is not None:
                yield event

    def take(self) -> bytes:
        """The bytes to send now."""
        data, self._out = bytes(self._out), bytearray()
        return data

    def open(self, stream: int, headers: Mapping[str, str]) -> None:
        """Open a stream; clients use odd numbers."""
        self._frame(SYN_STREAM, 0, pack("!IIH", stream, 0, 0) + self._compressed(headers))

    def reply(self, stream: int) -> None:
        """Accept a stream that the peer has opened."""
        self._frame(SYN_REPLY, 0, pack("!I", stream) + self._compressed({}))

    def send(self, stream: int, data: bytes, *, end: bool = False) -> None:
        """Send bytes on a stream; `end`: they are the last."""
        pieces = [data[start : start + CHUNK_BYTES] for start in range(0, len(data), CHUNK_BYTES)] or [b""]
        for number, piece in enumerate(pieces, 1):
            last = end and number == len(pieces)
            self._out += pack("!II", stream, (FIN if last else 0) << 24 | len(piece)) + piece

    def reset(self, stream: int) -> None:
        """Reset a stream."""
        self._frame(RST_STREAM, 0, pack("!II", stream, REFUSED_STREAM))

    def go_away(self, last: int) -> None:
        """Accept no more streams."""
        self._frame(GOAWAY, 0, pack("!II", last, 0))

    def _frame(self, kind: int, flags: int, body: bytes) -> None:
        self._out += pack("!HHI", 0x8000 | VERSION, kind, flags << 24 | len(body)) + body

    def _data(self, head: bytes, body: bytes) -> Event:
        return DataReceived(int.from_bytes(head[:4]), body, bool(head[4] & FIN))

    def _control(self, head: bytes, body: bytes) -> Event | None:
        version, kind = int.from_bytes(head[:2]) & 0x7FFF, int.from_bytes(head[2:4])
        if version != VERSION:
            raise SpdyError(f"version {version}")
        if kind in {SYN_STREAM, RST_STREAM, PING, SYN_REPLY, HEADERS} and len(body) < 4:
            raise SpdyError("a frame that is too short")
        stream = int.from_bytes(body[:4]) & 0x7FFFFFFF
        if kind == SYN_STREAM:
            return StreamOpened(stream, self._headers(body[10:]), bool(head[4] & FIN))
        if kind in {SYN_REPLY, HEADERS}:
            self._headers(body[4:])  # to keep the decompressor in sync
        if kind == RST_STREAM:
            return StreamReset(stream)
        if kind == GOAWAY:
            return GoneAway()
        if kind == PING:
            self._frame(PING, 0, body[:4])
        return None

    def _compressed(self, headers: Mapping[str, str]) -> bytes:
        block = pack("!I", len(headers))
        for name, value in headers.items():
            for text in (name.lower().encode(), value.encode()):
                block += pack("!I", len(text)) + text
        return self._compressor.compress(block) + self._compressor.flush(zlib.Z_SYNC_FLUSH)

    def _headers(self, compressed: bytes) -> dict[str, str]:
        try:
            block = self._decompressor.decompress(compressed, MAX_HEADERS_BYTES)
        except zlib.error as error:
            raise SpdyError(str(error)) from error
        if self._decompressor.unconsumed_tail:
            raise SpdyError("headers that are too long")
        texts = list(_texts(block))
        return dict(zip(texts[::2], texts[1::2], strict=False))


def _texts(block: bytes) -> Iterator[str]:
    """Names and values, alternating."""
    place = 4
    while place + 4 <= len(block):
        (size,) = unpack_from("!I", block, place)
        if place + 4 + size > len(block):
            raise SpdyError("headers that end too early")
        yield block[place + 4 : place + 4 + size].decode("latin-1")
        place += 4 + size
