"""Explains scheduling decisions: the result of each plugin for each node."""

from typing import TYPE_CHECKING

import msgspec
import numpy as np
from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod
from kubeactors.message import Request
from kubeactors.scheduler import diagnosis
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo
from kubeactors.scheduler.results import Diagnosis

if TYPE_CHECKING:
    from kubeactors.scheduler.profile import Profile


class NodeVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The results for a node. `refusals` has the reasons of every plugin that rejects it; scores are weighted."""

    node: str
    refusals: dict[str, str]
    scores: dict[str, int]
    total: int | None
    """None if the node is rejected."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """All nodes: the feasible ones, best first, then the others by name."""

    pod: str
    node: str
    """The pod's node; empty if it is unscheduled."""
    message: str
    """The message of a FailedScheduling event; empty if a node is feasible."""
    gate: str
    """Why the pod is gated; empty if it is not."""
    nodes: tuple[NodeVerdict, ...]


class ExplainScheduling(Request[Explanation | None], frozen=True):
    """Asks the scheduler about a pod, as if it were unscheduled. None if the pod or its profile does not exist."""

    name: str
    namespace: str = "default"


def explain(pod: PodInfo, profile: "Profile", cache: Cache, node_name: str = "") -> Explanation:
    """Evaluate the pod in the present state, without side effects.

    Args:
        pod: the pod, which must not be counted on any node.
        profile: the plugins.
        cache: the cluster.
        node_name: the pod's node, if it has one.
    """
    gate = profile.gate(pod)
    refusals = {info.name: profile.all_refusals(pod, info) for info in cache}
    feasible = np.zeros(cache.table.capacity, np.bool_)
    for info in cache:
        feasible[info.row] = not refusals[info.name]
    shares = profile.shares(pod, feasible) if feasible.any() else {}
    verdicts = (
        _verdict(info, refusals[info.name], {name: int(of[info.row]) for name, of in shares.items()}) for info in cache
    )
    ordered = sorted(verdicts, key=lambda one: (one.total is None, -(one.total or 0), one.node))
    return Explanation(
        pod=pod.key,
        node=node_name,
        message=_message(pod, profile),
        gate="" if gate is None else gate.message,
        nodes=tuple(ordered),
    )


def unscheduled(pod: Pod) -> Pod:
    """The pod as it was before it was scheduled."""
    return replace(pod, spec=replace(pod.spec, node_name=""))


def _message(pod: PodInfo, profile: "Profile") -> str:
    found = profile.feasible(pod)
    if not isinstance(found, Diagnosis):
        return ""
    return diagnosis.message(found, profile.post_filter(pod, found).message if found.nodes else "")


def _verdict(info: NodeInfo, refusals: dict[str, str], scores: dict[str, int]) -> NodeVerdict:
    if refusals:
        return NodeVerdict(node=info.name, refusals=refusals, scores={}, total=None)
    return NodeVerdict(node=info.name, refusals={}, scores=scores, total=sum(scores.values()))
