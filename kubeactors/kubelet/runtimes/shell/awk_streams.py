"""Files and commands of a running awk program.

Source: POSIX.1-2024, Utilities, awk, Input/Output Functions.
"""

import re
from collections.abc import Generator

from kubeactors.kubelet.runtimes.shell.awk_values import AwkFailure, expression_of
from kubeactors.kubelet.runtimes.shell.machine import Call, opened
from kubeactors.kubelet.runtimes.shell.pipes import Pipe, Sink
from kubeactors.kubelet.runtimes.shell.processes import Process, Run, Step, Until
from kubeactors.kubelet.runtimes.shell.regular_expressions import Found
from kubeactors.kubelet.runtimes.shell.text_commands import rest_of

_paragraph_end = re.compile(r"\n\n+")


class Records:
    """The records of a stream."""

    def __init__(self, source: Pipe) -> None:
        self._source = source
        self._rest = ""
        """What was read beyond the last record."""
        self._at = 0

    def take(self, separator: str) -> Generator[Step, None, str | None]:
        """The next record; None at the end. An empty separator separates paragraphs."""
        if separator == "\n" and self._at == len(self._rest):
            yield Until(lambda: self._source.has_line)
            line = self._source.take_line()
            return line.decode(errors="surrogateescape").removesuffix("\n") if line else None
        more = yield from rest_of(self._source)
        self._rest, self._at = self._rest[self._at :] + more.decode(errors="surrogateescape"), 0
        return self._next(separator)

    def _next(self, separator: str) -> str | None:
        if not separator:
            self._rest = self._rest.lstrip("\n")
        if not self._rest:
            return None
        found = self._end(separator)
        begin, end = found.span() if found is not None and found[0] else (len(self._rest), len(self._rest))
        record, self._at = self._rest[:begin], end
        return record.removesuffix("\n") if not separator or separator == "\n" else record

    def _end(self, separator: str) -> re.Match[str] | Found | None:
        if not separator:
            return _paragraph_end.search(self._rest)
        return (re.compile(re.escape(separator)) if len(separator) == 1 else expression_of(separator)).search(
            self._rest
        )


class _Command:
    """A running command at the other end of a pipe."""

    def __init__(self, process: Process, pipe: Pipe, *, reads: bool) -> None:
        self._process = process
        self._pipe = pipe
        self._reads = reads
        """Whether the command reads from the pipe."""

    def close(self) -> Run:
        """Close the pipe, and wait for the command. Returns its exit code."""
        if self._reads:
            self._pipe.close()
        else:
            self._pipe.stop()
        yield Until(lambda: self._process.is_over)
        return self._process.exit_code or 0

    def end(self) -> None:
        """Kill the command."""
        self._process.end(143)


class AwkStreams:
    """Opens files and starts commands at their first use."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._sinks: dict[str, Sink] = {}
        self._sources: dict[str, Records] = {}
        self._commands: dict[str, _Command] = {}

    def say(self, text: str) -> None:
        """Write to standard output."""
        self._call.say(text)

    def write(self, kind: str, name: str, text: str) -> None:
        """Write to a file (`>`, `>>`) or a command (`|`).

        Raises:
            FileError: the file cannot be written.
        """
        if name not in self._sinks:
            self._sinks[name] = self._reader(name) if kind == "|" else self._file(name, append=kind == ">>")
        self._sinks[name].write(text.encode(errors="surrogateescape"))

    def read(self, kind: str, name: str, separator: str) -> Generator[Step, None, str | None]:
        """Read a record of a file (`<`) or of a command's output (`|`).

        Raises:
            FileError: the file cannot be read.
        """
        if name not in self._sources:
            self._sources[name] = Records(self._writer(name) if kind == "|" else self._call.open(name))
        return (yield from self._sources[name].take(separator))

    def open(self, path: str) -> Records:
        """Open a file of the main input."""
        return Records(self._call.open(path))

    def system(self, text: str) -> Run:
        """Run a command. Returns its exit code."""
        return (yield from self._call.run(["sh", "-c", text]))

    def close(self, name: str) -> Run:
        """Close a file or a command. Returns the command's exit code; -1 if it is not open."""
        is_open = name in self._sinks or name in self._sources
        self._sinks.pop(name, None)
        self._sources.pop(name, None)
        command = self._commands.get(name)
        if command is None:
            return 0 if is_open else -1
        code = yield from command.close()
        self._commands.pop(name)
        return code

    def close_all(self) -> Generator[Step, None, None]:
        """Close everything."""
        for name in list(self._commands):
            yield from self.close(name)

    def kill(self) -> None:
        """Kill all commands."""
        for one in self._commands.values():
            one.end()

    def _file(self, name: str, *, append: bool) -> Sink:
        path = name if name.startswith("/dev/") else self._call.path(name)
        return opened(path, self._call.machine, self._call.streams, append=append)

    def _reader(self, text: str) -> Pipe:
        """Start a command that reads from a pipe."""
        pipe = Pipe()
        self._commands[text] = _Command(
            self._spawned(self._call.run(["sh", "-c", text], input_=pipe)), pipe, reads=True
        )
        return pipe

    def _writer(self, text: str) -> Pipe:
        """Start a command that writes to a pipe."""
        pipe = Pipe()
        process = self._spawned(self._call.run(["sh", "-c", text], output=pipe))
        process.on_end = lambda _: pipe.close()
        self._commands[text] = _Command(process, pipe, reads=False)
        return pipe

    def _spawned(self, run: Run) -> Process:
        processes = self._call.machine.processes
        if processes.are_too_many:
            raise AwkFailure("can't fork: Resource temporarily unavailable")
        return processes.spawn(run, self._call.machine)
