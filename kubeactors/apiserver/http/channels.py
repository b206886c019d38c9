"""The channels of exec and attach: stdin, stdout, stderr, the error channel, and resizing.

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
"""Of WebSockets: the error channel carries plain text, and only on failure."""
_NAMES = {"stdin": STDIN, "stdout": STDOUT, "stderr": STDERR, "error": ERROR, "resize": RESIZE}


class Channels(Protocol):
    """The interface of both transports."""

    async def opened(self, wanted: frozenset[int]) -> bool:
        """Wait until the client has opened the expected channels; False if it has disconnected."""
        ...

    def incoming(self) -> AsyncIterator[tuple[int, bytes | None]]:
        """Data of the client with its channel; None at the end of a channel. Ends when the client disconnects."""
        ...

    async def write(self, channel: int, data: bytes) -> None:
        """Send on a channel."""
        ...

    async def end(self) -> None:
        """Close all channels."""
        ...


class WebSocketChannels:
    """The first byte of a message is the channel; 255 and a channel closes that one (v5)."""

    def __init__(self, duplex: Duplex) -> None:
        self._duplex = duplex

    async def opened(self, wanted: frozenset[int]) -> bool:
        """See `Channels`: they are open from the start, which an empty message tells the client."""
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
    """Each channel is a stream, which the client opens with a header that says which."""

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
        """The received data by channel; new streams are registered and accepted."""
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
