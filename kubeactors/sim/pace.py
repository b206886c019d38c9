"""How much goes on in a cluster, and when that is too much: nobody may run in circles.

What is done takes messages, and there are many of them at once; but then less is to be done. So a run is a bucket into
which every message is a drop, and which leaks while virtual time passes: it flows over only where work makes more
work. That shows within a second or so of CPU, where to wait until all is quiet would take minutes; and it depends on
messages and virtual time alone.
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
from kubeactors.sim.network import STRETCH, component_of
from kubeactors.sim.plan import AnyStep, Plan
from kubeactors.sim.tree import actors_of
from kubeactors.sim.workload import CreateDaemonSet, OwnAction
from kubeactors.sim.world import World

AT_ONCE = 9_000
"""So many may come at once, whatever the plan asks for. Of 200 drawn plans the liveliest had 3,966, of six with up to
440 steps 2,582."""
OF_A_NODE, OF_A_POD, OF_A_STEP = 100, 100, 50
"""So many more for each of these. A pod takes about 45 from its creation until it runs; and a step may make another of
many pods: where 94 steps came within ten seconds, most of which rolled or scaled what others had just begun to, they
took 13,568."""
LEAK, LEAK_OF_A_NODE = 200, 2
"""So many are forgotten in a virtual second. What waits for nothing but its next turn takes thousands."""
ON_OLD_NEWS = 4
"""So many times as much may be done by who is lagging: that may go round in circles as in Kubernetes, which sends at
most 20 requests a second. After that the run is of no use."""
OF_AN_OWN_ACTION, AT_MOST = 10, 1_000
"""As many pods may be what an action of somebody's own asks for; or as many as a number in it says, within reason."""
KNOWN = SECOND // 2
"""So soon who does not lag knows what was written, if little is: in a circle thousands of writes may take no time."""
MESSAGES_OF_A_REQUEST = 4
"""At least so many messages does a request lead to: more requests need not be remembered."""
MOST_NAMED = 4
WORTH_NAMING = 0.1
"""So many kinds of requests are named, of those that are at least such a part of the commonest."""
_SIZES = ("replicas", "completions", "parallelism", "most")


def at_once(plan: Plan) -> int:
    """How many messages there may be at once, where a plan is of this size.

    >>> at_once(Plan(nodes=3))
    9300
    """
    return AT_ONCE + OF_A_NODE * plan.nodes + OF_A_POD * pods_asked_for(plan) + OF_A_STEP * len(plan.steps)


def pods_asked_for(plan: Plan) -> int:
    """How many pods a plan can ask for at a time: of each workload as many as at most.

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
    if isinstance(step, CreateDaemonSet):
        return nodes
    return max(getattr(step, field, None) or 0 for field in _SIZES)


class _Asked(msgspec.Struct, frozen=True):
    at: int
    revision: int
    """Of the store by then."""
    component: str
    sender: Cell
    request: ApiRequest[object]

    @property
    def what(self) -> str:
        """So much of it as all have in common that go round in a circle."""
        resource, sub = self.request.resource.resource, self.request.subresource
        return f"{type(self.request).__name__} {resource}{'/' if sub else ''}{sub}"

    @property
    def name(self) -> str:
        """Of what it is about; what it begins with if the server is to choose it."""
        if not isinstance(self.request, Create) or self.request.name:
            return self.request.name
        metadata = self.request.object.metadata
        return metadata.name or metadata.generate_name


class Pace:
    """Counts the messages of a run, and remembers who has asked for what.

    Args:
        kernel: whose messages they are.
        world: what was written.
        plan: what says how much may go on.
    """

    def __init__(self, kernel: Kernel, world: World, plan: Plan) -> None:
        self._kernel = kernel
        self._world = world
        self._most = at_once(plan)
        self._leak = LEAK + LEAK_OF_A_NODE * plan.nodes
        self._level = 0
        self._looked = 0
        self._since = 0
        """When the bucket began to fill."""
        self._count = 0
        """How many messages there were since then."""
        self._excused = False
        self._asked: deque[_Asked] = deque(maxlen=self._most // MESSAGES_OF_A_REQUEST)
        self.is_wasted: bool = False
        """Somebody who lags runs in circles, and would for long: nothing is to be learnt from that."""

    def asked(self, component: str, sender: Cell, request: ApiRequest[object]) -> None:
        """A request has come to the server."""
        self._asked.append(_Asked(self._kernel.now, self._world.revision, component, sender, request))

    def stretch(self) -> str:
        """There were `STRETCH` more messages; who does too much, if anybody does."""
        self._fill()
        if self._level <= self._most:
            return ""
        busy = self._busy()
        if self._lags([same[0].component for same in busy]):
            self._excused, self.is_wasted = True, self._level > ON_OLD_NEWS * self._most
            return ""
        if self._excused:  # they know again what there is: from now on it counts
            self._excused, self._level = False, 0
            return ""
        seconds = (self._kernel.now - self._since) / SECOND
        while_ = f"within {seconds:.3g} s" if seconds else "at one moment"
        return f"{self._count} messages {while_}, and no end: {'; '.join(map(_told, busy))}"

    def _fill(self) -> None:
        now = self._kernel.now
        left = self._level - self._leak * (now - self._looked) // SECOND
        if left <= 0:
            self._since, self._count, self._level = now, 0, STRETCH
        else:
            self._count, self._level = self._count + STRETCH, left + STRETCH
        self._looked = now

    def _busy(self) -> list[list[_Asked]]:
        """What was asked for since the bucket began to fill, by who has asked for what: the commonest of it."""
        groups: dict[tuple[str, str], list[_Asked]] = {}
        for one in self._asked:
            if one.at >= self._since:
                groups.setdefault((one.sender.path, one.what), []).append(one)
        busy = sorted(groups.values(), key=len, reverse=True)[:MOST_NAMED]
        return [same for same in busy if len(same) >= len(busy[0]) * WORTH_NAMING]

    def _lags(self, components: Collection[str]) -> bool:
        """Whether one of their caches lacks what was written a while ago, or half way through all this if it took no time."""
        since = self._kernel.now - KNOWN
        revision = next((one.revision for one in self._asked if one.at > since), self._world.revision)
        these = [one.revision for one in self._asked if one.at >= self._since]
        half_way = these[len(these) // 2] if these else 0
        return any(
            component in components and known < self._newest(type_, component, max(revision, half_way))
            for component, type_, known in _caches(self._kernel.root)
        )

    def _newest(self, type_: type[TypedObject], component: str, revision: int) -> int:
        """The newest write of an object of a kind that a component watches, up to a revision; of pods what a kubelet watches.

        That others lag with pods is no excuse: who makes and deletes them, and finds his cache mistaken, reads live.
        """
        log = self._world.log_of(type_, component)
        end = bisect_right(log, revision, key=lambda one: one.revision)
        return log[end - 1].revision if end else 0


def _caches(root: Cell) -> Iterator[tuple[str, type[TypedObject], int]]:
    """Whose caches there are, of which kind, and up to which revision they know all."""
    for path, actor in actors_of(root, Informer):
        shared = cast("Informer[TypedObject]", actor)._shared  # noqa: SLF001 -- as invariants, it looks inside
        yield component_of(path), shared.type, shared.indexer.revision
    for path, actor in actors_of(root, Kubelet):
        yield component_of(path), Pod, cast("Kubelet", actor)._reflector.revision  # noqa: SLF001 -- as above


def _told(same: list[_Asked]) -> str:
    last = same[-1]
    return f'{last.sender.path} asked {len(same)} times: {last.what} "{last.name}"'
