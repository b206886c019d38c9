"""Commands that join, fold and compare lines: `paste`, `fold`, `expand`, `comm`, `shuf` and `cmp`.

Source: POSIX.1-2024, Utilities; busybox 1.37 for error messages and for `shuf`.
"""

from collections.abc import Generator
from hashlib import sha256
from itertools import zip_longest

from kubeactors.kubelet.runtimes.shell.files import FileError
from kubeactors.kubelet.runtimes.shell.machine import Call, UsageError
from kubeactors.kubelet.runtimes.shell.options import Options
from kubeactors.kubelet.runtimes.shell.pipes import Pipe
from kubeactors.kubelet.runtimes.shell.processes import Run, Step
from kubeactors.kubelet.runtimes.shell.system_commands import Command
from kubeactors.kubelet.runtimes.shell.text_commands import files_of, rest_of

_MAX_WIDTH = 10_000


def _texts(source: Pipe) -> Generator[Step, None, list[str]]:
    """All lines of an input, without their newlines."""
    data = (yield from rest_of(source)).decode(errors="surrogateescape")
    return data.removesuffix("\n").split("\n") if data else []


def _paste(call: Call) -> Run:
    """Join the lines of files side by side, or with `-s` all lines of each file."""
    options = Options(call.arguments, "sd:", {"delimiters": "d", "serial": "s"})
    between = options.value("d", "\t").replace("\\n", "\n").replace("\\t", "\t").replace("\\0", "\0") or "\0"
    sources, code = files_of(call, options.operands)
    columns = list[list[str]]()
    for _, source in sources:
        columns.append((yield from _texts(source)))
    if len([one for one in options.operands if one == "-"]) > 1 and "s" not in options:
        columns = _dealt(columns, options.operands)
    rows = columns if "s" in options else zip_longest(*columns, fillvalue="")
    for row in rows:
        pieces = [f"{between[place % len(between)] if place >= 0 else ''}{one}" for place, one in enumerate(row, -1)]
        call.say("".join(pieces).replace("\0", "") + "\n")
    return code


def _dealt(columns: list[list[str]], paths: list[str]) -> list[list[str]]:
    """Deal the lines of standard input, which the first of its columns has read, to all of them."""
    places = [place for place, one in enumerate(paths) if one == "-"][: len(columns)]
    lines = columns[places[0]]
    dealt = {place: lines[number :: len(places)] for number, place in enumerate(places)}
    return [dealt.get(place, one) for place, one in enumerate(columns)]


def _fold(call: Call) -> Run:
    """Break long lines at a width, or with `-s` at the last blank before it."""
    options = Options(call.arguments, "w:sb", {"spaces": "s", "width": "w"})
    width = min(max(options.number("w", 80), 1), _MAX_WIDTH)
    sources, code = files_of(call, options.operands)
    for _, source in sources:
        data = (yield from rest_of(source)).decode(errors="surrogateescape")
        for line in data.splitlines(keepends=True):
            call.say("\n".join(_folded(line, width, at_blanks="s" in options)))
    return code


def _folded(line: str, width: int, *, at_blanks: bool) -> list[str]:
    """The parts of a line.

    >>> _folded("one two", 5, at_blanks=True), _folded("abcd", 3, at_blanks=False)
    (['one ', 'two'], ['abc', 'd'])
    """
    parts = list[str]()
    while len(line.rstrip("\n")) > width:
        blank = line.rfind(" ", 0, width) + 1 if at_blanks else 0
        parts.append(line[: blank or width])
        line = line[blank or width :]
    return [*parts, line]


def _expand(call: Call) -> Run:
    """Replace tabs by blanks."""
    options = Options(call.arguments, "it:", {"initial": "i", "tabs": "t"})
    size = min(max(options.number("t", 8), 1), _MAX_WIDTH)
    sources, code = files_of(call, options.operands)
    for _, source in sources:
        text = (yield from rest_of(source)).decode(errors="surrogateescape")
        for line in text.splitlines(keepends=True):
            rest = line.lstrip("\t ") if "i" in options else ""
            call.say(line.removesuffix(rest).expandtabs(size) + rest)
    return code


