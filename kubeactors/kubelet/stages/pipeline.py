"""The actions of templates: declarations, pipelines, function calls, operands."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias, cast

import msgspec

Function: TypeAlias = Callable[..., object]
Expression: TypeAlias = "Callable[[Scope], object]"
Node: TypeAlias = "Callable[[Scope, list[str]], None]"

_word = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<raw>`[^`]*`)|(?P<number>-?\d+(?:\.\d+)?)
    |(?P<declare>:=)|(?P<assign>=)|(?P<pipe>\|)|(?P<open>\()|(?P<close>\))|(?P<comma>,)
    |(?P<variable>\$\w*)|(?P<field>\.[A-Za-z_]\w*)|(?P<dot>\.)|(?P<name>[A-Za-z_]\w*))""",
    re.VERBOSE,
)
_constants: Mapping[str, object] = {"true": True, "false": False, "nil": None}


class TemplateError(ValueError):
    """The template uses an unsupported feature, or its execution failed; the message says what."""


class Scope:
    """A scope of variables during the execution of a template."""

    __slots__ = ("dot", "outer", "variables")

    def __init__(self, dot: object, outer: "Scope | None" = None) -> None:
        self.dot: object = dot
        self.outer: Scope | None = outer
        self.variables: dict[str, object] = {}

    def find(self, name: str) -> "Scope":
        """The scope in which a variable was declared."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.variables:
                return scope
            scope = scope.outer
        raise TemplateError(f"variable {name} is not declared")


def is_true(value: object) -> bool:
    """Go's truth: not nil, false, zero or empty."""
    return bool(value)


def shown(value: object) -> str:
    """A value as Go formats it."""
    match value:
        case None:
            return "<no value>"
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


class Pipeline:
    """The parser of one action."""

    def __init__(self, text: str, functions: Mapping[str, Function]) -> None:
        self._text = text.strip()
        self._functions = functions
        self._words = list(self._split())
        self._at = 0

    def _split(self) -> Iterator[tuple[str, str, bool]]:
        """Kind and text of each token, and whether it follows the one before without a space."""
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
        """Parse a pipeline to print, or a declaration or assignment."""
        names, declares = self._names()
        expression = self._whole()
        if not names:
            return _print(expression)
        return _declare(names[0], expression) if declares else _assign(names[0], expression)

    def condition(self) -> tuple[list[str], Expression]:
        """Parse the variables that a branch declares, and its condition."""
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
        """Parse a function with its arguments, or an operand."""
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
