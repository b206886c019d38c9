"""Functions that the author of an operator declares, with strategies for their arguments.

Arguments are hypothesis strategies by name, or a function that draws them from a `Source`. A pool of examples is drawn from
each strategy once, and plans choose from it: so plans can be written as text, and shrinking does not need hypothesis.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

import msgspec

from kubeactors.sim.grammar import Source
from kubeactors.sim.mistakes import Mistake

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

F = TypeVar("F", bound=Callable[..., object])

Arguments: TypeAlias = dict[str, object]
Drawing: TypeAlias = "Mapping[str, SearchStrategy[object]] | Callable[[Source], Mapping[str, object]]"
"""How arguments are drawn."""

EXAMPLES = 64
"""The maximum number of examples of each strategy."""


class OperatorError(Mistake, ValueError):
    """The operator, or a declaration, cannot be tested; the message says why."""


class Declared(Generic[F]):
    """A function with its name, and how its arguments are drawn.

    >>> def scale(replicas: int) -> None: ...
    >>> from kubeactors.sim.grammar import Seeded
    >>> Declared(scale, lambda source: {"replicas": source.choice((3,))}).draw(Seeded(1))
    {'replicas': 3}

    Args:
        function: to call.
        drawing: how its arguments are drawn.
    """

    def __init__(self, function: F, drawing: Drawing) -> None:
        self.function: F = function
        self.name: str = function.__name__
        self._drawing = drawing
        self._pools: dict[str, Sequence[object]] = {}

    def draw(self, source: Source) -> Arguments:
        """Draw the arguments of one call."""
        if callable(self._drawing):
            return dict(self._drawing(source))
        return {name: source.choice(self._pool(name, strategy)) for name, strategy in self._drawing.items()}

    def _pool(self, name: str, strategy: "SearchStrategy[object]") -> Sequence[object]:
        found = self._pools.get(name)
        if found is None:
            found = self._pools[name] = examples(strategy)
        return found


def declared(given: Mapping[F, Drawing] | Sequence[F], what: str) -> dict[str, Declared[F]]:
    """Declared functions by name; functions without arguments may be given as a list.

    Args:
        given: the functions.
        what: what they are, for error messages.

    Raises:
        OperatorError: `given` is a single function, or a function does not take its arguments.
    """
    one: object = given
    if inspect.isfunction(one):
        raise OperatorError(f"{one.__name__} is not a list of {what}s; write [{one.__name__}]")
    pairs = (
        given.items() if isinstance(given, Mapping) else [(one, dict[str, "SearchStrategy[object]"]()) for one in given]
    )
    for function, drawing in pairs:
        if not callable(drawing):
            _check_takes(function, drawing, what)
    return {function.__name__: Declared(function, drawing) for function, drawing in pairs}


def _check_takes(function: Callable[..., object], names: Iterable[str], what: str) -> None:
    signature = inspect.signature(function)
    try:
        signature.bind(None, **dict.fromkeys(names))
    except TypeError as error:
        takes, given = (", ".join(some) or "nothing" for some in ([*signature.parameters][1:], names))
        raise OperatorError(
            f"the {what} {function.__name__} takes {takes}, but was declared with {given}: {error}"
        ) from None


def examples(strategy: "SearchStrategy[object]") -> Sequence[object]:
    """Distinct values of a strategy, always the same ones, the simplest first.

    >>> from hypothesis import strategies as st
    >>> examples(st.sampled_from(["a", "b"]))
    ['a', 'b']

    Raises:
        TypeError: a value cannot be encoded in a replay file.
    """
    from hypothesis import HealthCheck, Phase, given, settings  # noqa: PLC0415 -- only strategies need it
    from hypothesis import seed as seeded  # noqa: PLC0415 -- the same

    found: dict[bytes, object] = {}

    @seeded(0)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=tuple(HealthCheck),  # pyright: ignore[reportArgumentType] -- it is an enum to mypy
    )
    @given(strategy)
    def collect(value: object) -> None:
        found.setdefault(msgspec.json.encode(value), value)

    collect()
    return [found[key] for key in sorted(found, key=lambda one: (len(one), one))]
