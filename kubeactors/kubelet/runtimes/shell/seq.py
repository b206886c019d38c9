"""The commands `seq` and `yes`, which produce lines at a bounded rate.

Source: GNU coreutils 9 and busybox 1.37.
"""

import re
from decimal import Decimal

from kubeactors.kubelet.runtimes.shell.machine import Call, UsageError
from kubeactors.kubelet.runtimes.shell.options import Options
from kubeactors.kubelet.runtimes.shell.pipes import BrokenPipe
from kubeactors.kubelet.runtimes.shell.printing import formatted
from kubeactors.kubelet.runtimes.shell.processes import Run, Sleep

MAX_NUMBERS = 1_000_000
"""The maximum output of `seq`, in numbers."""
_NUMBER = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})", re.ASCII)
_TOGETHER = 1000
"""How many lines are written at once."""
_PAUSE_SECONDS = 0.01


def seq(call: Call) -> Run:
    """Print the numbers from a first to a last one."""
    options = Options(_words(call.arguments), "ws:f:", {"equal-width": "w", "separator": "s"}, mixed=False)
    first, step, last = _bounds(options.operands)
    if not step:
        raise UsageError("invalid zero increment")
    count = int((last - first) / step) + 1 if (last - first) / step >= 0 else 0
    places = max(-int(one.as_tuple().exponent) for one in (first, step, Decimal(0)))
    width = max(len(f"{one:.{places}f}") for one in (first, first + step * max(count - 1, 0))) if "w" in options else 0
    separator, layout = options.value("s", "\n"), options.value("f")
    for start in range(0, count, _TOGETHER):
        if start >= MAX_NUMBERS:
            raise BrokenPipe
        values = [first + step * one for one in range(start, min(start + _TOGETHER, count))]
        numbers = [f"{one:.{places}f}".zfill(width) for one in values]
        shown = [formatted(layout, [one]) for one in numbers] if layout else numbers
        call.say((separator if start else "") + separator.join(shown))
        if start + _TOGETHER < count:
            yield Sleep(_PAUSE_SECONDS)
    call.say("\n" if count else "")
    return 0


def _words(words: list[str]) -> list[str]:
    """The arguments, with `--` before the first number that is not the value of an option: it may be negative."""
    for place, (before, word) in enumerate(zip(["", *words], words, strict=False)):
        if _is_number(word) and before not in {"-s", "-f"}:
            return [*words[:place], "--", *words[place:]]
    return words


def _is_number(text: str) -> bool:
    """Whether a word is a decimal number, of a length that is harmless to print."""
    return _NUMBER.fullmatch(text) is not None


def _bounds(words: list[str]) -> tuple[Decimal, Decimal, Decimal]:
    wrong = next((one for one in words if not _is_number(one)), None)
    if wrong is not None:
        raise UsageError(f"invalid number '{wrong}'")
    numbers = [Decimal(one) for one in words]
    match numbers:
        case [last]:
            return Decimal(1), Decimal(1), last
        case [first, last]:
            return first, Decimal(1), last
        case [first, step, last]:
            return first, step, last
        case _:
            raise UsageError("missing operand" if not numbers else "extra operand")


def yes(call: Call) -> Run:
    """Print a line forever: blocks of it, and ever more rarely, since nobody needs them all."""
    call.machine.runs_forever()
    block = (" ".join(call.arguments) or "y") + "\n"
    seconds = _PAUSE_SECONDS
    while True:
        call.say(block * _TOGETHER)
        yield Sleep(seconds)
        seconds = min(seconds * 2, 1.0)
