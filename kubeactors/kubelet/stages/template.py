"""The part of Go's text/template that stages are written in.

What is known: text; `{{ PIPELINE }}`, `{{ $x := PIPELINE }}`, `{{ $x = PIPELINE }}`; `if`, `with`, `range` (also
`range $item :=`, `range $index, $item :=`) with `else` and `else if`, and `end`; comments; the trims `{{-` and `-}}`.
A pipeline is made of fields (`.a.b`, `$x.a`, `$`, `.`), strings, numbers, true, false, nil, parentheses, functions and
`|`. Which functions there are is the caller's to say (`functions.py`). Anything else (`define`, `template`, `block`,
`break`, `continue`, methods, unknown functions) is refused, by name, when the template is compiled.

Unlike the original, a field of nil is nil: objects here leave out what is empty.

Source: Go text/template (1.24).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias, cast

import msgspec

Function: TypeAlias = Callable[..., object]
Expression: TypeAlias = "Callable[[Scope], object]"
Node: TypeAlias = "Callable[[Scope, list[str]], None]"

_action = re.compile(r"(?s)\{\{(-\s)?\s*(/\*.*?\*/|(?:\"(?:[^\"\\]|\\.)*\"|`[^`]*`|[^\"`])*?)\s*(\s-)?\}\}")
_word = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<raw>`[^`]*`)|(?P<number>-?\d+(?:\.\d+)?)
    |(?P<declare>:=)|(?P<assign>=)|(?P<pipe>\|)|(?P<open>\()|(?P<close>\))|(?P<comma>,)
    |(?P<variable>\$\w*)|(?P<field>\.[A-Za-z_]\w*)|(?P<dot>\.)|(?P<name>[A-Za-z_]\w*))""",
    re.VERBOSE,
)
_constants: Mapping[str, object] = {"true": True, "false": False, "nil": None}
_unknown = ("define", "template", "block", "break", "continue")


class TemplateError(ValueError):
    """The template says something that is not known here, or cannot be carried out; the message says what."""


class Scope:
    """What names mean at one place of a template that is being carried out."""

    __slots__ = ("dot", "outer", "variables")

    def __init__(self, dot: object, outer: "Scope | None" = None) -> None:
        self.dot = dot
        self.outer = outer
        self.variables: dict[str, object] = {}

    def find(self, name: str) -> "Scope":
        """Where a variable was declared."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.variables:
                return scope
            scope = scope.outer
        raise TemplateError(f"variable {name} is not declared")


class Template:
    """A compiled template.

    >>> Template("{{ range .items }}{{ . }};{{ end }}", {}).render({"items": [1, 2]})
    '1;2;'

    Args:
        text: of the template.
        functions: by name.

    Raises:
        TemplateError: it says something that is not known.
    """

    def __init__(self, text: str, functions: Mapping[str, Function]) -> None:
        self._body = _Compiler(text, functions).body()

    def render(self, data: object, functions: Mapping[str, Function] | None = None) -> str:
        """What the template makes of the data. `functions` take the place of those of the same name.

        Raises:
            TemplateError: a function cannot do what it is asked for.
        """
        scope, out = Scope(data), list[str]()
        scope.variables["$"] = data
        scope.variables["funcs"] = functions or {}
        _run(self._body, scope, out)
        return "".join(out)


def is_true(value: object) -> bool:
    """Go's truth: not nil, false, zero, or empty."""
    return bool(value)


def shown(value: object) -> str:
    """A value as Go prints it."""
    match value:
        case None:
            return "<no value>"
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


class _Compiler:
    """Turns the text into functions, one action after the other."""

    def __init__(self, text: str, functions: Mapping[str, Function]) -> None:
        self._functions = functions
        self._parts = list(_split(text.strip()))
        self._at = 0

    def body(self) -> list[Node]:
        nodes, end = self._block()
        if end:
            raise TemplateError(f"{{{{ {end} }}}} does not belong to anything")
        return nodes

    def _block(self) -> tuple[list[Node], str]:
        """Up to the action that ends the block, which is returned; empty at the end of the text."""
        nodes: list[Node] = []
        while self._at < len(self._parts):
            is_action, text = self._parts[self._at]
            self._at += 1
            if not is_action:
                nodes.append(_text(text))
                continue
            first = text.split(maxsplit=1)[0] if text else ""
            if first in ("end", "else"):
                return nodes, text
            nodes.append(self._action(first, text))
        return nodes, ""

    def _action(self, first: str, text: str) -> Node:
        if first in _unknown:
            raise TemplateError(f"{{{{ {first} }}}} is not supported")
        rest = text[len(first) :]
        if first in ("if", "with", "range"):
            return self._branch(first, rest)
        return _Pipeline(text, self._functions).statement()

    def _branch(self, kind: str, condition: str) -> Node:
        names, expression = _Pipeline(condition, self._functions).condition()
        body, end = self._block()
        otherwise: list[Node] = []
        if end.startswith("else"):
            rest = end[len("else") :].strip()
            first = rest.split(maxsplit=1)[0] if rest else ""
            if first in ("if", "with"):
                otherwise = [self._branch(first, rest[len(first) :])]
                end = "end"
            elif rest:
                raise TemplateError(f"{{{{ {end} }}}} is not supported")
            else:
                otherwise, end = self._block()
        if end != "end":
            raise TemplateError(f"{{{{ {kind}{condition} }}}} has no end")
        make = {"if": _if, "with": _with, "range": _range}[kind]
        return make(names, expression, body, otherwise)


