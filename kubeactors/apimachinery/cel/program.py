"""A compiled expression.

Source: apiserver/pkg/admission/plugin/cel/compile.go, cel-go/interpreter (v1.36).
"""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Protocol, cast

from kubeactors.apimachinery.cel.library import FUNCTIONS
from kubeactors.apimachinery.cel.library.declaration import ASKED, BOOL, DOUBLE, DYN, INT, LIST, STRING, TAGGED
from kubeactors.apimachinery.cel.optionals import with_optionals
from kubeactors.apimachinery.cel.syntax import Node, Shape, read, shape_of

_WRAPPED = re.compile(r"[A-Z_]+: (.*) \[[A-Z_]+\]", re.DOTALL)


class _Type(Protocol):
    def name(self) -> str: ...


class _Value(Protocol):
    def type(self) -> _Type: ...
    def value(self) -> object: ...
    def plain_value(self) -> object: ...


class _Expression(Protocol):
    def eval(self, *, data: Mapping[str, object]) -> _Value: ...
    def return_type(self) -> _Type: ...
    def serialize(self) -> bytes: ...


class _Environment(Protocol):
    def compile(self, expression: str) -> _Expression: ...


class CelError(Exception):
    """The expression does not compile, or cannot be evaluated; the message is Kubernetes'."""


class CelMissing(CelError):
    """The CEL library is not available for this system. Everything else works."""

    def __init__(self) -> None:
        super().__init__("expressions in CEL need the package cel-expr-python, which is not installed; install it")


class Program:
    """A compiled expression."""

    __slots__ = ("_expression", "_shape", "text", "type")

    def __init__(self, text: str, expression: _Expression) -> None:
        self.text: str = text
        self._expression = expression
        self._shape: Shape | None = None
        self.type: str = _type_name(expression.return_type())
        """The type of the result, as far as it is known: `bool`, `string`, ..., `dyn`."""

    @property
    def syntax(self) -> Node:
        """The syntax tree."""
        return read(self._expression.serialize())

    @property
    def shape(self) -> Shape:
        """The size of the expression, and what its cost depends on."""
        if self._shape is None:
            self._shape = shape_of(self.syntax)
        return self._shape

    def evaluate(self, variables: Mapping[str, object]) -> object:
        """The result, as plain values.

        Raises:
            CelError: the evaluation failed: a key is missing, an index is out of bounds, ...
        """
        value = self._expression.eval(data=variables)
        if value.type().name() == "ERROR":
            raise CelError(_said(str(value.value())))
        return value.plain_value()

    def holds(self, variables: Mapping[str, object]) -> bool:
        """Whether the result is true.

        Raises:
            CelError: the evaluation failed.
        """
        return self.evaluate(variables) is True


@lru_cache(maxsize=1024)
def compile_program(text: str, variables: tuple[str, ...], wanted: str = "") -> Program:
    """Compile an expression over some variables; `wanted` is the required type, if any.

    Raises:
        CelError: it does not compile, or has another type.
        CelMissing: the CEL library is not available.

    >>> compile_program("self.size > 1", ("self",), "bool").holds({"self": {"size": 2}})
    True
    """
    try:
        environment = _environment(variables)
        expression = environment.compile(text)  # errors refer to the text as written
        if (rewritten := with_optionals(text)) != text:
            expression = environment.compile(rewritten)
        program = Program(text, expression)
    except RuntimeError as error:
        raise CelError(f"compilation failed: {_unwrapped(str(error))}") from error
    if wanted and program.type not in {wanted, "dyn"}:
        raise CelError(f"must evaluate to {wanted} but got {program.type}")
    return program


def type_error(text: str, types: Mapping[str, str]) -> str:
    """The compiler's error about an expression whose variables have types; empty if there is none.

    A variable may be a path (`self.size`). A type is `bool`, `int`, `double`, `string` or `dyn`, a list of one of
    them, `list(string)`, or a map from strings to one, `map(string, int)`.

    >>> print(type_error("self.size == 'a'", {"self": "dyn", "self.size": "int"}))
    ERROR: <input>:1:11: found no matching overload for '_==_' applied to '(int, string)'
     | self.size == 'a'
     | ..........^
    """
    try:
        _typed(tuple(types.items())).compile(text)
    except RuntimeError as error:
        return _unwrapped(str(error))
    return ""


