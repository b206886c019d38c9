"""The log of a container with real output."""

from collections import deque
from collections.abc import Callable
from itertools import islice

from kubeactors.kubelet.runtimes.runtime import LogLine, LogPage
from kubeactors.kubelet.runtimes.streams import Output, Stderr, Stdout
from kubeactors.message import Recipient

MAX_LINES = 50_000
"""The maximum number of lines; older ones are dropped."""
MAX_LINE_CHARACTERS = 16 * 1024
"""The maximum length of a line; longer ones are split, as in containerd."""


class ContainerLog:
    """Lines with their times. Attached clients receive what is written.

    Args:
        clock: Unix nanoseconds.
    """

    __slots__ = ("_begun", "_clock", "_lines", "_total", "attached")

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._lines: deque[LogLine] = deque(maxlen=MAX_LINES)
        self._total = 0
        self._begun = ""
        self.attached: list[Recipient[Output]] = []

    def write(self, text: str, kind: type[Stdout | Stderr] = Stdout) -> None:
        r"""Add text; a newline completes a line. `kind` is the stream of the text.

        >>> log = ContainerLog(lambda: 7)
        >>> log.write("one\ntw"); log.write("o\n")
        >>> [line.text for line in log.page(0).lines]
        ['one', 'two']
        """
        for one in self.attached:
            one.tell(kind(text.encode()))
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            self._add(line)
        while len(self._begun) > MAX_LINE_CHARACTERS:
            self._add(self._begun[:MAX_LINE_CHARACTERS])
            self._begun = self._begun[MAX_LINE_CHARACTERS:]

    def close(self) -> None:
        """Complete the last line."""
        if self._begun:
            self._add(self._begun)
            self._begun = ""

    def page(self, skip: int) -> LogPage:
        """All lines except the first `skip` and the dropped ones."""
        dropped = self._total - len(self._lines)
        return LogPage(tuple(islice(self._lines, max(skip - dropped, 0), None)), self._total)

    def _add(self, line: str) -> None:
        self._total += 1
        self._lines.append(LogLine(self._clock(), line))
