"""Plans and faults as hypothesis strategies."""

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

from kubeactors.sim.chaos.faults import AnyFault
from kubeactors.sim.grammar import MOST_FAULTS, node_names
from kubeactors.sim.grammar import draw as draw_plan
from kubeactors.sim.grammar.faults import Aim, Faults
from kubeactors.sim.plan import FAULT_KINDS, Plan

T = TypeVar("T")


class Drawn:
    """Choices made by hypothesis, which knows how to shrink them."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        """See `Source.integer`."""
        return self._draw(st.integers(low, high))

    def choice(self, options: Sequence[T]) -> T:
        """See `Source.choice`."""
        return options[self._draw(st.integers(0, len(options) - 1))]


class BystanderAim(Aim):
    """Aims faults at components, and never has a user change or delete what they update: the plan says what users do."""

    def may_interfere(self, _component: str) -> bool:
        """See `Aim`."""
        return False


@st.composite
def plans(draw: st.DrawFn, kinds: Sequence[str] = FAULT_KINDS, nodes: int = 3) -> Plan:
    """Any scenario with faults of these kinds."""
    return draw_plan(Drawn(draw), draw(st.integers(0, 2**32 - 1)), kinds, nodes)


@st.composite
def faults(
    draw: st.DrawFn,
    times: Sequence[float],
    *,
    workloads: Sequence[str],
    kinds: Sequence[str] = FAULT_KINDS,
    nodes: int = 3,
) -> tuple[AnyFault, ...]:
    """Faults for a plan of your own. None of them changes or deletes what the plan creates.

    Args:
        draw: given by hypothesis.
        times: in seconds of the plan, when something else happens: faults begin around these times.
        workloads: the kinds (`"Deployment"`) whose controllers and resources they concern, besides nodes and pods.
        kinds: of faults.
        nodes: how many nodes the cluster has.
    """
    aim = BystanderAim(Drawn(draw), node_names(nodes), workloads)
    return tuple(Faults(aim, kinds).some(MOST_FAULTS, times))
