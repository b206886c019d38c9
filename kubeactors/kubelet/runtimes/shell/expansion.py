"""Word expansions: parameters, substitutions, field splitting, pathname expansion.

Words are split at blanks and newlines; IFS is ignored.

Source: POSIX.1-2024, Shell Command Language, 2.6 Word Expansions and 2.14 Pattern Matching Notation.
"""

import re
from collections.abc import Generator
from fnmatch import translate
from typing import NamedTuple, Protocol

from kubeactors.kubelet.runtimes.shell.files import FileSystem, absolute
from kubeactors.kubelet.runtimes.shell.processes import Step
from kubeactors.kubelet.runtimes.shell.tree import Arithmetic, Parameter, Piece, Script, Substitution, Text, Word

MAX_TEXT = 1 << 20
"""The maximum length of a word, in characters."""
_blanks = re.compile(r"[ \t\n]+")
_special = re.compile(r"[*?\[]")


class ExpansionFailure(Exception):
    """A word cannot be expanded, which ends the script; the message is busybox's."""


class Scope(Protocol):
    """The scope in which words are expanded."""

    @property
    def files(self) -> FileSystem:
        """The files, for pathname expansion."""
        ...

    @property
    def directory(self) -> str:
        """The current directory."""
        ...

    @property
    def arguments(self) -> list[str]:
        """The positional parameters."""
        ...

    def parameter(self, name: str) -> str | None:
        """The value of a variable or of a special parameter; None if it is not set."""
        ...

    def assign(self, name: str, value: str) -> None:
        """Set a variable."""
        ...

    def substitute(self, script: Script) -> Generator[Step, None, str]:
        """Run a command substitution. Returns its output without trailing newlines."""
        ...

    def calculate(self, expression: str) -> int:
        """The value of an arithmetic expression."""
        ...


class _Value(NamedTuple):
    """A part of an expanded word. `begins`: it starts a new field."""

    text: str
    quoted: bool
    splits: bool = False
    begins: bool = False


def fields_of(words: tuple[Word, ...], scope: Scope) -> Generator[Step, None, list[str]]:
    """Expand words to arguments."""
    fields: list[str] = []
    for word in words:
        literal = word.literal
        if literal is not None and not _special.search(literal):
            fields.append(literal)
        else:
            values = yield from _values(word, scope)
            fields += _fields(values, scope)
    return fields


def text_of(word: Word, scope: Scope) -> Generator[Step, None, str]:
    """Expand a word without field splitting, as in assignments, redirections and `case`."""
    values = yield from _values(word, scope)
    return _limited(" ".join(_joined(values)))


def pattern_of(word: Word, scope: Scope) -> Generator[Step, None, str]:
    """Expand a word to a pattern for `fnmatch`."""
    values = yield from _values(word, scope)
    return "".join(_escaped(one.text) if one.quoted else one.text for one in values)


def _values(word: Word, scope: Scope) -> Generator[Step, None, list[_Value]]:
    values: list[_Value] = []
    for piece in word.pieces:
        if isinstance(piece, Parameter) and piece.is_many:
            many = scope.arguments if piece.index is None else _elements(piece.name, scope)
            values += [_Value(one, piece.quoted, not piece.quoted, number > 0) for number, one in enumerate(many)]
        else:
            text = yield from _text(piece, scope)
            quoted = piece.quoted
            values.append(_Value(text, quoted, not quoted and not isinstance(piece, Text)))
    return values


def _text(piece: Piece, scope: Scope) -> Generator[Step, None, str]:
    match piece:
        case Text(text):
            return text
        case Substitution(script):
            return (yield from scope.substitute(script))
        case Arithmetic(expression):
            text = yield from text_of(expression, scope)
            return str(scope.calculate(text))
        case Parameter():
            return (yield from _parameter(piece, scope))


