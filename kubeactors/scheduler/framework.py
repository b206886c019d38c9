"""The scheduling framework: the extension points.

A plugin decides whether a pod can run on a node (Filter) and how well (Score). Verdicts are cached per signature of
pods, so a plugin also declares what its result depends on: the Node object alone (`static`), or also the pods on the
node.

Source: k8s.io/kube-scheduler/framework/interface.go (v1.36).
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from kubeactors.scheduler.cluster_event import Subject
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.node_table import NodeTable
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Code as Code  # noqa: PLC0414 -- users' plugins import it from here
from kubeactors.scheduler.results import Diagnosis, Mask, PostFilterResult, Rows, Scores, Wait
from kubeactors.scheduler.results import Status as Status  # noqa: PLC0414 -- and this

MAX_NODE_SCORE = 100


class Plugin(Protocol):
    """What all plugins have in common."""

    @property
    def name(self) -> str:
        """The name in kube-scheduler's configuration."""
        ...


@runtime_checkable
class PreEnqueuePlugin(Plugin, Protocol):
    """Gates pods before they enter activeQ."""

    def pre_enqueue(self, pod: PodInfo) -> Status | None:
        """A status gates the pod, until an event that the plugin waits for."""
        ...


@runtime_checkable
class QueueSortPlugin(Plugin, Protocol):
    """Orders activeQ. All profiles must have the same."""

    def sort_key(self, pod: PodInfo, timestamp: int) -> tuple[int, ...]:
        """The least is popped first. `timestamp` is since when the pod waits, in nanoseconds."""
        ...


@runtime_checkable
class PreFilterPlugin(Plugin, Protocol):
    """Restricts the nodes before they are filtered."""

    def pre_filter(self, pod: PodInfo) -> tuple[str, ...] | Status | None:
        """The names of the only nodes to consider; or a rejection for all nodes; or None for all."""
        ...


@runtime_checkable
class FilterPlugin(Plugin, Protocol):
    """Decides whether a pod can run on a node."""

    @property
    def static(self) -> bool:
        """Whether the result depends on the Node object alone."""
        ...

    def skips(self, pod: PodInfo) -> bool:
        """Whether every node passes for this pod."""
        ...

    def filter(self, pod: PodInfo, node: NodeInfo) -> Status | None:
        """The rejection, or None. `node.node` is not None."""
        ...


@runtime_checkable
class VectorFilterPlugin(FilterPlugin, Protocol):
    """A filter that can evaluate many nodes at once."""

    def filter_rows(self, pod: PodInfo, table: NodeTable, rows: Rows) -> Mask:
        """Which of these rows pass; consistent with `filter`."""
        ...


@runtime_checkable
class ScorePlugin(Plugin, Protocol):
    """Scores a node for a pod, from 0 to 100."""

    @property
    def weight(self) -> int:
        """The weight of this plugin's scores."""
        ...

    def skips(self, pod: PodInfo) -> bool:
        """Whether all nodes are equal for this pod."""
        ...


@runtime_checkable
class StaticScorePlugin(ScorePlugin, Protocol):
    """A score that depends on the Node object alone, and is normalized over the feasible nodes."""

    def score(self, pod: PodInfo, node: NodeInfo) -> int:
        """The raw score."""
        ...

    def normalize(self, scores: Scores) -> Scores:
        """Scale the raw scores of the feasible nodes to 0..100."""
        ...


@runtime_checkable
class VectorScorePlugin(ScorePlugin, Protocol):
    """A score by the node's free resources."""

    def score(self, pod: PodInfo, node: NodeInfo) -> int:
        """The score of one node."""
        ...

    def score_rows(self, pod: PodInfo, table: NodeTable, rows: Rows) -> Scores:
        """The scores of these rows; consistent with `score`."""
        ...


class View(Protocol):
    """The results of a plugin that compares nodes, for pods of one shape.

    Arrays are indexed by row. `refresh` must be called right before the other methods.
    """

    def refresh(self) -> None:
        """Catch up with changes."""
        ...

    def refusals(self) -> Sequence[tuple[Status, Mask]]:
        """Statuses, and the rows that each rejects; for a row with several, the first counts."""
        ...

    def scores(self, feasible: Mask) -> Scores | None:
        """0 to 100, valid where `feasible`; None if all are equal."""
        ...


@runtime_checkable
class ViewPlugin(Plugin, Protocol):
    """Filters and scores nodes in comparison with other nodes."""

    @property
    def weight(self) -> int:
        """The weight of its scores."""
        ...

    def view(self, pod: PodInfo) -> View | None:
        """The view for pods of this shape; None if the plugin does not concern them."""
        ...


