"""What breaks, as data.

A component is a process that talks to the API server: `controller-manager`, `scheduler`, or a node's name for its
kubelet. A controller is an actor in the controller manager: `replicaset`, `deployment`, and so on. A watch is named by
its component and its resource, in the plural.
"""

from typing import Literal

from kubeactors.sim.steps import Fault

Direction = Literal["both", "to-server", "from-server"]


class Lasting(Fault, frozen=True, kw_only=True):
    """A fault that lasts."""

    seconds: float

    @property
    def heals_at(self) -> float:
        """When it is over."""
        return self.at + self.seconds


class NodePowerLoss(Lasting, frozen=True, kw_only=True, tag="node-power-loss"):
    """A node stops at once, with all its containers, and boots again later, empty."""

    node: str


class KubeletRestart(Fault, frozen=True, kw_only=True, tag="kubelet-restart"):
    """A kubelet crashes and is started again; containers go on."""

    node: str


class ApiServerRestart(Fault, frozen=True, kw_only=True, tag="apiserver-restart"):
    """The API server crashes and is started again."""


class StoreRestart(Fault, frozen=True, kw_only=True, tag="store-restart"):
    """The store crashes and is started again; nothing durable is lost."""


class ManagerRestart(Fault, frozen=True, kw_only=True, tag="manager-restart"):
    """The controller manager crashes as a whole and is started again, with empty caches."""


class SchedulerRestart(Fault, frozen=True, kw_only=True, tag="scheduler-restart"):
    """The scheduler crashes as a whole and is started again, with an empty cache."""


class ControllerCrash(Fault, frozen=True, kw_only=True, tag="controller-crash"):
    """A controller crashes right after its next writes, so many; the last one takes effect, its reply is lost.

    With `process` the whole controller manager crashes.
    """

    controller: str
    writes: int = 1
    process: bool = False


class WatchLag(Lasting, frozen=True, kw_only=True, tag="watch-lag"):
    """A watch delivers nothing for a while, then everything, in order."""

    component: str
    resource: str


class WatchBreak(Lasting, frozen=True, kw_only=True, tag="watch-break"):
    """A message of a watch is lost, and all after it; later the connection is found to be broken."""

    component: str
    resource: str


class WatchExpired(Lasting, frozen=True, kw_only=True, tag="watch-expired"):
    """Like `WatchBreak`, but the watch cannot be resumed: the component lists again and never sees what was between."""

    component: str
    resource: str


class WatchRepeat(Lasting, frozen=True, kw_only=True, tag="watch-repeat"):
    """Every message of a watch comes twice."""

    component: str
    resource: str


class StoreLag(Lasting, frozen=True, kw_only=True, tag="store-lag"):
    """The API server's watch cache falls behind the store, then catches up."""


class Conflicts(Fault, frozen=True, kw_only=True, tag="conflicts"):
    """The next writes of a component to objects of a resource come too late: somebody has just changed the object."""

    component: str
    resource: str
    count: int = 1


class ReplyLost(Fault, frozen=True, kw_only=True, tag="reply-lost"):
    """A write of a component takes effect, and its reply is lost.

    The component sees a broken connection at once, or with `silent` nothing until its own deadline. The first `skip`
    writes from now on are answered.
    """

    component: str
    resource: str
    skip: int = 0
    silent: bool = False


class Unavailable(Lasting, frozen=True, kw_only=True, tag="unavailable"):
    """The API server refuses connections of a component."""

    component: str


class Partition(Lasting, frozen=True, kw_only=True, tag="partition"):
    """Messages between a component and the API server are lost, in one direction or in both."""

    component: str
    direction: Direction = "both"


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
    | Unavailable
    | Partition
)
