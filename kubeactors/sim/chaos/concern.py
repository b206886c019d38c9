"""Whom a fault is about."""

from kubeactors.sim.chaos import faults
from kubeactors.sim.chaos.faults import AnyFault
from kubeactors.sim.network import STORE
from kubeactors.sim.processes import MANAGER, SCHEDULER, SERVER, kind_of_process


def concerned(fault: AnyFault) -> str:
    """Which component a fault is about; empty for all nodes.

    >>> concerned(faults.StoreLag(at=0, seconds=1)), concerned(faults.KubeletRestart(at=0, node="node-1"))
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
            return MANAGER  # whose own clock it is, or who reads what a node says of times: the node itself is well
        case faults.SchedulerRestart():
            return SCHEDULER
        case faults.ZonePowerLoss() | faults.RackPowerLoss():
            return ""
        case _:
            return kind_of_process(fault.component)


HEARING = (
    faults.SlowStarts | faults.FailingContainers | faults.FailingProbes
    | faults.ControllerCrash | faults.ManagerRestart | faults.SchedulerRestart | faults.KubeletRestart
    | faults.ClockSkew | faults.SlowActor | faults.WatchLag | faults.WatchRepeat
    | faults.Conflicts | faults.AdmissionFailure | faults.ReplyLost | faults.SlowReplies | faults.DelayedWrite
    | faults.FieldCorrupted | faults.StatusCleared
)  # fmt: skip
"""After these all watches live as soon as they are over: who starts anew reads everything, and nobody else misses anything."""


def deafens(fault: AnyFault) -> bool:
    """Whether a watch may be dead when a fault is over, which is noticed by its silence only.

    >>> deafens(faults.KubeletRestart(at=0, node="node-1")), deafens(faults.ApiServerRestart(at=0))
    (False, True)
    """
    return not isinstance(fault, HEARING)


def hinders(fault: AnyFault) -> bool:
    """Whether a fault hinders whom it is about: not if only containers behave otherwise.

    >>> hinders(faults.KubeletRestart(at=0, node="node-1")), hinders(faults.SlowStarts(at=0, node="node-1", seconds=1))
    (True, False)
    """
    return not isinstance(fault, faults.SlowStarts | faults.FailingContainers | faults.FailingProbes)
