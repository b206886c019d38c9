"""Plans as a hypothesis strategy."""

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

from kubeactors.sim.grammar import draw as draw_plan
from kubeactors.sim.plan import FAULT_KINDS, Plan

T = TypeVar("T")


class Drawn:
    """Choices made by hypothesis, which knows how to make them simpler."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        """See `Source.integer`."""
        return self._draw(st.integers(low, high))

    def choice(self, options: Sequence[T]) -> T:
        """See `Source.choice`."""
        return options[self._draw(st.integers(0, len(options) - 1))]


@st.composite
def plans(draw: st.DrawFn, kinds: Sequence[str] = FAULT_KINDS, nodes: int = 3) -> Plan:
    """Any scenario with faults of these kinds."""
    return draw_plan(Drawn(draw), draw(st.integers(0, 2**32 - 1)), kinds, nodes)
