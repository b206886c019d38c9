"""Input and output of sed."""

from collections.abc import Generator

from kubeactors.kubelet.runtimes.shell.files import FileError
from kubeactors.kubelet.runtimes.shell.machine import Call
from kubeactors.kubelet.runtimes.shell.pipes import Pipe, Sink
from kubeactors.kubelet.runtimes.shell.processes import Step, Until
from kubeactors.kubelet.runtimes.shell.text_commands import rest_of


class Lines:
    """The lines of several files.

    Args:
        call: opens the files, and reports missing ones.
        paths: their paths; without any, standard input is read.
        end: what ends a line.
    """

    def __init__(self, call: Call, paths: list[str], end: bytes) -> None:
        self.code: int = 0
        """The exit code: nonzero if a file was missing."""
        self.end: str = end.decode()
        """What ended the last line; empty at the end of a file without a final newline."""
        self._call = call
        self._paths = list(paths or ["-"])
        self._mark = end
        self._source: Pipe | None = None
        self._lines: list[bytes] = []
        self._ahead: bytes = b""

    def take(self) -> Generator[Step, None, str | None]:
        """The next line; None at the end."""
        yield from self._look()
        if not self._ahead:
            return None
        line, self._ahead = self._ahead, b""
        self.end = self._mark.decode() if line.endswith(self._mark) else ""
        return line.removesuffix(self._mark).decode(errors="surrogateescape")

    def are_over(self) -> Generator[Step, None, bool]:
        """Whether no line is left."""
        yield from self._look()
        return not self._ahead

    def _look(self) -> Generator[Step, None, None]:
        while not self._ahead and (self._source is not None or self._paths):
            if self._source is None:
                self._open(self._paths.pop(0))
                continue
            self._ahead = yield from self._next_of(self._source)
            if not self._ahead:
                self._source = None

    def _open(self, path: str) -> None:
        try:
            self._source = self._call.open(path)
        except FileError as error:
            self.code = self._call.complain(f"{path}: {error}")

    def _next_of(self, source: Pipe) -> Generator[Step, None, bytes]:
        if self._mark == b"\n":
            yield Until(lambda: source.has_line)
            return source.take_line()
        if not self._lines:
            self._lines = [one + self._mark for one in (yield from rest_of(source)).split(self._mark)]
            self._lines = [*self._lines[:-1], self._lines[-1].removesuffix(self._mark)][::-1]
        return self._lines.pop()


class Output:
    """Where lines are printed; a newline that one lacks is added before the next one."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._is_open = False

    def write(self, text: str, end: str = "\n") -> None:
        """Print a line."""
        before = "\n" if self._is_open else ""
        self._is_open = not end and not text.endswith("\n")
        self._sink.write(f"{before}{text}{end}".encode(errors="surrogateescape"))
