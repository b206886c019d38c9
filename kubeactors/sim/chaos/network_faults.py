"""Which rule of the network a fault is."""

from collections.abc import Callable

from kubeactors.sim.chaos import faults
from kubeactors.sim.chaos.faults import AnyFault
from kubeactors.sim.chaos.rules.links import THROTTLED, Cut, Refuse
from kubeactors.sim.chaos.rules.watches import EXPIRED, Break, Lag, Repeat
from kubeactors.sim.chaos.rules.writes import Deny, LoseReply, Touch
from kubeactors.sim.network import STORE, Rule
from kubeactors.sim.steps import kind_of


def rule_of(  # noqa: C901 -- one case for each fault
    fault: AnyFault, fired: Callable[[], object], armed_seconds: float
) -> tuple[str, Rule, float]:
    """What a fault of the network does: to whose messages, what, and for how many seconds."""
    match fault:
        case faults.WatchLag():
            return fault.component, Lag(fault.resource, fired), fault.seconds
        case faults.WatchBreak():
            return fault.component, Break(fault.resource, fired), fault.seconds
        case faults.WatchExpired():
            return fault.component, Break(fault.resource, fired, EXPIRED), fault.seconds
        case faults.WatchRepeat():
            return fault.component, Repeat(fault.resource, fired), fault.seconds
        case faults.StoreLag():
            return STORE, Lag("", fired, of_store=True), fault.seconds
        case faults.Conflicts():
            return fault.component, Touch(fault.resource, fault.count, fired), armed_seconds
        case faults.ReplyLost():
            rule = LoseReply(fault.resource, fault.skip, fired, silent=fault.silent)
            return fault.component, rule, armed_seconds
        case faults.Denied():
            return fault.component, Deny(fault, fired), fault.seconds or armed_seconds
        case faults.Unavailable():
            return fault.component, Refuse(fired), fault.seconds
        case faults.Throttled():
            return fault.component, Refuse(fired, THROTTLED), fault.seconds
        case faults.Partition():
            return fault.component, Cut(fault.direction, fired), fault.seconds
        case _:
            raise ValueError(f"{kind_of(fault)} is no fault of the network")
