"""The machine that the processes of a container share, and the call of a command."""

import posixpath
from collections.abc import Callable, Mapping
from typing import TypeAlias

from kubeactors.kubelet.runtimes.shell.files import BYTE, DEVICES, FileError, FileSystem, absolute
from kubeactors.kubelet.runtimes.shell.pipes import Nowhere, Pipe, Sink, Streams, ToFile
from kubeactors.kubelet.runtimes.shell.processes import Process, Processes, Run
from kubeactors.kubelet.runtimes.shell.users import User

ROOT = User()
Runner: TypeAlias = "Callable[[Call], Run]"


class UsageError(ValueError):
    """A command is called wrongly; the message is for the user, and `code` is its exit code."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code: int = code


class Machine:
    """A container, as its commands see it.

    Args:
        files: its file system.
        hostname: the hostname of its pod.
        processes: the processes of its sandbox.
        console: the output of its first process.
        first: the machine of the first process, if this one is for other commands.
    """

    __slots__ = (
        "_first",
        "console",
        "files",
        "hostname",
        "main",
        "on_signal",
        "processes",
        "skips_unknown",
        "title",
        "user",
    )

    def __init__(
        self, files: FileSystem, hostname: str, processes: Processes, console: Sink, first: "Machine | None" = None
    ) -> None:
        self.files: FileSystem = files
        self.hostname: str = hostname
        self.processes: Processes = processes
        files.charge = processes.charge
        self.console: Sink = console
        self.main: Process | None = first.main if first is not None else None
        """The first process of the container; None if that is not a simulated command."""
        self.skips_unknown: bool = False
        """Whether unknown programs are assumed to succeed."""
        self.on_signal: Callable[[str], None] | None = None
        """The first process' handler of signals; None if it ignores them, as the first process of a container does by
        default."""
        self.title: str = first.title if first is not None else ""
        """The command of the first process."""
        self.user: User = ROOT
        """As whom its processes run."""
        self._first = first

    @property
    def runs_main(self) -> bool:
        """Whether the first process is running now."""
        return self.main is not None and self.processes.running is self.main

    def runs_forever(self) -> None:
        """Note that the running process will not end by itself."""
        if self.main is not None and self.runs_main:
            self.main.is_endless = True

    def signal(self, name: str) -> None:
        """Send a signal to the first process."""
        on_signal = self.on_signal if self._first is None else self._first.on_signal
        if on_signal is not None:
            on_signal(name)


class Call:
    """The call of a command.

    Args:
        words: its name and its arguments.
        env: its environment.
        directory: the current directory.
        streams: its standard streams.
        machine: the machine it runs on.
    """

    __slots__ = ("directory", "env", "machine", "runner", "streams", "words")

    def __init__(
        self, words: list[str], env: Mapping[str, str], directory: str, streams: Streams, machine: Machine
    ) -> None:
        self.words: list[str] = words
        self.env: Mapping[str, str] = env
        self.directory: str = directory
        self.streams: Streams = streams
        self.machine: Machine = machine
        self.runner: Runner | None = None
        """Runs other commands for this one; set when it starts."""

    @property
    def arguments(self) -> list[str]:
        """The words after the name."""
        return self.words[1:]

    @property
    def files(self) -> FileSystem:
        """The file system."""
        return self.machine.files

    @property
    def now(self) -> int:
        """The time in Unix nanoseconds."""
        return self.machine.processes.clock

    def path(self, path: str) -> str:
        """The absolute form of a path."""
        return absolute(path, self.directory)

    def say(self, text: str) -> None:
        """Write to standard output."""
        data = text.encode(errors="surrogateescape")
        self.machine.processes.charge(BYTE * len(data))
        self.streams.output.write(data)

    def complain(self, text: str) -> int:
        """Write to standard error, prefixed with the command's name. Returns the exit code of a failure."""
        name = posixpath.basename(self.words[0])
        self.streams.error.write(f"{name}: {text}\n".encode(errors="surrogateescape"))
        return 1

    def options(self, known: str) -> tuple[str, list[str]]:
        """The given ones of the known one-letter options without values, and the other arguments."""
        found, rest = "", list[str]()
        for number, one in enumerate(self.arguments):
            if one == "--":
                return found, rest + self.arguments[number + 1 :]
            if len(one) > 1 and one[0] == "-" and all(letter in known for letter in one[1:]):
                found += one[1:]
            else:
                rest.append(one)
        return found, rest

    def run(
        self,
        words: list[str],
        *,
        env: Mapping[str, str] | None = None,
        input_: Pipe | None = None,
        output: Sink | None = None,
    ) -> Run:
        """Run another command in the same way. Returns its exit code."""
        assert self.runner is not None  # set by `run_command`
        streams = self.streams.copy()
        streams.input = input_ or streams.input
        streams.output = output or streams.output
        return self.runner(Call(words, self.env if env is None else env, self.directory, streams, self.machine))

    def open(self, path: str) -> Pipe:
        """Open a file for reading.

        Raises:
            FileError: it cannot be read.
        """
        if path in {"-", "/dev/stdin"}:
            return self.streams.input
        if path == "/dev/null":
            return Pipe(closed=True)
        return Pipe(self.files.read(self.path(path)), closed=True)


def opened(path: str, machine: Machine, streams: Streams, *, append: bool) -> Sink:
    """Open a file for writing.

    Raises:
        FileError: it cannot be written.
    """
    if path == "/dev/null":
        return Nowhere()
    if path in {"/dev/stdout", "/proc/self/fd/1"}:
        return streams.output
    if path in {"/dev/stderr", "/proc/self/fd/2"}:
        return streams.error
    if path in {"/proc/1/fd/1", "/proc/1/fd/2"}:
        return machine.console
    if path in DEVICES:
        raise FileError("Permission denied")
    clock = machine.processes.now
    return ToFile(*machine.files.write(path, b"", clock(), append=append), clock)
