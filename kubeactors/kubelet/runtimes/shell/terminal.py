"""A terminal in canonical mode: line editing, echo, Ctrl-C and Ctrl-D.

Source: POSIX.1-2024, Base Definitions, 11 General Terminal Interface.
"""

from collections.abc import Callable

from kubeactors.kubelet.runtimes.shell.pipes import Pipe, Sink

_INTERRUPT, _END, _ERASE = b"\x03", b"\x04", (b"\x7f", b"\b")


class Terminal:
    """Forwards complete lines, and echoes input.

    Args:
        reads: receives the lines.
        screen: receives the echo.
        interrupt: called on Ctrl-C.
    """

    __slots__ = ("_interrupt", "_line", "_reads", "_screen")

    def __init__(self, reads: Pipe, screen: Sink, interrupt: Callable[[], None]) -> None:
        self._reads = reads
        self._screen = screen
        self._interrupt = interrupt
        self._line = b""

    def type(self, data: bytes) -> None:
        """Handle input."""
        for number in range(len(data)):
            self._key(data[number : number + 1])

    def _key(self, key: bytes) -> None:
        if key == _INTERRUPT:
            self._line = b""
            self._screen.write(b"^C\n")
            self._interrupt()
        elif key == _END:
            self._end()
        elif key in _ERASE:
            if self._line:
                self._line = self._line[:-1]
                self._screen.write(b"\b \b")
        elif key in b"\r\n":
            self._screen.write(b"\n")
            self._reads.write(self._line + b"\n")
            self._line = b""
        else:
            self._line += key
            self._screen.write(key)

    def _end(self) -> None:
        """Handle Ctrl-D: forward the partial line, or end the input if there is none."""
        if self._line:
            self._reads.write(self._line)
            self._line = b""
        else:
            self._reads.close()


class Screen:
    """Translates newlines for a terminal."""

    __slots__ = ("_sink",)

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, data: bytes, /) -> None:
        """See `Sink`."""
        self._sink.write(data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
