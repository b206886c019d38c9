"""The part of jq that stages use to find values in objects.

Supported are `.a.b`, `.a["key"]`, `.a[0]`, `.a[]` (also written `.a.[]`), pipes, and `select(PATH == LITERAL)` or `!=`
with a string, a number, true, false or null. Anything else is rejected by name. A path that does not exist yields
nothing; as in KWOK, null counts as nothing.

Source: sigs.k8s.io/kwok pkg/utils/expression/{query,selector}.go (v0.8), jq 1.7 manual.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TypeAlias, cast

import msgspec

Step: TypeAlias = Callable[[object], Iterator[object]]

_token = re.compile(
    r"""\s*(?:
      (?P<field>\.[A-Za-z_]\w*) | (?P<quoted>\.?\[\s*"(?:[^"\\]|\\.)*"\s*\]|\."(?:[^"\\]|\\.)*")
    | (?P<index>\.?\[\s*-?\d+\s*\]) | (?P<each>\.?\[\s*\]) | (?P<select>select\s*\() | (?P<pipe>\|)
    | (?P<close>\)) | (?P<equal>==|!=) | (?P<literal>"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?|true\b|false\b|null\b) | (?P<dot>\.)
    )""",
    re.VERBOSE,
)


class QueryError(ValueError):
    """The expression is malformed or uses an unsupported feature; the message says what."""


class Query:
    """A compiled expression.

    >>> query = Query('.status.conditions.[] | select( .type == "Ready" ) | .status')
    >>> query.values({"status": {"conditions": [{"type": "Ready", "status": "True"}]}})
    ['True']

    Raises:
        QueryError: the text is malformed or unsupported.
    """

    def __init__(self, text: str) -> None:
        self._steps = _Parser(text).pipeline()

    def values(self, data: object) -> list[object]:
        """The values found, without nulls."""
        found: Iterable[object] = (data,)
        for step in self._steps:
            found = [value for one in found for value in step(one)]
        return [one for one in found if one is not None]


@cache
def query(text: str) -> Query:
    """Compile a query; the result is cached."""
    return Query(text)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split())
        self._at = 0

    def _split(self) -> Iterator[tuple[str, str]]:
        at, end = 0, len(self._text.rstrip())
        while at < end:
            found = _token.match(self._text, at)
            if found is None or found.lastgroup is None:
                raise QueryError(f"{self._text!r}: {self._text[at:].strip()!r} is not known here")
            yield found.lastgroup, found[found.lastgroup]
            at = found.end()

    def _next(self, *kinds: str) -> str | None:
        if self._at < len(self._tokens) and self._tokens[self._at][0] in kinds:
            self._at += 1
            return self._tokens[self._at - 1][1]
        return None

    def pipeline(self) -> list[Step]:
        steps = self._term()
        while self._next("pipe"):
            steps += self._term()
        if self._at < len(self._tokens):
            raise QueryError(f"{self._text!r}: {self._tokens[self._at][1]!r} is not expected there")
        return steps

    def _term(self) -> list[Step]:
        return [self._selection()] if self._next("select") else self._path()

    def _path(self) -> list[Step]:
        steps: list[Step] = []
        begun = False
        while self._at < len(self._tokens):
            kind, word = self._tokens[self._at]
            if kind not in ("field", "quoted", "index", "each", "dot"):
                break
            begun = True
            self._at += 1
            if kind != "dot":
                steps.append(_step(kind, word))
        if not begun:
            raise QueryError(f"{self._text!r}: a path such as .status.phase is expected")
        return steps

    def _selection(self) -> Step:
        path = self._path()
        operator, literal = self._next("equal"), self._next("literal")
        if operator is None or literal is None or self._next("close") is None:
            raise QueryError(f"{self._text!r}: select is known only with PATH == LITERAL or PATH != LITERAL")
        wanted = cast("object", msgspec.json.decode(literal))

        def select(value: object) -> Iterator[object]:
            found: list[object] = [value]
            for step in path:
                found = [inner for one in found for inner in step(one)]
            if any((one == wanted) is (operator == "==") for one in found):
                yield value

        return select


def _step(kind: str, word: str) -> Step:
    if kind == "each":
        return _each
    if kind == "index":
        at = int(word.strip(".[] "))
        return lambda value: _index(value, at)
    key = word[1:] if kind == "field" else str(msgspec.json.decode(word.lstrip(".").strip("[] ")))
    return lambda value: _field(value, key)


def _each(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        yield from cast("Mapping[str, object]", value).values()
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from cast("Sequence[object]", value)


def _index(value: object, at: int) -> Iterator[object]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = cast("Sequence[object]", value)
        yield items[at] if -len(items) <= at < len(items) else None


def _field(value: object, key: str) -> Iterator[object]:
    yield cast("Mapping[str, object]", value).get(key) if isinstance(value, Mapping) else None
