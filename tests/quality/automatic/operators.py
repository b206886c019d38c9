"""Mutation operators: each takes a node of a syntax tree and yields replacements.

They imitate common mistakes in controllers: a guard too many or too few, a cached read for a live one, a write without its
precondition, a forgotten wake-up, an ignored error.

Source: the mutation operators of DeMillo, Lipton and Sayward, "Hints on Test Data Selection" (1978), and of the bugs
in `tests/quality/mutants/`.
"""

import ast
import builtins
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import cast

Operator = Callable[[ast.AST], Iterator[ast.AST | None]]
"""None removes the statement."""

TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt
}  # fmt: skip
OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In
}  # fmt: skip
WAKING = (
    "enqueue", "enqueue_after", "requeue", "activate", "move", "wake", "_enqueue_owner", "set_timer", "_set_timer", "_arm",
)  # fmt: skip
REMEMBERING = (
    "expect_creation", "expect_deletion", "creation_observed", "deletion_observed", "doubt", "confirm", "wrote", "created",
    "deleted", "forget", "seen", "remove_pod", "set_node", "remove_node", "assume",
)  # fmt: skip
CLOCKS = ("now", "wall", "due", "deadline", "until", "left")
NEVER_EQUAL = (*CLOCKS, "uid")
FRESH = ("consistent",)
READING = ("get", "list")
GUARDS = ("resource_version", "uid")
SAYING_WHICH = ("Preconditions", "ObjectMeta", "ObjectReference", "replace")
"""The calls that make the part of a write that identifies its object: preconditions, metadata, or a reference."""


def negate_condition(node: ast.AST) -> Iterator[ast.AST | None]:
    """`if a` becomes `if not a`. What is only a comparison is left to `confuse`: that would be the same mistake."""
    if isinstance(node, ast.If | ast.IfExp) and not _is_confusable(node.test):
        changed = deepcopy(node)
        changed.test = ast.UnaryOp(ast.Not(), changed.test)
        yield changed


def drop_condition(node: ast.AST) -> Iterator[ast.AST | None]:
    """A condition of a comprehension is dropped; `omissible` tells which ones are."""
    if isinstance(node, ast.comprehension):
        for index in omissible(node):
            changed = deepcopy(node)
            del changed.ifs[index]
            yield changed


def omissible(node: ast.comprehension) -> list[int]:
    """The conditions that are dropped: not those whose absence the type checker finds.

    These narrow the type of an item, or bind a name.

    >>> loops = ("x for x in y if x", "x for x in y if x is not None", "z for x in y if (z := x.z)", "x for x in y if x.a")
    >>> [omissible(ast.parse(f"[{text}]", mode="eval").body.generators[0]) for text in loops]
    [[0], [], [], [0]]
    """
    taken = {one.id for one in ast.walk(node.target) if isinstance(one, ast.Name)}
    return [index for index, one in enumerate(node.ifs) if not _is_of_type(one, taken)]


def _is_of_type(condition: ast.expr, taken: set[str]) -> bool:
    clauses = condition.values if isinstance(condition, ast.BoolOp) else [condition]
    names = any(isinstance(one, ast.NamedExpr) for one in ast.walk(condition))
    return names or any(not isinstance(one, ast.Name) and _narrowed(one) in taken for one in clauses)


def drop_clause(node: ast.AST) -> Iterator[ast.AST | None]:
    """`a and b` becomes `a`, or `b`; the same with `or`. `droppable` tells which clauses are dropped."""
    if isinstance(node, ast.BoolOp):
        for index in droppable(node):
            values = [deepcopy(one) for at, one in enumerate(node.values) if at != index]
            yield values[0] if len(values) == 1 else ast.BoolOp(deepcopy(node.op), values)


def droppable(node: ast.BoolOp) -> list[int]:
    """The clauses that are dropped: not those whose absence the type checker, which runs before any test, finds.

    In `limit or 0`, `0` replaces a number that may be None, and `x is not None` precedes `x.size`: without these the code
    is ill-typed. The same holds for `isinstance(x, Pod)`, and for `x and x.size`.

    >>> [droppable(ast.parse(text, mode="eval").body) for text in ("a or ()", "a and a.b", "a is None or a.b", "a and b")]
    [[0], [1], [1], [0, 1]]
    """
    return [
        index
        for index, one in enumerate(node.values)
        if not _is_empty(one) and not _is_used(_narrowed(one), node.values[index + 1 :])
    ]


def _is_empty(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=value):
            return value is not None and not value
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Dict(keys=parts):
            return not parts
        case _:
            return False


def _narrowed(clause: ast.expr) -> str:
    """The expression whose type a clause narrows; empty if there is none."""
    match clause:
        case ast.Compare(left=told, ops=[ast.Is() | ast.IsNot()], comparators=[ast.Constant(value=None)]):
            return ast.unparse(told)
        case ast.Call(func=ast.Name(id="isinstance"), args=[told, _]):
            return ast.unparse(told)
        case ast.UnaryOp(op=ast.Not(), operand=told):
            return _narrowed(told)
        case ast.Name() | ast.Attribute():
            return ast.unparse(clause)
        case _:
            return ""


