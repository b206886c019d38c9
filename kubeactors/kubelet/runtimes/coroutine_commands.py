"""Commands in coroutine containers, and clients attached to them."""

from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from kubeactors.kubelet.runtimes.container_context import CommandContext, ContainerContext, Pipe, told
from kubeactors.kubelet.runtimes.container_log import ContainerLog
from kubeactors.kubelet.runtimes.platform import Event, Platform
from kubeactors.kubelet.runtimes.programs import CommandMain, Main
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
from kubeactors.kubelet.runtimes.table import KILLED
from kubeactors.message import Recipient

FAILED = 1
MAX_OUTPUT_BYTES = 10 * 1024
"""The maximum output of an exec probe, in bytes. Source: pkg/probe/exec/exec.go (v1.36)."""


class CommandExecution:
    """A running command of an image."""

    def __init__(self, output: Recipient[Output]) -> None:
        self._output = output
        self._stdin: Pipe | None = None
        self._early: list[bytes] = []
        self._closed = False
        self._over = False

    def tell(self, message: Input, /) -> bool:
        """Handle input."""
        match message:
            case Stdin(data) if self._stdin is not None:
                self._stdin.put(data)
            case Stdin(data):
                self._early.append(data)
            case StdinClosed() | HungUp():
                self._closed = True
                if self._stdin is not None:
                    self._stdin.close()
            case Resized():
                pass
        return not self._over

    async def run(
        self, main: CommandMain, args: tuple[str, ...], container: ContainerContext, platform: Platform
    ) -> None:
        """Run the command until it exits."""
        stdin = self._stdin = Pipe(platform)
        for piece in self._early:
            stdin.put(piece)
        if self._closed:
            stdin.close()
        code = KILLED
        try:
            code = await main(CommandContext(container, args, stdin, self._output)) or 0
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else int(error.code is not None)
        except Exception as error:  # noqa: BLE001 -- the code of an image may raise anything
            self._output.tell(Stderr(told(error).encode()))
            code = FAILED
        finally:
            self.end(code & 0xFF)

    def end(self, code: int) -> None:
        """Report the exit, once."""
        if not self._over:
            self._over = True
            self._output.tell(Ended(code))


class AttachedToLog:
    """An attached client, which sees the output and may type."""

    def __init__(self, context: ContainerContext | None, log: ContainerLog | None, output: Recipient[Output]) -> None:
        self._context = context
        self._log = log
        self._output = output

    def tell(self, message: Input, /) -> bool:
        """Handle input."""
        if isinstance(message, Stdin) and self._context is not None:
            self._context.stdin.put(message.data)
        elif isinstance(message, StdinClosed) and self._context is not None:
            self._context.stdin.close()
        elif isinstance(message, HungUp) and self._log is not None and self._output in self._log.attached:
            self._log.attached.remove(self._output)
        return True


class Outcome:
    """Awaits the exit of a command, and keeps the start of its output."""

    def __init__(self, platform: Platform) -> None:
        self.ended: Event = platform.event()
        self.exit_code: int = 0
        self.text: str = ""

    def tell(self, message: Output, /) -> bool:
        """Handle output."""
        match message:
            case Stdout(data) | Stderr(data):
                self.text = (self.text + data.decode(errors="replace"))[:MAX_OUTPUT_BYTES]
            case Ended(exit_code, failure):
                self.exit_code = exit_code
                self.text += failure
                self.ended.set()
        return True


class MountedFiles(Mapping[str, bytes]):
    """The files of a container's volumes by their paths in the container, read on access."""

    def __init__(self, volumes: Mapping[str, Path]) -> None:
        self._volumes = volumes

    def __getitem__(self, path: str) -> bytes:
        for mounted, directory in self._volumes.items():
            if PurePosixPath(path).is_relative_to(mounted):
                found = directory / PurePosixPath(path).relative_to(mounted)
                if ".." not in found.parts and found.is_file():
                    return found.read_bytes()
        raise KeyError(path)

    def __iter__(self) -> Iterator[str]:
        for mounted, directory in self._volumes.items():
            for path in sorted(directory.rglob("*")):
                inside = path.relative_to(directory)
                if path.is_file() and not inside.parts[0].startswith(".."):
                    yield str(PurePosixPath(mounted) / path.relative_to(directory).as_posix())

    def __len__(self) -> int:
        return sum(1 for _ in self)


def as_main(command: CommandMain) -> Main:
    """A command as the first process of a container, with its output in the container's log."""

    async def main(container: ContainerContext) -> int | None:
        return await command(CommandContext(container, container.args, container.stdin, _ToLog(container)))

    return main


class _ToLog:
    def __init__(self, container: ContainerContext) -> None:
        self._container = container

    def tell(self, message: Output, /) -> bool:
        """Write output to the log."""
        if isinstance(message, Stdout | Stderr):
            self._container.stdout.write(message.data.decode(errors="replace"))
        return True
