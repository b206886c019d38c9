"""Instruments functions to note where mutants would make a difference, without changing their behaviour.

A dropped guard makes no difference while it holds; `<` for `<=` makes none until both sides are equal. So a scenario that
merely reaches a mutant's place need not be run with the mutant: unless the place was noted, the run would be identical.
Nothing is evaluated twice, nor anything that would not be evaluated anyway.
"""

import ast
import operator
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar, cast

import msgspec

from tests.quality.automatic.left_out import FunctionNode
from tests.quality.automatic.mutants import Mutant, code_of, function_of, place, tree_of
from tests.quality.automatic.operators import droppable, omissible

V = TypeVar("V")

MARKS = "__marks__"
"""The global variable of a module with the marks of its functions."""

COMPARISONS = cast(
    "dict[str, Callable[[object, object], object]]",
    {"Lt": operator.lt, "LtE": operator.le, "Gt": operator.gt, "GtE": operator.ge},
)
EXTREMES: dict[str, Callable[..., object]] = {"min": min, "max": max}


class Marks:
    """The names of mutants that would have made a difference, and of functions that were called."""

    def __init__(self) -> None:
        self.noted: dict[str, None] = {}

    def here(self, name: str, value: V) -> V:
        """The mutant makes a difference here."""
        self.noted[name] = None
        return value

    def unless(self, name: str, value: V) -> V:
        """The mutant makes a difference if this is false."""
        if not value:
            self.noted[name] = None
        return value

    def when(self, name: str, value: V) -> V:
        """The mutant makes a difference if this is true."""
        if value:
            self.noted[name] = None
        return value

    def compared(self, name: str, sign: str, left: object, right: object) -> object:
        """The mutant makes a difference if both are equal, or not scalars."""
        if (left == right) is not False:
            self.noted[name] = None
        return COMPARISONS[sign](left, right)

    def filtered(self, name: str, good: Callable[[V], object] | None, values: Iterable[V]) -> Iterator[V]:
        """The mutant makes a difference if any of these is left out."""
        return (one for one in values if self.unless(name, one if good is None else good(one)))

    def extreme(self, name: str, which: str, *values: object, **options: object) -> object:
        """The mutant makes a difference if any two of these differ."""
        found = list(cast("Iterable[object]", values[0])) if len(values) == 1 else list(values)
        key = cast("Callable[[object], object] | None", options.get("key"))
        sizes = found if key is None else list(map(key, found))
        if any(one != sizes[0] for one in sizes):
            self.noted[name] = None
        return EXTREMES[which](found, **options)


class _Mark(msgspec.Struct, frozen=True):
    """A mark at a node of a syntax tree."""

    method: str
    name: str


@contextmanager
def marked(mutants: Iterable[Mutant]) -> Generator[dict[str, None]]:
    """Within the context functions note marks in a dictionary."""
    marks = Marks()
    groups: dict[tuple[str, str], list[Mutant]] = {}
    for one in mutants:
        groups.setdefault((one.module, one.function), []).append(one)
    before = [(function_of(group[0]), function_of(group[0]).__code__) for group in groups.values()]
    for (function, _), group in zip(before, groups.values(), strict=True):
        node, tree = tree_of(group[0])
        _Marker(_collected(node, group)).mark(node)
        node.body.insert(0, _note(f"{group[0].module}:{group[0].function}"))
        function.__globals__[MARKS] = marks
        function.__code__ = code_of(tree, group[0])
    try:
        yield marks.noted
    finally:
        for function, code in before:
            function.__code__ = code
            function.__globals__.pop(MARKS, None)


def _collected(node: FunctionNode, group: Iterable[Mutant]) -> dict[ast.AST, list[_Mark]]:
    """The nodes of a function to mark, each with all its marks."""
    found: dict[ast.AST, list[_Mark]] = {}
    for mutant in group:
        target, index, _ = place(node, mutant)
        where, method = _mark_of(target, index, mutant.operator)
        found.setdefault(where, []).append(_Mark(method, mutant.name))
    return found


def _mark_of(target: ast.AST, index: int, operator_name: str) -> tuple[ast.AST, str]:
    """The node that tells whether the `index`-th mutation of an operator makes a difference, and the kind of mark."""
    match target:
        case ast.BoolOp():
            clause = target.values[droppable(target)[index]]
            is_asked = clause is not target.values[-1] or _is_test(clause)  # otherwise its value is the result
            return clause, _whether(target) if is_asked else "here"
        case ast.comprehension():
            return target.ifs[omissible(target)[index]], "unless"
        case ast.Compare() if operator_name == "off_by_one" and len(target.ops) == 1:
            return target, "compared"
        case ast.Call() if operator_name == "ignore_filter":
            return target, "filtered"
        case ast.Call() if operator_name == "swap_extremes" and not any(
            isinstance(one, ast.Starred) for one in target.args
        ):
            return target, "extreme"
        case ast.If() | ast.IfExp():
            return target.test, "here"
        case _:
            return target, "here"


def _whether(target: ast.BoolOp) -> str:
    return "unless" if isinstance(target.op, ast.And) else "when"


def _is_test(node: ast.expr) -> bool:
    """Whether its value is a bool."""
    return isinstance(node, ast.Compare) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))


class _Marker(ast.NodeTransformer):
    """Inserts marks around expressions, and before statements."""

    def __init__(self, marks: Mapping[ast.AST, list[_Mark]]) -> None:
        self._marks = marks

    def mark(self, node: FunctionNode) -> None:
        """Mark the body of a function."""
        self.generic_visit(node)

    def visit(self, node: ast.AST) -> ast.AST | list[ast.AST]:
        """Mark the node after its children."""
        marks = self._marks.get(node, [])
        changed = self.generic_visit(node)
        if isinstance(changed, ast.expr):
            for one in sorted(marks, key=lambda mark: mark.method not in SHAPED):
                changed = _around(changed, one)
        elif marks:
            return [*(_note(one.name) for one in marks), changed]
        return changed


SHAPED = ("compared", "filtered", "extreme")
"""Marks that rewrite an expression: they are inserted first."""


def _around(node: ast.expr, mark: _Mark) -> ast.expr:
    arguments: list[ast.expr] = [node]
    keywords: list[ast.keyword] = []
    match node:
        case ast.Compare() if mark.method == "compared":
            arguments = [ast.Constant(type(node.ops[0]).__name__), node.left, node.comparators[0]]
        case ast.Call() if mark.method == "filtered":
            arguments = node.args
        case ast.Call(func=ast.Name(id=which)) if mark.method == "extreme":
            arguments, keywords = [ast.Constant(which), *node.args], node.keywords
        case _:
            pass
    return ast.Call(_method(mark.method), [ast.Constant(mark.name), *arguments], keywords)


def _method(name: str) -> ast.expr:
    return ast.Attribute(ast.Name(MARKS, ast.Load()), name, ast.Load())


def _note(name: str) -> ast.stmt:
    return ast.Expr(ast.Call(_method("here"), [ast.Constant(name), ast.Constant(None)], []))
