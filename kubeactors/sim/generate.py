"""The grammar of plans: what a scenario may consist of.

It asks a source for every choice: a seeded one in campaigns, hypothesis in property tests. Things happen in bursts, at
a few moments, because what breaks together breaks most.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Protocol, TypeVar

from kubeactors.sim import faults, workload
from kubeactors.sim.plan import FAULT_KINDS, AnyStep, Plan, in_order

T = TypeVar("T")

NAMES = ("web", "api")
IMAGES = ("1", "2", "3")
CONTROLLERS = ("replicaset", "deployment", "endpoints", "endpointslice", "garbagecollector", "nodelifecycle")
RESOURCES = (
    *("pods",) * 5,
    *("replicasets", "endpoints", "endpointslices", "deployments") * 2,
    "services",
    "nodes",
)
"""What components watch, the important ones more than once."""
WRITTEN = ("pods", "pods", "replicasets", "deployments", "nodes", "endpoints")

WEIGHTS = {
    "watch-lag": 8,
    "watch-break": 2,
    "watch-expired": 3,
    "conflicts": 2,
    "reply-lost": 3,
    "controller-crash": 3,
    "partition": 2,
    "node-power-loss": 2,
}
"""How many times as likely a kind of fault is as the others: subtle ones more than those that wipe traces out."""

MOMENT_SECONDS = 20
"""Moments are this far apart at least: most of what a moment begins is over at the next."""
PROPAGATIONS: tuple[workload.Propagation, ...] = ("Background", "Orphan", "Foreground")
DIRECTIONS: tuple[faults.Direction, ...] = ("both", "to-server", "from-server")
OFFSETS = (0.0, 0.0, 0.01, 0.05, 0.2, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
FAULT_OFFSETS = (*(-0.01,) * 8, -0.3, -1.0, 0.0, 0.01, 0.03, 0.1, 0.3, 0.52, 1.0, 3.0)
"""When faults begin, seen from what a user does: mostly just before it."""
SPANS = (0.05, 0.3, 1.0, 1.0, 3.0, 3.0, 10.0, 40.0, 100.0)
LAGS = (1.0, 3.0, 3.0, 10.0, 10.0, 40.0, 100.0, 320.0)
"""A lag may outlast the five minutes after which controllers expect no more news."""
ROOMS = (12, 12, 5, 3)
"""How many pods fit on a node: sometimes there is too little room for all."""
MAX_REPLICAS = 7


class Source(Protocol):
    """Where choices come from."""

    def integer(self, low: int, high: int) -> int:
        """A number between two, both included. Small ones are simpler."""
        ...

    def choice(self, options: Sequence[T]) -> T:
        """One of several. The first is the simplest."""
        ...


class Seeded:
    """Choices decided by a seed."""

    def __init__(self, seed: int | str) -> None:
        self._random = Random(f"plan|{seed}")

    def integer(self, low: int, high: int) -> int:
        """See `Source.integer`."""
        return self._random.randint(low, high)

    def choice(self, options: Sequence[T]) -> T:
        """See `Source.choice`."""
        return options[self._random.randrange(len(options))]


class Grammar:
    """Makes the parts of one plan.

    Args:
        source: where choices come from.
        kinds: the kinds of faults that may be in it.
        nodes: how many nodes the cluster has.
    """

    def __init__(self, source: Source, kinds: Sequence[str] = FAULT_KINDS, nodes: int = 3) -> None:
        self._source = source
        self._kinds = tuple(kinds)
        self._nodes = tuple(f"node-{number}" for number in range(1, nodes + 1))
        self._moments: tuple[int, ...] = ()
        self._times: list[float] = []
        self._focus = ("controller-manager", "pods")
        self._cordoned: dict[str, None] = {}
        self._pods = 0

    def plan(self, seed: int) -> Plan:
        """A whole plan."""
        source = self._source
        names = NAMES[: source.integer(1, len(NAMES))]
        self._moments = tuple(MOMENT_SECONDS * number for number in range(source.integer(1, 3)))
        self._focus = self._any_watch()
        kinds = self._swarm()
        steps: list[AnyStep] = [self._create(name, 0.1 * index) for index, name in enumerate(names)]
        steps += [self._action(source.choice(names)) for _ in range(source.integer(1, 6))]
        steps += [self._fault(source.choice(kinds)) for _ in range(source.integer(0, 7)) if kinds]
        end = max(step.at for step in steps) + MOMENT_SECONDS
        steps += [workload.Uncordon(at=end, node=node) for node in self._cordoned]
        return Plan(seed=seed, nodes=len(self._nodes), pods_per_node=source.choice(ROOMS), steps=in_order(steps))

    def _swarm(self) -> tuple[str, ...]:
        """Some kinds of faults are left out: what is there shows more clearly then."""
        mask = self._source.integer(0, (1 << len(self._kinds)) - 1)
        kinds = tuple(kind for index, kind in enumerate(self._kinds) if mask >> index & 1) or self._kinds
        return tuple(kind for kind in kinds for _ in range(WEIGHTS.get(kind, 1)))

    # What users do.

    def _create(self, name: str, at: float) -> AnyStep:
        source = self._source
        self._times.append(at)
        surge, unavailable = source.choice(((1, 0), (2, 1), (0, 1), (1, 1), (3, 0)))
        return workload.CreateDeployment(
            at=at,
            name=name,
            replicas=source.integer(1, MAX_REPLICAS),
            max_surge=surge,
            max_unavailable=unavailable,
            recreate=not source.integer(0, 9),
            tolerate_seconds=source.choice((15, 5, 60)),
        )

    def _action(self, name: str) -> AnyStep:
        make: Callable[[str, float], AnyStep] = self._source.choice(
            (
                *(self._scale,) * 4,
                *(self._roll,) * 4,
                *(self._relabel_pod,) * 2,
                *(self._delete,) * 2,
                *(_recreate_service,) * 2,
                _pause,
                _resume,
                _undo,
                self._delete_pod,
                self._add_pod,
                self._recreate_pod,
                self._cordon,
                self._again,
            )
        )
        return make(name, self._at())

    def _at(self) -> float:
        """At a moment, or soon after another action."""
        base = self._source.choice((self._times[-1], self._times[-1], *(moment + 1.0 for moment in self._moments)))
        at = round(base + self._source.choice(OFFSETS), 3)
        self._times.append(at)
        return at

    def _scale(self, name: str, at: float) -> AnyStep:
        return workload.Scale(at=at, name=name, replicas=self._source.integer(0, MAX_REPLICAS))

    def _roll(self, name: str, at: float) -> AnyStep:
        return workload.Roll(at=at, name=name, image=self._source.choice(IMAGES[1:] + IMAGES[:1]))

    def _delete_pod(self, name: str, at: float) -> AnyStep:
        return workload.DeletePod(at=at, name=name, number=self._source.integer(0, MAX_REPLICAS))

    def _relabel_pod(self, name: str, at: float) -> AnyStep:
        return workload.RelabelPod(at=at, name=name, number=self._source.integer(0, MAX_REPLICAS))

    def _add_pod(self, name: str, at: float) -> AnyStep:
        self._pods += 1
        return workload.AddPod(at=at, name=name, pod=f"{name}-extra-{self._pods}")

    def _recreate_pod(self, name: str, at: float) -> AnyStep:
        return workload.RecreatePod(at=at, name=name, pod=f"{name}-extra-{max(self._pods, 1)}")

    def _delete(self, name: str, at: float) -> AnyStep:
        propagation = self._source.choice(PROPAGATIONS)
        return workload.DeleteDeployment(at=at, name=name, propagation=propagation)

    def _again(self, name: str, at: float) -> AnyStep:
        return self._create(name, at)

    def _cordon(self, name: str, at: float) -> AnyStep:
        node = self._source.choice(self._nodes)
        self._cordoned[node] = None
        return workload.Cordon(at=at, node=node)

    # What breaks.

    def _fault(self, kind: str) -> AnyStep:  # noqa: C901, PLR0912 -- one line for each fault
        source, at = self._source, self._fault_time()
        match kind:
            case "node-power-loss":
                return faults.NodePowerLoss(at=at, node=source.choice(self._nodes), seconds=source.choice(SPANS[3:]))
            case "kubelet-restart":
                return faults.KubeletRestart(at=at, node=source.choice(self._nodes))
            case "apiserver-restart":
                return faults.ApiServerRestart(at=at)
            case "store-restart":
                return faults.StoreRestart(at=at)
            case "manager-restart":
                return faults.ManagerRestart(at=at)
            case "scheduler-restart":
                return faults.SchedulerRestart(at=at)
            case "controller-crash":
                return faults.ControllerCrash(
                    at=at,
                    controller=source.choice(CONTROLLERS),
                    writes=source.integer(1, 5),
                    process=not source.integer(0, 2),
                )
            case "watch-lag":
                component, resource = self._watch()
                return faults.WatchLag(at=at, component=component, resource=resource, seconds=source.choice(LAGS))
            case "watch-break":
                component, resource = self._watch()
                return faults.WatchBreak(at=at, component=component, resource=resource, seconds=source.choice(SPANS))
            case "watch-expired":
                component, resource = self._watch()
                return faults.WatchExpired(at=at, component=component, resource=resource, seconds=source.choice(SPANS))
            case "watch-repeat":
                component, resource = self._watch()
                return faults.WatchRepeat(at=at, component=component, resource=resource, seconds=source.choice(SPANS))
            case "store-lag":
                return faults.StoreLag(at=at, seconds=source.choice(SPANS[:6]))
            case "conflicts":
                component = self._component()
                return faults.Conflicts(
                    at=at, component=component, resource=source.choice(WRITTEN), count=source.integer(1, 4)
                )
            case "reply-lost":
                return faults.ReplyLost(
                    at=at,
                    component=self._component(),
                    resource=source.choice(WRITTEN),
                    skip=source.integer(0, 4),
                    silent=not source.integer(0, 2),
                )
            case "unavailable":
                return faults.Unavailable(at=at, component=self._component(), seconds=source.choice(SPANS[:8]))
            case "partition":
                direction = source.choice(DIRECTIONS)
                component, seconds = self._component(), source.choice(SPANS)
                return faults.Partition(at=at, component=component, seconds=seconds, direction=direction)
            case _:
                raise ValueError(f"no fault is named {kind!r}; there are {', '.join(FAULT_KINDS)}")

    def _fault_time(self) -> float:
        return round(max(self._source.choice(self._times) + self._source.choice(FAULT_OFFSETS), 0.0), 3)

    def _component(self) -> str:
        manager = "controller-manager"
        return self._source.choice((manager, manager, manager, "scheduler", *self._nodes[:2]))

    def _watch(self) -> tuple[str, str]:
        """Half of the faults of one plan concern the same watch."""
        return self._any_watch() if self._source.integer(0, 1) else self._focus

    def _any_watch(self) -> tuple[str, str]:
        component = self._component()
        if component == "controller-manager":
            return component, self._source.choice(RESOURCES)
        return component, self._source.choice(("pods", "nodes")) if component == "scheduler" else "pods"


def _pause(name: str, at: float) -> AnyStep:
    return workload.Pause(at=at, name=name)


def _resume(name: str, at: float) -> AnyStep:
    return workload.Resume(at=at, name=name)


def _undo(name: str, at: float) -> AnyStep:
    return workload.Undo(at=at, name=name)


def _recreate_service(name: str, at: float) -> AnyStep:
    return workload.RecreateService(at=at, name=name)


def generate(seed: int, kinds: Sequence[str] = FAULT_KINDS, nodes: int = 3) -> Plan:
    """The plan of a seed.

    >>> generate(1) == generate(1)
    True
    """
    return Grammar(Seeded(seed), kinds, nodes).plan(seed)
