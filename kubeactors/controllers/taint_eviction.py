"""The taint eviction controller: deletes pods from nodes with NoExecute taints that they do not tolerate.

A pod that tolerates all of them, but some only for a time, is deleted after the shortest of these times. Everything is
checked again then: a taint that has been removed meanwhile evicts no pod.

Source: pkg/controller/tainteviction/taint_eviction.go (v1.36).
"""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from kubeactors.api.core.v1 import Node, ObjectReference, Pod, PodCondition, Taint, Toleration
from kubeactors.api.core.v1.placement import NO_EXECUTE, tolerates
from kubeactors.apimachinery.meta import DeleteOptions, Preconditions
from kubeactors.apimachinery.status import NotFound
from kubeactors.client import Change, Client, Controller, EventRecorder, RecordEvent, SharedInformer
from kubeactors.client.workqueue import SECOND
from kubeactors.controllers.conditions import find, without
from kubeactors.controllers.pod_marks import GONE, PLACED
from kubeactors.controllers.pods import DISRUPTION_TARGET, by_node
from kubeactors.message import Recipient

NODE = "node"
"""Index: pods by their node."""

REASON = "DeletionByTaintManager"
MESSAGE = "Taint manager: deleting due to NoExecute taint"


class Exposure(msgspec.Struct, frozen=True):
    """A pod exposed to NoExecute taints: its UID, and since when (nanoseconds of the monotonic clock)."""

    uid: str
    since: int


class TaintEvictionController(Controller):
    """Reconciles a pod when it or the taints of its node change, and when its toleration expires."""

    concurrency = 8

    def __init__(
        self,
        client: Client,
        events: Recipient[RecordEvent],
        *,
        nodes: SharedInformer[Node],
        pods: SharedInformer[Pod],
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        self._exposed: dict[str, Exposure] = {}
        pods.add_indexes({NODE: by_node})
        self._nodes = nodes.lister
        self._pods = pods.lister
        self.observe(nodes, self._on_node, nodes.news)
        self.observe(pods, self._on_pod, GONE | PLACED)

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, "taint-eviction-controller")

    def _on_node(self, change: Change[Node]) -> None:
        if execute_taints(change.old) != execute_taints(change.new):
            for key in self._pods.by_index(NODE, change.key):
                self.enqueue(key)

    def _on_pod(self, change: Change[Pod]) -> None:
        old, new = change.old, change.new
        if new is None:
            self._exposed.pop(change.key, None)
        elif (
            (old is None or old.spec.node_name != new.spec.node_name or old.spec.tolerations != new.spec.tolerations)
            and execute_taints(self._nodes.get(new.spec.node_name))
        ):  # fmt: skip
            self.enqueue(change.key)

    async def reconcile(self, key: str) -> None:
        """Delete the pod if its toleration has expired; requeue it for that time otherwise."""
        pod = self._pods.by_key(key)
        if pod is None or pod.metadata.deletion_timestamp is not None:
            self._exposed.pop(key, None)
            return
        seconds = seconds_tolerated(pod.spec.tolerations, execute_taints(self._nodes.get(pod.spec.node_name)))
        if seconds is None:
            self._cancel(key, pod)
            return
        exposure = self._exposed.get(key)
        if exposure is None or exposure.uid != pod.metadata.uid:
            exposure = self._exposed[key] = Exposure(pod.metadata.uid, self.ctx.now)
        left = seconds - (self.ctx.now - exposure.since) / SECOND
        if left > 0:
            self.enqueue_after(key, left)
        else:
            await self._evict(key, pod)

    def _cancel(self, key: str, pod: Pod) -> None:
        if self._exposed.pop(key, None) is not None:
            self._record(pod, f"Cancelling deletion of Pod {key}")

    async def _evict(self, key: str, pod: Pod) -> None:
        self._record(pod, f"Marking for deletion Pod {key}")
        metadata = pod.metadata
        try:
            await self._client.update_status(disrupted(pod, self.ctx.timestamp()))
            await self._client.delete(
                Pod,
                metadata.name,
                metadata.namespace,
                options=DeleteOptions(preconditions=Preconditions(uid=metadata.uid)),
            )
        except NotFound:
            return

    def _record(self, pod: Pod, message: str) -> None:
        metadata = pod.metadata
        reference = ObjectReference(
            api_version="v1", kind="Pod", name=metadata.name, namespace=metadata.namespace, uid=metadata.uid
        )
        self._recorder.normal(reference, "TaintManagerEviction", message)


def execute_taints(node: Node | None) -> tuple[Taint, ...]:
    """The NoExecute taints of a node."""
    return tuple(one for one in node.spec.taints if one.effect == NO_EXECUTE) if node is not None else ()


def seconds_tolerated(tolerations: Iterable[Toleration], taints: tuple[Taint, ...]) -> float | None:
    """How long the pod may stay: 0 if a taint is not tolerated, None if there is no limit.

    >>> taint = Taint(key="a", effect=NO_EXECUTE)
    >>> seconds_tolerated((Toleration(key="a", operator="Exists", toleration_seconds=60),), (taint,))
    60.0
    >>> seconds_tolerated((), (taint,)), seconds_tolerated((), ())
    (0.0, None)
    """
    if not taints:
        return None
    tolerations = tuple(tolerations)
    used = [one for one in tolerations if any(tolerates(one, taint) for taint in taints)]
    if not all(any(tolerates(one, taint) for one in used) for taint in taints):
        return 0.0
    limits = [float(max(one.toleration_seconds, 0)) for one in used if one.toleration_seconds is not None]
    return min(limits, default=None)


def disrupted(pod: Pod, timestamp: str) -> Pod:
    """The pod with a DisruptionTarget condition."""
    old = find(pod.status.conditions, DISRUPTION_TARGET)
    kept = old is not None and old.status == "True"
    condition = PodCondition(
        type=DISRUPTION_TARGET,
        status="True",
        observed_generation=pod.metadata.generation,
        last_transition_time=old.last_transition_time if kept and old is not None else timestamp,
        reason=REASON,
        message=MESSAGE,
    )
    conditions = (*without(pod.status.conditions, DISRUPTION_TARGET), condition)
    return replace(pod, status=replace(pod.status, conditions=conditions))
