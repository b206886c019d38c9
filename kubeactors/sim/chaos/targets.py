"""Which component a fault affects, and how."""

from kubeactors.sim.chaos import faults
from kubeactors.sim.chaos.faults import AnyFault
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


def impairs_watches(fault: AnyFault) -> bool:
    """Whether a fault may leave a watch dead, which its reader notices only by its silence.

    >>> impairs_watches(faults.KubeletRestart(at=0, node="node-1")), impairs_watches(faults.ApiServerRestart(at=0))
    (False, True)
    """
    return not isinstance(fault, WATCHES_WORK_AFTER)


def slows(fault: AnyFault) -> bool:
    """Whether a fault slows down the component it affects: not if only containers behave differently.

    >>> slows(faults.KubeletRestart(at=0, node="node-1")), slows(faults.SlowStarts(at=0, node="node-1", seconds=1))
    (True, False)
    """
    return not isinstance(fault, faults.SlowStarts | faults.FailingContainers | faults.FailingProbes)
