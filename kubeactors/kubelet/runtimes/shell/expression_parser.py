"""The parser of POSIX regular expressions. Pure.

Source: POSIX.1-2024, Base Definitions, 9 Regular Expressions; glibc for the escapes beyond it and for error messages.
"""

import re
from collections.abc import Iterator
from typing import NoReturn, TypeAlias

import msgspec

MAX_DEPTH = 50
"""The maximum nesting of groups."""
MAX_GROUPS = 500
_CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "space": r" \t\n\r\f\v",
    "upper": "A-Z",
    "lower": "a-z",
    "blank": r" \t",
    "xdigit": "0-9A-Fa-f",
    "punct": r"!-/:-@\[-`{-~",
    "print": " -~",
    "graph": "!-~",
    "cntrl": r"\x00-\x1f\x7f",
}
_INTERVAL = re.compile(r"\\?\{(\d{1,5})?(?:(,)(\d{1,5})?)?\\?\}")
_ESCAPES = {"n": r"\n", "t": r"\t", "r": r"\r", "f": r"\f", "v": r"\v", "a": r"\a"}
_SETS = {one: f"\\{one}" for one in "wWsS"}
_ASSERTIONS = {"<": r"\b(?=\w)", ">": r"\b(?<=\w)", "`": r"\A", "'": r"\Z", "b": r"\b", "B": r"\B"}
_BRACKET = re.compile(r"\[\^?\]?(?:\[([:.=]).*?\1\]|[^\]])*\]", re.DOTALL)
_BRACKET_OF_AWK = re.compile(r"\[\^?\]?(?:\[([:.=]).*?\1\]|\\.|[^\]\\])*\]", re.DOTALL)
_ITEM = re.compile(r"\[:(\w+):\]|\[[.=](.)[.=]\]|(\\.)|(.)", re.DOTALL)
_QUANTIFIERS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}


class BadExpression(ValueError):
    """The expression is malformed or too large; the message is glibc's."""


class Character(msgspec.Struct, frozen=True):
    """One character of a set, in the syntax of Python."""

    text: str


class Assertion(msgspec.Struct, frozen=True):
    """A condition on a place, in the syntax of Python."""

    text: str


class Reference(msgspec.Struct, frozen=True):
    """The text of a group, once more."""

    number: int


class Group(msgspec.Struct, frozen=True):
    """A group, counted from 1."""

    number: int
    body: "Node"


class Sequence(msgspec.Struct, frozen=True):
    """One after another."""

    items: "tuple[Node, ...]"


class Choice(msgspec.Struct, frozen=True):
    """One of several."""

    items: "tuple[Node, ...]"


class Repeat(msgspec.Struct, frozen=True):
    """At least `low` times, at most `high` times if that is set."""

    body: "Node"
    low: int
    high: int | None


Node: TypeAlias = Character | Assertion | Reference | Group | Sequence | Choice | Repeat
START, END = Assertion(r"\A"), Assertion(r"\Z")


def parsed(
    pattern: str, *, extended: bool, multiline: bool = False, awk: bool = False, groups: int = 0
) -> tuple[Node, int]:
    r"""The tree of an expression, and the number of its last group.

    Args:
        pattern: the expression.
        extended: whether it is an extended one.
        multiline: whether `^` and `$` match at each line.
        awk: whether a backslash escapes in brackets, too.
        groups: the number of groups before it.

    Raises:
        BadExpression: it is malformed.

    >>> parsed(r"a\(b\)*", extended=False)
    (Sequence(items=(Character(text='a'), Repeat(body=Group(number=1, body=Character(text='b')), low=0, high=None))), 1)
    """
    parser = _Parser(pattern, extended=extended, multiline=multiline, awk=awk, groups=groups)
    return parser.whole(), parser.groups


def one_of(items: list[Node]) -> Node:
    """A choice of one or more."""
    return items[0] if len(items) == 1 else Choice(tuple(items))


def _refuse(text: str) -> NoReturn:
    raise BadExpression(text)


class _Open:
    """An open group: its number, and its alternatives, of which the last one is being read."""

    __slots__ = ("number", "sequences")

    def __init__(self, number: int) -> None:
        self.number: int = number
        self.sequences: list[list[Node]] = [[]]

    def closed(self) -> Node:
        """What it consists of."""
        return one_of([one[0] if len(one) == 1 else Sequence(tuple(one)) for one in self.sequences])