def _is_used(told: str, clauses: Sequence[ast.expr]) -> bool:
    """Whether any of these clauses uses an attribute or item of the expression."""
    parts = (one for clause in clauses for one in ast.walk(clause) if isinstance(one, ast.Attribute | ast.Subscript))
    return any(ast.unparse(one.value) == told for one in parts)


def off_by_one(node: ast.AST) -> Iterator[ast.AST | None]:
    """`<` becomes `<=`, and so on.

    Not for times, which differ by nanoseconds, nor for UIDs, which are never equal.
    """
    if not any(isinstance(one, ast.Name | ast.Attribute) and _name(one) in NEVER_EQUAL for one in ast.walk(node)):
        yield from _compared(node, TURNED)


def confuse(node: ast.AST) -> Iterator[ast.AST | None]:
    """`==` becomes `!=`, `is` becomes `is not`, `in` becomes `not in`."""
    yield from _compared(node, OPPOSITE)


def _is_confusable(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in OPPOSITE


def _name(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr


def _compared(node: ast.AST, others: dict[type[ast.cmpop], type[ast.cmpop]]) -> Iterator[ast.AST | None]:
    if isinstance(node, ast.Compare):
        for index, one in enumerate(node.ops):
            if type(one) in others:
                changed = deepcopy(node)
                changed.ops[index] = others[type(one)]()
                yield changed


def skip_wake_up(node: ast.AST) -> Iterator[ast.AST | None]:
    """A wake-up is dropped."""
    yield from _dropped(node, WAKING)


def forget_deed(node: ast.AST) -> Iterator[ast.AST | None]:
    """State is not updated."""
    yield from _dropped(node, REMEMBERING)


def _dropped(node: ast.AST, names: tuple[str, ...]) -> Iterator[ast.AST | None]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called = node.value.func
        if isinstance(called, ast.Attribute) and called.attr in names:
            yield None


def swallow(node: ast.AST) -> Iterator[ast.AST | None]:
    """An error is not raised. Python's own errors (`raise ValueError`) are left alone."""
    if isinstance(node, ast.Raise) and not _is_our_own_bug(node.exc):
        yield None


def _is_our_own_bug(raised: ast.expr | None) -> bool:
    called = raised.func if isinstance(raised, ast.Call) else raised
    return isinstance(called, ast.Name) and hasattr(builtins, called.id)


def read_cache(node: ast.AST) -> Iterator[ast.AST | None]:
    """A live read becomes a cached one: from the controller's own cache, or the server's."""
    if isinstance(node, ast.Call):
        for index, one in enumerate(node.keywords):
            if one.arg in FRESH:
                changed = deepcopy(node)
                changed.keywords[index].value = ast.Constant(value=False)
                yield changed
        if _is_asked_of_client(node, READING) and not any(one.arg == "resource_version" for one in node.keywords):
            changed = deepcopy(node)
            changed.keywords.append(ast.keyword("resource_version", ast.Constant("0")))
            yield changed
    elif isinstance(node, ast.Await) and _is_asked_of_client(node.value, ("again",)):
        yield deepcopy(cast("ast.Call", node.value).args[0])


def _is_asked_of_client(node: ast.expr, names: tuple[str, ...]) -> bool:
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr in names and ast.unparse(called.value).endswith("_client")


def drop_guard(node: ast.AST) -> Iterator[ast.AST | None]:
    """A write loses its precondition on the object's UID or version.

    All parts of it are dropped at once: one would suffice as a guard. Preconditions from a variable are not passed on, and
    those made in place are emptied, which is the same. An empty UID (`uid=""`) guards nothing, and neither does one in a
    log line or in an answer, which are no writes.
    """
    if isinstance(node, ast.Call):
        guards = [one for one in node.keywords if _is_guard(node.func, one)]
        if guards:
            changed = deepcopy(node)
            changed.keywords = [deepcopy(one) for one in node.keywords if one not in guards]
            yield changed


def _is_guard(called: ast.expr, keyword: ast.keyword) -> bool:
    if keyword.arg == "preconditions":
        made = keyword.value.func if isinstance(keyword.value, ast.Call) else keyword.value
        return not _is_called(made, SAYING_WHICH)
    return keyword.arg in GUARDS and _is_called(called, SAYING_WHICH) and not _is_empty(keyword.value)


def _is_called(called: ast.expr, names: tuple[str, ...]) -> bool:
    return isinstance(called, ast.Name | ast.Attribute) and _name(called) in names


def ignore_filter(node: ast.AST) -> Iterator[ast.AST | None]:
    """`filter(good, all)` becomes `all`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "filter":
        yield deepcopy(node.args[1])


def swap_extremes(node: ast.AST) -> Iterator[ast.AST | None]:
    """`min` becomes `max`, and vice versa."""
    other = {"min": "max", "max": "min"}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in other:
        changed = deepcopy(node)
        changed.func = ast.Name(other[node.func.id], ast.Load())
        yield changed


OPERATORS: tuple[Operator, ...] = (
    negate_condition,
    drop_condition,
    drop_clause,
    off_by_one,
    confuse,
    skip_wake_up,
    forget_deed,
    swallow,
    read_cache,
    drop_guard,
    ignore_filter,
    swap_extremes,
)
