r"""POSIX regular expressions, matched in bounded time. Pure.

The leftmost match wins, and of those the longest. Each expression is matched by the first of these that can:

- Python's `re`, if the expression is plain: characters in a fixed number, of which the last may repeat. There is one
  way to match such an expression, which takes linear time.
- google-re2, imported on first use: linear time. It lacks back-references and `\<`, and is not installed everywhere.
- our own matcher (`expression_matcher.py`), which gives up after a fixed number of steps.

Source: POSIX.1-2024, Base Definitions, 9 Regular Expressions.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import import_module
from typing import Literal, Protocol, TypeAlias, cast

from kubeactors.kubelet.runtimes.shell.expression_matcher import MAX_STEPS, Matcher, Spans
from kubeactors.kubelet.runtimes.shell.expression_parser import (
    END,
    START,
    Assertion,
    BadExpression,
    Character,
    Choice,
    Group,
    Node,
    Reference,
    Repeat,
    Sequence,
    one_of,
    parsed,
)

MAX_SIZE = 10_000
"""The maximum size of an expression, in characters and operators; what repeats so many times counts so many times."""
MAX_PLAIN = 100
"""The maximum size of an expression for Python's `re`, whose time it multiplies."""
MAX_SCANNED = 1 << 28
"""The maximum number of characters that all searches of the library in one text may scan, times a tenth of the
expression's size."""
Whole: TypeAlias = Literal["", "word", "line"]
_WHOLE = {"line": (START, END), "word": (Assertion(r"(?<!\w)"), Assertion(r"(?!\w)"))}
STEP = 100
"""What a step of our own matcher costs, in characters."""
_PRIVATE = {surrogate: 0x100000 + surrogate for surrogate in range(0xD800, 0xE000)}
"""Bytes that are no UTF-8 are surrogates, which the library rejects; characters of private use stand for them."""


