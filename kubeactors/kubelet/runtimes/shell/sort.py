"""The command `sort`.

Source: POSIX.1-2024, Utilities, sort; busybox 1.37 for `-g`, `-h`, `-M`, `-V`, `-s`, `-z` and for error messages.
"""

import re
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import TypeAlias

import msgspec

from kubeactors.kubelet.runtimes.shell.machine import Call, UsageError
from kubeactors.kubelet.runtimes.shell.options import Options
from kubeactors.kubelet.runtimes.shell.processes import Run
from kubeactors.kubelet.runtimes.shell.text_commands import files_of, rest_of

_LETTERS = "nrugMcszbdfihVmk:t:o:T:S:"
_LONG = {
    "check": "c",
    "field-separator": "t",
    "human-numeric-sort": "h",
    "ignore-case": "f",
    "key": "k",
    "numeric-sort": "n",
    "output": "o",
    "reverse": "r",
    "stable": "s",
    "unique": "u",
    "version-sort": "V",
    "zero-terminated": "z",
}
_MODIFIERS = "bdfghiMnrV"
_KEY = re.compile(rf"(\d+)(?:\.(\d+))?([{_MODIFIERS}]*)(?:,(\d+)(?:\.(\d+))?([{_MODIFIERS}]*))?")
_FIELD = re.compile(rb"[ \t]*[^ \t]+|[ \t]+")
_DECIMAL = re.compile(rb"\s*-?(\d+\.?\d*|\.\d+)")
_FLOAT = re.compile(rb"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_HUMAN = re.compile(rb"\s*(-?)(\d+\.?\d*|\.\d+)([kKMGTPEZY]?)")
_MONTHS = (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec")

_Rank: TypeAlias = "tuple[float, ...] | tuple[tuple[int, bytes], ...] | bytes"


class Key(msgspec.Struct, frozen=True):
    """A key of `-k`: fields and characters are counted from 1; zero stands for the end of the line or field."""

    first: int = 1
    start: int = 1
    last: int = 0
    end: int = 0
    modifiers: str = ""

    def of(self, line: bytes, separator: bytes) -> bytes:
        """The part of a line that the key selects.

        >>> Key(2, 1, 2).of(b"a  b c", b""), Key(2, 2).of(b"a:bc:d", b":"), Key(9).of(b"a", b"")
        (b'  b', b'c:d', b'')
        """
        spans = _fields(line, separator)
        if self.first > len(spans):
            return b""
        begin = self._moved(line, spans[self.first - 1][0], self.start - 1)
        if not self.last or self.last > len(spans):
            return line[begin:]
        left, right = spans[self.last - 1]
        return line[begin : self._moved(line, left, self.end) if self.end else right]

    def _moved(self, line: bytes, place: int, count: int) -> int:
        if "b" in self.modifiers:
            place = len(line) - len(line[place:].lstrip(b" \t"))
        return place + count


def _fields(line: bytes, separator: bytes) -> list[tuple[int, int]]:
    """Where the fields are; without a separator each begins with the blanks before it."""
    if not separator:
        return [one.span() for one in _FIELD.finditer(line)]
    ends = [-1, *(one.start() for one in re.finditer(re.escape(separator), line)), len(line)]
    return [(left + 1, right) for left, right in pairwise(ends)]


def parsed_key(text: str, common: str) -> Key:
    """Parse a key; without modifiers of its own it has the `common` ones.

    >>> parsed_key("2,3nr", ""), parsed_key("1.2", "n")
    (Key(first=2, start=1, last=3, end=0, modifiers='nr'), Key(first=1, start=2, last=0, end=0, modifiers='n'))

    Raises:
        UsageError: it is malformed.
    """
    found = _KEY.fullmatch(text)
    if found is None or not int(found[1]) or found[2] == "0":
        raise UsageError("bad field specification", 2)
    own = found[3] + (found[6] or "")
    return Key(int(found[1]), int(found[2] or 1), int(found[4] or 0), int(found[5] or 0), own or common)


def sort(call: Call) -> Run:
    """Sort lines."""
    options = Options(call.arguments, _LETTERS, _LONG, code=2)
    separator = options.value("t").replace("\\t", "\t").replace("\\0", "\0").encode(errors="surrogateescape")
    if "t" in options and len(separator.decode(errors="surrogateescape")) != 1:
        raise UsageError("bad -t parameter", 2)
    common = "".join(letter for letter, _ in options.given if letter in _MODIFIERS)
    keys = [parsed_key(one, common) for one in options.values("k")] or [Key(modifiers=common)]
    end = b"\0" if "z" in options else b"\n"
    sources, code = files_of(call, options.operands)
    if code:
        return 2
    lines = list[bytes]()
    for _, source in sources:
        data = yield from rest_of(source)
        lines += data.removesuffix(end).split(end) if data else []
    ordering = Ordering(keys, separator, last_resort=not options.any("su"), descending="r" in common)
    if "c" in options:
        return _checked(call, ordering, lines, strictly="u" in options)
    lines = ordering.sorted(lines)
    if "u" in options:
        lines = ordering.distinct(lines)
    written = b"".join(one + end for one in lines)
    if "o" in options:
        call.files.write(call.path(options.value("o")), written, call.now)
    else:
        call.streams.output.write(written)
    return 0


def _checked(call: Call, ordering: "Ordering", lines: list[bytes], *, strictly: bool) -> int:
    for number, (one, other) in enumerate(pairwise(lines), 1):
        if ordering.sorted([one, other]) != [one, other] or (strictly and len(ordering.distinct([one, other])) == 1):
            call.streams.error.write(f"Check line {number}\n".encode())
            return 1
    return 0


class Ordering:
    """An order of lines by keys, the first one first.

    Args:
        keys: the keys.
        separator: what separates fields; empty for blanks.
        last_resort: whether lines with equal keys are compared as a whole.
        descending: whether that comparison is reversed.
    """

    def __init__(self, keys: list[Key], separator: bytes, *, last_resort: bool, descending: bool) -> None:
        self._keys = keys
        self._separator = separator
        self._last_resort = last_resort
        self._descending = descending

    def sorted(self, lines: Iterable[bytes]) -> list[bytes]:
        """Sort lines: stable sorts, by the last key first.

        >>> Ordering([Key(2, modifiers="n")], b"", last_resort=True, descending=False).sorted([b"x 10", b"y 9"])
        [b'y 9', b'x 10']
        """
        lines = sorted(lines, reverse=self._descending) if self._last_resort else list(lines)
        for key in reversed(self._keys):
            lines.sort(key=self._rank_by(key), reverse="r" in key.modifiers)
        return lines

    def distinct(self, lines: list[bytes]) -> list[bytes]:
        """The first of each run of sorted lines with equal keys."""
        ranks = [tuple(self._rank_by(key)(line) for key in self._keys) for line in lines]
        return [line for place, line in enumerate(lines) if not place or ranks[place] != ranks[place - 1]]

    def _rank_by(self, key: Key) -> Callable[[bytes], _Rank]:
        return lambda line: rank(key.of(line, self._separator), key.modifiers)


def rank(text: bytes, modifiers: str) -> _Rank:
    """What a key is compared by.

    >>> rank(b" 12x", "n"), rank(b"2K", "h"), rank(b"aB-c", "df"), rank(b"v1.10", "V")
    ((12.0,), (1, 2.0), b'ABC', ((0, b'v'), (1, b''), (0, b'.'), (10, b'')))
    """
    if "n" in modifiers:
        found = _DECIMAL.match(text)
        return (float(found[0]) if found is not None else 0.0,)
    if "g" in modifiers:
        found = _FLOAT.match(text)
        return (1.0, float(found[0])) if found is not None else (0.0,)
    if "h" in modifiers:
        return _human(text)
    if "M" in modifiers:
        month = text.strip()[:3].lower()
        return (float(_MONTHS.index(month) if month in _MONTHS else -1),)
    if "b" in modifiers:
        text = text.lstrip(b" \t")
    if "V" in modifiers:
        return tuple((int(one), b"") if one.isdigit() else (0, one) for one in re.findall(rb"\d+|\D+", text))
    if "d" in modifiers:
        text = re.sub(rb"[^0-9A-Za-z \t]", b"", text)
    if "i" in modifiers:
        text = re.sub(rb"[^ -~]", b"", text)
    return text.upper() if "f" in modifiers else text


def _human(text: bytes) -> _Rank:
    """By sign, then by unit, then by number, as GNU sort does."""
    found = _HUMAN.match(text)
    if found is None:
        return (0, 0.0)
    sign = -1 if found[1] else 1
    return (sign * (b" KMGTPEZY".find(found[3].upper()) if found[3] else 0), sign * float(found[2]))
