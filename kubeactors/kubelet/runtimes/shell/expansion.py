"""Word expansions: parameters, substitutions, field splitting, pathname expansion.

Source: POSIX.1-2024, Shell Command Language, 2.6 Word Expansions; `${NAME:OFFSET:LENGTH}` and `${NAME/PATTERN/TEXT}`
are those of busybox.
"""

import re
from collections.abc import Generator
from typing import NamedTuple, Protocol

from kubeactors.kubelet.runtimes.shell.field_splitting import DEFAULT_IFS, separator
from kubeactors.kubelet.runtimes.shell.files import FileSystem, absolute
from kubeactors.kubelet.runtimes.shell.patterns import (
    MAX_PATTERN,
    compiled,
    is_plain,
    literally,
    replaced,
    trimmed,
    unescaped,
)
from kubeactors.kubelet.runtimes.shell.processes import Step
from kubeactors.kubelet.runtimes.shell.tree import Arithmetic, Parameter, Script, Substitution, Text, Word

MAX_TEXT = 1 << 20
"""The maximum length of a word, in characters."""
MAX_DIRECTORIES = 500
"""How many directories a part of a pattern searches at most."""
MATCHING, SPLITTING = 100, 20
"""What it costs to match a pattern to a character, and to split a text into fields, in characters."""
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

    @property
    def options(self) -> dict[str, bool]:
        """The options of the shell: `u` rejects unset parameters, `f` disables pathname expansion."""
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

    def charge(self, cost: int) -> None:
        """Charge work to the running process, in characters."""
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
    values = yield from _values(word, scope, splits=False)
    text = _limited(" ".join(_joined(values)))
    scope.charge(len(text))
    return text


def pattern_of(word: Word, scope: Scope) -> Generator[Step, None, str]:
    """Expand a word to a pattern."""
    values = yield from _values(word, scope, splits=False)
    pattern = "".join(literally(one.text) if one.quoted else one.text for one in values)
    if len(pattern) > MAX_PATTERN and not is_plain(pattern):
        raise ExpansionFailure("pattern too long")
    return _limited(pattern)


def _values(word: Word, scope: Scope, *, splits: bool = True) -> Generator[Step, None, list[_Value]]:
    """The values of a word; `splits`: fields are wanted, so that an unquoted `$*` is as many as `$@`."""
    values: list[_Value] = []
    for piece in word.pieces:
        if isinstance(piece, Text):
            values.append(_Value(piece.text, piece.quoted))
        elif isinstance(piece, Parameter) and piece.is_many and (splits or piece.selects == "@"):
            many = yield from _many(piece, scope)
            values += [_Value(one, piece.quoted, not piece.quoted, number > 0) for number, one in enumerate(many)]
        elif isinstance(piece, Parameter) and piece.operator[-1:] in {"-", "+"}:
            values += yield from _alternative(piece, scope, splits=splits)
        else:
            text = yield from _text(piece, scope)
            values.append(_Value(text, piece.quoted, not piece.quoted))
    return values


def _many(piece: Parameter, scope: Scope) -> Generator[Step, None, list[str]]:
    """The values of `$@`, of an array, or of a part of them. Offsets of parameters count from `$0`."""
    if not piece.operator:
        return scope.arguments if piece.index is None else _elements(piece.name, scope)
    values = [scope.parameter("0") or "", *scope.arguments] if piece.index is None else _elements(piece.name, scope)
    start, end = yield from _part(piece, len(values), scope)
    return values[start:end]


def _alternative(piece: Parameter, scope: Scope, *, splits: bool) -> Generator[Step, None, list[_Value]]:
    """`${NAME-WORD}` and `${NAME+WORD}`: quoted parts of the word stay quoted."""
    assert piece.word is not None  # these operators have one
    _, value = yield from _value(piece, scope)
    is_there = value is not None and (bool(value) or piece.operator[0] != ":")
    if is_there == (piece.operator[-1] == "+"):
        inner = yield from _values(piece.word, scope, splits=splits)
        return [_Value(one.text, one.quoted, not one.quoted, one.begins) for one in inner]
    return [_Value((value or "") if is_there else "", piece.quoted, not piece.quoted)]


def _text(piece: Substitution | Arithmetic | Parameter, scope: Scope) -> Generator[Step, None, str]:
    match piece:
        case Substitution(script):
            return (yield from scope.substitute(script))
        case Arithmetic(expression):
            text = yield from text_of(expression, scope)
            return str(scope.calculate(text))
        case Parameter():
            return (yield from _parameter(piece, scope))


