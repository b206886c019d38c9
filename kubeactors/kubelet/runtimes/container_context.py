"""The container, as the code of an image sees it."""

import logging
import traceback
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import msgspec

from kubeactors.apimachinery import quantity
from kubeactors.kubelet.runtimes.container_log import ContainerLog
from kubeactors.kubelet.runtimes.platform import ByteStream, Event, Platform
from kubeactors.kubelet.runtimes.runtime import ContainerStats
from kubeactors.kubelet.runtimes.streams import Output, Stderr, Stdout
from kubeactors.message import Recipient


class Writer:
    """Standard output as a text file, for `print(..., file=container.stdout)` and `logging.StreamHandler`."""

    def __init__(self, log: ContainerLog) -> None:
        self._log = log

    def write(self, text: str) -> int:
        """Write text; a line appears in the log when it is complete."""
        self._log.write(text)
        return len(text)

    def flush(self) -> None:
        """Do nothing: there is no buffer."""


class Pipe:
    """The standard input of a container or of a command in it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._pieces: deque[bytes] = deque()
        self._arrived = platform.event()
        self._closed = False

    def put(self, data: bytes) -> None:
        """Add input."""
        self._pieces.append(data)
        self._arrived.set()

    def close(self) -> None:
        """Mark the end of the input."""
        self._closed = True
        self._arrived.set()

    async def read(self) -> bytes:
        """The next chunk; empty at the end."""
        while not self._pieces:
            if self._closed:
                return b""
            self._arrived = self._platform.event()
            await self._arrived.wait()
        return self._pieces.popleft()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await self.read():
            yield piece


class ContainerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a container knows about itself."""

    name: str
    pod: str
    namespace: str
    image: str
    args: tuple[str, ...]
    env: Mapping[str, str]
    volumes: Mapping[str, Path]
    address: str
    restarts: int


class ContainerContext:
    """A container, as its own code sees it.

    When the pod is terminated the coroutine is cancelled, like a process that does not handle SIGTERM (exit code 143).
    A coroutine that awaits `until_terminated` is not: it has the grace period to shut down, and is cancelled after it
    (137). Clean up in `finally`; awaiting there needs a shielded scope.

    Attributes:
        name: the container's name.
        pod: the pod's name.
        namespace: the pod's namespace.
        image: the image as in the pod, with its tag.
        args: the container's arguments.
        env: its environment, with ConfigMaps, Secrets and fields of the pod.
        volumes: the directory of each mount on this machine, by its mount path.
        address: the pod's own loopback address, to listen on.
        restarts: how often this container has restarted.
        stdin: the input of `kubectl attach -i`.
    """

    def __init__(self, facts: ContainerFacts, platform: Platform, log: ContainerLog) -> None:
        self.name: str = facts.name
        self.pod: str = facts.pod
        self.namespace: str = facts.namespace
        self.image: str = facts.image
        self.args: tuple[str, ...] = facts.args
        self.env: Mapping[str, str] = facts.env
        self.volumes: Mapping[str, Path] = facts.volumes
        self.address: str = facts.address
        self.restarts: int = facts.restarts
        self.stdout: Writer = Writer(log)
        self.stdin: Pipe = Pipe(platform)
        self.stats: ContainerStats = ContainerStats()
        self.handles_termination: bool = False
        """Whether the code has started to await the termination."""
        self._platform = platform
        self._termination: Event = platform.event()
        self._logger: logging.Logger | None = None

    def print(self, *values: object, sep: str = " ", end: str = "\n") -> None:
        """Write to standard output, which `kubectl logs` shows."""
        self.stdout.write(sep.join(map(str, values)) + end)

    @property
    def logger(self) -> logging.Logger:
        """A logger for this container, which writes to standard output."""
        if self._logger is None:
            self._logger = logging.Logger(self.name, logging.INFO)  # noqa: LOG001 -- private to the container
            handler = logging.StreamHandler(self.stdout)
            handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
            self._logger.addHandler(handler)
        return self._logger

    @property
    def is_terminating(self) -> bool:
        """Whether the container has been asked to terminate."""
        return self._termination.is_set()

    async def until_terminated(self) -> None:
        """Wait until the container is asked to terminate; the caller must then return within the grace period."""
        self.handles_termination = True
        await self._termination.wait()

    async def sleep(self, seconds: float) -> None:
        """Sleep, in real or in simulated time."""
        await self._platform.sleep(seconds)

    async def connect(self, host: str, port: int) -> ByteStream:
        """Open a TCP connection from the pod's own address, by which NetworkPolicies identify it.

        Raises:
            OSError: nothing listens there, or a NetworkPolicy denies the connection.
        """
        return await self._platform.connect(self.address, host, port)

    async def serve(self, port: int, answer: Callable[[ByteStream], Awaitable[None]]) -> None:
        """Serve TCP connections at the pod's address until the container exits.

        Connections that a NetworkPolicy denies are reset. Clients are identified by their address: use `connect`.

        Raises:
            OSError: the port is taken.
        """
        await self._platform.serve(self.address, port, answer)

    async def serve_datagrams(self, port: int, answer: Callable[[bytes], Awaitable[bytes | None]]) -> None:
        """Serve UDP datagrams at the pod's address until the container exits; None sends no reply.

        Datagrams that a NetworkPolicy denies are dropped.

        Raises:
            OSError: the port is taken.
        """
        await self._platform.serve_datagrams(self.address, port, answer)

    def report(self, *, cpu: str = "0", memory: str = "0") -> None:
        """Report the container's usage as quantities, for `kubectl top` and autoscalers."""
        self.stats = ContainerStats(
            cpu_nano_cores=quantity.parse(cpu).nanos, memory_bytes=quantity.parse(memory).nanos // quantity.NANOS
        )

    def terminate(self) -> None:
        """For the runtime: ask the container to terminate."""
        self._termination.set()


class CommandContext:
    """A command that runs in a container.

    Attributes:
        container: the container.
        args: the arguments after the command's name.
        stdin: the input.
    """

    def __init__(
        self, container: ContainerContext, args: tuple[str, ...], stdin: Pipe, output: Recipient[Output]
    ) -> None:
        self.container = container
        self.args = args
        self.stdin = stdin
        self._output = output

    def print(self, *values: object, sep: str = " ", end: str = "\n") -> None:
        """Write to the command's standard output."""
        self.write((sep.join(map(str, values)) + end).encode())

    def write(self, data: bytes) -> None:
        """Write bytes to standard output."""
        self._output.tell(Stdout(data))

    def error(self, *values: object) -> None:
        """Write to standard error."""
        self._output.tell(Stderr((" ".join(map(str, values)) + "\n").encode()))


def told(error: BaseException) -> str:
    """The traceback of an exception, from the image's code on."""
    trace = error.__traceback__.tb_next if error.__traceback__ is not None else None
    return "".join(traceback.format_exception(type(error), error, trace))
