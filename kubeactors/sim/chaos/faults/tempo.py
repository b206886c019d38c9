"""Whose time does not go as it should."""

from kubeactors.sim.steps import Lasting


class Stall(Lasting, frozen=True, kw_only=True, tag="stall"):
    """An actor handles no messages for a while: a slow thread, a paused machine, a frozen kubelet.

    An `actor` is a controller, or empty for the component itself: a kubelet, the scheduler.
    """

    component: str
    actor: str = ""


class SlowActor(Lasting, frozen=True, kw_only=True, tag="slow-actor"):
    """An actor takes its time over each message. `actor` as with `Stall`."""

    component: str
    actor: str = ""
    delay_seconds: float = 0.1


class Pause(Lasting, frozen=True, kw_only=True, tag="process-pause"):
    """A whole process stands still, and its timers with it: a machine that swaps, a virtual machine that moves.

    What it has asked for meanwhile fails when it goes on. A leader that is paused for long finds another one then.
    """

    component: str


class ClockSkew(Lasting, frozen=True, kw_only=True, tag="clock-skew"):
    """The wall clock of a process jumps, and jumps back when the fault heals. Time itself goes on as ever.

    On a node it is the clock of the kubelet: its Lease and the conditions that it writes show that, and containers do not.
    """

    component: str
    ahead_seconds: float
    """By how much it jumps; less than 0 is back."""


TempoFault = Stall | SlowActor | Pause | ClockSkew
