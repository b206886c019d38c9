"""Detects livelocks: components that cause work for one another without end.

Work comes in bursts of messages that die down. A leaky bucket counts them: each message fills it, virtual time drains it,
and it overflows only if work creates more work. That shows after about a second of CPU, where waiting for the cluster to
become quiet would take minutes, and it depends on messages and virtual time alone.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Collection, Iterator
from typing import cast

import msgspec

from kubeactors.actor.cell import Cell
from kubeactors.actor.kernel import Kernel
from kubeactors.actor.supervision import SECOND
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ApiRequest, Create
from kubeactors.client import Informer
from kubeactors.kubelet import Kubelet
from kubeactors.sim.network import CHECK_INTERVAL, component_of
from kubeactors.sim.plan import AnyStep, Plan
from kubeactors.sim.tree import actors_of
from kubeactors.sim.workload import CreateDaemonSet, OwnAction, SendRequest
from kubeactors.sim.world import World

MESSAGE_ALLOWANCE = 9_000
"""The size of a burst that any plan may have. The largest among 200 drawn plans was 3,966, among six with up to 440 steps
2,582."""
OF_A_NODE, OF_A_POD, OF_A_STEP = 100, 100, 50
"""The additional allowance for each of these. A pod takes about 45 messages from creation to Running, and a step may
replace many pods: 94 steps within ten seconds, mostly rollouts and scalings on top of one another, took 13,568."""
LEAK, LEAK_OF_A_NODE = 200, 2
"""How many messages drain in a virtual second. A loop without delays sends thousands."""
STALE_FACTOR = 4
"""A component with a stale cache may send so many times as much: it may loop as in Kubernetes, which limits its clients to
20 requests a second. After that the run is inconclusive."""
OF_AN_OWN_ACTION, AT_MOST = 10, 1_000
"""The pods that a declared action, or any single request, may ask for: so many, or as many as a number in it, up to a maximum."""
PROPAGATION_TIME = SECOND // 2
"""How soon a write is in all caches that are not stale (ns), at a low rate: in a loop thousands of writes may take no time."""
MESSAGES_OF_A_REQUEST = 4
"""A request leads to at least so many messages: this bounds the requests to remember."""
MAX_NAMED = 4
WORTH_NAMING = 0.1
"""At most so many kinds of requests are named, with at least this fraction of the commonest one's count."""
_SIZES = ("replicas", "completions", "parallelism", "most")


def allowance_of(plan: Plan) -> int:
    """How many messages a burst may have under this plan.

    >>> allowance_of(Plan(nodes=3))
    9300
    """
    return MESSAGE_ALLOWANCE + OF_A_NODE * plan.nodes + OF_A_POD * pods_asked_for(plan) + OF_A_STEP * len(plan.steps)


def pods_asked_for(plan: Plan) -> int:
    """How many pods a plan can ask for at a time: the sum of each workload's maximum.

    >>> from kubeactors.sim.workload import CreateDeployment, Scale
    >>> web, api = (CreateDeployment(at=0, name=name, replicas=3) for name in ("web", "api"))
    >>> pods_asked_for(Plan(steps=(web, Scale(at=1, name="web", replicas=5), api)))
    8
    """
    most: dict[object, int] = {}
    for number, step in enumerate(plan.steps):
        name = number if isinstance(step, OwnAction) else getattr(step, "name", number)
        most[name] = max(most.get(name, 0), _pods_of(step, plan.nodes))
    return sum(most.values())


def _pods_of(step: AnyStep, nodes: int) -> int:
    if isinstance(step, OwnAction):
        numbers = [one for one in step.arguments.values() if isinstance(one, int)]
        return min(max([OF_AN_OWN_ACTION, *numbers]), AT_MOST)
    if isinstance(step, SendRequest):
        return min(max(OF_AN_OWN_ACTION, step.pods), AT_MOST)
    if isinstance(step, CreateDaemonSet):
        return nodes
    return max(getattr(step, field, None) or 0 for field in _SIZES)


class _Asked(msgspec.Struct, frozen=True):
    at: int
    revision: int
    """Of the store at that time."""
    component: str
    sender: Cell
    request: ApiRequest[object]

    @property
    def what(self) -> str:
        """The kind of request: what the requests of a loop have in common."""
        resource, sub = self.request.resource.resource, self.request.subresource
        return f"{type(self.request).__name__} {resource}{'/' if sub else ''}{sub}"

    @property
    def name(self) -> str:
        """The name of its object; the prefix if the server generates the name."""
        if not isinstance(self.request, Create) or self.request.name:
            return self.request.name
        metadata = self.request.object.metadata
        return metadata.name or metadata.generate_name


