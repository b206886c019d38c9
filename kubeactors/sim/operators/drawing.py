"""Draws plans for an operator: user actions, and faults that mostly target the operator and what it watches."""

from collections.abc import Sequence

from kubeactors.sim.chaos.faults import OwnFault
from kubeactors.sim.grammar import Seeded, Source, node_names
from kubeactors.sim.grammar.actions import MOMENT_SECONDS, OFFSETS, Actions
from kubeactors.sim.grammar.faults import Faults
from kubeactors.sim.grammar.faults.aim import WRITTEN, Aim
from kubeactors.sim.operators.component import RECONCILER
from kubeactors.sim.operators.operator import Operator
from kubeactors.sim.plan import AnyStep, Plan, in_order
from kubeactors.sim.processes import OPERATOR
from kubeactors.sim.workload import OwnAction

MOST_OWN_ACTIONS, MOST_ACTIONS, MOST_FAULTS, MOST_OWN_FAULTS = 16, 8, 12, 3
OWN_FAULT_SECONDS = 60.0
"""The duration of a declared fault without an argument `seconds`."""


class OperatorAim(Aim):
    """Aims four faults in five at the operator.

    Args:
        source: makes the choices.
        nodes: the names of the nodes.
        resources: what the operator watches.
    """

    def __init__(self, source: Source, nodes: tuple[str, ...], resources: Sequence[str]) -> None:
        self._own = tuple(resources)
        super().__init__(source, nodes, ())

    def crashing(self) -> str:
        """See `Aim`: always the operator."""
        return OPERATOR

    def actor(self, component: str) -> str:
        """See `Aim`."""
        return RECONCILER if component == OPERATOR else super().actor(component)

    def may_interfere(self, component: str) -> bool:
        """See `Aim`: only declared actions interfere with the operator's objects."""
        return component != OPERATOR

    def _any_component(self) -> str:
        return OPERATOR if self.source.integer(0, 4) else super()._any_component()

    def _watched_by(self, component: str) -> tuple[str, ...]:
        return self._own if component == OPERATOR else super()._watched_by(component)

    def _written_by(self, component: str) -> tuple[str, ...]:
        return (*self._own * 4, *WRITTEN) if component == OPERATOR else super()._written_by(component)


def generate(operator: Operator, seed: int) -> Plan:
    """The plan of a seed."""
    return draw(operator, Seeded(f"operator|{seed}"), seed)


def draw(operator: Operator, source: Source, seed: int) -> Plan:
    """Draw a whole plan.

    Args:
        operator: under test.
        source: makes the choices.
        seed: of the plan.
    """
    names = node_names(operator.nodes)
    steps: list[AnyStep] = []
    times: list[float] = [0.0]
    end: list[AnyStep] = []
    if operator.workload:
        actions = Actions(source, names)
        steps += [*actions.creations(), *(actions.another() for _ in range(source.integer(0, MOST_ACTIONS)))]
        times += actions.times
        end += actions.end(max(times) + MOMENT_SECONDS)
    if operator.actions:
        steps += _own_actions(operator, source, times)
    if operator.kinds:
        steps += Faults(OperatorAim(source, names, operator.resources), operator.kinds).some(MOST_FAULTS, times)
    if operator.faults:
        steps += [_own_fault(operator, source, times) for _ in range(source.integer(0, MOST_OWN_FAULTS))]
    return Plan(seed=seed, nodes=operator.nodes, steps=in_order([*steps, *end]))


def _own_actions(operator: Operator, source: Source, times: list[float]) -> list[AnyStep]:
    declared = tuple(operator.actions.values())
    moments = tuple(1.0 + MOMENT_SECONDS * number for number in range(source.integer(1, 3)))
    drawn: list[AnyStep] = []
    for _ in range(source.integer(1, MOST_OWN_ACTIONS)):
        action = source.choice(declared)
        base = source.choice((times[-1], times[-1], *moments))
        times.append(round(base + source.choice(OFFSETS), 3))
        drawn.append(OwnAction(at=times[-1], name=action.name, arguments=action.draw(source)))
    return drawn


def _own_fault(operator: Operator, source: Source, times: Sequence[float]) -> AnyStep:
    fault = source.choice(tuple(operator.faults.values()))
    arguments = fault.draw(source)
    wanted = arguments.get("seconds", OWN_FAULT_SECONDS)
    seconds = float(wanted) if isinstance(wanted, int | float) else OWN_FAULT_SECONDS
    return OwnFault(at=source.choice(tuple(times)), name=fault.name, arguments=arguments, seconds=seconds)
