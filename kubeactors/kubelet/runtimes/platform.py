"""What containers that are coroutines need of the world: time, events, probes. One for each driver."""

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
    """Happens once."""

    def is_set(self) -> bool:
        """Whether it has happened."""
        ...

    def set(self) -> None:
        """It happens."""
        ...

    async def wait(self) -> None:
        """Wait until it has happened."""
        ...


class ByteStream(Protocol):
    """A connection. Source: anyio.abc.SocketStream, of which this is the part that is promised."""

    async def send(self, item: bytes, /) -> None:
        """Send all of it."""
        ...

    async def receive(self, max_bytes: int = 65536, /) -> bytes:
        """The next bytes; raises `anyio.EndOfStream` after the last."""
        ...

    async def send_eof(self) -> None:
        """Say that nothing more comes."""
        ...

    async def aclose(self) -> None:
        """End the connection; `async with` does that too."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


class Platform(Protocol):
    """The world of one container."""

    def now(self) -> int:
        """Unix nanoseconds."""
        ...

    def event(self) -> Event:
        """One that has not happened."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    async def within(self, seconds: float, work: Awaitable[R]) -> R:
        """The result of work.

        Raises:
            TimeoutError: it takes longer.
        """
        ...

    async def ask(self, address: str, port: int, probe: Probe) -> ProbeResult:
        """The answer of a pod to an HTTP, TCP or gRPC probe, within the probe's own timeout."""
        ...

    async def connect(self, source: str, host: str, port: int) -> ByteStream:
        """A TCP connection from an address of this machine.

        Raises:
            OSError: nobody listens there, or a NetworkPolicy is against it.
        """
        ...

    async def serve(self, address: str, port: int, answer: Callable[[ByteStream], Awaitable[None]]) -> None:
        """Answer TCP connections until this is cancelled; those that a NetworkPolicy is against are reset.

        Raises:
            OSError: the port is taken.
        """
        ...

    async def serve_datagrams(
        self, address: str, port: int, answer: Callable[[bytes], Awaitable[bytes | None]]
    ) -> None:
        """Answer UDP datagrams until this is cancelled; those that a NetworkPolicy is against are dropped.

        Raises:
            OSError: the port is taken.
        """
        ...


class KernelPlatform(Generic[M]):
    """The simulator's: only what the kernel offers. There are no sockets: whatever runs answers a probe for one."""

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
        """See `Platform`; in the simulator it never takes too long."""
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
