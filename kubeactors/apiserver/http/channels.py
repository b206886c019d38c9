"""The channels of a command: standard input, output and error, what became of it, and the terminal's size.

Source: k8s.io/apimachinery/pkg/util/remotecommand, k8s.io/kubelet/pkg/cri/streaming/remotecommand (v1.36).
"""

from collections.abc import AsyncIterator
from typing import Protocol

from kubeactors.apiserver.http.messages import Duplex
from kubeactors.apiserver.http.spdy import DataReceived, SpdySession, StreamOpened, StreamReset

STDIN, STDOUT, STDERR, ERROR, RESIZE, CLOSE = 0, 1, 2, 3, 4, 255
V4, V5 = "v4.channel.k8s.io", "v5.channel.k8s.io"
V4_BASE64 = "v4.base64.channel.k8s.io"
PROTOCOLS = (V5, V4)
OLDEST = ("", "channel.k8s.io", "base64.channel.k8s.io")
"""Of WebSockets: what became of a command is told in plain words, and only if it failed."""
_NAMES = {"stdin": STDIN, "stdout": STDOUT, "stderr": STDERR, "error": ERROR, "resize": RESIZE}


class Channels(Protocol):
    """What both ways of carrying them can do."""

    async def opened(self, wanted: frozenset[int]) -> bool:
        """Wait until the client has opened the channels that it wants; False if it is gone."""
        ...

    def incoming(self) -> AsyncIterator[tuple[int, bytes | None]]:
        """What the client sends, by channel; None at the end of a channel. Ends when the client is gone."""
        ...

    async def write(self, channel: int, data: bytes) -> None:
        """Send on a channel."""
        ...

    async def end(self) -> None:
        """End all channels."""
        ...


class WebSocketChannels:
    """Each message has the number of its channel as its first byte; 255 and a number end a channel (v5)."""

    def __init__(self, duplex: Duplex) -> None:
        self._duplex = duplex

    async def opened(self, wanted: frozenset[int]) -> bool:
        """See `Channels`: they are open at once, which an empty message says."""
        first = min((one for one in (STDOUT, STDERR) if one in wanted), default=ERROR)
        await self._duplex.send(bytes([first]))
        return True

    async def incoming(self) -> AsyncIterator[tuple[int, bytes | None]]:
        """See `Channels`."""
        while (message := await self._duplex.receive()) is not None:
            if message[:1] == bytes([CLOSE]) and len(message) > 1:
                yield message[1], None
            elif len(message) > 1:
                yield message[0], message[1:]

    async def write(self, channel: int, data: bytes) -> None:
        """See `Channels`."""
        await self._duplex.send(bytes([channel]) + data)

    async def end(self) -> None:
        """See `Channels`."""
        await self._duplex.close()


class SpdyChannels:
    """Each channel is a stream that the client opens, and says what it is for."""

    def __init__(self, duplex: Duplex) -> None:
        self._duplex = duplex
        self._session = SpdySession()
        self._streams: dict[int, int] = {}
        """By channel."""
        self._early: list[tuple[int, bytes | None]] = []

    async def opened(self, wanted: frozenset[int]) -> bool:
        """See `Channels`."""
        while not wanted <= self._streams.keys():
            data = await self._duplex.receive()
            if data is None:
                return False
            self._early += await self._taken(data)
        return True

    async def incoming(self) -> AsyncIterator[tuple[int, bytes | None]]:
        """See `Channels`."""
        for one in self._early:
            yield one
        while (data := await self._duplex.receive()) is not None:
            for one in await self._taken(data):
                yield one

    async def write(self, channel: int, data: bytes) -> None:
        """See `Channels`."""
        if channel in self._streams:
            self._session.send(self._streams[channel], data)
            await self._duplex.send(self._session.take())

    async def end(self) -> None:
        """See `Channels`."""
        for channel in self._streams:
            self._session.send(self._streams[channel], b"", end=True)
        await self._duplex.send(self._session.take())
        await self._duplex.close()

    async def _taken(self, data: bytes) -> list[tuple[int, bytes | None]]:
        """What has come, by channel; new streams are noted and taken."""
        found: list[tuple[int, bytes | None]] = []
        for event in self._session.feed(data):
            match event:
                case StreamOpened(stream, headers):
                    self._open(stream, headers.get("streamtype", ""))
                case DataReceived(stream, piece, ended):
                    found += [(one, piece) for one, its in self._streams.items() if its == stream and piece]
                    found += [(one, None) for one, its in self._streams.items() if its == stream and ended]
                case StreamReset(stream):
                    found += [(one, None) for one, its in self._streams.items() if its == stream]
                case _:
                    pass
        if answer := self._session.take():
            await self._duplex.send(answer)
        return found

    def _open(self, stream: int, name: str) -> None:
        channel = _NAMES.get(name)
        if channel is None or channel in self._streams:
            self._session.reset(stream)
        else:
            self._streams[channel] = stream
            self._session.reply(stream)
