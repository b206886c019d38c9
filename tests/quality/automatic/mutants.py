"""Finds mutants, and applies one: the code of a function is replaced within a context."""

import ast
import importlib
import pkgutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import cache
from itertools import islice
from pathlib import Path
from types import CodeType, FunctionType
from typing import cast

import msgspec

from tests.quality.automatic.left_out import FunctionNode, left_out
from tests.quality.automatic.operators import OPERATORS, Operator

ROOMS = (
    "kubeactors.controllers",
    "kubeactors.kubelet",
    "kubeactors.scheduler",
    "kubeactors.client",
    "kubeactors.apiserver",
    "kubeactors.storage",
)
NO_COMPONENTS = ("kubeactors.kubelet.runtimes", "kubeactors.apiserver.http", "kubeactors.storage.backends")
"""Packages that are not mutated: the simulation replaces them or does not use them. Container runtimes are the environment
of components, requests are not serialized, and the simulated disk is the store's backend."""
SILENT = ("log", "told", "explain", "describe", "message", "event", "record", "metric", "render", "report_end", "tell")
"""Functions with a word in their names that begins like this only produce output for users, and are not mutated."""


class Mutant(msgspec.Struct, frozen=True, order=True):
    """A mutant: the `number`-th place in a function where the operator applies."""

    module: str
    function: str
    """Its qualified name."""
    operator: str
    number: int
    line: int = 0
    """The line of the place, for output."""

    @property
    def room(self) -> str:
        """The room of its module.

        >>> Mutant("kubeactors.client.overlay", "Overlay.newest", "negate_condition", 1).room
        'client'
        """
        return self.module.split(".")[1]

    @property
    def name(self) -> str:
        """Its stable name.

        >>> Mutant("kubeactors.client.overlay", "Overlay.newest", "negate_condition", 1).name
        'client.overlay:Overlay.newest:negate_condition:1'
        """
        return f"{self.module.removeprefix('kubeactors.')}:{self.function}:{self.operator}:{self.number}"


def modules() -> Iterator[str]:
    """The modules of the rooms, by name."""
    for room in ROOMS:
        package = importlib.import_module(room)
        found = sorted(one.name for one in pkgutil.walk_packages(package.__path__, f"{room}."))
        yield from (one for one in found if not one.startswith(NO_COMPONENTS))


def mutants() -> list[Mutant]:
    """All mutants, in a fixed order."""
    return [one for module in modules() for one in _of_module(module)]


def named(name: str) -> Mutant:
    """The mutant of that name.

    Raises:
        ValueError: there is none: the function was changed, or has another name now.
    """
    module = f"kubeactors.{name.split(':', maxsplit=1)[0]}"
    for one in _of_module(module):
        if one.name == name:
            return one
    raise ValueError(f"no mutant is named {name}")


@contextmanager
def in_force(mutant: Mutant) -> Generator[None]:
    """Apply the mutant within the context."""
    function = function_of(mutant)
    before, function.__code__ = function.__code__, _mutated(mutant)
    try:
        yield
    finally:
        function.__code__ = before


def can_be_made(mutant: Mutant) -> bool:
    """Whether its function can be reached by name: nested functions cannot."""
    try:
        return function_of(mutant).__code__.co_freevars == _mutated(mutant).co_freevars
    except (AttributeError, KeyError, TypeError):
        return False


# Trees.


@cache
def _tree(module: str) -> ast.Module:
    found = importlib.import_module(module)
    return ast.parse(Path(str(found.__file__)).read_text(encoding="utf-8"))


def _of_module(module: str) -> Iterator[Mutant]:
    for function, node in _functions(_tree(module), ""):
        if not any(f"_{word}" in f"_{node.name}" for word in SILENT):
            yield from of_function(module, function, node)


def of_function(module: str, function: str, node: FunctionNode) -> Iterator[Mutant]:
    """The mutants of one function. Numbers include those that are left out, so that names are stable."""
    none = left_out(node)
    for operator in OPERATORS:
        for number, where in enumerate(_places(node, operator)):
            if where not in none:
                yield Mutant(module, function, operator.__name__, number, getattr(where, "lineno", node.lineno))


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, FunctionNode]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FunctionNode):
            yield f"{prefix}{child.name}", child
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")


def _places(function: FunctionNode, operator: Operator) -> Iterator[ast.AST]:
    for statement in function.body:
        for node in ast.walk(statement):
            for _ in operator(node):
                yield node


class _Mistake(ast.NodeTransformer):
    """Applies one mutation to one function; places are counted in the order of `ast.walk`."""

    def __init__(self, target: ast.AST, instead: ast.AST | None) -> None:
        self._target = target
        self._instead = instead

    def visit(self, node: ast.AST) -> ast.AST:
        """Replace the node."""
        if node is self._target:
            return ast.Pass() if self._instead is None else self._instead
        return self.generic_visit(node)


def _mutated(mutant: Mutant) -> CodeType:
    node, tree = tree_of(mutant)
    target, _, instead = place(node, mutant)
    node.body = [cast("ast.stmt", _Mistake(target, instead).visit(one)) for one in node.body]
    return code_of(tree, mutant)


def tree_of(mutant: Mutant) -> tuple[FunctionNode, ast.Module]:
    """A copy of its module's tree, and the mutant's function in it."""
    tree = deepcopy(_tree(mutant.module))
    return dict(_functions(tree, ""))[mutant.function], tree


def place(node: FunctionNode, mutant: Mutant) -> tuple[ast.AST, int, ast.AST | None]:
    """The node to replace, its index among the operator's replacements there, and the replacement."""
    operator = next(one for one in OPERATORS if one.__name__ == mutant.operator)
    nodes = (one for statement in node.body for one in ast.walk(statement))
    places = ((one, index, instead) for one in nodes for index, instead in enumerate(operator(one)))
    return next(islice(places, mutant.number, None))


def code_of(tree: ast.Module, mutant: Mutant) -> CodeType:
    """The code of its function in a changed module."""
    code = compile(ast.fix_missing_locations(tree), f"<{mutant.name}>", "exec")
    for part in mutant.function.split("."):
        code = next(one for one in code.co_consts if isinstance(one, CodeType) and one.co_name == part)
    return code


def function_of(mutant: Mutant) -> FunctionType:
    """The function that it is in.

    Raises:
        KeyError, AttributeError, TypeError: it cannot be reached by name.
    """
    found: object = importlib.import_module(mutant.module)
    for part in mutant.function.split("."):
        found = vars(found)[part]
    for attribute in ("fget", "__func__", "__wrapped__"):
        found = getattr(found, attribute, None) or found
    if not isinstance(found, FunctionType):
        raise TypeError(f"{mutant.function} is no plain function")
    return found