@runtime_checkable
class ObjectListener(Plugin, Protocol):
    """Tracks objects other than nodes and pods."""

    def object_changed(self, old: Subject, new: Subject) -> None:
        """An object was created, updated or deleted."""
        ...


@runtime_checkable
class NamespaceListener(Plugin, Protocol):
    """Depends on the labels of namespaces."""

    def namespaces_changed(self) -> None:
        """Labels of namespaces have changed."""
        ...


class Trial(Protocol):
    """Evaluates a pod on a hypothetical state of a node."""

    def refusal(self, pod: PodInfo, info: NodeInfo) -> Status | None:
        """The status of the first filter that rejects the node, nominated pods included; None if it fits."""
        ...

    def has_views(self, pod: PodInfo) -> bool:
        """Whether the result depends on other nodes, too."""
        ...


@runtime_checkable
class PostFilterPlugin(Plugin, Protocol):
    """Runs when no node fits, and may preempt."""

    def post_filter(self, pod: PodInfo, diagnosis: Diagnosis, trial: Trial) -> PostFilterResult:
        """The nomination and the victims, if any, and an addition to the message."""
        ...


@runtime_checkable
class ReservePlugin(Plugin, Protocol):
    """Reserves resources for assumed pods."""

    def reserve(self, pod: PodInfo, node_name: str) -> Status | None:
        """Reserve for an assumed pod. A status rejects it, and unreserves it with all plugins."""
        ...

    def unreserve(self, pod: PodInfo, node_name: str) -> None:
        """Undo `reserve`. Also called if `reserve` was not."""
        ...


@runtime_checkable
class PermitPlugin(Plugin, Protocol):
    """Approves, delays or rejects the binding of assumed pods."""

    def permit(self, pod: PodInfo, node_name: str) -> Status | Wait | None:
        """A rejection, or how long the assumed pod waits at most, or None to approve."""
        ...


@runtime_checkable
class PreBindPlugin(Plugin, Protocol):
    """Does work that must precede binding."""

    async def pre_bind(self, pod: PodInfo, node_name: str) -> Status | None:
        """Why the pod cannot be bound; None when it is ready. A raised `StatusError` counts as a status."""
        ...


@runtime_checkable
class PreFlightPlugin(Plugin, Protocol):
    """A PreBind plugin that has work for some pods only."""

    def pre_bind_pre_flight(self, pod: PodInfo, node_name: str) -> Status | None:
        """A status of `SKIP` if `pre_bind` has no work for the pod."""
        ...


@runtime_checkable
class BindPlugin(Plugin, Protocol):
    """Binds pods to nodes."""

    async def bind(self, pod: PodInfo, node_name: str) -> Status | None:
        """Bind the pod, or raise `StatusError`; a status of `SKIP` leaves it to the next plugin."""
        ...


@runtime_checkable
class PostBindPlugin(Plugin, Protocol):
    """Is notified of bound pods."""

    def post_bind(self, pod: PodInfo, node_name: str) -> None:
        """The pod is bound."""
        ...


@runtime_checkable
class PlainFilterPlugin(Plugin, Protocol):
    """A filter without `static` and `skips`: it is called for every pod and node, and may depend on anything."""

    def filter(self, pod: PodInfo, node: NodeInfo) -> Status | None:
        """The rejection, or None. `node.node` is not None."""
        ...


@runtime_checkable
class PlainScorePlugin(Plugin, Protocol):
    """A score without `skips`: it is called for every pod and feasible node, and may depend on anything.

    It may have `pre_score(pod, nodes)`, which is called first with all feasible nodes (a status of `SKIP` skips
    scoring), and `normalize(scores)`, which scales the results of `score` to 0..100.
    """

    def score(self, pod: PodInfo, node: NodeInfo) -> int:
        """0 to 100, or a raw score for `normalize`."""
        ...


@runtime_checkable
class PreScorePlugin(Plugin, Protocol):
    """Is given all feasible nodes before it scores."""

    def pre_score(self, pod: PodInfo, nodes: Sequence[NodeInfo]) -> Status | None:
        """A status of `SKIP` skips scoring for the pod."""
        ...


@runtime_checkable
class NormalizingPlugin(Plugin, Protocol):
    """A score plugin with normalization."""

    def normalize(self, scores: Scores) -> Scores:
        """Scale the raw scores of the feasible nodes to 0..100."""
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