class Found:
    """A match.

    Args:
        text: the text.
        spans: start and end of the match and of each group.
    """

    __slots__ = ("_spans", "_text")

    def __init__(self, text: str, spans: Spans) -> None:
        self._text = text
        self._spans = spans

    def __getitem__(self, group: int) -> str:
        """The text of a group; "" if it does not take part.

        Raises:
            IndexError: there is no such group.
        """
        begin, end = self._spans[2 * group : 2 * group + 2] or self._missing(group)
        return self._text[begin:end] if begin >= 0 else ""

    @property
    def groups(self) -> tuple[str, ...]:
        """The texts of all groups."""
        return tuple(self[one] for one in range(1, len(self._spans) // 2))

    def start(self) -> int:
        """Where it begins."""
        return self._spans[0]

    def end(self) -> int:
        """Where it ends."""
        return self._spans[1]

    def span(self) -> tuple[int, int]:
        """Where it begins and ends."""
        return self._spans[0], self._spans[1]

    def _missing(self, group: int) -> tuple[int, int]:
        raise IndexError(group)


def free(_characters: int) -> None:
    """Charge nothing."""


class Expression:
    """A compiled expression.

    Args:
        find: yields the spans of all matches in a text; it is given what it may charge.
        groups: the number of its groups.
    """

    __slots__ = ("_find", "groups")

    def __init__(self, find: "_Find", groups: int) -> None:
        self._find = find
        self.groups: int = groups

    def search(self, text: str, charge: Callable[[int], None] = free) -> Found | None:
        """The first match. It charges the number of characters scanned, as far as that is known.

        Raises:
            BadExpression: it takes too long.
        """
        return next(self.matches(text, charge), None)

    def matches(self, text: str, charge: Callable[[int], None] = free) -> Iterator[Found]:
        """All matches, but no empty one right after another match.

        Raises:
            BadExpression: it takes too long.

        >>> [one.span() for one in compiled("a*", extended=True).matches("baac")]
        [(0, 0), (1, 3), (4, 4)]
        """
        end = -1
        for spans in self._find(text, charge):
            if spans[1] > spans[0] or spans[0] != end:
                yield Found(text, spans)
            end = spans[1]


@lru_cache(maxsize=1024)
def compiled(
    pattern: str, *, extended: bool, ignore_case: bool = False, multiline: bool = False, awk: bool = False
) -> Expression:
    r"""Compile an expression.

    Args:
        pattern: the expression.
        extended: whether it is an extended one.
        ignore_case: whether letters match in both cases.
        multiline: whether `^` and `$` match at each line.
        awk: whether a backslash escapes in brackets, too.

    Raises:
        BadExpression: it is malformed.

    >>> compiled("a|ab|(a)b+", extended=True).search("xabbc").span()
    (1, 4)
    >>> compiled(r"\(a*\)*b\1", extended=False).search("aaba")[1]
    'a'
    """
    node, groups = parsed(pattern, extended=extended, multiline=multiline, awk=awk)
    return expression(node, groups, ignore_case=ignore_case)


@lru_cache(maxsize=1024)
def at_start(pattern: str) -> Expression:
    r"""Compile a basic expression that matches only at the start of a text, for `expr`.

    Raises:
        BadExpression: it is malformed.

    >>> at_start("b").search("ab") is None
    True
    """
    node, groups = parsed(pattern, extended=False)
    return expression(Sequence((START, node)), groups, ignore_case=False)


@lru_cache(maxsize=1024)
def any_of(patterns: tuple[str, ...], *, extended: bool, fixed: bool, ignore_case: bool, whole: Whole) -> Expression:
    """Compile several expressions as alternatives, for `grep`.

    Args:
        patterns: the expressions; none match nothing.
        extended: whether they are extended ones.
        fixed: whether they are plain texts.
        ignore_case: whether letters match in both cases.
        whole: whether only whole words or lines match.

    Raises:
        BadExpression: one is malformed.
    """
    nodes, groups = list[Node](), 0
    for one in patterns:
        if fixed:
            nodes.append(Sequence(tuple(Character(re.escape(char)) for char in one)))
        else:
            node, groups = parsed(one, extended=extended, groups=groups)
            nodes.append(node)
    node = one_of(nodes) if nodes else Assertion("(?!)")
    if whole:
        node = Sequence((_WHOLE[whole][0], node, _WHOLE[whole][1]))
    return expression(node, groups, ignore_case=ignore_case)


def expression(node: Node, groups: int, *, ignore_case: bool) -> Expression:
    """The expression of a tree.

    Raises:
        BadExpression: it is too large.
    """
    size = _size(node)
    if size > MAX_SIZE:
        raise BadExpression("Regular expression too big")
    flags = re.ASCII | (re.IGNORECASE if ignore_case else 0)
    if size <= MAX_PLAIN and _is_plain(_flat(node)):
        return Expression(_by_python(re.compile(_rendered(node), flags)), groups)
    found = None if _has_reference(node) else _by_library(_rendered(node), size, ignore_case=ignore_case)
    return Expression(found or _by_steps(Matcher(node, groups, flags)), groups)


# Trees.


def _parts(node: Node) -> tuple[Node, ...]:
    match node:
        case Group(_, body) | Repeat(body, _, _):
            return (body,)
        case Sequence(items) | Choice(items):
            return items
        case _:
            return ()


def _size(node: Node) -> int:
    size = 1 + sum(map(_size, _parts(node)))
    return size * max(node.low, node.high or 0, 1) if isinstance(node, Repeat) else size


def _has_reference(node: Node) -> bool:
    return isinstance(node, Reference) or any(map(_has_reference, _parts(node)))


def _flat(node: Node) -> Iterator[Node]:
    """What follows one after another, also in groups."""
    if isinstance(node, Sequence | Group):
        for one in _parts(node):
            yield from _flat(one)
    else:
        yield node


def _is_plain(nodes: Iterator[Node]) -> bool:
    may_follow = True
    for one in nodes:
        repeats = isinstance(one, Repeat) and isinstance(one.body, Character)
        if not may_follow or not (repeats or isinstance(one, Character | Assertion)):
            return False
        may_follow = not isinstance(one, Repeat) or one.low == one.high
    return True


def _rendered(node: Node) -> str:
    """The expression in the syntax of Python and, but for the end of the text, of the library."""
    match node:
        case Character(text) | Assertion(text):
            return text
        case Reference(number):
            return f"(?:\\{number})"
        case Group(_, body):
            return f"({_rendered(body)})"
        case Sequence(items):
            return "".join(_rendered(one) if not isinstance(one, Choice) else f"(?:{_rendered(one)})" for one in items)
        case Choice(items):
            return "|".join(map(_rendered, items))
        case Repeat(body, low, high):
            return f"(?:{_rendered(body)}){{{low},{'' if high is None else high}}}"


# Engines.


class _Find(Protocol):
    def __call__(self, text: str, charge: Callable[[int], None], /) -> Iterator[Spans]: ...


class _Match(Protocol):
    def span(self, group: int = 0, /) -> tuple[int, int]: ...


class _Options(Protocol):
    log_errors: bool
    longest_match: bool
    case_sensitive: bool


class _Pattern(Protocol):
    @property
    def groups(self) -> int: ...
    def finditer(self, text: str, /) -> Iterator[_Match]: ...


class _Library(Protocol):
    error: type[Exception]

    def Options(self) -> _Options: ...  # noqa: N802 -- the library's name
    def compile(self, pattern: str, options: _Options, /) -> _Pattern: ...


def _spans(match: _Match, groups: int) -> Spans:
    return tuple(place for group in range(groups + 1) for place in match.span(group))


def _by_python(pattern: re.Pattern[str]) -> _Find:
    def find(text: str, charge: Callable[[int], None]) -> Iterator[Spans]:
        charge(len(text))
        return (_spans(one, pattern.groups) for one in pattern.finditer(text))

    return find


def _by_library(pattern: str, size: int, *, ignore_case: bool) -> _Find | None:
    """None if it is not installed, or cannot match the pattern."""
    try:
        library = cast("_Library", import_module("re2"))
    except ImportError:
        return None
    options = library.Options()
    options.log_errors, options.longest_match, options.case_sensitive = False, True, not ignore_case
    try:
        found = library.compile(pattern.replace(r"\Z", r"\z").translate(_PRIVATE), options)
    except library.error:
        return None

    weight = max(size // 10, 1)

    def find(text: str, charge: Callable[[int], None]) -> Iterator[Spans]:
        scanned, limit = len(text), MAX_SCANNED // weight
        matches = found.finditer(text if text.isascii() else text.translate(_PRIVATE))
        while scanned <= limit:
            charge(len(text) * weight)
            match = next(matches, None)
            if match is None:
                return
            spans = _spans(match, found.groups)
            yield spans
            scanned += len(text) - spans[1]
        raise BadExpression("Memory exhausted")

    return find


def _by_steps(matcher: Matcher) -> _Find:
    def find(text: str, charge: Callable[[int], None]) -> Iterator[Spans]:
        start, left = 0, MAX_STEPS
        while start <= len(text):
            try:
                spans, steps = matcher.search(text, start, left)
            except BadExpression:
                charge(STEP * left)
                raise
            charge(STEP * steps)
            left -= steps
            if spans is None:
                return
            yield spans
            start = max(spans[1], spans[0] + 1)

    return find
