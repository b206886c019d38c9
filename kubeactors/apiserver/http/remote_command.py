"""`kubectl exec` and `kubectl attach`: carries the streams of a command between a client and a container.

Source: k8s.io/kubelet/pkg/cri/streaming/remotecommand/{exec,attach,websocket}.go (v1.36).
"""

import json
from collections import deque
from collections.abc import Awaitable, Callable

import anyio
import msgspec

from kubeactors.apimachinery.status import BadRequest, Status, StatusCause, StatusDetails
from kubeactors.apiserver.http.channels import (
    ERROR,
    OLDEST,
    PROTOCOLS,
    RESIZE,
    STDERR,
    STDIN,
    STDOUT,
    V4_BASE64,
    Channels,
    SpdyChannels,
    WebSocketChannels,
)
from kubeactors.apiserver.http.messages import Duplex
from kubeactors.apiserver.http.query import Query
from kubeactors.apiserver.http.responses import no_upgrade, text
from kubeactors.apiserver.http.spdy import SpdyError
from kubeactors.kubelet import SessionReply
from kubeactors.kubelet.runtimes.streams import (
    Ended,
    HungUp,
    Input,
    Output,
    Resized,
    Stderr,
    Stdin,
    StdinClosed,
    Stdout,
)
from kubeactors.message import Recipient

NON_ZERO = "NonZeroExitCode"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The streams that a client requests."""

    stdin: bool = False
    stdout: bool = False
    stderr: bool = False
    tty: bool = False

    @property
    def channels(self) -> frozenset[int]:
        """Their channel numbers, including the error channel."""
        named = ((STDIN, self.stdin), (STDOUT, self.stdout), (STDERR, self.stderr and not self.tty), (RESIZE, self.tty))
        return frozenset({ERROR, *(channel for channel, is_wanted in named if is_wanted)})


def wanted_streams(query: Query) -> Wanted:
    """The streams in a request.

    Raises:
        BadRequest: there are none.
    """
    wanted = Wanted(
        stdin=query.flag("stdin") or False,
        stdout=query.flag("stdout") or False,
        stderr=query.flag("stderr") or False,
        tty=query.flag("tty") or False,
    )
    if not (wanted.stdin or wanted.stdout or wanted.stderr):
        raise BadRequest.saying("you must specify at least 1 of stdin, stdout, stderr", StatusDetails())
    return wanted


class RemoteCommand:
    """A command, or an attached client.

    Args:
        wanted: the streams.
        start: starts it, given the recipient of its output.
    """

    def __init__(self, wanted: Wanted, start: Callable[[Recipient[Output]], Awaitable[SessionReply]]) -> None:
        self._wanted = wanted
        self._start = start

    async def run(self, duplex: Duplex) -> None:
        """Carry the streams until the command ends or the client disconnects."""
        protocol = _agreed(duplex)
        if protocol is None:
            offered = " ".join(duplex.offered)
            supported = f"client supports [{offered}], server accepts [{' '.join(PROTOCOLS)}]"
            await duplex.refuse(text(403, f"unable to negotiate protocol: {supported}"))
            return
        outbox = Outbox()
        session = await self._start(outbox)
        if isinstance(session, Status):
            await duplex.refuse(no_upgrade(session))
            return
        try:
            await duplex.accept(protocol)
            channels: Channels = WebSocketChannels(duplex) if duplex.is_websocket else SpdyChannels(duplex)
            if await channels.opened(self._wanted.channels):
                await self._carry(channels, outbox, session.input, in_words=protocol in OLDEST)
        except SpdyError:
            await duplex.close()
        finally:
            session.input.tell(HungUp())

    async def _carry(self, channels: Channels, outbox: "Outbox", typed: Recipient[Input], *, in_words: bool) -> None:
        async with anyio.create_task_group() as group:

            async def read() -> None:
                await _take_input(channels, typed)
                group.cancel_scope.cancel()  # the client has disconnected

            group.start_soon(read)
            await _give_output(channels, outbox, in_words=in_words)
            group.cancel_scope.cancel()


def _agreed(duplex: Duplex) -> str | None:
    """The first common protocol. A WebSocket client need not name one."""
    known = (*PROTOCOLS, V4_BASE64, *OLDEST) if duplex.is_websocket else PROTOCOLS
    offered = duplex.offered or (("",) if duplex.is_websocket else ())
    return next((one for one in offered if one in known), None)


class Outbox:
    """Output that is not sent yet. Unbounded: commands never wait."""

    def __init__(self) -> None:
        self._pieces: deque[Output] = deque()
        self._arrived = anyio.Event()

    def tell(self, message: Output, /) -> bool:
        """Append it."""
        self._pieces.append(message)
        self._arrived.set()
        return True

    async def next(self) -> Output:
        """The next message."""
        while not self._pieces:
            self._arrived = anyio.Event()
            await self._arrived.wait()
        return self._pieces.popleft()


async def _take_input(channels: Channels, typed: Recipient[Input]) -> None:
    async for channel, data in channels.incoming():
        if channel == STDIN:
            typed.tell(StdinClosed() if data is None else Stdin(data))
        elif channel == RESIZE and data is not None and (size := _size(data)) is not None:
            typed.tell(size)


async def _give_output(channels: Channels, outbox: Outbox, *, in_words: bool) -> None:
    while True:
        match await outbox.next():
            case Stdout(data):
                await channels.write(STDOUT, data)
            case Stderr(data):
                await channels.write(STDERR, data)
            case Ended(code, failure):
                status = outcome(code, failure)
                told = status.message.encode() if in_words else msgspec.json.encode(status)
                if told:
                    await channels.write(ERROR, told)
                await channels.end()
                return


def outcome(code: int, failure: str) -> Status:
    """The Status at the end of a command.

    >>> outcome(0, "").status, outcome(3, "").details.causes[0].message
    ('Success', '3')
    """
    if failure:
        message = f"Internal error occurred: error executing command in container: {failure}"
        return Status(status="Failure", message=message, reason="InternalError", code=500)
    if not code:
        return Status(status="Success")
    causes = (StatusCause(reason="ExitCode", message=str(code)),)
    message = f"command terminated with non-zero exit code: exit status {code}"
    return Status(status="Failure", message=message, reason=NON_ZERO, details=StatusDetails(causes=causes))


def _size(data: bytes) -> Resized | None:
    try:
        size = json.loads(data)
        return Resized(int(size["Width"]), int(size["Height"]))
    except (ValueError, TypeError, KeyError):
        return None
