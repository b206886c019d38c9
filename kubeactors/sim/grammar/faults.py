"""What breaks: mostly just before users do something, and half of it about one component, and one of its watches.

It takes two to hide many a mistake: half of the faults come on top of the one before, about what that one is about.
"""

from collections.abc import Sequence
from typing import get_args

from kubeactors.sim.chaos import faults
from kubeactors.sim.chaos.faults import AnyFault
from kubeactors.sim.grammar.actions import CRON_JOB, DAEMON_SET, DEPLOYMENT, JOB, REPLICATION_CONTROLLER, STATEFUL_SET
from kubeactors.sim.grammar.source import Source
from kubeactors.sim.plan import FAULT_KINDS
from kubeactors.sim.workload.things import Meddling

CONTROLLERS = ("garbagecollector", "namespace", "nodelifecycle", "taint-eviction", "podgc")
CONTROLLERS_OF: dict[str, tuple[str, ...]] = {
    DEPLOYMENT: ("replicaset", "deployment", "endpoints", "endpointslice"),
    STATEFUL_SET: ("statefulset", "persistentvolume-binder", "persistentvolume-provisioner", "endpoints"),
    DAEMON_SET: ("daemonset",),
    JOB: ("job",),
    CRON_JOB: ("cronjob", "job"),
    REPLICATION_CONTROLLER: ("replicationcontroller", "endpoints"),
}
"""Which controllers have to do with a workload."""
RESOURCES = (*("pods",) * 5, "nodes")
RESOURCES_OF: dict[str, tuple[str, ...]] = {
    DEPLOYMENT: (*("replicasets", "endpoints", "endpointslices", "deployments") * 2, "services"),
    STATEFUL_SET: (*("statefulsets",) * 3, "controllerrevisions", "persistentvolumeclaims", "persistentvolumes"),
    DAEMON_SET: (*("daemonsets",) * 2, "controllerrevisions", "nodes"),
    JOB: ("jobs",) * 3,
    CRON_JOB: ("cronjobs", "jobs", "jobs"),
    REPLICATION_CONTROLLER: ("replicationcontrollers",) * 3,
}
"""What controllers watch for a workload, the important ones more than once."""
WRITTEN = ("pods", "pods", "nodes")
WRITTEN_OF: dict[str, tuple[str, ...]] = {
    DEPLOYMENT: ("replicasets", "deployments", "endpoints", "endpointslices"),
    STATEFUL_SET: ("statefulsets", "persistentvolumeclaims", "persistentvolumes", "controllerrevisions"),
    DAEMON_SET: ("daemonsets", "controllerrevisions"),
    JOB: ("jobs",),
    CRON_JOB: ("jobs", "cronjobs"),
    REPLICATION_CONTROLLER: ("replicationcontrollers",),
}
RESTORABLE_OF: dict[str, tuple[faults.Restorable, ...]] = {
    DEPLOYMENT: ("deployments", "replicasets"),
    STATEFUL_SET: ("statefulsets",),
    DAEMON_SET: ("daemonsets",),
    REPLICATION_CONTROLLER: ("replicationcontrollers",),
}
"""Of what the status can be told again from what there is."""
WEIGHTS = {
    "watch-lag": 24,
    "watch-break": 6,
    "watch-expired": 8,
    "watch-repeat": 2,
    "conflicts": 4,
    "reply-lost": 8,
    "controller-crash": 8,
    "partition": 5,
    "fail-over": 8,
    "stall": 4,
    "kubelet-restart": 4,
    "manager-restart": 3,
    "node-power-loss": 3,
    "unavailable": 2,
    "store-lag": 2,
    "scheduler-restart": 2,
    "node-replaced": 5,
    "node-removed": 2,
    "version-skew": 2,
    "status-lost": 2,
    "field-spoilt": 4,
    "denied": 6,
    "compaction": 2,
    "process-pause": 3,
    "slow-actor": 3,
    "slow-replies": 4,
    "late-write": 12,
    "unseen": 8,
    "torn-write": 2,
}
"""How many times as likely a kind of fault is as the others: subtle ones more than those that wipe traces out."""
HIDING = ("watch-lag", "watch-break", "watch-expired", "fail-over")
"""What keeps those who watch from seeing what happens."""
ON_TOP_ONE_IN = 2
"""One fault of so many comes on top of the one before."""
DIRECTIONS: tuple[faults.Direction, ...] = ("both", "to-server", "from-server")
OFFSETS = (*(-0.01,) * 8, -0.3, -1.0, 0.0, 0.01, 0.03, 0.1, 0.3, 0.52, 1.0, 3.0)
"""When faults begin, seen from what a user does."""
ON_TOP_OFFSETS = (-0.01, -0.01, 0.01, 0.1, 0.5, 1.0)
"""The same for those that come on top of another one, seen from where that begins, ends, or changes something: who sees
its first half, and not the second, is misled as much as who sees nothing of it."""
SPANS = (0.05, 0.3, 1.0, 1.0, 3.0, 3.0, 10.0, 40.0, 100.0)
OUTAGES = (1.0, 10.0, 90.0, 90.0, 150.0)
"""How long a node is cut off, or without power. It is given up after 50 seconds, and its pods go after those that they
tolerate: what comes of that shows only while it is still away."""
LAGS = (1.0, 3.0, 3.0, 10.0, 10.0, 40.0, 100.0, 320.0)
"""A lag may outlast the five minutes after which controllers expect no more news."""
BEHIND = (0.3, 1.0, 3.0, 10.0, 30.0)
"""How old what a stale server shows is, or how much older than something that users did: what that led to is hidden."""
HIDDEN = (10.0, 40.0, 40.0, 100.0, 320.0)
"""How long what comes on top hides what is below: mostly until somebody acts on what he believes."""
DELAYS = (0.02, 0.1, 0.5)
SLOW_REPLIES = (0.3, 1.0, 3.0)
MANAGER, SCHEDULER = "controller-manager", "scheduler"
DOING = (MANAGER, MANAGER, MANAGER, SCHEDULER)
"""Whose writes all take time, or fail now and then."""
UNSEEN_VERBS: tuple[faults.Verb, ...] = ("create", "create", "create", "any")
UNDER_WAY = (0.05, 0.3, 1.0, 1.0, 3.0, 10.0)
"""Shorter than components wait for replies."""
VERBS: dict[str, tuple[faults.Verb, ...]] = {MANAGER: ("delete", "delete", "any", "create"), SCHEDULER: ("any",)}
KUBELET_VERBS: tuple[faults.Verb, ...] = ("delete", "delete", "any")
LEGS: tuple[faults.Leg, ...] = ("request", "request", "reply")
MEDDLINGS: dict[faults.Verb, tuple[Meddling | None, ...]] = {
    "any": (None, None, "delete", "orphan", "replace"),
    "create": (None, "delete", "orphan", "replace"),
    "delete": (None, "release", "release", "replace", "replace"),
}
"""What would do harm if it went unnoticed."""
SLOW_ONE_IN, LATENCIES, AFTERWARDS_SECONDS = 3, (0.3, 0.15, 0.6), 5.0
"""In one scenario of so many all writes of a component take time: how long, and until when after the last action."""
FLAKY_ONE_IN, FAILING, ENDLESS = 6, (2, 3, 5, 8), 1_000_000
"""In one of so many each so many-th of them fails."""
ALL_ONE_IN = 5
"""One fault of so many that is about one resource is about all that the component watches or writes instead."""
PAUSES = (1.0, 3.0, 10.0, 17.0, 40.0)
"""Some outlast the 15 seconds after which another leader takes over, and some those after which a node is given up."""
SKEWS = (-1.0, 1.0, -30.0, 30.0, -18_000.0, 18_000.0)
SKEWS_OF_NODES = SKEWS[:-1]
"""No node is hours ahead: who asks for how long its pods have been ready waits until then, as in Kubernetes."""
AFTER = (0.0, 4.1, 0.0)
"""How long after their start containers do not answer probes any more, in seconds: just after they were asked."""
PROBES: tuple[faults.Probed, ...] = ("readiness", "liveness", "startup")
REFUSALS: tuple[faults.Refusal, ...] = ("unavailable", "throttled")
DENIALS: tuple[faults.Denial, ...] = ("forbidden", "internal-error")
DENIED_VERBS: tuple[faults.Verb, ...] = ("any", "any", "create", "delete", "update", "patch")
TEARS: tuple[faults.Tear, ...] = ("unanswered", "torn", "lost")
FIELDS: tuple[faults.Spoilable, ...] = get_args(faults.Spoilable)
TROUBLES: tuple[faults.Trouble, ...] = ("crash", "out-of-memory", "no-image")


