"""Single writes that are delayed, lost or rejected, and what users do meanwhile."""

from collections.abc import Callable
from functools import partial

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ApiRequest
from kubeactors.sim.chaos.effects import ARMED_SECONDS, Effects
from kubeactors.sim.chaos.faults import (
    AdmissionFailure,
    Conflicts,
    DelayedWrite,
    MissedDelete,
    ReplyLost,
    SlowReplies,
    WriteFault,
)
from kubeactors.sim.chaos.interference import deletion_of, interfering_action
from kubeactors.sim.chaos.rules.watches import EXPIRED, Break
from kubeactors.sim.chaos.rules.writes import DelayReply, Deny, Hold, LoseReply, Touch, Vanish
from kubeactors.sim.workload import AnyAction


class Writes:
    """Begins these faults.

    Args:
        effects: see `Effects`.
        user: performs user actions while a write is in flight.
    """

    def __init__(self, effects: Effects, user: Callable[[AnyAction], object]) -> None:
        self._effects = effects
        self._user = user

    def begin(self, fault: WriteFault) -> None:
        """Begin the fault; it heals by itself."""
        effects, fired, name = self._effects, self._effects.counting(fault), fault.component
        match fault:
            case Conflicts():
                effects.rule(name, Touch(fault, fired), ARMED_SECONDS)
            case ReplyLost():
                effects.rule(name, LoseReply(fault, fired), ARMED_SECONDS)
            case AdmissionFailure():
                effects.rule(name, Deny(fault, fired), fault.seconds or ARMED_SECONDS)
            case SlowReplies():
                late = DelayReply(fault.resource, fired, partial(effects.after, fault.delay_seconds))
                effects.rule(name, late, fault.seconds)
            case DelayedWrite():
                effects.rule(name, Hold(fault, partial(self._meanwhile, fault), effects.after), ARMED_SECONDS)
            case MissedDelete():
                vanish = Vanish(fault, partial(self._hide, fault), partial(self._take_away, fault))
                effects.rule(name, vanish, ARMED_SECONDS)

    def _meanwhile(self, fault: DelayedWrite, write: ApiRequest[object]) -> None:
        """Let a user act while a write, or its reply, is in flight."""
        self._effects.count(fault)
        self._effects.concern(fault, fault.seconds)
        if fault.meanwhile is not None:
            self._do(interfering_action(write, fault.meanwhile, is_done=fault.leg == "reply"))

    def _hide(self, fault: MissedDelete, resource: str) -> None:
        hidden = Break(resource, self._effects.counting(fault), EXPIRED)
        self._effects.rule(fault.component, hidden, fault.seconds)

    def _take_away(self, fault: MissedDelete, written: TypedObject) -> None:
        """Let a user delete what a component has just written."""
        self._effects.concern(fault, fault.seconds)
        self._do(deletion_of(written))

    def _do(self, action: AnyAction | None) -> None:
        if action is not None:
            self._user(action)