def _parameter(piece: Parameter, scope: Scope) -> Generator[Step, None, str]:
    operator = piece.operator
    if piece.index is not None and piece.index.literal in {"@", "*"}:
        elements = _elements(piece.name, scope)
        return str(len(elements)) if operator == "length" else " ".join(elements)
    name = piece.name if piece.index is None else (yield from _element(piece.name, piece.index, scope))
    value = scope.parameter(name)
    if not operator:
        return value or ""
    if operator == "length":
        return str(len(value or ""))
    assert piece.word is not None  # the remaining operators have one
    if operator[0] in "#%":
        pattern = yield from pattern_of(piece.word, scope)
        return _trimmed(value or "", operator, pattern)
    is_there = value is not None and (bool(value) or operator[0] != ":")
    if operator[-1] == "+":
        return (yield from text_of(piece.word, scope)) if is_there else ""
    if is_there:
        return value or ""
    word = yield from text_of(piece.word, scope)
    if operator[-1] == "?":
        raise ExpansionFailure(f"{name}: {word or 'parameter not set'}")
    if operator[-1] == "=":
        scope.assign(name, word)
    return word


def _element(name: str, index: Word, scope: Scope) -> Generator[Step, None, str]:
    """The name of the element's variable; element 0 of a scalar is the scalar itself."""
    number = scope.calculate((yield from text_of(index, scope)))
    element = f"{name}[{number if number >= 0 else number + len(_elements(name, scope))}]"
    return element if number or scope.parameter(element) is not None else name


def _elements(name: str, scope: Scope) -> list[str]:
    """The elements of an array without gaps; a scalar is its own only element."""
    found: list[str] = []
    while (value := scope.parameter(f"{name}[{len(found)}]")) is not None:
        found.append(value)
    alone = scope.parameter(name)
    return found or ([] if not alone else [alone])


def _trimmed(value: str, operator: str, pattern: str) -> str:
    """Remove the shortest or longest prefix (`#`, `##`) or suffix (`%`, `%%`) that matches the pattern.

    >>> _trimmed("a/b/c.txt", "##", "*/"), _trimmed("a/b/c.txt", "%", ".*")
    ('c.txt', 'a/b/c')
    """
    fits = re.compile(translate(pattern)).match
    places = range(len(value) + 1)
    if operator[0] == "#":
        found = [place for place in places if fits(value[:place])]
        return value[(max if operator == "##" else min)(found) :] if found else value
    found = [place for place in places if fits(value[place:])]
    return value[: (min if operator == "%%" else max)(found)] if found else value


def _joined(values: list[_Value]) -> list[str]:
    texts = [""]
    for one in values:
        if one.begins:
            texts.append("")
        texts[-1] += one.text
    return texts


def _fields(values: list[_Value], scope: Scope) -> list[str]:
    fields: list[str] = []
    current: list[tuple[str, bool]] = []
    for value in values:
        if value.begins:
            _flush(fields, current, scope)
        if not value.splits:
            current.append((value.text, value.quoted))
            continue
        for number, part in enumerate(_blanks.split(_limited(value.text))):
            if number:
                _flush(fields, current, scope)
            if part:
                current.append((part, False))
    _flush(fields, current, scope)
    return fields


def _flush(fields: list[str], current: list[tuple[str, bool]], scope: Scope) -> None:
    if not current:
        return
    text = _limited("".join(one for one, _ in current))
    if any(not quoted and _special.search(one) for one, quoted in current):
        pattern = "".join(_escaped(one) if quoted else one for one, quoted in current)
        fields.extend(_matching(pattern, scope) or [text])
    else:
        fields.append(text)
    current.clear()


def _matching(pattern: str, scope: Scope) -> list[str]:
    """The paths that match a pattern, sorted."""
    found = ["/" if pattern.startswith("/") else ""]
    for part in pattern.strip("/").split("/"):
        fits = re.compile(translate(part)).match
        found = [
            f"{base}{name}/"
            for base in found
            for name in scope.files.names(absolute(base, scope.directory))
            if fits(name) and (part.startswith(".") or not name.startswith("."))
        ]
    return [one.rstrip("/") for one in found if scope.files.exists(absolute(one, scope.directory))]


def _escaped(text: str) -> str:
    return _special.sub(lambda found: f"[{found[0]}]", text)


def _limited(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise ExpansionFailure("out of memory")
    return text
