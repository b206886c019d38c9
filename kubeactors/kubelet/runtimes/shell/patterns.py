r"""Patterns of the shell: `*`, `?`, `[...]`, and `\` before a literal character. Pure.

A pattern is a nondeterministic automaton that runs over the text once, so that no pattern takes exponential time.

Source: POSIX.1-2024, Shell Command Language, 2.14 Pattern Matching Notation.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

MAX_PATTERN = 1000
"""The maximum length of a pattern that is not plain text, in characters."""
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": " \t",
    "cntrl": "\0-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@[-`{-~",
    "space": " \t-\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_special = re.compile(r"[*?\[\\]")
_bracket = re.compile(r"\[([!^]?)(\]?(?:\[:\w+:\]|\\.|[^\]])*)\]", re.DOTALL)
_member = re.compile(r"\[:(\w+):\]|(\\?.)-(\\?[^\]])|\\?(.)", re.DOTALL)


class _Characters(msgspec.Struct, frozen=True):
    """A set of characters."""

    ranges: tuple[tuple[str, str], ...] = ()
    negated: bool = False

    def accepts(self, char: str) -> bool:
        return any(low <= char <= high for low, high in self.ranges) != self.negated


_ANY = _Characters(negated=True)


class Pattern:
    """A compiled pattern.

    Args:
        steps: the characters it accepts, one after the other.
        loops: bit `i` is set if any text is accepted before step `i`.
    """

    __slots__ = ("_end", "_loops", "_masks", "_steps")

    def __init__(self, steps: tuple[_Characters, ...], loops: int) -> None:
        self._steps = steps
        self._loops = loops
        self._end = 1 << len(steps)
        self._masks: dict[str, int] = {}

    def ends(self, text: str, start: int = 0) -> Iterator[int]:
        """The places where a match that begins at `start` can end, in ascending order."""
        states = 1
        for place in range(start, len(text)):
            if states & self._end:
                yield place
            states = self._next(states, text[place])
            if not states:
                return
        if states & self._end:
            yield len(text)

    def starts(self, text: str) -> list[int]:
        """The places where a match that is not empty begins, in ascending order."""
        last = len(text)
        return [last - end for end in self.reversed().anywhere(text[::-1])][::-1]

    def anywhere(self, text: str) -> Iterator[int]:
        """The places where a match that is not empty ends, wherever it begins, in ascending order."""
        states = 0
        for place, char in enumerate(text):
            states = self._next(states | 1, char)
            if states & self._end:
                yield place + 1

    def matches(self, text: str) -> bool:
        """Whether it matches the whole text."""
        states = 1
        for char in text:
            states = self._next(states, char)
            if not states:
                return False
        return bool(states & self._end)

    def reversed(self) -> "Pattern":
        """The pattern of the reversed texts."""
        count = len(self._steps)
        loops = sum(1 << count - place for place in range(count + 1) if self._loops >> place & 1)
        return Pattern(self._steps[::-1], loops)

    def _next(self, states: int, char: str) -> int:
        mask = self._masks.get(char)
        if mask is None:
            mask = sum(1 << place for place, one in enumerate(self._steps) if one.accepts(char))
            self._masks[char] = mask
        return (states & mask) << 1 | states & self._loops


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> Pattern:
    r"""Compile a pattern.

    >>> compiled("a*[!0-9]").matches("abc"), compiled(r"\*[[:digit:]]").matches("*1"), compiled("[a").matches("[a")
    (True, True, True)
    """
    steps: list[_Characters] = []
    loops = place = 0
    while place < len(pattern):
        char = pattern[place]
        bracket = _bracket.match(pattern, place) if char == "[" else None
        place += 1
        if char == "*":
            loops |= 1 << len(steps)
        elif char == "?":
            steps.append(_ANY)
        elif bracket is not None:
            steps.append(_characters(bracket[2], negated=bool(bracket[1])))
            place = bracket.end()
        else:
            if char == "\\" and place < len(pattern):
                char = pattern[place]
                place += 1
            steps.append(_Characters(((char, char),)))
    return Pattern(tuple(steps), loops)


def _characters(inside: str, *, negated: bool) -> _Characters:
    ranges: list[tuple[str, str]] = []
    for name, low, high, char in _member.findall(inside):
        if name:
            ranges += _characters(_CLASSES.get(name, ""), negated=False).ranges
        else:
            ranges.append((low[-1:] or char, high[-1:] or char))
    return _Characters(tuple(ranges), negated)


def is_plain(pattern: str) -> bool:
    """Whether it matches only itself."""
    return not _special.search(pattern)


def matches(text: str, pattern: str) -> bool:
    """Whether a pattern matches the whole text.

    >>> matches("pear", "p*"), matches("x", "[!x]")
    (True, False)
    """
    return text == pattern if is_plain(pattern) else compiled(pattern).matches(text)


def literally(text: str) -> str:
    r"""The pattern that matches only this text.

    >>> literally("a*b-c")
    'a\\*b\\-c'
    """
    return re.sub(r"([*?\[\]\\!^-])", r"\\\1", text)


def unescaped(pattern: str) -> str:
    r"""A pattern as text, without its escapes.

    >>> unescaped(r"\*a")
    '*a'
    """
    return re.sub(r"\\(.)", r"\1", pattern, flags=re.DOTALL)


def trimmed(value: str, operator: str, pattern: str) -> str:
    """Remove the shortest or longest prefix (`#`, `##`) or suffix (`%`, `%%`) that matches the pattern.

    >>> trimmed("a/b/c.txt", "##", "*/"), trimmed("a/b/c.txt", "%", ".*")
    ('c.txt', 'a/b/c')
    """
    if operator[0] == "#":
        end = _end(compiled(pattern), value, longest=operator == "##")
        return value[end:]
    end = _end(compiled(pattern).reversed(), value[::-1], longest=operator == "%%")
    return value[: len(value) - end]


def replaced(value: str, pattern: str, replacement: str, *, everywhere: bool) -> str:
    """Replace the first match of a pattern, or all; each match is as long as possible, and not empty.

    >>> replaced("banana", "a?", "-", everywhere=False), replaced("banana", "[an]", "", everywhere=True)
    ('b-ana', 'b')
    """
    text, done, found = list[str](), 0, compiled(pattern)
    for start in found.starts(value):
        if start >= done:
            text += [value[done:start], replacement]
            done = max(found.ends(value, start))
            if not everywhere:
                break
    return "".join(text) + value[done:]


def _end(pattern: Pattern, text: str, *, longest: bool) -> int:
    """Where a matching prefix ends; 0 if there is none."""
    found = pattern.ends(text)
    return max(found, default=0) if longest else next(found, 0)
