"""The environment of coroutine containers: time, events, probes, sockets. Each driver has its own."""

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from kubeactors.actor import Context, Gate
from kubeactors.api.core.v1 import Probe
from kubeactors.kubelet.runtimes.runtime import ProbeResult

NO_SOCKETS = "there are no sockets in the simulator"

M = TypeVar("M")
R = TypeVar("R")


class Event(Protocol):
    """A one-shot event."""

    def is_set(self) -> bool:
        """Whether it is set."""
        ...

    def set(self) -> None:
        """Set it."""
        ...

    async def wait(self) -> None:
        """Wait until it is set."""
        ...


class ByteStream(Protocol):
    """A connection: the promised part of anyio.abc.SocketStream."""

    async def send(self, item: bytes, /) -> None:
        """Send all of it."""
        ...

    async def receive(self, max_bytes: int = 65536, /) -> bytes:
        """Receive the next bytes; raises `anyio.EndOfStream` at the end."""
        ...

    async def send_eof(self) -> None:
        """Send the end of the stream."""
        ...

    async def aclose(self) -> None:
        """Close the connection; `async with` does that, too."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class Platform(Protocol):
    """The environment of one container."""

    def now(self) -> int:
        """Unix nanoseconds."""
        ...

    def event(self) -> Event:
        """A new event."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Sleep."""
        ...

    async def within(self, seconds: float, work: Awaitable[R]) -> R:
        """Await work with a timeout.

        Raises:
            TimeoutError: it took longer.
        """
        ...

    async def ask(self, address: str, port: int, probe: Probe) -> ProbeResult:
        """Run an HTTP, TCP or gRPC probe, within the probe's own timeout."""
        ...

    async def connect(self, source: str, host: str, port: int) -> ByteStream:
        """Open a TCP connection from an address of this machine.

        Raises:
            OSError: nothing listens there, or a NetworkPolicy denies the connection.
        """
        ...

    async def serve(self, address: str, port: int, answer: Callable[[ByteStream], Awaitable[None]]) -> None:
        """Serve TCP connections until cancelled; those that a NetworkPolicy denies are reset.

        Raises:
            OSError: the port is taken.
        """
        ...

    async def serve_datagrams(
        self, address: str, port: int, answer: Callable[[bytes], Awaitable[bytes | None]]
    ) -> None:
        """Serve UDP datagrams until cancelled; those that a NetworkPolicy denies are dropped.

        Raises:
            OSError: the port is taken.
        """
        ...


class KernelPlatform(Generic[M]):
    """The simulator's platform, on the kernel alone, without sockets: network probes of running containers succeed."""

    def __init__(self, ctx: Context[M]) -> None:
        self._ctx: Context[M] = ctx

    def now(self) -> int:
        """See `Platform`."""
        return self._ctx.wall

    def event(self) -> Event:
        """See `Platform`."""
        return _GateEvent(self._ctx.gate())

    async def sleep(self, seconds: float) -> None:
        """See `Platform`."""
        await self._ctx.sleep(seconds)

    async def within(self, seconds: float, work: Awaitable[R]) -> R:
        """See `Platform`; in the simulator there is no timeout."""
        return await work

    async def ask(self, address: str, port: int, probe: Probe) -> ProbeResult:
        """See `Platform`."""
        return ProbeResult(success=True)

    async def connect(self, source: str, host: str, port: int) -> ByteStream:
        """See `Platform`."""
        raise OSError(NO_SOCKETS)

    async def serve(self, address: str, port: int, answer: Callable[[ByteStream], Awaitable[None]]) -> None:
        """See `Platform`."""
        raise OSError(NO_SOCKETS)

    async def serve_datagrams(
        self, address: str, port: int, answer: Callable[[bytes], Awaitable[bytes | None]]
    ) -> None:
        """See `Platform`."""
        raise OSError(NO_SOCKETS)


class _GateEvent:
    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def is_set(self) -> bool:
        return self._gate.is_open

    def set(self) -> None:
        self._gate.open()

    async def wait(self) -> None:
        await self._gate.wait()