class LivelockDetector:
    """Counts the messages of a run, and remembers recent requests.

    Args:
        kernel: of the simulation.
        world: the contents of the store.
        plan: decides how many messages are normal.
    """

    def __init__(self, kernel: Kernel, world: World, plan: Plan) -> None:
        self._kernel = kernel
        self._world = world
        self._most = allowance_of(plan)
        self._leak = LEAK + LEAK_OF_A_NODE * plan.nodes
        self._level = 0
        self._looked = 0
        self._since = 0
        """When the bucket began to fill."""
        self._count = 0
        """How many messages there have been since then."""
        self._stale = False
        self._asked: deque[_Asked] = deque(maxlen=self._most // MESSAGES_OF_A_REQUEST)
        self.is_inconclusive: bool = False
        """A component with a stale cache loops, and would do so for long: the run proves nothing."""

    def asked(self, component: str, sender: Cell, request: ApiRequest[object]) -> None:
        """A request has reached the server."""
        self._asked.append(_Asked(self._kernel.now, self._world.revision, component, sender, request))

    def check(self) -> str:
        """Count `CHECK_INTERVAL` more messages; returns a description of the livelock, or an empty string."""
        self._fill()
        if self._level <= self._most:
            return ""
        busy = self._busy()
        if self._are_stale([same[0].component for same in busy]):
            self._stale, self.is_inconclusive = True, self._level > STALE_FACTOR * self._most
            return ""
        if self._stale:  # the caches have caught up: start over
            self._stale, self._level = False, 0
            return ""
        seconds = (self._kernel.now - self._since) / SECOND
        while_ = f"within {seconds:.3g} s" if seconds else "at the same virtual time"
        return f"{self._count} messages {while_} without an end: {'; '.join(map(_described, busy))}"

    def _fill(self) -> None:
        now = self._kernel.now
        left = self._level - self._leak * (now - self._looked) // SECOND
        if left <= 0:
            self._since, self._count, self._level = now, 0, CHECK_INTERVAL
        else:
            self._count, self._level = self._count + CHECK_INTERVAL, left + CHECK_INTERVAL
        self._looked = now

    def _busy(self) -> list[list[_Asked]]:
        """The requests since the bucket began to fill, grouped by sender and kind: the commonest groups."""
        groups: dict[tuple[str, str], list[_Asked]] = {}
        for one in self._asked:
            if one.at >= self._since:
                groups.setdefault((one.sender.path, one.what), []).append(one)
        busy = sorted(groups.values(), key=len, reverse=True)[:MAX_NAMED]
        return [same for same in busy if len(same) >= len(busy[0]) * WORTH_NAMING]

    def _are_stale(self, components: Collection[str]) -> bool:
        """Whether one of their caches lacks a write of a while ago, or of half-way through the burst if it took no time."""
        since = self._kernel.now - PROPAGATION_TIME
        revision = next((one.revision for one in self._asked if one.at > since), self._world.revision)
        these = [one.revision for one in self._asked if one.at >= self._since]
        half_way = these[len(these) // 2] if these else 0
        return any(
            component in components and known < self._newest(type_, component, max(revision, half_way))
            for component, type_, known in _caches(self._kernel.root)
        )

    def _newest(self, type_: type[TypedObject], component: str, revision: int) -> int:
        """The newest write of a kind that a component watches, up to a revision; of pods only what a kubelet watches.

        Controllers with stale pods are not excused: they read live before they act on pods that their cache may lack.
        """
        log = self._world.log_of(type_, component)
        end = bisect_right(log, revision, key=lambda one: one.revision)
        return log[end - 1].revision if end else 0


def _caches(root: Cell) -> Iterator[tuple[str, type[TypedObject], int]]:
    """All caches: component, kind, and the revision up to which each is complete."""
    for path, actor in actors_of(root, Informer):
        shared = cast("Informer[TypedObject]", actor)._shared  # noqa: SLF001 -- inspects components, as invariants do
        yield component_of(path), shared.type, shared.indexer.revision
    for path, actor in actors_of(root, Kubelet):
        yield component_of(path), Pod, cast("Kubelet", actor)._reflector.revision  # noqa: SLF001 -- as above


def _described(same: list[_Asked]) -> str:
    last = same[-1]
    return f'{last.sender.path} sent {len(same)} requests: {last.what} "{last.name}"'
