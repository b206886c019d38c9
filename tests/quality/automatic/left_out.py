"""Mutants to leave out because they are equivalent or ill-typed, as far as their functions tell.

The type checker finds some missing guards. And controllers are level-triggered: an unnecessary wake-up only costs time. So
dropping a clause from a conjunction that guards a wake-up is harmless and left out; dropping one from a disjunction may lose
a wake-up, and is kept.

Source: "Operators should be level-based, not edge-driven" in Kubernetes' "Principles" (contributors' design proposals).
"""

import ast
from collections.abc import Iterator, Sequence
from textwrap import indent

from tests.quality.automatic.operators import WAKING

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def left_out(function: FunctionNode) -> dict[ast.AST, None]:
    """Guards whose absence the type checker finds, and conditions of wake-ups."""
    return dict.fromkeys((*_seen_as_missing(function), *_conditions_of_wake_ups(function)))


def _conditions_of_wake_ups(function: FunctionNode) -> Iterator[ast.AST]:
    """
    >>> [ast.unparse(one) for one in _conditions_of_wake_ups(function_in("if a and b: self.enqueue(key)"))]
    ['a and b']
    >>> [*_conditions_of_wake_ups(function_in("if a or b: self.enqueue(key)"))]
    []
    """
    for one in ast.walk(function):
        match one:
            case ast.If(test=ast.BoolOp(op=ast.And()) as test, body=body, orelse=[]) if all(map(_is_wake_up, body)):
                yield test
            case _:
                pass


def _is_wake_up(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr=name))):
            return name in WAKING
        case _:
            return False


def _seen_as_missing(function: FunctionNode) -> Iterator[ast.AST]:
    """Raise statements without which a name would be unbound, None would be used, or nothing would be returned.

    >>> for text in ("try: a = f()\\nexcept E: raise\\ng(a)", "if a is None: raise E\\na.b()", "if a: return 1\\nraise E"):
    ...     print(len([*_seen_as_missing(function_in(text))]))
    1
    1
    1
    >>> [*_seen_as_missing(function_in("try: f()\\nexcept E: raise\\ng(a)\\nif a: raise E\\nreturn a"))]
    []
    """
    for one in ast.walk(function):
        if isinstance(one, ast.Try) and _alone_binds(function, one):
            yield from filter(_is_raise, (handler.body[-1] for handler in one.handlers))
        for block in _blocks(one):
            yield from _refusals_of_none(function, block)
    if _returns(function) and _ends(function.body, None):
        yield from (one for one in ast.walk(function) if isinstance(one, ast.Raise) and not _ends(function.body, one))


def _refusals_of_none(function: FunctionNode, block: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    for at, statement in enumerate(block):
        if isinstance(statement, ast.If) and _is_raise(statement.body[-1]):
            following = block[at + 1 :]
            if any(_is_needed(told, following, function) for told in _none_in(statement.test)):
                yield statement.body[-1]


def _is_raise(node: ast.AST) -> bool:
    return isinstance(node, ast.Raise)


def _alone_binds(function: FunctionNode, tried: ast.Try) -> bool:
    """Whether a name is bound in the body of `try` only, and used outside of it."""
    within = [one for statement in tried.body for one in ast.walk(statement) if isinstance(one, ast.Name)]
    everywhere = [one for one in ast.walk(function) if isinstance(one, ast.Name)]
    outside = [one for one in everywhere if one not in within]
    bound = {one.id for one in within if isinstance(one.ctx, ast.Store)}
    bound -= {one.id for one in outside if isinstance(one.ctx, ast.Store)}
    return any(one.id in bound for one in outside)


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block


def _none_in(test: ast.expr) -> Iterator[str]:
    """The expressions that make a condition true if they are None.

    >>> [*_none_in(ast.parse("a is None or a.b", mode="eval").body)]
    ['a']
    """
    match test:
        case ast.BoolOp(op=ast.Or(), values=clauses):
            for one in clauses:
                yield from _none_in(one)
        case ast.Compare(left=told, ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
            yield ast.unparse(told)
        case _:
            return


def _is_needed(told: str, following: Sequence[ast.stmt], function: FunctionNode) -> bool:
    """Whether an attribute or item of the expression is used, or it is returned where None must not be."""
    for one in (part for statement in following for part in ast.walk(statement)):
        if isinstance(one, ast.Attribute | ast.Subscript) and ast.unparse(one.value) == told:
            return True
        if isinstance(one, ast.Return) and one.value is not None and ast.unparse(one.value) == told:
            return function.returns is not None and "None" not in ast.unparse(function.returns)
    return False


def _returns(function: FunctionNode) -> bool:
    """Whether the function must return a value, and so must not reach its end."""
    return function.returns is not None and ast.unparse(function.returns) != "None"


def _ends(block: Sequence[ast.stmt], dropped: ast.Raise | None) -> bool:
    """Whether what follows a block is unreachable, even without the dropped statement."""
    last = block[-1]
    match last:
        case ast.Return() | ast.Raise():
            return last is not dropped
        case ast.If(body=body, orelse=orelse):
            return bool(orelse) and _ends(body, dropped) and _ends(orelse, dropped)
        case ast.Try(body=body, handlers=handlers, orelse=orelse):
            parts = [orelse or body, *(one.body for one in handlers)]
            return all(_ends(one, dropped) for one in parts)
        case _:
            return False


def function_in(text: str) -> FunctionNode:
    """A function with this body that returns a number; for examples."""
    found = ast.parse("def example() -> int:\n" + indent(text, "    ")).body[0]
    assert isinstance(found, ast.FunctionDef)
    return found