def _comm(call: Call) -> Run:
    """Print the lines of two sorted files in three columns: only in the first, only in the second, in both."""
    options = Options(call.arguments, "123")
    if len(options.operands) != 2:
        raise UsageError("missing operand")
    sources, code = files_of(call, options.operands)
    if code:
        return code
    one, other = (yield from _texts(sources[0][1])), (yield from _texts(sources[1][1]))
    shown = [column for column in "123" if column not in options]
    for column, line in _merged(one, other):
        if column in shown:
            call.say("\t" * shown.index(column) + line + "\n")
    return 0


def _merged(one: list[str], other: list[str]) -> list[tuple[str, str]]:
    """The lines of two sorted lists, each with the column it belongs to.

    >>> _merged(["a", "b"], ["b", "c"])
    [('1', 'a'), ('3', 'b'), ('2', 'c')]
    """
    found = list[tuple[str, str]]()
    left = right = 0
    while left < len(one) or right < len(other):
        if right == len(other) or (left < len(one) and one[left] < other[right]):
            found.append(("1", one[left]))
            left += 1
        elif left == len(one) or other[right] < one[left]:
            found.append(("2", other[right]))
            right += 1
        else:
            found.append(("3", one[left]))
            left, right = left + 1, right + 1
    return found


def _shuf(call: Call) -> Run:
    """Shuffle lines, the words of `-e`, or the numbers of `-i`: in an order that depends on the time and the lines."""
    options = Options(call.arguments, "n:ei:z", {"echo": "e", "head-count": "n", "input-range": "i"})
    if "i" in options:
        first, _, last = options.value("i").partition("-")
        if not (first.isdecimal() and last.isdecimal()) or int(last) - int(first) > _MAX_WIDTH:
            raise UsageError(f"{options.value('i')}: invalid range")
        lines = [str(one) for one in range(int(first), int(last) + 1)]
    elif "e" in options:
        lines = options.operands
    else:
        lines = list[str]()
        for _, source in files_of(call, options.operands)[0]:
            lines += yield from _texts(source)
    keys = [
        sha256(f"{call.now}/{place}/{one}".encode(errors="surrogateescape")).digest() for place, one in enumerate(lines)
    ]
    shuffled = [line for _, line in sorted(zip(keys, lines, strict=True))]
    count = options.number("n", len(shuffled))
    call.say("".join(f"{one}\n" for one in shuffled[: max(count, 0)]))
    return 0


def _cmp(call: Call) -> Run:
    """Compare two files; the exit code is 1 if they differ, and 2 if one is missing."""
    options = Options(call.arguments, "sln:", {"quiet": "s", "silent": "s"}, code=2)
    if not options.operands:
        raise UsageError("missing operand", 2)
    one, other = [*options.operands, "-"][:2]
    try:
        sources = [call.open(one), call.open(other)]
    except FileError as error:
        missing = one if not call.files.is_file(call.path(one)) and one != "-" else other
        call.complain(f"{missing}: {error}")
        return 2
    left, right = (yield from rest_of(sources[0])), (yield from rest_of(sources[1]))
    limit = options.number("n", max(len(left), len(right)))
    left, right = left[:limit], right[:limit]
    if left == right:
        return 0
    shorter = min(len(left), len(right))
    places = [place for place in range(shorter) if left[place] != right[place]]
    if "s" not in options:
        _differ(call, (one, left), (other, right), places if "l" in options else places[:1], lists="l" in options)
    return 1


def _differ(call: Call, one: tuple[str, bytes], other: tuple[str, bytes], places: list[int], *, lists: bool) -> None:
    (name, left), (_, right) = one, other
    for place in places:
        if lists:
            call.say(f"{place + 1} {left[place]:3o} {right[place]:3o}\n")
        else:
            call.say(f"{name} {other[0]} differ: char {place + 1}, line {left[:place].count(10) + 1}\n")
    if not places or (lists and len(left) != len(right)):
        call.complain(f"EOF on {name if len(left) < len(right) else other[0]}")


COLUMN_COMMANDS: dict[str, Command] = {
    "cmp": _cmp,
    "comm": _comm,
    "expand": _expand,
    "fold": _fold,
    "paste": _paste,
    "shuf": _shuf,
}