class _Parser:
    def __init__(self, pattern: str, *, extended: bool, multiline: bool, awk: bool, groups: int) -> None:
        self.groups: int = groups
        self._before = groups
        self._pattern = pattern
        self._at = 0
        self._extended = extended
        self._awk = awk
        self._anchors = {"^": "(?m:^)", "$": "(?m:$)"} if multiline else {"^": r"\A", "$": r"\Z"}
        self._open = [_Open(0)]
        self._closed: list[int] = []

    def whole(self) -> Node:
        """Parse everything."""
        while self._at < len(self._pattern):
            self._next()
        if len(self._open) > 1:
            _refuse(r"Unmatched ( or \(")
        return self._open[0].closed()

    @property
    def _items(self) -> list[Node]:
        return self._open[-1].sequences[-1]

    @property
    def _has_atom(self) -> bool:
        """Whether a quantifier has something to repeat."""
        return bool(self._items) and not isinstance(self._items[-1], Assertion)

    def _next(self) -> None:
        char = self._pattern[self._at]
        escaped = char == "\\"
        if escaped:
            char = self._pattern[self._at + 1 : self._at + 2]
            if not char:
                _refuse("Trailing backslash")
        if char in "(){}|+?" and escaped != self._extended:
            self._operator(char, 1 + escaped)
        elif escaped:
            self._at += 2
            self._items.append(self._escape(char))
        elif char == "[":
            self._items.append(self._bracket())
        elif char == "*" and (self._extended or self._has_atom):
            self._operator(char, 1)
        else:
            self._at += 1
            self._items.append(self._plain(char))

    def _plain(self, char: str) -> Node:
        if char in "^$" and self._anchors_at(char):
            return Assertion(self._anchors[char])
        return Character("(?s:.)" if char == "." else re.escape(char))

    def _anchors_at(self, char: str) -> bool:
        if self._extended:
            return True
        return not self._items if char == "^" else self._pattern[self._at : self._at + 2] in {"", r"\)", r"\|"}

    def _escape(self, char: str) -> Node:
        if char in "123456789" and not self._awk:
            number = int(char) + self._before
            return Reference(number) if number in self._closed else _refuse("Invalid back reference")
        if char in _ASSERTIONS:
            return Assertion(_ASSERTIONS[char])
        return Character(_ESCAPES.get(char) or _SETS.get(char) or re.escape(char))

    def _operator(self, char: str, length: int) -> None:
        if char == "{":
            self._repeat_times(length)
            return
        self._at += length
        match char:
            case "(":
                self._begin()
            case ")":
                self._end()
            case "|":
                self._open[-1].sequences.append([])
            case "}":
                self._items.append(Character(r"\}"))
            case _ if self._has_atom:
                self._repeat(*_QUANTIFIERS[char])
            case _ if not self._extended:
                self._items.append(Character(re.escape(char)))
            case _:
                pass  # an extended expression may begin with a quantifier, which has no effect

    def _begin(self) -> None:
        if len(self._open) > MAX_DEPTH or self.groups - self._before >= MAX_GROUPS:
            _refuse("Regular expression too big")
        self.groups += 1
        self._open.append(_Open(self.groups))

    def _end(self) -> None:
        if len(self._open) == 1:
            if not self._extended:
                _refuse(r"Unmatched ) or \)")
            self._items.append(Character(r"\)"))
            return
        group = self._open.pop()
        self._closed.append(group.number)
        self._items.append(Group(group.number, group.closed()))

    def _repeat_times(self, length: int) -> None:
        found = _INTERVAL.match(self._pattern, self._at)
        if found is None or not self._has_atom or not (found[1] or found[2]):
            if not self._extended:
                _refuse("Invalid preceding regular expression")
            self._at += length
            self._items.append(Character(r"\{"))
            return
        self._at = found.end()
        low = int(found[1] or 0)
        high = int(found[3]) if found[3] else None if found[2] else low
        if high is not None and high < low:
            _refuse(r"Invalid content of \{\}")
        self._repeat(low, high)

    def _repeat(self, low: int, high: int | None) -> None:
        """Repeat the last item; `a**` is `a*`."""
        last = self._items.pop()
        quantifiers = _QUANTIFIERS.values()
        if isinstance(last, Repeat) and (low, high) in quantifiers and (last.low, last.high) in quantifiers:
            low, high = (low, high) if (low, high) == (last.low, last.high) else (0, None)
            last = last.body
        self._items.append(Repeat(last, low, high))

    def _bracket(self) -> Node:
        found = (_BRACKET_OF_AWK if self._awk else _BRACKET).match(self._pattern, self._at)
        if found is None:
            _refuse("Unmatched [, [^, [:, [., or [=")
        self._at = found.end()
        body = found[0][1:-1]
        negated = body.startswith("^")
        text = f"[{'^' if negated else ''}{''.join(self._ranges(list(_ITEM.finditer(body[negated:]))))}]"
        try:
            re.compile(text)
        except re.error:
            _refuse("Invalid range end")
        return Character(text)

    def _ranges(self, items: list[re.Match[str]]) -> Iterator[str]:
        at = 0
        while at < len(items):
            is_range = at + 2 < len(items) and items[at + 1][0] == "-" and items[at][1] is None
            if is_range:
                yield f"{self._member(items[at])}-{self._member(items[at + 2])}"
                at += 3
            else:
                yield self._member(items[at])
                at += 1

    def _member(self, item: re.Match[str]) -> str:
        if item[1] is not None:
            return _CLASSES.get(item[1]) or _refuse("Invalid character class name")
        if item[3] is not None:
            char = item[3][1]
            if char in _ESCAPES:
                return _ESCAPES[char]
            return re.escape(char) if self._awk else r"\\" + re.escape(char)
        return re.escape(item[2] or item[4])
