"""Invariants of the voluntary deletion of pods: the DisruptionTarget condition, and which pods are spared."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.core.v1 import Node, Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ApiRequest, Create, Delete, Patch, Result
from kubeactors.sim.bounds.rollouts import FINISHED
from kubeactors.sim.invariants.inspection import commit_behind, has_said, informed_at
from kubeactors.sim.invariants.invariant import Invariant, RequestInvariant, ServerInvariant, title
from kubeactors.sim.invariants.requests import PODS, controller_name, described, is_refusal
from kubeactors.sim.network import Asked, Served
from kubeactors.sim.world import Commit, World

MANAGER, SCHEDULER = "controller-manager", "scheduler"
EVICTING, BURYING = "taint-eviction", "podgc"
"""The taint eviction controller, and the pod garbage collector."""
KEEPERS = ("job", "replicaset", "replicationcontroller")
"""The controllers that keep a number of active pods."""
KNOWN = 10 * SECOND
"""How long after a node is deleted an undisturbed component has seen that."""


class DisruptionTargetIsSet(RequestInvariant, ServerInvariant):
    """A pod that is evicted, preempted, or deleted because of a taint or a missing node has the condition DisruptionTarget.

    Jobs do not count such pods as failed, and users see why their pods were deleted.

    Source: KEP-3329, "Retriable and non-retriable Pod failures for Jobs"; "Pod disruption conditions" in Kubernetes'
    documentation.
    """

    name: ClassVar[str] = "disruption-target-is-set"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Create, Delete, Patch)
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod, Node)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._going: dict[tuple[str, str], Pod] = {}
        """By namespace and name: the last state of the last pod of that name that was being deleted."""
        self._nodes: dict[str, int] = {}
        """When nodes that no longer exist were deleted."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Note deleted nodes and pods."""
        current = commit.current
        if isinstance(current, Node):
            if commit.new is None:
                self._nodes[current.metadata.name] = self.root.kernel.now
            else:
                self._nodes.pop(current.metadata.name, None)
        elif isinstance(current, Pod) and (commit.new is None or current.metadata.deletion_timestamp is not None):
            self._going[current.metadata.namespace, current.metadata.name] = current
        yield from ()

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at each pod deleted by a scheduler or because of a taint, or failed because its node is gone."""
        request, controller = asked.request, controller_name(asked.sender)
        disrupts = asked.component.startswith(SCHEDULER) or controller == EVICTING
        if disrupts and isinstance(request, Delete) and request.resource.resource == PODS and not is_refusal(answer):
            uid = request.options.preconditions.uid if request.options.preconditions is not None else None
            yield from self._without_condition(request.namespace, request.name, uid, f"{asked.sender.path} has deleted")
        written = answer.object if isinstance(request, Patch) and isinstance(answer, Result) else None
        if controller == BURYING and isinstance(written, Pod) and self._is_lost(written) and not _is_target(written):
            yield f"{asked.sender.path} failed {title(written)}, whose node is gone, without the condition DisruptionTarget"

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Look at each evicted pod."""
        request = served.request
        is_eviction = isinstance(request, Create) and request.subresource == "eviction" and not request.options.dry_run
        if is_eviction and not is_refusal(answer):
            yield from self._without_condition(request.namespace, request.name, None, "an eviction has deleted")

    def _without_condition(self, namespace: str, name: str, uid: str | None, cause: str) -> Iterator[str]:
        pod = self._going.get((namespace, name))
        if pod is None or uid not in {None, pod.metadata.uid} or pod.status.phase in FINISHED:
            return
        if not has_said(self.world, pod, _is_target) and not self.world.faults.is_corrupted(pod.metadata.uid):
            yield f"{cause} {title(pod)} without the condition DisruptionTarget"

    def _is_lost(self, pod: Pod) -> bool:
        """Whether the pod was failed because its node is gone, and its controller must have known that."""
        commit = commit_behind(self.world, pod)
        if commit is None or not isinstance(commit.old, Pod) or commit.old.status.phase in FINISHED:
            return False
        now = self.root.kernel.now
        is_gone = self._nodes.get(pod.spec.node_name, now) + KNOWN < now
        return is_gone and informed_at(self.world, MANAGER) < now


class FinishedPodsAreKept(RequestInvariant):
    """Controllers that scale down delete active pods only: a finished pod costs nothing, and its log may be wanted.

    Source: "Job termination and cleanup" in Kubernetes' documentation; FilterActivePods in pkg/controller (v1.36).
    """

    name: ClassVar[str] = "finished-pods-are-kept"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Delete,)
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._ended: dict[str, int] = {}
        """By uid: when a pod that is not being deleted finished."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Note each finished pod."""
        pod = commit.new
        if isinstance(pod, Pod) and pod.status.phase in FINISHED and pod.metadata.deletion_timestamp is None:
            self._ended.setdefault(pod.metadata.uid, self.root.kernel.now)
        yield from ()

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at each deletion by such a controller."""
        request = asked.request
        if not isinstance(request, Delete) or controller_name(asked.sender) not in KEEPERS or is_refusal(answer):
            return
        uid = request.options.preconditions.uid if request.options.preconditions is not None else None
        known = max(self._ended.get(uid or "", asked.at), informed_at(self.world, MANAGER))
        if known + KNOWN < asked.at:
            yield f"{asked.sender.path} deletes {described(request)}, which finished {(asked.at - known) / SECOND:.0f} s ago"


def _is_target(pod: Pod) -> bool:
    return any(one.type == "DisruptionTarget" and one.status == "True" for one in pod.status.conditions)


INVARIANTS: tuple[type[Invariant], ...] = (DisruptionTargetIsSet, FinishedPodsAreKept)
