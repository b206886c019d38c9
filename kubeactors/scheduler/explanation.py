"""Why a pod went to a node, or did not: what each plugin says of each node."""

from typing import TYPE_CHECKING

import msgspec
import numpy as np
from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod
from kubeactors.message import Request
from kubeactors.scheduler import diagnosis
from kubeactors.scheduler.cache import Cache
from kubeactors.scheduler.framework import Diagnosis
from kubeactors.scheduler.node_info import NodeInfo
from kubeactors.scheduler.pod_info import PodInfo

if TYPE_CHECKING:
    from kubeactors.scheduler.profile import Profile


class NodeVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """One node. `refusals` has the reasons of every plugin that refuses, not only of the first; scores are weighted."""

    node: str
    refusals: dict[str, str]
    scores: dict[str, int]
    total: int | None
    """None if the node is refused."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """All nodes, the best first, then those that refuse, by name."""

    pod: str
    node: str
    """Where the pod is; empty if it waits."""
    message: str
    """What a FailedScheduling event would say; empty if some node takes the pod."""
    gate: str
    """Why the pod is not even tried; empty if it is."""
    nodes: tuple[NodeVerdict, ...]


class ExplainScheduling(Request[Explanation | None], frozen=True):
    """Asks the scheduler about a pod, as if it had no node yet. None if there is no such pod here."""

    name: str
    namespace: str = "default"


def explain(pod: PodInfo, profile: "Profile", cache: Cache, node_name: str = "") -> Explanation:
    """What the profile says of the pod as things are. Nothing changes by asking.

    Args:
        pod: which must not be counted on any node, or the node finds it twice.
        profile: the plugins.
        cache: the cluster.
        node_name: where the pod is, if it is anywhere.
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


def unplaced(pod: Pod) -> Pod:
    """The pod as it was before it had a node."""
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
