"""Scripts of sed. Pure.

Source: POSIX.1-2024, Utilities, sed; busybox 1.37 for error messages and one-line texts of `a`, `c` and `i`; GNU sed 4.9
for the addresses `FIRST~STEP`, `0,/PATTERN/` and `,~MULTIPLE`, and for the commands `Q` and `z` and the code of `q`.
"""

import re
from typing import NoReturn, TypeAlias

import msgspec

from kubeactors.kubelet.runtimes.shell.expression_parser import BadExpression
from kubeactors.kubelet.runtimes.shell.regular_expressions import Expression, compiled

_newline = re.compile(r"\\(?:[ \t]*\n)?")
_number = re.compile(r"\d{1,9}")
_step = re.compile(r"(\d{1,9})~(\d{1,9})")
_bracket = re.compile(r"\^?\]?(?:\[([:.=]).*?\1\]|[^\]\n])*\]")
_reference = re.compile(r"\\(\d)|\\(.)|(&)|([^\\&]+)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}


class SedSyntaxError(ValueError):
    """The script is malformed or uses an unsupported feature."""


class Line(msgspec.Struct, frozen=True):
    """The address of one line, counted from 1; 0 is only the start of a range."""

    number: int


class Last(msgspec.Struct, frozen=True):
    """The address `$`."""


class Every(msgspec.Struct, frozen=True):
    """The address `FIRST~STEP`."""

    first: int
    step: int


class Matching(msgspec.Struct, frozen=True):
    """The address `/PATTERN/`; None is the last pattern used."""

    pattern: Expression | None


class Later(msgspec.Struct, frozen=True):
    """The end of a range: this many lines later, or the next line whose number is a multiple."""

    count: int
    multiple: bool = False


Address: TypeAlias = Line | Last | Every | Matching | Later
Replacement: TypeAlias = tuple[str | int, ...]
"""Texts, and numbers of groups; 0 is the whole match."""


class Edit(msgspec.Struct, frozen=True):
    """A command with its addresses and arguments."""

    name: str
    addresses: tuple[Address, ...] = ()
    negated: bool = False
    pattern: Expression | None = None
    """What `s` replaces; None is the last pattern used."""
    replacement: Replacement = ()
    text: str = ""
    """The text, the label or the path."""
    count: int = 1
    """The first match to replace."""
    every: bool = False
    """Whether later matches are replaced, too."""
    prints: bool = False
    path: str = ""
    """The file to which `s` writes."""
    target: int = 0
    """Where `b`, `t`, `T` and a `{` that does not apply continue."""
    table: dict[int, str] = {}
    code: int = 0
    """The exit code of `q` and `Q`."""


def read_script(text: str, *, extended: bool) -> tuple[Edit, ...]:
    r"""Parse a script.

    >>> [one.name for one in read_script("1!{p;b e\n}; :e; s/a/b/", extended=False)]
    ['{', 'p', 'b', '}', ':', 's']

    Raises:
        SedSyntaxError: it is malformed or uses an unsupported feature.
    """
    return _linked(_Reader(text, extended=extended).script())


def _linked(edits: list[Edit]) -> tuple[Edit, ...]:
    """Resolve the targets of jumps."""
    labels = {one.text: place for place, one in enumerate(edits) if one.name == ":"}
    linked, opened = list(edits), list[int]()
    for place, one in enumerate(edits):
        if one.name == "{":
            opened.append(place)
        elif one.name == "}":
            if not opened:
                raise SedSyntaxError("unexpected }")
            begin = opened.pop()
            linked[begin] = msgspec.structs.replace(edits[begin], target=place)
        elif one.name in {"b", "t", "T"}:
            if one.text and one.text not in labels:
                raise SedSyntaxError(f"can't find label for jump to '{one.text}'")
            linked[place] = msgspec.structs.replace(one, target=labels.get(one.text, len(edits)))
    if opened:
        raise SedSyntaxError("unterminated {")
    return tuple(linked)


class _Reader:
    def __init__(self, text: str, *, extended: bool) -> None:
        self._text = text
        self._at = 0
        self._extended = extended

    def script(self) -> list[Edit]:
        """Parse the whole script."""
        found: list[Edit] = []
        self._skip(" \t\n;")
        while self._at < len(self._text):
            if self._char == "#":
                self._rest_of_line()
            else:
                found.append(self._edit())
            self._skip(" \t\n;")
        return found

    @property
    def _char(self) -> str:
        return self._text[self._at : self._at + 1]

    def _refuse(self, text: str) -> NoReturn:
        raise SedSyntaxError(text)

    def _skip(self, characters: str) -> None:
        while self._char and self._char in characters:
            self._at += 1

    def _take(self) -> str:
        char = self._char
        self._at += 1
        return char

    def _matched(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        return found

    # Commands.

    def _edit(self) -> Edit:
        addresses = self._addresses()
        self._skip(" \t")
        negated = False
        while self._char == "!":
            negated = True
            self._at += 1
            self._skip(" \t")
        name = self._take()
        edit = msgspec.structs.replace(self._command(name), addresses=addresses, negated=negated)
        if name not in "aci{}:btTrw":
            self._skip(" \t")
            if self._char not in {"", "\n", ";", "}", "#"}:
                self._refuse("unknown command" if name != "s" else "bad option in substitution expression")
        return edit

    def _command(self, name: str) -> Edit:
        match name:
            case "":
                return self._refuse("missing command")
            case "q" | "Q":
                self._skip(" \t")
                found = self._matched(_number)
                return Edit(name, code=int(found[0]) & 0xFF if found is not None else 0)
            case "l":
                self._skip(" \t")
                self._matched(_number)
                return Edit(name)
            case _ if name in "{}dDgGhHnNpPxz=":
                return Edit(name)
            case "s":
                return self._substitution()
            case "y":
                return self._transliteration()
            case "a" | "i" | "c":
                return Edit(name, text=self._block())
            case ":" | "b" | "t" | "T":
                return self._label(name)
            case "r" | "w":
                self._skip(" \t")
                path = self._rest_of_line()
                return Edit(name, text=path) if path else self._refuse("empty filename")
            case _:
                return self._refuse(f"unsupported command {name}")

    def _label(self, name: str) -> Edit:
        self._skip(" \t")
        begin = self._at
        ends = "\n" if name == ":" else "\n;}"
        while self._char and self._char not in ends and not (name == ":" and self._char == ";"):
            self._at += 1
        return Edit(name, text=self._text[begin : self._at].strip())

    def _block(self) -> str:
        r"""The text of `a`, `c` or `i`: to the end of the line, where a backslash continues it."""
        self._skip(" \t")
        self._matched(_newline)
        text = ""
        while (char := self._take()) not in {"", "\n"}:
            text += char + self._take() if char == "\\" else char
        return re.sub(r"\\(.)", _unescaped, text, flags=re.DOTALL) + "\n"

    def _rest_of_line(self) -> str:
        end = self._text.find("\n", self._at)
        begin, self._at = self._at, len(self._text) if end < 0 else end
        return self._text[begin : self._at]

    # Addresses.

    def _addresses(self) -> tuple[Address, ...]:
        first = self._address()
        if first is None:
            return ()
        self._skip(" \t")
        if self._char != ",":
            if first == Line(0):
                self._refuse("invalid usage of line address 0")
            return (first,)
        self._at += 1
        self._skip(" \t")
        second = self._address(ends_range=True)
        if second is None:
            self._refuse("no address after comma")
        if first == Line(0) and not isinstance(second, Matching):
            self._refuse("invalid usage of line address 0")
        return (first, second)

    def _address(self, *, ends_range: bool = False) -> Address | None:
        if ends_range and self._char in {"+", "~"}:
            mark = self._take()
            found = self._matched(_number)
            return None if found is None else Later(int(found[0]), mark == "~")
        if (found := self._matched(_step)) is not None:
            return Every(int(found[1]), int(found[2]))
        if (found := self._matched(_number)) is not None:
            return Line(int(found[0]))
        if self._char == "$":
            self._at += 1
            return Last()
        if self._char in {"/", "\\"}:
            mark = self._take()
            pattern = self._part(self._take() if mark == "\\" else mark, in_pattern=True)
            flags = ""
            while self._char and self._char in "IM":
                flags += self._take()
            return Matching(self._compiled(pattern, flags))
        return None

    # Arguments.

    def _compiled(self, pattern: str, flags: str) -> Expression | None:
        if not pattern:
            return None
        try:
            return compiled(pattern, extended=self._extended, ignore_case="I" in flags, multiline="M" in flags)
        except BadExpression as error:
            self._refuse(f"bad regex '{pattern}': {error}")

    def _substitution(self) -> Edit:
        mark = self._take()
        pattern, replacement = self._part(mark, in_pattern=True), self._part(mark)
        flags, path = "", ""
        while self._char and self._char in "gpiIMmw0123456789":
            flags += self._take().upper() if self._char in "im" else self._take()
            if flags[-1] == "w":
                self._skip(" \t")
                path = self._rest_of_line()
        digits = re.search(r"\d+", flags)
        return Edit(
            "s",
            pattern=self._compiled(pattern, flags),
            replacement=_replacement(replacement),
            count=int(digits[0][:9]) or 1 if digits is not None else 1,
            every="g" in flags,
            prints="p" in flags,
            path=path,
        )

    def _transliteration(self) -> Edit:
        mark = self._take()
        one, other = (
            re.sub(r"\\(.)", _unescaped, part, flags=re.DOTALL) for part in (self._part(mark), self._part(mark))
        )
        if len(one) != len(other):
            self._refuse("strings for 'y' command are different lengths")
        return Edit("y", table={ord(key): value for key, value in zip(one, other, strict=True)})

    def _part(self, mark: str, *, in_pattern: bool = False) -> str:
        """Read up to the next delimiter, which a backslash or brackets of a pattern escape."""
        if mark in {"", "\n", "\\"}:
            self._refuse("bad format in substitution expression")
        text = ""
        while (char := self._take()) != mark:
            if not char:
                self._refuse(f"unmatched '{mark}'")
            if char == "\\":
                follows = self._take()
                text += mark if follows == mark else char + follows
            elif char == "[" and in_pattern:
                found = self._matched(_bracket)
                text += char + (found[0] if found is not None else "")
            else:
                text += char
        return text


def _unescaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[1], found[1])


def _replacement(text: str) -> Replacement:
    r"""Parse a replacement: `&` is the match, `\1` its first group.

    >>> _replacement(r"[&] \1 \& \n")
    ('[', 0, '] ', 1, ' ', '&', ' ', '\n')
    """

    def part(found: re.Match[str]) -> str | int:
        if found[1]:
            return int(found[1])
        if found[2]:
            return _ESCAPES.get(found[2], found[2])
        return 0 if found[3] else found[4]

    return tuple(part(one) for one in _reference.finditer(text))
