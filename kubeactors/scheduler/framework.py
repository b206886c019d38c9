"""The scheduling framework: extension points, and what plugins answer there.

A plugin says of one pod and one node whether it can be there (filter) and how good that is (score). Verdicts are kept
per signature of pods, so a plugin also says what its answer depends on: the Node object alone (`static`), or the pods
on the node too.

Source: k8s.io/kube-scheduler/framework/interface.go (v1.36).
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Protocol, TypeAlias, runtime_checkable

import msgspec
import numpy as np
import numpy.typing as npt

from kubeactors.api.resource.v1 import ResourceClaim
from kubeactors.scheduler.cluster_event import Subject
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.node_table import NodeTable
from kubeactors.scheduler.pod_info import PodInfo

MAX_NODE_SCORE = 100
_OFFSET = 1 << 31
"""Makes priorities positive, so that a sum of more of them is larger."""

Scores: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]
Rows: TypeAlias = npt.NDArray[np.intp]


class Code(IntEnum):
    """How a plugin answers. No status at all is success."""

    ERROR = 1
    UNSCHEDULABLE = 2
    UNSCHEDULABLE_AND_UNRESOLVABLE = 3
    """Removing pods would not help."""
    WAIT = 4
    """Of Permit alone: see `Wait`."""
    SKIP = 5
    """The plugin has nothing to do with this pod: of Bind, that another is to bind it; of PreScore, that it does not
    score."""
    PENDING = 6
    """As UNSCHEDULABLE, but the pod is not to blame: what it waits for wakes it without a back-off."""


class Status(msgspec.Struct, frozen=True, gc=False):
    """A refusal, its reasons for people, and the plugin that gives it."""

    code: Code
    reasons: tuple[str, ...]
    plugin: str = ""
    """May be left out by plugins: who asked them knows."""

    def signed(self, plugin: str) -> "Status":
        """The status with the name of the plugin that gave it."""
        return self if self.plugin else msgspec.structs.replace(self, plugin=plugin)

    @property
    def message(self) -> str:
        """The reasons in one line."""
        return ", ".join(self.reasons)

    @property
    def is_refusal(self) -> bool:
        """Whether the pod has to wait for something to change; otherwise something broke."""
        return self.code in {Code.UNSCHEDULABLE, Code.UNSCHEDULABLE_AND_UNRESOLVABLE, Code.PENDING}


class Wait(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a Permit plugin answers if the pod is to wait for `WaitingPods.allow`, with its place kept."""

    seconds: float
    """When it is refused after all."""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True, gc=False, eq=False):
    """Why no node fits: how many nodes gave each status, or a refusal before nodes were asked."""

    nodes: int
    counts: Mapping[Status, int]
    preemptable: Mask | None = None
    """By row: whether removing pods from the node may help."""
    pre_filter_message: str = ""
    plugins: tuple[str, ...] = ()
    """Who refused, sorted: events that these plugins wait for wake the pod."""
    pending: tuple[str, ...] = ()
    """Those of them that answered `PENDING`."""


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A node and the pods that have to leave it, the most important first."""

    info: NodeInfo
    victims: tuple[PodInfo, ...]
    violations: int
    """Victims whose disruption budget does not allow it."""

    @property
    def rank(self) -> tuple[int, int, int, int, int]:
        """The least is the best: violations, the highest priority, the sum of priorities, how many, how long they ran."""
        if not self.victims:
            return (self.violations, -_OFFSET, 0, 0, 0)
        highest = self.victims[0].priority
        started = min(one.start_time for one in self.victims if one.priority == highest)
        total = sum(one.priority + _OFFSET for one in self.victims)
        return (self.violations, highest, total, len(self.victims), -started)


class PostFilterResult(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What can be done for a pod that fits nowhere: room is made on a node, by removing pods."""

    message: str = ""
    nominated_node: str | None = None
    """None leaves things as they are; empty says that no room is being made any more."""
    victims: tuple[PodInfo, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    """All there are, if an extender has a say in which is taken."""
    released: tuple[ResourceClaim, ...] = ()
    """Claims of this pod alone whose devices are on nodes that do not suit it: they are to be given others."""


class Plugin(Protocol):
    """What all plugins have."""

    @property
    def name(self) -> str:
        """The name in kube-scheduler's configuration."""
        ...


@runtime_checkable
class PreEnqueuePlugin(Plugin, Protocol):
    """Keeps pods out of the queue."""

    def pre_enqueue(self, pod: PodInfo) -> Status | None:
        """A refusal keeps the pod out until it is updated."""
        ...


@runtime_checkable
class QueueSortPlugin(Plugin, Protocol):
    """Says in which order pods are tried. There is one for all profiles."""

    def sort_key(self, pod: PodInfo, timestamp: int) -> tuple[int, ...]:
        """The least goes first. `timestamp`: since when the pod waits, in nanoseconds."""
        ...


@runtime_checkable
class PreFilterPlugin(Plugin, Protocol):
    """Narrows the nodes before they are asked one by one."""

    def pre_filter(self, pod: PodInfo) -> tuple[str, ...] | Status | None:
        """Names of the only nodes worth asking; or a refusal for all nodes; or None: all are."""
        ...


@runtime_checkable
class FilterPlugin(Plugin, Protocol):
    """Says whether a pod can be on a node."""

    @property
    def static(self) -> bool:
        """Whether the answer depends on the Node object alone."""
        ...

    def skips(self, pod: PodInfo) -> bool:
        """Whether every node passes, for this pod."""
        ...

    def filter(self, pod: PodInfo, node: NodeInfo) -> Status | None:
        """The refusal, or None. The NodeInfo's `node` is there."""
        ...


@runtime_checkable
class VectorFilterPlugin(FilterPlugin, Protocol):
    """A filter that can ask many nodes at once."""

    def filter_rows(self, pod: PodInfo, table: NodeTable, rows: Rows) -> Mask:
        """Which of these rows pass; agrees with `filter`."""
        ...


@runtime_checkable
class ScorePlugin(Plugin, Protocol):
    """Says how good a node is for a pod, from 0 to 100."""

    @property
    def weight(self) -> int:
        """How much this plugin counts among the others."""
        ...

    def skips(self, pod: PodInfo) -> bool:
        """Whether all nodes are equal, for this pod."""
        ...


@runtime_checkable
class StaticScorePlugin(ScorePlugin, Protocol):
    """A score that depends on the Node object alone, and is measured against the best feasible node."""

    def score(self, pod: PodInfo, node: NodeInfo) -> int:
        """The raw score."""
        ...

    def normalize(self, scores: Scores) -> Scores:
        """Raw scores of the feasible nodes to 0..100."""
        ...


@runtime_checkable
class VectorScorePlugin(ScorePlugin, Protocol):
    """A score from what is free on the node."""

    def score(self, pod: PodInfo, node: NodeInfo) -> int:
        """The score of one node."""
        ...

    def score_rows(self, pod: PodInfo, table: NodeTable, rows: Rows) -> Scores:
        """The scores of these rows; agrees with `score`."""
        ...


class View(Protocol):
    """What a plugin that compares nodes with one another says of all of them, for pods of one shape.

    Arrays are by row. A view is asked right after `refresh`.
    """

    def refresh(self) -> None:
        """Catch up with what changed."""
        ...

    def refusals(self) -> Sequence[tuple[Status, Mask]]:
        """Refusals, and the rows that meet each; for a row that meets several, the first counts."""
        ...

    def scores(self, feasible: Mask) -> Scores | None:
        """0 to 100, right where `feasible`; None if all are equal."""
        ...


@runtime_checkable
class ViewPlugin(Plugin, Protocol):
    """Filters and scores by more than one node at a time."""

    @property
    def weight(self) -> int:
        """How much its scores count among the others."""
        ...

    def view(self, pod: PodInfo) -> View | None:
        """The view for pods like this one; None if the plugin has nothing to say about them."""
        ...


@runtime_checkable
class ObjectListener(Plugin, Protocol):
    """Keeps books about other objects than nodes and pods."""

    def object_changed(self, old: Subject, new: Subject) -> None:
        """It came, changed or went."""
        ...


@runtime_checkable
class NamespaceListener(Plugin, Protocol):
    """Goes by the labels of namespaces."""

    def namespaces_changed(self) -> None:
        """They are not what they were."""
        ...


class Trial(Protocol):
    """Whether a pod would fit on a node that is not quite as it is."""

    def refusal(self, pod: PodInfo, info: NodeInfo) -> Status | None:
        """What the filters say of this node for this pod, nominated pods included; None if it fits."""
        ...

    def has_views(self, pod: PodInfo) -> bool:
        """Whether the answer depends on other nodes too."""
        ...


@runtime_checkable
class PostFilterPlugin(Plugin, Protocol):
    """Has a say when no node fits."""

    def post_filter(self, pod: PodInfo, diagnosis: Diagnosis, trial: Trial) -> PostFilterResult:
        """What to do, and what to add to the message."""
        ...


@runtime_checkable
class ReservePlugin(Plugin, Protocol):
    """Keeps books about pods that are about to be bound."""

    def reserve(self, pod: PodInfo, node_name: str) -> Status | None:
        """The pod is assumed to be on the node; a refusal undoes that."""
        ...

    def unreserve(self, pod: PodInfo, node_name: str) -> None:
        """The pod will not be on the node after all. Also called where `reserve` was not."""
        ...


@runtime_checkable
class PermitPlugin(Plugin, Protocol):
    """Lets pods go on to be bound, holds them up, or refuses them."""

    def permit(self, pod: PodInfo, node_name: str) -> Status | Wait | None:
        """A refusal; or that the pod is to wait with its place kept; or None: it may go on."""
        ...


@runtime_checkable
class PreBindPlugin(Plugin, Protocol):
    """Does what must be done before a pod is bound."""

    async def pre_bind(self, pod: PodInfo, node_name: str) -> Status | None:
        """Why the pod cannot be bound; None if all is ready. A `StatusError` is such a reason too."""
        ...


@runtime_checkable
class PreFlightPlugin(Plugin, Protocol):
    """Prepares only some pods."""

    def pre_bind_pre_flight(self, pod: PodInfo, node_name: str) -> Status | None:
        """A status of `SKIP` if `pre_bind` has nothing to do for the pod."""
        ...


@runtime_checkable
class BindPlugin(Plugin, Protocol):
    """Binds pods to nodes."""

    async def bind(self, pod: PodInfo, node_name: str) -> Status | None:
        """Bind, or raise a `StatusError`; a status of `SKIP` leaves the pod to the next plugin."""
        ...


@runtime_checkable
class PostBindPlugin(Plugin, Protocol):
    """Is told of pods that have been bound."""

    def post_bind(self, pod: PodInfo, node_name: str) -> None:
        """The pod is bound."""
        ...


@runtime_checkable
class PlainFilterPlugin(Plugin, Protocol):
    """A filter without `static` and `skips`: it is asked about every pod and every node, and may look at anything."""

    def filter(self, pod: PodInfo, node: NodeInfo) -> Status | None:
        """The refusal, or None. The NodeInfo's `node` is there."""
        ...


@runtime_checkable
class PlainScorePlugin(Plugin, Protocol):
    """A score without `skips`: it is asked about every pod and every feasible node, and may look at anything.

    It may have `pre_score(pod, nodes)`, which is called before with all feasible nodes (a status of `SKIP` leaves the
    pod out), and `normalize(scores)`, which makes 0..100 of what `score` said of them.
    """

    def score(self, pod: PodInfo, node: NodeInfo) -> int:
        """0 to 100, or anything that `normalize` makes that of."""
        ...


@runtime_checkable
class PreScorePlugin(Plugin, Protocol):
    """Is told all feasible nodes before it scores one."""

    def pre_score(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Status | None:
        """A status of `SKIP` leaves the pod out."""
        ...


@runtime_checkable
class NormalizingPlugin(Plugin, Protocol):
    """Scores that are measured against one another."""

    def normalize(self, scores: Scores) -> Scores:
        """Raw scores of the feasible nodes to 0..100."""
        ...


def default_normalize(scores: Scores, *, reverse: bool) -> Scores:
    """Scale to 0..100 by the largest; reversed, the largest becomes 0.

    Source: pkg/scheduler/framework/plugins/helper/normalize_score.go (v1.36).

    >>> default_normalize(np.array([0, 1, 4]), reverse=True).tolist()
    [100, 75, 0]
    """
    largest = int(scores.max()) if len(scores) else 0
    if largest == 0:
        return np.full_like(scores, MAX_NODE_SCORE) if reverse else scores
    scaled = scores * MAX_NODE_SCORE // largest
    return MAX_NODE_SCORE - scaled if reverse else scaled
