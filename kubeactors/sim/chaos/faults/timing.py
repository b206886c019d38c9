"""Stalls, slow actors, paused processes and skewed clocks."""

from kubeactors.sim.steps import Lasting


class Stall(Lasting, frozen=True, kw_only=True, tag="stall"):
    """An actor handles no messages for a while, like a hung thread or a frozen kubelet.

    `actor` is a controller, or empty for the component itself: a kubelet, the scheduler.
    """

    component: str
    actor: str = ""


class SlowActor(Lasting, frozen=True, kw_only=True, tag="slow-actor"):
    """An actor handles only one message per `delay_seconds`. `actor` as in `Stall`."""

    component: str
    actor: str = ""
    delay_seconds: float = 0.1


class Pause(Lasting, frozen=True, kw_only=True, tag="process-pause"):
    """A whole process is paused with its timers, as by swapping or live migration.

    Its requests in flight fail when it resumes. A leader that is paused for long finds that another one leads.
    """

    component: str


class ClockSkew(Lasting, frozen=True, kw_only=True, tag="clock-skew"):
    """The wall clock of a process jumps, and jumps back when the fault heals; its timers are unaffected.

    On a node it is the kubelet's clock: it shows in its Lease and its conditions, not in containers.
    """

    component: str
    ahead_seconds: float
    """By how much it jumps; negative values are backwards."""


TimingFault = Stall | SlowActor | Pause | ClockSkew