def _split(text: str) -> Iterator[tuple[bool, str]]:
    """Text and actions in turn, trimmed as they ask."""
    at, trim = 0, False
    for found in _action.finditer(text):
        before = text[at : found.start()]
        before = before.lstrip() if trim else before
        yield False, before.rstrip() if found[1] else before
        if not found[2].startswith("/*"):
            yield True, found[2].strip()
        at, trim = found.end(), bool(found[3])
    yield False, text[at:].lstrip() if trim else text[at:]
    if "{{" in text[at:]:
        raise TemplateError(f"an action is not closed: {text[text.index('{{', at) :][:40]!r}")


class _Pipeline:
    """The inside of one action."""

    def __init__(self, text: str, functions: Mapping[str, Function]) -> None:
        self._text = text.strip()
        self._functions = functions
        self._words = list(self._split())
        self._at = 0

    def _split(self) -> Iterator[tuple[str, str, bool]]:
        """Kind and text of each word, and whether it touches the one before."""
        at = 0
        while at < len(self._text):
            found = _word.match(self._text, at)
            if found is None or found.lastgroup is None:
                raise TemplateError(f"{{{{ {self._text} }}}}: {self._text[at:]!r} is not supported")
            word = found[found.lastgroup]
            yield found.lastgroup, word, at > 0 and found.end() - len(word) == at
            at = found.end()

    def _peek(self, ahead: int = 0) -> str:
        return self._words[self._at + ahead][0] if self._at + ahead < len(self._words) else ""

    def _take(self) -> str:
        self._at += 1
        return self._words[self._at - 1][1]

    def statement(self) -> Node:
        """Print, declare or assign."""
        names, declares = self._names()
        expression = self._whole()
        if not names:
            return _print(expression)
        return _declare(names[0], expression) if declares else _assign(names[0], expression)

    def condition(self) -> tuple[list[str], Expression]:
        """What a branch declares, and depends on."""
        names, _ = self._names()
        return names, self._whole()

    def _names(self) -> tuple[list[str], bool]:
        kinds = [kind for kind, _, _ in self._words[:4]]
        many = 3 if kinds[:4] == ["variable", "comma", "variable", "declare"] else 0
        one = 1 if kinds[:2] in (["variable", "declare"], ["variable", "assign"]) else 0
        if not (one or many):
            return [], False
        names = [self._words[place][1] for place in range(0, many or one, 2)]
        self._at = (many or one) + 1
        return names, kinds[many or one] == "declare"

    def _whole(self) -> Expression:
        expression = self._pipeline()
        if self._at < len(self._words):
            raise TemplateError(f"{{{{ {self._text} }}}}: {self._words[self._at][1]!r} is not expected there")
        return expression

    def _pipeline(self) -> Expression:
        expression = self._command(None)
        while self._peek() == "pipe":
            self._at += 1
            expression = self._command(expression)
        return expression

    def _command(self, piped: "Expression | None") -> Expression:
        """A function with its arguments, or one operand."""
        word = self._words[self._at][1] if self._at < len(self._words) else ""
        if self._peek() != "name" or word in _constants:
            operand = self._operand()
            if piped is not None:
                raise TemplateError(f"{{{{ {self._text} }}}}: what is piped needs a function")
            return operand
        name = self._function()
        arguments: list[Expression] = []
        while self._peek() in ("string", "raw", "number", "variable", "field", "dot", "open", "name"):
            arguments.append(self._operand())
        return _call(name, self._functions[name], [*arguments, *([piped] if piped is not None else [])])

    def _function(self) -> str:
        name = self._take()
        if name not in self._functions:
            raise TemplateError(
                f'{{{{ {self._text} }}}}: function "{name}" is not supported; there are {", ".join(self._functions)}'
            )
        return name

    def _operand(self) -> Expression:
        expression = self._simple()
        fields: list[str] = []
        while self._peek() == "field" and self._words[self._at][2]:
            fields.append(self._take()[1:])
        return _fields(expression, fields) if fields else expression

    def _simple(self) -> Expression:
        kind = self._peek()
        if not kind:
            raise TemplateError(f"{{{{ {self._text} }}}}: a value is expected at its end")
        word = self._words[self._at][1]
        if kind == "name" and word not in _constants:
            name = self._function()
            return _call(name, self._functions[name], [])
        self._at += 1
        if kind == "open":
            return self._closed()
        if kind not in _OPERANDS:
            raise TemplateError(f"{{{{ {self._text} }}}}: {word!r} is not expected there")
        return _OPERANDS[kind](word)

    def _closed(self) -> Expression:
        inner = self._pipeline()
        if self._peek() != "close":
            raise TemplateError(f"{{{{ {self._text} }}}}: a parenthesis is not closed")
        self._at += 1
        return inner


