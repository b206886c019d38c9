"""Which component a fault affects, and how."""

from kubeactors.sim.chaos import faults
from kubeactors.sim.chaos.faults import AnyFault
from kubeactors.sim.disturbances import Harm, Recovery
from kubeactors.sim.network import STORE
from kubeactors.sim.processes import MANAGER, SCHEDULER, SERVER, kind_of_process


def affected_component(fault: AnyFault) -> str:
    """The component that a fault affects; empty for all nodes.

    >>> affected_component(faults.StoreLag(at=0, seconds=1)), affected_component(faults.KubeletRestart(at=0, node="node-1"))
    ('store', 'node-1')
    """
    match fault:
        case faults.NodePowerLoss() | faults.NodeReplaced() | faults.NodeRemoved():
            return fault.node
        case faults.KubeletRestart() | faults.SlowStarts() | faults.FailingContainers() | faults.FailingProbes():
            return fault.node
        case faults.ApiServerRestart() | faults.Overload() | faults.FieldCorrupted():
            return SERVER
        case faults.StoreRestart() | faults.StoreLag() | faults.DiskFull() | faults.TornWrite():
            return STORE
        case faults.StoreLeaderChange():
            return STORE
        case faults.ManagerRestart() | faults.StatusCleared():
            return MANAGER
        case faults.ClockSkew() if fault.component != SCHEDULER:
            return MANAGER  # its own clock, or it reads the node's timestamps: the node itself works
        case faults.SchedulerRestart():
            return SCHEDULER
        case faults.ZonePowerLoss() | faults.RackPowerLoss():
            return ""
        case _:
            return kind_of_process(fault.component)


def harm(fault: AnyFault) -> Harm:
    """How the fault affects that component."""
    return Harm(slows=_slows(fault), impairs_watches=_impairs_watches(fault), recovery=_recovery(fault))


WATCHES_WORK_AFTER = (
    faults.SlowStarts | faults.FailingContainers | faults.FailingProbes
    | faults.ControllerCrash | faults.ManagerRestart | faults.SchedulerRestart | faults.KubeletRestart
    | faults.StaleRestart | faults.VersionSkew
    | faults.ClockSkew | faults.SlowActor | faults.Stall | faults.Pause
    | faults.WatchLag | faults.WatchRepeat | faults.WatchBreak | faults.WatchExpired | faults.Compaction | faults.StoreLag
    | faults.Unavailable | faults.Throttled | faults.Overload | faults.DiskFull
    | faults.Conflicts | faults.AdmissionFailure | faults.ReplyLost | faults.SlowReplies | faults.DelayedWrite
    | faults.FieldCorrupted | faults.StatusCleared
)  # fmt: skip
"""After these faults all watches work at once: a restarted component relists, and no other component misses an event."""


def _impairs_watches(fault: AnyFault) -> bool:
    """Whether a fault may leave a watch dead, which its reader notices only by its silence.

    >>> _impairs_watches(faults.KubeletRestart(at=0, node="node-1")), _impairs_watches(faults.ApiServerRestart(at=0))
    (False, True)
    """
    return not isinstance(fault, WATCHES_WORK_AFTER)


def _slows(fault: AnyFault) -> bool:
    """Whether a fault slows down the component it affects: not if only containers behave differently.

    >>> _slows(faults.KubeletRestart(at=0, node="node-1")), _slows(faults.SlowStarts(at=0, node="node-1", seconds=1))
    (True, False)
    """
    return not isinstance(fault, faults.SlowStarts | faults.FailingContainers | faults.FailingProbes)


CONNECTIONS_WORK_AFTER = (
    faults.SlowStarts | faults.FailingContainers | faults.FailingProbes
    | faults.SlowActor | faults.Stall
    | faults.WatchLag | faults.WatchRepeat | faults.WatchBreak | faults.WatchExpired | faults.Compaction | faults.StoreLag
    | faults.Conflicts | faults.AdmissionFailure | faults.SlowReplies | faults.DelayedWrite
    | faults.MissedDelete | faults.FieldCorrupted | faults.StatusCleared
)  # fmt: skip
"""After these faults a component reaches the server at the first attempt; controllers may back off, which is visible.

Not so a lost reply: one that is lost silently is noticed only when the request times out.
"""
HARDLY_SECONDS = 1.0
"""Components whose every write takes at most that long act within seconds still."""


def _recovery(fault: AnyFault) -> Recovery:
    """How long the fault delays what the component does.

    >>> _recovery(faults.ManagerRestart(at=0)), _recovery(faults.StoreLag(at=0, seconds=40))
    ('long', 'soon')
    """
    if isinstance(fault, faults.SlowReplies) and fault.delay_seconds <= HARDLY_SECONDS:
        return "prompt"
    return "soon" if isinstance(fault, CONNECTIONS_WORK_AFTER) else "long"