@lru_cache(maxsize=256)
def _typed(variables: tuple[tuple[str, str], ...]) -> _Environment:
    return _with_types(dict(variables))


@cache
def _environment(variables: tuple[str, ...]) -> _Environment:
    return _with_types(dict.fromkeys(variables, "dyn"))


def _with_types(variables: Mapping[str, str]) -> _Environment:
    """An environment with Kubernetes' functions and these variables.

    Raises:
        CelMissing: the CEL library is not available.
    """
    try:
        from cel_expr_python import cel  # pyright: ignore[reportMissingTypeStubs]  # noqa: PLC0415 - a large library, for those alone who have expressions
        from cel_expr_python.ext import (  # pyright: ignore[reportMissingTypeStubs]  # noqa: PLC0415 - a part of it
            ext_optional,
            ext_strings,
        )
    except ImportError as error:
        raise CelMissing from error

    extensions = [ext_strings.ExtStrings(), ext_optional.ExtOptional()]
    types = {
        BOOL: cel.Type.BOOL,
        DOUBLE: cel.Type.DOUBLE,
        DYN: cel.Type.DYN,
        INT: cel.Type.INT,
        STRING: cel.Type.STRING,
        LIST: cel.Type.List(cel.Type.DYN),
        ASKED: cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
        TAGGED: cel.Type.Map(cel.Type.STRING, cel.Type.STRING),
    }
    overloads: dict[str, list[cel.Overload]] = {}
    for one in FUNCTIONS:
        parameters = [types[parameter] for parameter in one.parameters]
        made = cel.Overload(
            one.id, return_type=types[one.result], parameters=parameters, is_member=one.is_member, impl=one.run
        )
        overloads.setdefault(one.name, []).append(made)
    functions = [cel.FunctionDecl(name, those) for name, those in overloads.items()]
    scalars = {
        "bool": cel.Type.BOOL,
        "double": cel.Type.DOUBLE,
        "dyn": cel.Type.DYN,
        "int": cel.Type.INT,
        "string": cel.Type.STRING,
    }
    lists = {f"list({name})": cel.Type.List(one) for name, one in scalars.items()}
    maps = {f"map(string, {name})": cel.Type.Map(cel.Type.STRING, one) for name, one in scalars.items()}
    declared = scalars | lists | maps
    known = {name: declared[one] for name, one in variables.items()}
    return cast("_Environment", cel.NewEnv(variables=known, extensions=extensions, functions=functions))


def _type_name(type_: _Type) -> str:
    return type_.name().lower()


def _unwrapped(text: str) -> str:
    """An error message without the library's status prefix and suffix.

    >>> _unwrapped("INVALID_ARGUMENT: ERROR: x [INVALID_ARGUMENT]")
    'ERROR: x'
    """
    found = _WRAPPED.fullmatch(text)
    return found[1] if found else text


def _said(text: str) -> str:
    """A run-time error in Kubernetes' words.

    >>> _said('NOT_FOUND: Key not found in map : "a"'), _said("INVALID_ARGUMENT: divide by zero")
    ('no such key: a', 'division by zero')
    """
    said = text.partition(": ")[2] or text
    for pattern, words in _IN_OTHER_WORDS:
        found = pattern.search(said)
        if found:
            return words.format(*found.groups())
    return said


_IN_OTHER_WORDS = (
    (re.compile(r'Key not found in map : "?(.*?)"?$'), "no such key: {}"),
    (re.compile(r"Index error: index=(-?\d+)"), "index out of bounds: {}"),
    (re.compile(r"^divide by zero"), "division by zero"),
    (re.compile(r"^No matching overloads found"), "no such overload"),
    (re.compile(r"^Applying SELECT to non-message type"), "no such overload"),
)
"""The library's messages, and Kubernetes'."""