class Faults:
    """Draws what breaks.

    Args:
        source: where choices come from.
        kinds: the kinds of faults that may be drawn; some are left out, what is there shows more clearly then.
        nodes: the names of the nodes.
        subjects: the kinds of workloads that there are.
    """

    def __init__(self, source: Source, kinds: Sequence[str], nodes: tuple[str, ...], subjects: Sequence[str]) -> None:
        self._source = source
        self._nodes = nodes
        self._controllers = (*(one for kind in subjects for one in CONTROLLERS_OF[kind]), *CONTROLLERS)
        self._resources = (*RESOURCES, *(one for kind in subjects for one in RESOURCES_OF[kind]))
        self._written = (*WRITTEN, *(one for kind in subjects for one in WRITTEN_OF[kind]))
        self._restorable: tuple[faults.Restorable, ...] = (
            tuple(one for kind in subjects for one in RESTORABLE_OF.get(kind, ())) or RESTORABLE_OF[DEPLOYMENT]
        )
        self._focus = self._any_watch()
        self._times: tuple[float, ...] = ()
        """When users do something."""
        self._on_top = False
        """Whether the fault that is drawn is about the focus, without fail."""
        self._kinds = self._swarm(tuple(kinds))
        self._ambience = tuple(one for one in ("slow-replies", "denied") if one in kinds)

    def some(self, most: int, times: Sequence[float]) -> list[AnyFault]:
        """At most so many faults, each about one of these times, or when another one begins or ends."""
        drawn: list[AnyFault] = []
        ambient = self._ambient(max(times))
        self._times = tuple(times)
        near = list(times)
        hot = (self._source.choice(times),)
        for _ in range(self._source.integer(0, most)):
            if drawn and self._is_on_top(drawn[-1]):
                fault = self._another(drawn[-1])
            else:
                fault = self._one(self._source.choice(self._kinds), near if self._source.integer(0, 1) else hot)
            drawn.append(fault)
            near += fault.moments
        return [*ambient, *drawn]

    def _ambient(self, end: float) -> list[AnyFault]:
        """Perhaps all that a component does takes time throughout: what happens meanwhile is news when it goes on.

        Or some of it fails, again and again.
        """
        found: list[AnyFault] = []
        choice, seconds = self._source.choice, round(end + AFTERWARDS_SECONDS, 3)
        if "slow-replies" in self._ambience and not self._source.integer(0, SLOW_ONE_IN - 1):
            component, delay = choice(DOING), choice(LATENCIES)
            found.append(
                faults.SlowReplies(at=0.0, component=component, resource="", delay_seconds=delay, seconds=seconds)
            )
        if "denied" in self._ambience and not self._source.integer(0, FLAKY_ONE_IN - 1):
            component, every, answer = choice(DOING), choice(FAILING), choice(DENIALS)
            found.append(
                faults.Denied(at=0.0, component=component, every=every, count=ENDLESS, answer=answer, seconds=seconds)
            )
        return found

    def _is_on_top(self, before: AnyFault) -> bool:
        """Whether the next one is about that one, too: half of them, and more if it comes in several steps."""
        in_steps = len(before.moments) > 2  # more than its begin and its end
        return not self._source.integer(0, ON_TOP_ONE_IN - 1) or (in_steps and not self._source.integer(0, 1))

    def _another(self, before: AnyFault) -> AnyFault:
        """A fault about what another one is about, somewhere between its beginning and its end; often one that hides it."""
        hiding = tuple(kind for kind in self._kinds if kind in HIDING)
        kind = self._source.choice(hiding if hiding and self._source.integer(0, 1) else self._kinds)
        focus = self._focus
        self._focus, self._on_top = self._concerned(before), True
        quarter = (before.heals_at - before.at) / 4
        fault = self._one(kind, [*before.moments, *(before.at + quarter * number for number in range(1, 4))])
        self._focus, self._on_top = focus, False
        return fault

    def _concerned(self, fault: AnyFault) -> tuple[str, str]:
        """Whose watch of what shows what a fault does, or is concerned by it."""
        resource = getattr(fault, "resource", "")
        if hasattr(fault, "node") or hasattr(fault, "nodes"):
            options = (*((MANAGER, "nodes"),) * 3, (MANAGER, "pods"), (SCHEDULER, "nodes"), (self._node(), "pods"))
            return self._source.choice(options)
        component = getattr(fault, "component", "") or MANAGER
        watched = self._watched_by(component)
        return component, resource if resource in watched else self._source.choice(watched)

    def _swarm(self, kinds: tuple[str, ...]) -> tuple[str, ...]:
        """Source: Groce et al., "Swarm Testing" (2012)."""
        mask = self._source.integer(0, (1 << len(kinds)) - 1)
        chosen = tuple(kind for index, kind in enumerate(kinds) if mask >> index & 1) or kinds
        return tuple(kind for kind in chosen for _ in range(WEIGHTS.get(kind, 1)))

    def _one(self, kind: str, times: Sequence[float]) -> AnyFault:  # noqa: C901, PLR0912 -- one line for each fault
        choice, at = self._source.choice, self._time(times)
        match kind:
            case "node-power-loss":
                return faults.NodePowerLoss(at=at, node=self._node(), seconds=choice(OUTAGES))
            case "zone-power-loss":
                return faults.ZonePowerLoss(at=at, seconds=choice(SPANS[3:]))
            case "node-replaced":
                return faults.NodeReplaced(at=at, node=self._node(), seconds=choice(SPANS[3:]))
            case "node-removed":
                return faults.NodeRemoved(at=at, node=self._node())
            case "kubelet-restart":
                return faults.KubeletRestart(at=at, node=self._node())
            case "apiserver-restart":
                return faults.ApiServerRestart(at=at)
            case "store-restart":
                return faults.StoreRestart(at=at)
            case "manager-restart":
                return faults.ManagerRestart(at=at)
            case "scheduler-restart":
                return faults.SchedulerRestart(at=at)
            case "controller-crash":
                return self._controller_crash(at)
            case "watch-lag":
                component, resource = self._some_watch()
                lags = HIDDEN if self._on_top else LAGS
                return faults.WatchLag(at=at, component=component, resource=resource, seconds=choice(lags))
            case "watch-break":
                component, resource = self._some_watch()
                return faults.WatchBreak(at=at, component=component, resource=resource, seconds=self._break())
            case "watch-expired":
                component, resource = self._some_watch()
                return faults.WatchExpired(at=at, component=component, resource=resource, seconds=self._break())
            case "watch-repeat":
                component, resource = self._watch()
                return faults.WatchRepeat(at=at, component=component, resource=resource, seconds=choice(SPANS))
            case "store-lag":
                return faults.StoreLag(at=at, seconds=choice(SPANS[:6]))
            case "conflicts":
                return self._conflicts(at)
            case "reply-lost":
                return self._reply_lost(at)
            case "denied":
                return self._denied(at)
            case "throttled":
                return faults.Throttled(at=at, component=self._component(), seconds=choice(SPANS[:7]))
            case "partition" | "unavailable" | "process-pause" | "stall":
                return self._silence(kind, at)
            case "fail-over":
                return self._fail_over(at)
            case "slow-starts":
                return faults.SlowStarts(at=at, node=self._node(), seconds=choice(SPANS[3:]))
            case "bad-starts":
                return faults.BadStarts(at=at, node=self._node(), seconds=choice(SPANS[3:]), how=choice(TROUBLES))
            case "slow-replies":
                return self._slow_replies(at)
            case "late-write":
                return self._late_write(at)
            case "unseen":
                return self._unseen(at)
            case "rack-power-loss":
                return faults.RackPowerLoss(at=at, nodes=self._rack(), seconds=choice(SPANS[3:]))
            case "clock-skew":
                return self._clock_skew(at)
            case "version-skew":
                component = choice((MANAGER, MANAGER, self._component()))
                return faults.VersionSkew(at=at, component=component, seconds=choice(SPANS[4:]))
            case "status-lost" | "field-spoilt":
                return self._wrong(kind, at)
            case "slow-actor":
                return self._slow_actor(at)
            case "mailbox-overflow":
                component, resource = self._watch()
                return faults.MailboxOverflow(at=at, component=component, resource=resource, seconds=choice(SPANS))
            case "failing-probes":
                probe, seconds, after = choice(PROBES), choice(SPANS[3:]), choice(AFTER)
                return faults.FailingProbes(at=at, node=self._node(), probe=probe, seconds=seconds, after=after)
            case "overload":
                return faults.Overload(at=at, answer=choice(REFUSALS), seconds=choice(SPANS[:7]))
            case "disk-full":
                return faults.DiskFull(at=at, seconds=choice(SPANS[:7]))
            case "torn-write":
                return faults.TornWrite(at=at, how=choice(TEARS))
            case "store-leader-change":
                return faults.StoreLeaderChange(at=at, seconds=choice(SPANS[:7]))
            case "compaction":
                return faults.Compaction(at=at, component=self._component())
            case _:
                raise ValueError(f"no fault is named {kind!r}; there are {', '.join(FAULT_KINDS)}")

    def _fail_over(self, at: float) -> AnyFault:
        """All that the component reads is old, or one resource only: its watches may have led to different servers."""
        later = [time - at for time in self._times if time > at]
        hidden = self._source.choice(later) if later and self._source.integer(0, 1) else 0.0
        spans = HIDDEN if self._on_top else SPANS[3:]
        after, seconds = round(hidden + self._source.choice(BEHIND), 3), self._source.choice(spans)
        if self._source.integer(0, 2):
            component, resource = self._watch()
        else:
            component, resource = self._component(), ""
        return faults.FailOver(at=at, component=component, after=after, resource=resource, seconds=seconds)

    def _controller_crash(self, at: float) -> AnyFault:
        """Mostly of a controller: there are most of these. The scheduler and kubelets are one actor each."""
        component = self._source.choice((MANAGER, MANAGER, MANAGER, self._component()))
        writes, process = self._source.integer(1, 5), not self._source.integer(0, 2)
        return faults.ControllerCrash(
            at=at, component=component, controller=self._actor(component), writes=writes, process=process
        )

    def _conflicts(self, at: float) -> AnyFault:
        component, resource = self._some_writes()
        return faults.Conflicts(at=at, component=component, resource=resource, count=self._source.integer(1, 4))

    def _slow_replies(self, at: float) -> AnyFault:
        component, resource = self._writes()
        delay, seconds = self._source.choice(SLOW_REPLIES), self._source.choice(SPANS)
        return faults.SlowReplies(at=at, component=component, resource=resource, delay_seconds=delay, seconds=seconds)

    def _reply_lost(self, at: float) -> AnyFault:
        skip, silent = self._source.integer(0, 4), not self._source.integer(0, 2)
        component, resource = self._some_writes()
        return faults.ReplyLost(at=at, component=component, resource=resource, skip=skip, silent=silent)

    def _denied(self, at: float) -> AnyFault:
        choice, (component, resource) = self._source.choice, self._writes()
        return faults.Denied(
            at=at,
            component=component,
            resource=choice((resource, "")),
            verb=choice(DENIED_VERBS),
            skip=choice((0, 0, 1, 3)),
            count=choice((1, 1, 2, 4)),
            answer=choice(DENIALS),
        )

    def _late_write(self, at: float) -> AnyFault:
        choice, (component, resource) = self._source.choice, self._writes()
        verb = choice(VERBS.get(component, KUBELET_VERBS))
        if verb == "delete":
            resource = choice(("pods", "pods", ""))
        elif verb == "create":
            resource = ""
        return faults.LateWrite(
            at=at,
            component=component,
            resource=resource,
            verb=verb,
            skip=choice((0, 0, 0, 1, 3)),
            count=choice((1, 1, 3)),
            leg=choice(LEGS) if verb != "delete" else "request",
            meanwhile=choice(MEDDLINGS[verb]) if self._may_meddle(component) else None,
            seconds=choice(UNDER_WAY),
        )

    def _unseen(self, at: float) -> AnyFault:
        """Of whatever a component makes; sometimes of what it changes."""
        choice = self._source.choice
        return faults.Unseen(
            at=at,
            component=choice((MANAGER, MANAGER, self._component())),
            verb=choice(UNSEEN_VERBS),
            skip=choice((0, 0, 1, 2, 4)),
            seconds=choice(HIDDEN[:3]),
        )

    def _may_meddle(self, _component: str) -> bool:
        """Whether users may do something to what it writes."""
        return True

    def _silence(self, kind: str, at: float) -> AnyFault:
        """Nothing is heard of a component, but it goes on, or will."""
        component = self._cut_off()
        spans = {"unavailable": SPANS[:8], "process-pause": PAUSES}.get(kind, SPANS)
        seconds = self._source.choice(spans if component in (MANAGER, SCHEDULER) else OUTAGES)
        match kind:
            case "partition":
                direction = self._source.choice(DIRECTIONS)
                return faults.Partition(at=at, component=component, seconds=seconds, direction=direction)
            case "unavailable":
                return faults.Unavailable(at=at, component=component, seconds=seconds)
            case "process-pause":
                return faults.Pause(at=at, component=component, seconds=seconds)
            case _:
                return faults.Stall(at=at, component=component, actor=self._actor(component), seconds=seconds)

    def _clock_skew(self, at: float) -> AnyFault:
        component = self._source.choice((MANAGER, SCHEDULER, self._node()))
        skews = SKEWS if component in (MANAGER, SCHEDULER) else SKEWS_OF_NODES
        ahead, seconds = self._source.choice(skews), self._source.choice(SPANS[3:])
        return faults.ClockSkew(at=at, component=component, ahead_seconds=ahead, seconds=seconds)

    def _wrong(self, kind: str, at: float) -> AnyFault:
        """What the store holds is wrong."""
        choice, number = self._source.choice, self._source.integer(0, 11)
        if kind == "status-lost":
            return faults.StatusLost(at=at, resource=choice((*self._restorable, "any", "pods", "nodes")), number=number)
        return faults.FieldSpoilt(at=at, field=choice(FIELDS), number=number, seconds=choice(SPANS[2:]))

    def _slow_actor(self, at: float) -> AnyFault:
        component, seconds, delay = self._component(), self._source.choice(SPANS[3:8]), self._source.choice(DELAYS)
        actor = self._actor(component)
        return faults.SlowActor(at=at, component=component, actor=actor, seconds=seconds, delay_seconds=delay)

    def _actor(self, component: str) -> str:
        """Who does the work of a component, or one of them."""
        if component == MANAGER:
            return self._source.choice(self._controllers)
        return component if component == SCHEDULER else ""

    def _rack(self) -> tuple[str, ...]:
        """Half of the nodes, or one more."""
        first = self._source.integer(0, len(self._nodes) - 1)
        return tuple((*self._nodes[first:], *self._nodes[:first])[: len(self._nodes) // 2 + 1])

    def _time(self, times: Sequence[float]) -> float:
        offsets = ON_TOP_OFFSETS if self._on_top else OFFSETS
        return round(max(self._source.choice(times) + self._source.choice(offsets), 0.0), 3)

    def _break(self) -> float:
        return self._source.choice(HIDDEN if self._on_top and self._source.integer(0, 1) else SPANS)

    def _cut_off(self) -> str:
        """Which one: mostly a node, for there are most of these."""
        return self._component() if self._on_top or self._source.integer(0, 1) else self._node()

    def _node(self) -> str:
        return self._source.choice((*self._nodes, faults.HOT_NODE))

    def _component(self) -> str:
        return self._watch()[0]

    def _writes(self) -> tuple[str, str]:
        """A component, and what it writes: what it watches, or else."""
        component, resource = self._watch()
        written = self._written_by(component)
        return component, self._source.choice((resource, *written) if resource in written else written)

    def _some_writes(self) -> tuple[str, str]:
        """The same, or all that it writes."""
        component, resource = self._writes()
        return component, resource if self._source.integer(0, ALL_ONE_IN - 1) else ""

    def _some_watch(self) -> tuple[str, str]:
        """A watch, or all of the component."""
        component, resource = self._watch()
        return component, resource if self._source.integer(0, ALL_ONE_IN - 1) else ""

    def _written_by(self, component: str) -> tuple[str, ...]:
        if component == MANAGER:
            return self._written
        return ("pods",) if component == SCHEDULER else WRITTEN

    def _any_component(self) -> str:
        return self._source.choice((MANAGER, MANAGER, MANAGER, SCHEDULER, self._nodes[0], faults.HOT_NODE))

    def _watch(self) -> tuple[str, str]:
        return self._focus if self._on_top or not self._source.integer(0, 1) else self._any_watch()

    def _any_watch(self) -> tuple[str, str]:
        component = self._any_component()
        return component, self._source.choice(self._watched_by(component))

    def _watched_by(self, component: str) -> tuple[str, ...]:
        if component == MANAGER:
            return self._resources
        return ("pods", "nodes") if component == SCHEDULER else ("pods",)
