"""The Perl program in the documentation of Jobs: `perl -Mbignum=bpi -wle 'print bpi(2000)'`.

Source: bignum(3pm), bpi: this many digits, the last one rounded; computed by Machin's formula.
"""

import re

from kubeactors.kubelet.runtimes.behaviour import TASK_SECONDS
from kubeactors.kubelet.runtimes.shell.machine import Call
from kubeactors.kubelet.runtimes.shell.processes import Run, Sleep

MAX_DIGITS = 10_000
_GUARD = 10
"""Extra digits, so that the last one is right."""
_line = re.compile(r"\s*print\s+bpi\((\d{1,5})\)\s*;?\s*")


def digits_wanted(words: tuple[str, ...]) -> int | None:
    """The number of digits that a command prints; None if it is any other Perl program.

    >>> digits_wanted(("perl", "-Mbignum=bpi", "-wle", "print bpi(2000)")), digits_wanted(("perl", "-e", "1"))
    (2000, None)
    """
    match words:
        case (_, "-Mbignum=bpi", "-wle" | "-le", line):
            found = _line.fullmatch(line)
            return int(found[1]) if found is not None and 0 < int(found[1]) <= MAX_DIGITS else None
        case _:
            return None


def pi(digits: int) -> str:
    """Pi with this many digits.

    >>> pi(1), pi(5), pi(21)
    ('3', '3.1416', '3.14159265358979323846')
    """
    unit: int = 10 ** (digits + _GUARD)
    scaled = 4 * (4 * _arctangent(5, unit) - _arctangent(239, unit))
    text = str((scaled + 5 * 10**_GUARD) // 10 ** (_GUARD + 1))
    return text if digits == 1 else f"{text[0]}.{text[1:]}"


def _arctangent(of: int, unit: int) -> int:
    """The arctangent of 1 / `of`, in multiples of 1 / `unit`."""
    total = term = unit // of
    divisor, sign = 1, 1
    while term:
        term //= of * of
        divisor, sign = divisor + 2, -sign
        total += sign * (term // divisor)
    return total


def perl(call: Call) -> Run:
    """Print pi. Any other program takes its time and succeeds, if unknown programs may."""
    digits = digits_wanted(tuple(call.words))
    if digits is None and not call.machine.skips_unknown:
        return call.complain("this Perl knows one line only: print bpi(DIGITS)")
    yield Sleep(TASK_SECONDS)
    if digits is not None:
        call.say(f"{pi(digits)}\n")
    return 0
