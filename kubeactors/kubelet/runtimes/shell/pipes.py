"""The streams of commands."""

from collections.abc import Callable
from typing import Protocol

from kubeactors.kubelet.runtimes.shell.files import File, Tree

MAX_PIPE_BYTES = 4 << 20
"""The capacity of a pipe, in bytes; a write beyond it raises BrokenPipe."""


class BrokenPipe(Exception):
    """Nothing will read what is written."""


class Sink(Protocol):
    """Accepts bytes."""

    def write(self, data: bytes, /) -> None:
        """Write bytes.

        Raises:
            BrokenPipe: nothing reads them.
            FileError: there is no space.
        """
        ...


class Pipe:
    """A pipe between two commands."""

    __slots__ = ("_data", "is_broken", "is_closed")

    def __init__(self, data: bytes = b"", *, closed: bool = False) -> None:
        self._data = bytearray(data)
        self.is_closed: bool = closed
        """Whether the write end is closed."""
        self.is_broken: bool = False
        """Whether the read end is closed."""

    @property
    def is_ready(self) -> bool:
        """Whether a read returns at once, with data or the end."""
        return bool(self._data) or self.is_closed

    @property
    def has_line(self) -> bool:
        """Whether a line can be read, or the rest before the end."""
        return self.is_closed or b"\n" in self._data

    def write(self, data: bytes, /) -> None:
        """See `Sink`."""
        if self.is_broken or len(self._data) + len(data) > MAX_PIPE_BYTES:
            raise BrokenPipe
        if not self.is_closed:
            self._data += data

    def close(self) -> None:
        """Close the write end."""
        self.is_closed = True

    def stop(self) -> None:
        """Close the read end."""
        self.is_broken = True
        self._data.clear()

    def take(self) -> bytes:
        """Read all available bytes."""
        data = bytes(self._data)
        self._data.clear()
        return data

    def has(self, delimiter: bytes, count: int | None = None) -> bool:
        """Whether `take_until` returns at once."""
        return self.is_closed or delimiter in self._data or (count is not None and len(self._data) >= count)

    def take_until(self, delimiter: bytes, count: int | None = None) -> bytes:
        r"""Read up to a delimiter, which is included, or the rest before the end; at most `count` bytes.

        >>> pipe = Pipe(b"one:two", closed=True)
        >>> pipe.take_until(b":", 2), pipe.take_until(b":"), pipe.take_until(b":")
        (b'on', b'e:', b'two')
        """
        end = self._data.find(delimiter) + 1 or len(self._data)
        data = bytes(self._data[: end if count is None else min(end, count)])
        del self._data[: len(data)]
        return data

    def take_line(self) -> bytes:
        r"""Read a line with its newline, or the rest before the end.

        >>> pipe = Pipe(b"one\ntwo", closed=True)
        >>> pipe.take_line(), pipe.take_line(), pipe.take_line()
        (b'one\n', b'two', b'')
        """
        return self.take_until(b"\n")


class Collected:
    """Collects what is written, up to `MAX_PIPE_BYTES`."""

    __slots__ = ("data",)

    def __init__(self) -> None:
        self.data: bytearray = bytearray()

    def write(self, data: bytes, /) -> None:
        """See `Sink`."""
        if len(self.data) + len(data) > MAX_PIPE_BYTES:
            raise BrokenPipe
        self.data += data


class Nowhere:
    """Discards what is written."""

    __slots__ = ()

    def write(self, data: bytes, /) -> None:
        """See `Sink`."""


class ToFile:
    """Appends to an open file."""

    __slots__ = ("_clock", "_file", "_tree")

    def __init__(self, tree: Tree, file: File, clock: Callable[[], int]) -> None:
        self._tree = tree
        self._file = file
        self._clock = clock

    def write(self, data: bytes, /) -> None:
        """See `Sink`."""
        self._tree.put(self._file, data, self._clock(), append=True)


class Streams:
    """The standard streams of a command.

    Args:
        input_: standard input.
        output: standard output.
        error: standard error.
        terminal: receives the prompts of a shell that reads from a terminal; None if it does not.
    """

    __slots__ = ("_terminal", "error", "input", "others", "output")

    def __init__(self, input_: Pipe, output: Sink, error: Sink, terminal: Sink | None = None) -> None:
        self.input: Pipe = input_
        self.output: Sink = output
        self.error: Sink = error
        self.others: dict[int, Sink] = {}
        """The streams of the other open descriptors, 3 to 9."""
        self._terminal = terminal

    def copy(self) -> "Streams":
        """A copy, to be redirected."""
        streams = Streams(self.input, self.output, self.error, self._terminal)
        streams.others = dict(self.others)
        return streams

    @property
    def is_terminal(self) -> bool:
        """Whether a shell reads from a terminal."""
        return self._terminal is not None

    def of(self, descriptor: int) -> Sink | None:
        """The stream of a descriptor; None if it is not open."""
        return {0: self.input, 1: self.output, 2: self.error}.get(descriptor) or self.others.get(descriptor)

    def redirect(self, descriptor: int, stream: Sink) -> None:
        """Replace the stream of a descriptor. Standard input can only be a pipe."""
        match descriptor:
            case 0:
                self.input = stream if isinstance(stream, Pipe) else Pipe(closed=True)
            case 1:
                self.output = stream
            case 2:
                self.error = stream
            case _:
                self.others[descriptor] = stream

    def prompt(self, *, more: bool) -> None:
        """Prompt for a command at a terminal, or for `more` of it."""
        if self._terminal is not None:
            self._terminal.write(b"> " if more else b"$ ")


class Ends:
    """Closes the pipes of a command when it ends."""

    def __init__(self, reads: Pipe | None, writes: Pipe) -> None:
        self._reads = reads
        self._writes = writes

    def __call__(self, code: int) -> None:
        """Close them."""
        if self._reads is not None:
            self._reads.stop()
        self._writes.close()
