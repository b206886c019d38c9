"""POSIX regular expressions. Pure.

Of several alternatives the first one that matches wins, not the longest one.

Source: POSIX.1-2024, Base Definitions, 9 Regular Expressions; glibc for the escapes beyond it and for error messages.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NoReturn

CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "space": r"\s",
    "upper": "A-Z",
    "lower": "a-z",
    "blank": r" \t",
    "xdigit": "0-9A-Fa-f",
    "punct": r"!-/:-@\[-`{-~",
    "print": " -~",
    "graph": "!-~",
    "cntrl": r"\x00-\x1f\x7f",
}
_class = re.compile(r"\[:(\w+):\]")
_interval = re.compile(r"\\?\{(\d{1,4})?(?:(,)(\d{1,4})?)?\\?\}")
_ESCAPES = {"n": r"\n", "t": r"\t", "r": r"\r", "f": r"\f", "v": r"\v", "a": r"\a"}
_ASSERTIONS = {
    "<": r"\b(?=\w)",
    ">": r"\b(?<=\w)",
    "`": r"\A",
    "'": r"\Z",
    **{one: f"\\{one}" for one in "bBwWsS"},
}
_BRACKET = re.compile(r"\[\^?\]?(?:\[([:.=]).*?\1\]|[^\]])*\]", re.DOTALL)
_BRACKET_OF_AWK = re.compile(r"\[\^?\]?(?:\[([:.=]).*?\1\]|\\.|[^\]\\])*\]", re.DOTALL)
_ITEM = re.compile(r"\[:(\w+):\]|\[[.=](.)[.=]\]|(\\.)|(.)", re.DOTALL)


def with_classes(pattern: str) -> str:
    """Replace named character classes by ranges.

    >>> with_classes("[[:digit:]x]")
    '[0-9x]'
    """
    return _class.sub(lambda found: CLASSES.get(found[1], ""), pattern)


@lru_cache(maxsize=1024)
def compiled(
    pattern: str, *, extended: bool, ignore_case: bool = False, multiline: bool = False, awk: bool = False
) -> re.Pattern[str]:
    """Compile a pattern.

    Args:
        pattern: the regular expression.
        extended: whether it is an extended one.
        ignore_case: whether letters match in both cases.
        multiline: whether `^` and `$` match at each line.
        awk: whether a backslash escapes in brackets, too.

    Raises:
        re.error: it is malformed.
    """
    flags = (re.IGNORECASE if ignore_case else 0) | (re.MULTILINE if multiline else 0)
    whole = translated(pattern, extended=extended, multiline=multiline, awk=awk)
    try:
        return re.compile(whole, flags)
    except OverflowError as error:
        raise re.error(str(error)) from error


def translated(pattern: str, *, extended: bool, multiline: bool = False, awk: bool = False) -> str:
    r"""Translate a POSIX regular expression to one of Python.

    >>> translated(r"^a*\(b\|c\)\{2\}+$", extended=False), translated(r"[]\]|x{1,2}", extended=True)
    ('\\Aa*(b|c){2}\\+\\Z', '[\\]\\\\]|x{1,2}')

    Raises:
        re.error: it is malformed.
    """
    return _Translator(pattern, extended=extended, multiline=multiline, awk=awk).translated()


def matches_of(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """All matches, but no empty one right after another match.

    >>> [one.span() for one in matches_of(re.compile("a*"), "baac")]
    [(0, 0), (1, 3), (4, 4)]
    """
    end = -1
    for found in pattern.finditer(text):
        if found.end() > found.start() or found.start() != end:
            yield found
        end = found.end()


class _Translator:
    def __init__(self, pattern: str, *, extended: bool, multiline: bool, awk: bool) -> None:
        self._pattern = pattern
        self._at = 0
        self._extended = extended
        self._anchors = ("^", "$") if multiline else (r"\A", r"\Z")
        self._bracket = _BRACKET_OF_AWK if awk else _BRACKET
        self._awk = awk
        self._out: list[str] = []
        self._atom: int | None = None
        """Where the last atom begins in the output; None where a quantifier has nothing to repeat."""
        self._quantifier = ""
        """The quantifier of the last atom."""
        self._groups: list[int] = []
        """Where the open groups begin."""

    def translated(self) -> str:
        """Translate the whole pattern."""
        while self._at < len(self._pattern):
            self._next()
        if self._groups:
            self._refuse(r"Unmatched ( or \(")
        return "".join(self._out)

    def _refuse(self, text: str) -> NoReturn:
        raise re.error(text)

    def _next(self) -> None:
        char = self._pattern[self._at]
        escaped = char == "\\"
        if escaped:
            char = self._pattern[self._at + 1 : self._at + 2]
            if not char:
                self._refuse("Trailing backslash")
        if char in "(){}|+?" and escaped != self._extended:
            self._operator(char, 1 + escaped)
        elif escaped:
            self._at += 2
            self._add(self._escape(char))
        elif char == "[":
            self._add(self._set())
        elif char == "*" and (self._extended or self._atom is not None):
            self._operator(char, 1)
        elif char in "^$" and self._is_anchor(char):
            self._at += 1
            self._out.append(self._anchors[char == "$"])
            self._atom = None
        else:
            self._at += 1
            self._add("(?s:.)" if char == "." else re.escape(char))

    def _add(self, atom: str) -> None:
        self._atom, self._quantifier = len(self._out), ""
        self._out.append(atom)

    def _is_anchor(self, char: str) -> bool:
        if self._extended:
            return True
        if char == "^":
            return self._atom is None and (not self._out or self._out[-1] in {"(", "|"})
        return self._pattern[self._at + 1 : self._at + 3] in {"", r"\)", r"\|"}

    def _escape(self, char: str) -> str:
        if char in "123456789" and not self._awk:
            return f"(?:\\{char})"
        return _ESCAPES.get(char) or _ASSERTIONS.get(char) or re.escape(char)

    def _operator(self, char: str, length: int) -> None:
        if char == "{":
            self._repeat_times(length)
            return
        self._at += length
        match char:
            case "(":
                self._groups.append(len(self._out))
                self._out.append("(")
                self._atom = None
            case ")":
                self._close()
            case "|":
                self._out.append("|")
                self._atom = None
            case "}":
                self._add(r"\}")
            case _ if self._atom is not None:
                self._repeat(char)
            case _:
                if not self._extended:
                    self._add(re.escape(char))

    def _close(self) -> None:
        if not self._groups:
            if not self._extended:
                self._refuse(r"Unmatched ) or \)")
            self._add(r"\)")
            return
        self._out.append(")")
        self._atom, self._quantifier = self._groups.pop(), ""

    def _repeat_times(self, length: int) -> None:
        found = _interval.match(self._pattern, self._at)
        if found is None or self._atom is None or not (found[1] or found[2]):
            if not self._extended:
                self._refuse("Invalid preceding regular expression")
            self._at += length
            self._add(r"\{")
            return
        self._at = found.end()
        if found[3] and int(found[3]) < int(found[1] or 0):
            self._refuse(r"Invalid content of \{\}")
        self._repeat(f"{{{found[1] or 0}{found[2] or ''}{found[3] or ''}}}")

    def _repeat(self, quantifier: str) -> None:
        """Repeat the last atom, possibly once more: Python gives `a*?` and `a*+` another meaning."""
        if self._quantifier:
            if quantifier == self._quantifier and quantifier in {"*", "+", "?"}:
                return
            if quantifier in {"*", "+", "?"} and self._quantifier in {"*", "+", "?"}:
                self._out[-1] = self._quantifier = "*"
                return
            assert self._atom is not None  # it has a quantifier
            self._out[self._atom :] = [f"(?:{''.join(self._out[self._atom :])})"]
        self._out.append(quantifier)
        self._quantifier = quantifier

    def _set(self) -> str:
        found = self._bracket.match(self._pattern, self._at)
        if found is None:
            self._refuse("Unmatched [, [^, [:, [., or [=")
        self._at = found.end()
        body = found[0][1:-1]
        negated = body.startswith("^")
        items = list(_ITEM.finditer(body[negated:]))
        return f"[{'^' if negated else ''}{''.join(self._items(items))}]"

    def _items(self, items: list[re.Match[str]]) -> Iterator[str]:
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
            if item[1] not in CLASSES:
                self._refuse("Invalid character class name")
            return CLASSES[item[1]]
        if item[3] is not None:
            char = item[3][1]
            if char in _ESCAPES:
                return _ESCAPES[char]
            return re.escape(char) if self._awk else r"\\" + re.escape(char)
        return re.escape(item[2] or item[4])