def _constant(value: object) -> Expression:
    return lambda _: value


def _variable(name: str) -> Expression:
    return lambda scope: scope.find(name).variables[name]


def _dot(scope: Scope) -> object:
    return scope.dot


def _fields(expression: Expression, names: Sequence[str]) -> Expression:
    def get(scope: Scope) -> object:
        value = expression(scope)
        for name in names:
            value = cast("Mapping[str, object]", value).get(name) if isinstance(value, Mapping) else None
        return value

    return get


_OPERANDS: Mapping[str, Callable[[str], Expression]] = {
    "string": lambda word: _constant(msgspec.json.decode(word)),
    "raw": lambda word: _constant(word[1:-1]),
    "number": lambda word: _constant(float(word) if "." in word else int(word)),
    "name": lambda word: _constant(_constants[word]),
    "variable": _variable,
    "field": lambda word: _fields(_dot, [word[1:]]),
    "dot": lambda _: _dot,
}


def _print(expression: Expression) -> Node:
    return lambda scope, out: out.append(shown(expression(scope)))


def _declare(name: str, expression: Expression) -> Node:
    def run(scope: Scope, _: list[str]) -> None:
        scope.variables[name] = expression(scope)

    return run


def _assign(name: str, expression: Expression) -> Node:
    def run(scope: Scope, _: list[str]) -> None:
        scope.find(name).variables[name] = expression(scope)

    return run


def _call(name: str, function: Function, arguments: Sequence[Expression]) -> Expression:
    def call(scope: Scope) -> object:
        given = cast("Mapping[str, Function]", scope.find("funcs").variables["funcs"]).get(name, function)
        try:
            return given(*(one(scope) for one in arguments))
        except (TypeError, LookupError, ValueError) as error:
            raise TemplateError(f"{name}: {error}") from error

    return call


def _run(nodes: Sequence[Node], scope: Scope, out: list[str]) -> None:
    for node in nodes:
        node(scope, out)


def _text(text: str) -> Node:
    return lambda _, out: out.append(text)


def _if(names: Sequence[str], expression: Expression, body: Sequence[Node], otherwise: Sequence[Node]) -> Node:
    def run(scope: Scope, out: list[str]) -> None:
        value, inner = expression(scope), Scope(scope.dot, scope)
        inner.variables |= dict.fromkeys(names, value)
        _run(body if is_true(value) else otherwise, inner, out)

    return run


def _with(names: Sequence[str], expression: Expression, body: Sequence[Node], otherwise: Sequence[Node]) -> Node:
    def run(scope: Scope, out: list[str]) -> None:
        value = expression(scope)
        inner = Scope(value if is_true(value) else scope.dot, scope)
        inner.variables |= dict.fromkeys(names, value)
        _run(body if is_true(value) else otherwise, inner, out)

    return run


def _range(names: Sequence[str], expression: Expression, body: Sequence[Node], otherwise: Sequence[Node]) -> Node:
    def run(scope: Scope, out: list[str]) -> None:
        items = list(_items(expression(scope)))
        for key, value in items:
            inner = Scope(value, scope)
            inner.variables |= dict(zip(names, (key, value) if len(names) > 1 else (value,), strict=False))
            _run(body, inner, out)
        if not items:
            _run(otherwise, Scope(scope.dot, scope), out)

    return run


def _items(value: object) -> Iterator[tuple[object, object]]:
    if isinstance(value, Mapping):
        yield from sorted(cast("Mapping[str, object]", value).items())
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield from enumerate(cast("Sequence[object]", value))
    elif value is not None:
        raise TemplateError(f"range cannot go through {value!r}")
