"""Functions of a view of the cluster as invariants.

A function reports a violation by an `assert`, by returning False, or by returning or yielding sentences. Any other exception
is an error of the function itself.
"""

import inspect
import linecache
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from traceback import walk_tb
from typing import ClassVar, TypeAlias, cast

from kubeactors.actor.cell import Cell
from kubeactors.sim.invariants import Invariant
from kubeactors.sim.operators.view import ClusterView
from kubeactors.sim.world import Commit, World

Check: TypeAlias = Callable[[ClusterView], object]


class OwnInvariant(Invariant):
    """An invariant that the author of an operator has declared."""

    check: "ClassVar[staticmethod[[ClusterView], object]]"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self.view: ClusterView = ClusterView(world, root.kernel)

    def objections(self) -> Iterator[str]:
        """The violations at this moment."""
        return objections(self.check, self.view)


class Always(OwnInvariant):
    """An invariant that must hold after every write."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check it."""
        return self.objections()


class Quiet(OwnInvariant):
    """An invariant that must hold when faults are over and the cluster is quiet."""

    def settled(self) -> Iterator[str]:
        """Check it."""
        return self.objections()


def invariants_of(checks: Mapping[str, Check], base: type[OwnInvariant]) -> tuple[type[Invariant], ...]:
    """An invariant class for each function, by name."""
    return tuple(_invariant(name, check, base) for name, check in checks.items())


def _invariant(name: str, check: Check, base: type[OwnInvariant]) -> type[Invariant]:
    made = types.new_class(name, (base,), exec_body=lambda body: body.update(name=name, check=staticmethod(check)))
    return cast("type[Invariant]", made)


def objections(check: Check, view: ClusterView) -> Iterator[str]:
    """A sentence for each violation.

    >>> list(objections(lambda _: False, None)), list(objections(lambda _: ["a", "b"], None))
    (['it does not hold'], ['a', 'b'])

    Raises:
        TypeError: the function's result is invalid.
    """
    try:
        found = check(view)
        if found is None or found is True:
            return
        if found is False:
            yield "it does not hold"
        elif isinstance(found, str):
            yield found
        elif inspect.isawaitable(found) or not isinstance(found, Iterable):
            raise TypeError(f"an invariant must be a plain function that says what is wrong; it returned {found!r}")
        else:
            yield from (str(one) for one in cast("Iterable[object]", found))
    except AssertionError as error:
        yield _said(error)


def _said(error: AssertionError) -> str:
    """The message of an assertion; without one its source line, and what pytest makes of it."""
    text = str(error)
    if text and not text.startswith("assert "):
        return text
    frame, line = list(walk_tb(error.__traceback__))[-1]
    file = frame.f_code.co_filename
    source = f"{linecache.getline(file, line).strip() or 'an assertion failed'} ({file}:{line})"
    return f"{source}\n{text}" if text else source
