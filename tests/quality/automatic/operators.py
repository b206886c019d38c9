"""The mistakes: each takes a node of a syntax tree and yields what may stand in its place.

They are those that controllers are written wrong by: a guard too many or too few, a cache in place of the server, a
write without its precondition, a wake-up that is forgotten, a refusal that nobody sees.

Source: the mutation operators of DeMillo, Lipton and Sayward, "Hints on Test Data Selection" (1978), and of the bugs
in `tests/quality/mutants/`.
"""

import ast
from collections.abc import Callable, Iterator
from copy import deepcopy

Operator = Callable[[ast.AST], Iterator[ast.AST | None]]
"""Of None in place of a statement nothing is left."""

TURNED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt
}  # fmt: skip
OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In
}  # fmt: skip
WAKING = ("enqueue", "enqueue_after", "requeue", "activate", "move", "wake", "_enqueue_owner", "_set_alarm", "_arm")
REMEMBERING = (
    "expect_creation", "expect_deletion", "creation_observed", "deletion_observed", "doubt", "confirm", "wrote",
    "deleted", "forget", "seen", "add_pod", "remove_pod", "set_node", "remove_node", "assume",
)  # fmt: skip
CLOCKS = ("now", "wall", "due", "deadline", "until", "left")
FRESH = ("live", "consistent", "latest")
GUARDS = ("preconditions", "resource_version", "uid")


def negate_condition(node: ast.AST) -> Iterator[ast.AST | None]:
    """`if a` becomes `if not a`. What is only a comparison is left to `confuse`: that would be the same mistake."""
    if isinstance(node, ast.If | ast.IfExp) and not _is_confusable(node.test):
        changed = deepcopy(node)
        changed.test = ast.UnaryOp(ast.Not(), changed.test)
        yield changed


def drop_condition(node: ast.AST) -> Iterator[ast.AST | None]:
    """A comprehension takes everything."""
    if isinstance(node, ast.comprehension):
        for index in range(len(node.ifs)):
            changed = deepcopy(node)
            del changed.ifs[index]
            yield changed


def drop_clause(node: ast.AST) -> Iterator[ast.AST | None]:
    """`a and b` becomes `a`, or `b`; the same with `or`."""
    if isinstance(node, ast.BoolOp):
        for index in range(len(node.values)):
            values = [deepcopy(one) for at, one in enumerate(node.values) if at != index]
            yield values[0] if len(values) == 1 else ast.BoolOp(deepcopy(node.op), values)


def off_by_one(node: ast.AST) -> Iterator[ast.AST | None]:
    """`<` becomes `<=`, and so on; not of times: nobody can tell one nanosecond from the next."""
    if not any(isinstance(one, ast.Name | ast.Attribute) and _name(one) in CLOCKS for one in ast.walk(node)):
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
    """Nobody is woken."""
    yield from _dropped(node, WAKING)


def forget_deed(node: ast.AST) -> Iterator[ast.AST | None]:
    """What was done, or seen, is not remembered."""
    yield from _dropped(node, REMEMBERING)


def _dropped(node: ast.AST, names: tuple[str, ...]) -> Iterator[ast.AST | None]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called = node.value.func
        if isinstance(called, ast.Attribute) and called.attr in names:
            yield None


def swallow(node: ast.AST) -> Iterator[ast.AST | None]:
    """A refusal is not passed on."""
    if isinstance(node, ast.Raise):
        yield None


def read_cache(node: ast.AST) -> Iterator[ast.AST | None]:
    """What is to be read live is read from a cache."""
    if isinstance(node, ast.Call):
        for index, one in enumerate(node.keywords):
            if one.arg in FRESH:
                changed = deepcopy(node)
                changed.keywords[index].value = ast.Constant(value=False)
                yield changed


def drop_guard(node: ast.AST) -> Iterator[ast.AST | None]:
    """A write has no precondition. One of two parts is not dropped alone: the other would do."""
    if isinstance(node, ast.Call) and any(one.arg in GUARDS for one in node.keywords):
        changed = deepcopy(node)
        changed.keywords = [one for one in changed.keywords if one.arg not in GUARDS]
        yield changed


def ignore_filter(node: ast.AST) -> Iterator[ast.AST | None]:
    """`filter(good, all)` becomes `all`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "filter":
        yield deepcopy(node.args[1])


def swap_extremes(node: ast.AST) -> Iterator[ast.AST | None]:
    """`min` becomes `max`, and the other way round."""
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