def _parameter(piece: Parameter, scope: Scope) -> Generator[Step, None, str]:
    operator = piece.operator
    if operator == "length" and piece.selects in {"@", "*"}:
        return str(len(scope.arguments if piece.index is None else _elements(piece.name, scope)))
    name, value = yield from _value(piece, scope)
    if operator[-1:] in {"=", "?"}:
        if value is not None and (value or operator[0] != ":"):
            return value
        return (yield from _default(piece, name, scope))
    if value is None and scope.options.get("u") and piece.selects not in {"@", "*"}:
        raise ExpansionFailure(f"{name}: parameter not set")
    value = value or ""
    if not operator or piece.word is None:
        return str(len(value)) if operator else value
    if operator == ":":
        start, end = yield from _part(piece, len(value), scope)
        return value[start:end]
    pattern = yield from pattern_of(piece.word, scope)
    scope.charge(MATCHING * len(value))
    if operator[0] in "#%":
        return trimmed(value, operator, pattern)
    text = (yield from text_of(piece.second, scope)) if piece.second is not None else ""
    return _limited(replaced(value, pattern, text, everywhere=operator == "//"))


def _value(piece: Parameter, scope: Scope) -> Generator[Step, None, tuple[str, str | None]]:
    """The name of a parameter or element, and its value."""
    if piece.index is not None and piece.selects in {"@", "*"}:
        return piece.name, " ".join(_elements(piece.name, scope))
    name = piece.name if piece.index is None else (yield from _element(piece.name, piece.index, scope))
    value = scope.parameter(name)
    return name, None if name in {"@", "*"} and not scope.arguments else value


def _default(piece: Parameter, name: str, scope: Scope) -> Generator[Step, None, str]:
    """`${NAME=WORD}` and `${NAME?WORD}` of an unset parameter."""
    assert piece.word is not None  # these operators have one
    word = yield from text_of(piece.word, scope)
    if piece.operator[-1] == "?":
        raise ExpansionFailure(f"{name}: {word or 'parameter not set'}")
    scope.assign(name, word)
    return word


def _part(piece: Parameter, length: int, scope: Scope) -> Generator[Step, None, tuple[int, int]]:
    """Start and end of `${NAME:OFFSET:LENGTH}`; negative numbers count from the end."""
    assert piece.word is not None  # the offset
    start = scope.calculate((yield from text_of(piece.word, scope)))
    start = start if start >= 0 else length + start
    if start < 0:
        return 0, 0
    if piece.second is None:
        return start, length
    count = scope.calculate((yield from text_of(piece.second, scope)))
    return start, start + count if count >= 0 else max(length + count, start)


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
    ifs = scope.parameter("IFS")
    between = separator(DEFAULT_IFS if ifs is None else ifs)
    for value in values:
        if value.begins:
            _flush(fields, current, scope)
        if not value.splits:
            current.append((value.text, value.quoted))
            continue
        end = 0
        scope.charge(SPLITTING * len(value.text))
        for found in between.finditer(_limited(value.text)):
            if found.start() > end:
                current.append((value.text[end : found.start()], False))
            if found[1] and not current:
                current.append(("", True))  # a separator that is not a blank ends an empty field, too
            _flush(fields, current, scope)
            end = found.end()
        if end < len(value.text):
            current.append((value.text[end:], False))
    _flush(fields, current, scope)
    return fields


def _flush(fields: list[str], current: list[tuple[str, bool]], scope: Scope) -> None:
    if not current:
        return
    text = _limited("".join(one for one, _ in current))
    if not scope.options.get("f") and any(not quoted and _special.search(one) for one, quoted in current):
        pattern = "".join(literally(one) if quoted else one for one, quoted in current)
        fields.extend(_matching(pattern, scope) or [text])
    else:
        fields.append(text)
    current.clear()


def _matching(pattern: str, scope: Scope) -> list[str]:
    """The paths that match a pattern, sorted."""
    if len(pattern) > MAX_PATTERN:
        return []
    found = ["/" if pattern.startswith("/") else ""]
    parts = re.findall(r"[^/]+", pattern)
    for number, part in enumerate(parts):
        slash = "/" if number < len(parts) - 1 or pattern.endswith("/") else ""
        if number and _special.search(part):
            found = [one for one in found if scope.files.is_directory(absolute(one, scope.directory))]
            if len(found) > MAX_DIRECTORIES:
                raise ExpansionFailure("Argument list too long")
        found = [f"{base}{name}{slash}" for base in found for name in _named(base, part, scope)]
    return [one for one in found if _is_there(one, scope)]


def _named(base: str, part: str, scope: Scope) -> list[str]:
    """The names in a directory that match a part of a pattern; text is not looked up yet."""
    if not _special.search(part):
        return [unescaped(part)]
    fits = compiled(part).matches
    is_hidden = part.startswith((".", "\\."))
    names = scope.files.names(absolute(base, scope.directory))
    return [one for one in names if fits(one) and (is_hidden or not one.startswith("."))]


def _is_there(path: str, scope: Scope) -> bool:
    whole = absolute(path, scope.directory)
    if path.endswith("/"):
        return scope.files.is_directory(whole)
    return scope.files.exists(whole) or scope.files.find_link(whole) is not None


def _limited(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise ExpansionFailure("out of memory")
    return text
