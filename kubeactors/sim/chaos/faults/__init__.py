"""Faults as data: one file for each family.

    machines.py   power             crashes.py   restarts              timing.py    pauses, delays, clocks
    watches.py    watches           writes.py    single writes         links.py    whole connections
    store.py      the store         objects.py   stored objects        containers.py
    own.py        faults declared by the author of an operator

A component is a process that talks to the API server: `controller-manager`, `scheduler`, or a node's name for its
kubelet. Of several controller managers or schedulers it is the one that leads when the fault begins. A controller is an
actor in the controller manager: `replicaset`, `deployment`, and so on. A watch is identified by its component and its
resource, in the plural; without a resource a fault applies to all watches of the component, or to its writes of all
objects but events and leases.

The node `hot-node` is that of the pod whose deletion was last requested or completed when the fault begins (for a stale
restart: when the component crashes): a stale cache may still have the pod.
"""

from kubeactors.sim.chaos.faults.containers import (
    ContainerFailure,
    ContainerFault,
    FailingContainers,
    FailingProbes,
    Probed,
    SlowStarts,
)
from kubeactors.sim.chaos.faults.crashes import (
    ApiServerRestart,
    ControllerCrash,
    CrashFault,
    KubeletRestart,
    ManagerRestart,
    SchedulerRestart,
    StaleRestart,
    StoreRestart,
    VersionSkew,
)
from kubeactors.sim.chaos.faults.links import Direction, LinkFault, Overload, Partition, Refusal, Throttled, Unavailable
from kubeactors.sim.chaos.faults.machines import (
    MachineFault,
    NodePowerLoss,
    NodeRemoved,
    NodeReplaced,
    RackPowerLoss,
    ZonePowerLoss,
)
from kubeactors.sim.chaos.faults.objects import (
    ClearableStatus,
    CorruptibleField,
    FieldCorrupted,
    ObjectFault,
    StatusCleared,
)
from kubeactors.sim.chaos.faults.own import OwnFault
from kubeactors.sim.chaos.faults.store import DiskFull, StoreFault, StoreLeaderChange, Tear, TornWrite
from kubeactors.sim.chaos.faults.timing import ClockSkew, Pause, SlowActor, Stall, TimingFault
from kubeactors.sim.chaos.faults.watches import (
    Compaction,
    MailboxOverflow,
    StoreLag,
    WatchBreak,
    WatchExpired,
    WatchFault,
    WatchLag,
    WatchRepeat,
)
from kubeactors.sim.chaos.faults.writes import (
    AdmissionFailure,
    Conflicts,
    DelayedWrite,
    Denial,
    Leg,
    MissedDelete,
    ReplyLost,
    SlowReplies,
    Verb,
    WriteFault,
)

__all__ = [
    "HOT_NODE",
    "AdmissionFailure",
    "AnyFault",
    "ApiServerRestart",
    "ClearableStatus",
    "ClockSkew",
    "Compaction",
    "Conflicts",
    "ContainerFailure",
    "ContainerFault",
    "ControllerCrash",
    "CorruptibleField",
    "CrashFault",
    "DelayedWrite",
    "Denial",
    "Direction",
    "DiskFull",
    "FailingContainers",
    "FailingProbes",
    "FieldCorrupted",
    "KubeletRestart",
    "Leg",
    "LinkFault",
    "MachineFault",
    "MailboxOverflow",
    "ManagerRestart",
    "MissedDelete",
    "NodePowerLoss",
    "NodeRemoved",
    "NodeReplaced",
    "ObjectFault",
    "Overload",
    "OwnFault",
    "Partition",
    "Pause",
    "Probed",
    "RackPowerLoss",
    "Refusal",
    "ReplyLost",
    "SchedulerRestart",
    "SlowActor",
    "SlowReplies",
    "SlowStarts",
    "StaleRestart",
    "Stall",
    "StatusCleared",
    "StoreFault",
    "StoreLag",
    "StoreLeaderChange",
    "StoreRestart",
    "Tear",
    "Throttled",
    "TimingFault",
    "TornWrite",
    "Unavailable",
    "Verb",
    "VersionSkew",
    "WatchBreak",
    "WatchExpired",
    "WatchFault",
    "WatchLag",
    "WatchRepeat",
    "WriteFault",
    "ZonePowerLoss",
]

HOT_NODE = "hot-node"

AnyFault = (
    NodePowerLoss
    | KubeletRestart
    | ApiServerRestart
    | StoreRestart
    | ManagerRestart
    | SchedulerRestart
    | ControllerCrash
    | WatchLag
    | WatchBreak
    | WatchExpired
    | WatchRepeat
    | StoreLag
    | Conflicts
    | ReplyLost
    | SlowReplies
    | DelayedWrite
    | MissedDelete
    | Unavailable
    | Partition
    | ZonePowerLoss
    | NodeReplaced
    | NodeRemoved
    | StaleRestart
    | Stall
    | SlowStarts
    | FailingContainers
    | Throttled
    | RackPowerLoss
    | Pause
    | ClockSkew
    | VersionSkew
    | StatusCleared
    | FieldCorrupted
    | AdmissionFailure
    | SlowActor
    | MailboxOverflow
    | FailingProbes
    | Overload
    | DiskFull
    | TornWrite
    | StoreLeaderChange
    | Compaction
)
"""All faults. Plans are drawn by this order: append new ones at the end."""
