"""What breaks, as data.

A component is a process that talks to the API server: `controller-manager`, `scheduler`, or a node's name for its
kubelet. Of several controller managers or schedulers it is the one that leads when the fault begins. A controller is an actor in the controller manager: `replicaset`, `deployment`, and so on. A watch is named by
its component and its resource, in the plural; without a resource all watches of the component are meant, and of writes
those of all objects but events and leases.

A node may be named `hot-node`: the one from which a pod was last asked to go, or went, when the fault begins; of a
fail-over, when the component crashes. What has just gone is what somebody may still believe in.
"""

from typing import Literal

from kubeactors.sim.steps import Fault
from kubeactors.sim.workload.things import Meddling

Direction = Literal["both", "to-server", "from-server"]
Trouble = Literal["crash", "out-of-memory", "no-image"]
Probed = Literal["startup", "readiness", "liveness"]
Tear = Literal["lost", "torn", "unanswered"]
Restorable = Literal[
    "any",
    "deployments",
    "replicasets",
    "statefulsets",
    "daemonsets",
    "replicationcontrollers",
    "persistentvolumes",
    "persistentvolumeclaims",
    "poddisruptionbudgets",
    "resourcequotas",
    "horizontalpodautoscalers",
    "pods",
    "nodes",
]
Spoilable = Literal[
    "replicas",
    "no-replicas",
    "owner-lost",
    "owner-unknown",
    "hash-lost",
    "generation",
    "holder",
    "nomination",
    "labels-lost",
    "tainted",
    "unready",
    "node-unready",
    "no-room",
]
Denial = Literal["forbidden", "internal-error"]
Refusal = Literal["unavailable", "throttled"]
Verb = Literal["any", "create", "update", "patch", "delete"]
Leg = Literal["request", "reply"]
HOT_NODE = "hot-node"


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

    With `process` the whole component crashes. Of the scheduler the `controller` is `scheduler`, of a node it is empty.
    """

    controller: str
    writes: int = 1
    process: bool = False
    component: str = "controller-manager"


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


class Denied(Fault, frozen=True, kw_only=True, tag="denied"):
    """The next writes of a component are refused, though nothing is wrong with them: a policy forbids them, a webhook is broken.

    Who asked must ask again; by then it is another time, and perhaps another write. With `every` only each so many-th is
    refused, with `seconds` those of so long only: whatever a component does fails now and then.
    """

    component: str
    resource: str = ""
    verb: Verb = "any"
    skip: int = 0
    count: int = 1
    every: int = 1
    answer: Denial = "forbidden"
    seconds: float = 0.0

    @property
    def heals_at(self) -> float:
        """When it is over."""
        return self.at + self.seconds


class ReplyLost(Fault, frozen=True, kw_only=True, tag="reply-lost"):
    """A write of a component takes effect, and its reply is lost.

    The component sees a broken connection at once, or with `silent` nothing until its own deadline. The first `skip`
    writes from now on are answered.
    """

    component: str
    resource: str
    skip: int = 0
    silent: bool = False


class SlowReplies(Lasting, frozen=True, kw_only=True, tag="slow-replies"):
    """The replies to writes of a component come late, and may come after what its watches tell of them.

    Without a `resource` to all of its writes: what it does takes time, and much may happen while it does it.
    """

    component: str
    resource: str
    delay_seconds: float = 1.0


class LateWrite(Lasting, frozen=True, kw_only=True, tag="late-write"):
    """A write of a component is under way for `seconds`, or its reply (`leg`): what holds when it is sent need not when it comes.

    It happens to the next `count` writes of the verb, after the first `skip`, to objects of the resource, or of any but
    events and leases. With `meanwhile` a user does that to the object that it is about; if it is to create one that comes
    yet, to the owner. A request whose sender is gone when it would come is lost.
    """

    component: str
    resource: str = ""
    verb: Verb = "any"
    skip: int = 0
    count: int = 1
    leg: Leg = "request"
    meanwhile: Meddling | None = None


class Unseen(Lasting, frozen=True, kw_only=True, tag="unseen"):
    """What a component writes goes at once, and its watch does not tell: that breaks before, and lists again after `seconds`.

    A user deletes the object as soon as it is written. It happens to the next write of the verb, after the first `skip`, to
    an object of the resource, or of any but events and leases.
    """

    component: str
    resource: str = ""
    verb: Verb = "create"
    skip: int = 0
    count: int = 1


class Unavailable(Lasting, frozen=True, kw_only=True, tag="unavailable"):
    """The API server refuses connections of a component."""

    component: str


class Partition(Lasting, frozen=True, kw_only=True, tag="partition"):
    """Messages between a component and the API server are lost, in one direction or in both."""

    component: str
    direction: Direction = "both"


class ZonePowerLoss(Lasting, frozen=True, kw_only=True, tag="zone-power-loss"):
    """All nodes stop at once, and boot again later, empty."""


class NodeReplaced(Lasting, frozen=True, kw_only=True, tag="node-replaced"):
    """A node stops for good; its Node object is deleted, and later another machine joins under its name."""

    node: str

    @property
    def deleted_at(self) -> float:
        """When its Node object goes."""
        return self.at + self.seconds / 2

    @property
    def moments(self) -> tuple[float, ...]:
        """It stops, its Node object goes, another one comes."""
        return self.at, self.deleted_at, self.heals_at


class NodeRemoved(Fault, frozen=True, kw_only=True, tag="node-removed"):
    """A node stops for good, and its Node object is deleted."""

    node: str


class FailOver(Lasting, frozen=True, kw_only=True, tag="fail-over"):
    """A component crashes, and is then served by an API server that has fallen behind: stale cached reads, late watches.

    What that server has is as old as the beginning of the fault; the crash comes `after` so many seconds. With a
    `resource` only that one is read from there.
    """

    component: str
    after: float
    resource: str = ""

    @property
    def heals_at(self) -> float:
        """When it is over."""
        return self.at + self.after + self.seconds

    @property
    def moments(self) -> tuple[float, ...]:
        """The server falls behind, the component crashes, the server has caught up."""
        return self.at, self.at + self.after, self.heals_at


class Stall(Lasting, frozen=True, kw_only=True, tag="stall"):
    """An actor handles no messages for a while: a slow thread, a paused machine, a frozen kubelet.

    An `actor` is a controller, or empty for the component itself: a kubelet, the scheduler.
    """

    component: str
    actor: str = ""


class SlowStarts(Lasting, frozen=True, kw_only=True, tag="slow-starts"):
    """Containers on a node take long to start: an image is pulled over a bad line."""

    node: str


class BadStarts(Lasting, frozen=True, kw_only=True, tag="bad-starts"):
    """Containers that are made on a node in this time are no good: they crash, are killed, or have no image."""

    node: str
    how: Trouble


class Throttled(Lasting, frozen=True, kw_only=True, tag="throttled"):
    """The API server answers a component with 429: too many requests."""

    component: str


class RackPowerLoss(Lasting, frozen=True, kw_only=True, tag="rack-power-loss"):
    """Some nodes that share a power supply stop at once, and boot again later, empty."""

    nodes: tuple[str, ...]


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


class StatusLost(Fault, frozen=True, kw_only=True, tag="status-lost"):
    """The status of an object is gone: somebody has restored it from a backup, or overwrites what is not his.

    Those who look after it can tell from what there is what it was: of pods only the conditions go. `number` counts the
    objects of the resource by name (of any of these resources, one after the other), modulo how many there are.
    """

    resource: Restorable
    number: int


class FieldSpoilt(Lasting, frozen=True, kw_only=True, tag="field-spoilt"):
    """A field of a stored object is wrong. It is put right after `seconds`, if nobody has done so. See `corruption.py`.

    `number` counts the objects that have such a field by name, modulo how many there are.
    """

    field: Spoilable
    number: int


class VersionSkew(Lasting, frozen=True, kw_only=True, tag="version-skew"):
    """A component is served by an API server of a newer version, which has one more default of pods and their templates.

    It starts anew when it comes to that server, and when it comes back to the older one. See `skew.py`.
    """

    component: str


class SlowActor(Lasting, frozen=True, kw_only=True, tag="slow-actor"):
    """An actor takes its time over each message. `actor` as with `Stall`."""

    component: str
    actor: str = ""
    delay_seconds: float = 0.1


class MailboxOverflow(Lasting, frozen=True, kw_only=True, tag="mailbox-overflow"):
    """The mailbox of whoever reads a watch is full: it takes no messages, only its own timers and replies."""

    component: str
    resource: str


class FailingProbes(Lasting, frozen=True, kw_only=True, tag="failing-probes"):
    """Containers that are made on a node in this time do not answer one kind of probe until it is over.

    That is counted from their start, as is `after` how many seconds it begins.
    """

    node: str
    probe: Probed
    after: float = 0.0


class Overload(Lasting, frozen=True, kw_only=True, tag="overload"):
    """The API server refuses the requests of all components, with 503 or 429."""

    answer: Refusal


class DiskFull(Lasting, frozen=True, kw_only=True, tag="disk-full"):
    """No commit of the store succeeds: it crashes, and again when it tries."""


class TornWrite(Fault, frozen=True, kw_only=True, tag="torn-write"):
    """The store crashes in its next commit, which is lost, half written, or written but not acknowledged."""

    how: Tear


class StoreLeaderChange(Lasting, frozen=True, kw_only=True, tag="store-leader-change"):
    """The store's replicas elect a leader: its watches end, and it refuses requests until they have one."""


class Compaction(Fault, frozen=True, kw_only=True, tag="compaction"):
    """The store forgets all history, and every watch of a component breaks: what it missed cannot be told any more."""

    component: str


class OwnFault(Lasting, frozen=True, kw_only=True, tag="own-fault"):
    """A fault that the author of an operator has declared: see `operators/`. It is over after `seconds`."""

    name: str
    arguments: dict[str, object] = {}


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
    | LateWrite
    | Unseen
    | Unavailable
    | Partition
    | ZonePowerLoss
    | NodeReplaced
    | NodeRemoved
    | FailOver
    | Stall
    | SlowStarts
    | BadStarts
    | Throttled
    | RackPowerLoss
    | Pause
    | ClockSkew
    | VersionSkew
    | StatusLost
    | FieldSpoilt
    | Denied
    | SlowActor
    | MailboxOverflow
    | FailingProbes
    | Overload
    | DiskFull
    | TornWrite
    | StoreLeaderChange
    | Compaction
)
