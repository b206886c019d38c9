"""What the code of an image gets to see: its container."""

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
    """Standard output as a file of text: `print(..., file=container.stdout)` and `logging.StreamHandler` write to it."""

    def __init__(self, log: ContainerLog) -> None:
        self._log = log

    def write(self, text: str) -> int:
        """Write; a line is in the log when it has ended."""
        self._log.write(text)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""


class Pipe:
    """What is typed, or sent, to a container or to a command in it."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._pieces: deque[bytes] = deque()
        self._arrived = platform.event()
        self._closed = False

    def put(self, data: bytes) -> None:
        """More of it."""
        self._pieces.append(data)
        self._arrived.set()

    def close(self) -> None:
        """No more of it."""
        self._closed = True
        self._arrived.set()

    async def read(self) -> bytes:
        """The next piece; empty at the end."""
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
    """What a container is told of itself."""

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
    """A container as its own code sees it.

    When the pod is to end the coroutine is cancelled, as a process that does not handle SIGTERM ends (exit code 143).
    One that awaits `until_terminated` is not: it has the grace period to end in good order, and is cancelled after
    it (137). Clean up in `finally`; what awaits there needs a shielded scope.

    Attributes:
        name: of the container.
        pod: the name of the pod.
        namespace: of the pod.
        image: as the pod names it, with its tag.
        args: of the container.
        env: its environment, ConfigMaps, Secrets and fields of the pod included.
        volumes: where the files of each mount are on this machine, by the path that the container mounts it at.
        address: the pod's own loopback address: listen here.
        restarts: how often this container has been started before.
        stdin: what is sent by `kubectl attach -i`.
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
        """Whether somebody has begun to wait for the termination."""
        self._platform = platform
        self._termination: Event = platform.event()
        self._logger: logging.Logger | None = None

    def print(self, *values: object, sep: str = " ", end: str = "\n") -> None:
        """Write to standard output: `kubectl logs` shows it."""
        self.stdout.write(sep.join(map(str, values)) + end)

    @property
    def logger(self) -> logging.Logger:
        """A logger of this container alone; its lines go to standard output."""
        if self._logger is None:
            self._logger = logging.Logger(self.name, logging.INFO)  # noqa: LOG001 -- nobody else is to find it
            handler = logging.StreamHandler(self.stdout)
            handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
            self._logger.addHandler(handler)
        return self._logger

    @property
    def is_terminating(self) -> bool:
        """Whether the container has been asked to end."""
        return self._termination.is_set()

    async def until_terminated(self) -> None:
        """Wait until the container is asked to end, and take it upon yourself to do so within the grace period."""
        self.handles_termination = True
        await self._termination.wait()

    async def sleep(self, seconds: float) -> None:
        """Wait; in the simulator too."""
        await self._platform.sleep(seconds)

    async def connect(self, host: str, port: int) -> ByteStream:
        """A TCP connection that comes from the pod's own address, as NetworkPolicies know it.

        Raises:
            OSError: nobody listens there, or a NetworkPolicy is against it.
        """
        return await self._platform.connect(self.address, host, port)

    async def serve(self, port: int, answer: Callable[[ByteStream], Awaitable[None]]) -> None:
        """Answer TCP connections at the pod's address until the container ends.

        Connections that a NetworkPolicy is against are reset. They are known by their source: use `connect`.

        Raises:
            OSError: the port is taken.
        """
        await self._platform.serve(self.address, port, answer)

    async def serve_datagrams(self, port: int, answer: Callable[[bytes], Awaitable[bytes | None]]) -> None:
        """Answer UDP datagrams at the pod's address until the container ends; None is no answer.

        Those that a NetworkPolicy is against are dropped.

        Raises:
            OSError: the port is taken.
        """
        await self._platform.serve_datagrams(self.address, port, answer)

    def report(self, *, cpu: str = "0", memory: str = "0") -> None:
        """Say what the container takes, as quantities: `kubectl top` and autoscalers see it."""
        self.stats = ContainerStats(
            cpu_nano_cores=quantity.parse(cpu).nanos, memory_bytes=quantity.parse(memory).nanos // quantity.NANOS
        )

    def terminate(self) -> None:
        """For the runtime: ask it to end."""
        self._termination.set()


class CommandContext:
    """A command that runs in a container.

    Attributes:
        container: where.
        args: what follows the command's name.
        stdin: what is typed.
    """

    def __init__(
        self, container: ContainerContext, args: tuple[str, ...], stdin: Pipe, output: Recipient[Output]
    ) -> None:
        self.container = container
        self.args = args
        self.stdin = stdin
        self._output = output

    def print(self, *values: object, sep: str = " ", end: str = "\n") -> None:
        """Write to the standard output of the command."""
        self.write((sep.join(map(str, values)) + end).encode())

    def write(self, data: bytes) -> None:
        """The same with bytes."""
        self._output.tell(Stdout(data))

    def error(self, *values: object) -> None:
        """Write to its standard error."""
        self._output.tell(Stderr((" ".join(map(str, values)) + "\n").encode()))


def told(error: BaseException) -> str:
    """The traceback of an error of an image's code, from that code on."""
    trace = error.__traceback__.tb_next if error.__traceback__ is not None else None
    return "".join(traceback.format_exception(type(error), error, trace))
