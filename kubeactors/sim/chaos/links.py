"""Connections to the API server that fail as a whole."""

from kubeactors.sim.chaos.effects import Effects
from kubeactors.sim.chaos.faults import LinkFault, Overload, Partition, Throttled, Unavailable
from kubeactors.sim.chaos.rules.links import REFUSALS, THROTTLED, Cut, Refuse


def begin(effects: Effects, fault: LinkFault) -> None:
    """Begin the fault; it heals by itself."""
    fired = effects.counting(fault)
    match fault:
        case Unavailable():
            effects.rule(fault.component, Refuse(fired), fault.seconds)
        case Throttled():
            effects.rule(fault.component, Refuse(fired, THROTTLED), fault.seconds)
        case Partition():
            effects.rule(fault.component, Cut(fault.direction, fired), fault.seconds)
        case Overload():
            for name in effects.processes.clients():
                effects.rule(name, Refuse(fired, REFUSALS[fault.answer]), fault.seconds)
