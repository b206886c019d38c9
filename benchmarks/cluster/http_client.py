"""A minimal HTTPS client: the cost of a client is not to be measured."""

import base64
import ssl
import tempfile
from pathlib import Path
from typing import Self, cast

import anyio
import anyio.streams.tls
import yaml


class Access:
    """The server and credentials of a kubeconfig written by kubeactors."""

    def __init__(self, kubeconfig: Path) -> None:
        document = cast("dict[str, list[dict[str, dict[str, str]]]]", yaml.safe_load(kubeconfig.read_text()))
        cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
        host, _, port = cluster["server"].removeprefix("https://").rpartition(":")
        self.host, self.port = host, int(port)
        self.tls = ssl.create_default_context(cadata=_text(cluster["certificate-authority-data"]))
        with tempfile.NamedTemporaryFile("w") as pem:
            pem.write(_text(user["client-certificate-data"]) + _text(user["client-key-data"]))
            pem.flush()
            self.tls.load_cert_chain(pem.name)


def _text(encoded: str) -> str:
    return base64.b64decode(encoded).decode()


class Connection:
    """One connection that is kept alive; one request at a time."""

    def __init__(self, stream: anyio.streams.tls.TLSStream) -> None:
        self._stream = stream
        self._buffer = b""

    @classmethod
    async def open(cls, access: Access) -> Self:
        """Connect."""
        stream = await anyio.connect_tcp(
            access.host, access.port, ssl_context=access.tls, tls_standard_compatible=False
        )
        return cls(stream)

    async def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        """The body of the answer.

        Raises:
            RuntimeError: the server refused.
        """
        head = f"{method} {path} HTTP/1.1\r\nHost: k\r\nUser-Agent: benchmark/1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        await self._stream.send(f"{head}\r\n".encode() + body)
        headers = await self._until(b"\r\n\r\n")
        status = int(headers[9:12])
        answer = await self._body(headers.lower())
        if status >= 400:
            raise RuntimeError(f"{method} {path}: {status}: {answer[:200]!r}")
        return answer

    async def lines(self, path: str) -> "Lines":
        """Begin a watch; its events, one on each line."""
        await self._stream.send(f"GET {path} HTTP/1.1\r\nHost: k\r\n\r\n".encode())
        await self._until(b"\r\n\r\n")
        return Lines(self)

    async def chunk(self) -> bytes:
        """The next chunk of a chunked answer; empty at its end."""
        size = int(await self._until(b"\r\n"), 16)
        return (await self._exactly(size + 2))[:-2]

    async def _body(self, headers: bytes) -> bytes:
        if b"transfer-encoding: chunked" not in headers:
            return await self._exactly(int(headers.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        pieces: list[bytes] = []
        while piece := await self.chunk():
            pieces.append(piece)
        return b"".join(pieces)

    async def _until(self, mark: bytes) -> bytes:
        while mark not in self._buffer:
            self._buffer += await self._stream.receive()
        found, _, self._buffer = self._buffer.partition(mark)
        return found + mark

    async def _exactly(self, size: int) -> bytes:
        pieces, have = [self._buffer], len(self._buffer)
        while have < size:
            pieces.append(await self._stream.receive())
            have += len(pieces[-1])
        found = b"".join(pieces)
        self._buffer = found[size:]
        return found[:size]


class Lines:
    """The lines of a watch."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rest = b""

    async def some(self) -> list[bytes]:
        """The lines received so far."""
        *lines, self._rest = (self._rest + await self._connection.chunk()).split(b"\n")
        return lines
