"""The pod garbage collector: removes pods that no kubelet will ever remove.

These are pods on nodes that are gone, terminating pods that were never scheduled or are on an out-of-service node, and
the oldest finished pods beyond the threshold. Nothing is scanned: each case is detected by the change that leads to it.
That a node is gone is verified by a live read, since a pod that is removed by force may still run.

Source: pkg/controller/podgc/gc_controller.go (v1.36).
"""

from contextlib import suppress

from kubeactors.api.core.v1 import Node, Pod, PodCondition
from kubeactors.apimachinery.meta import DeleteOptions, Preconditions
from kubeactors.apimachinery.status import Conflict, NotFound
from kubeactors.client import Change, Client, Controller, SharedInformer, reading
from kubeactors.controllers.pod_marks import ENDED, PLACED, TERMINATING
from kubeactors.controllers.pods import DISRUPTION_TARGET, FAILED, SUCCEEDED, by_node

NODE = "node"
"""Index: pods by their node."""
FINISHED = "finished"
"""Index: finished pods, all under this one value."""

QUARANTINE_SECONDS = 40.0
"""How long a node must have been absent: the cache may be late."""

OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
"""Taint by which an administrator asserts that nothing runs on a node that is not ready."""

NODE_KEY, POD_KEY, FINISHED_KEY = "node:", "pod:", "finished:"
"""Prefixes of the work queue's keys."""


class PodGCController(Controller):
    """Removes the pods of a node, one pod, or the oldest finished pods, depending on the key."""

    def __init__(
        self, client: Client, threshold: int, *, pods: SharedInformer[Pod], nodes: SharedInformer[Node]
    ) -> None:
        super().__init__()
        self._client = client
        self._threshold = threshold
        pods.add_indexes({NODE: by_node, FINISHED: _by_finish})
        self._pods = pods.lister
        self._nodes = nodes.lister
        self.observe(nodes, self._on_node, nodes.news)
        self.observe(pods, self._on_pod, PLACED | TERMINATING | ENDED)

    def _on_node(self, change: Change[Node]) -> None:
        if change.new is None:
            self.enqueue_after(NODE_KEY + change.key, QUARANTINE_SECONDS)
        elif is_out_of_service(change.new):
            for key in self._pods.by_index(NODE, change.key):
                self.enqueue(POD_KEY + key)

    def _on_pod(self, change: Change[Pod]) -> None:
        new = change.new
        if new is None:
            return
        node = new.spec.node_name
        if node and self._nodes.get(node) is None:
            self.enqueue_after(NODE_KEY + node, QUARANTINE_SECONDS)
        elif self._is_left_over(new):
            self.enqueue(POD_KEY + change.key)
        if self._threshold > 0 and len(self._pods.by_index(FINISHED, FINISHED)) > self._threshold:
            self.enqueue(FINISHED_KEY)

    async def reconcile(self, key: str) -> None:
        """Remove the pods that the key denotes."""
        if key.startswith(NODE_KEY):
            await self._collect_node(key.removeprefix(NODE_KEY))
        elif key.startswith(POD_KEY):
            await self._collect_pod(key.removeprefix(POD_KEY))
        else:
            await self._collect_finished()

    async def _collect_node(self, name: str) -> None:
        if self._nodes.get(name) is not None:
            return
        if await self._client.find(Node, name) is not None:
            # The cache will show it, unless it is deleted while the watch is broken.
            self.enqueue_after(NODE_KEY + name, QUARANTINE_SECONDS)
            return
        for pod in list(self._pods.by_index(NODE, name).values()):
            await self._fail_and_remove(pod)

    async def _collect_pod(self, key: str) -> None:
        pod = self._pods.by_key(key)
        if pod is not None and self._is_left_over(pod):
            await self._fail_and_remove(pod)

    def _is_left_over(self, pod: Pod) -> bool:
        """Whether the pod is terminating and has no kubelet that could finish that."""
        if pod.metadata.deletion_timestamp is None:
            return False
        node = self._nodes.get(pod.spec.node_name) if pod.spec.node_name else None
        return not pod.spec.node_name or (node is not None and is_out_of_service(node))

    async def _collect_finished(self) -> None:
        finished = self._pods.by_index(FINISHED, FINISHED).values()
        surplus = len(finished) - self._threshold
        if surplus > 0:
            oldest = sorted(finished, key=lambda pod: (pod.metadata.creation_timestamp or "", pod.metadata.name))
            for pod in oldest[:surplus]:
                await self._remove(pod)

    async def _fail_and_remove(self, pod: Pod) -> None:
        """Set the phase to Failed, then delete: Jobs and other observers must see that the pod failed, and why."""
        if pod.status.phase not in {SUCCEEDED, FAILED}:
            is_lost = bool(pod.spec.node_name) and self._nodes.get(pod.spec.node_name) is None
            why = (_disruption(pod, self.ctx.timestamp()),) if is_lost else ()
            with suppress(NotFound, Conflict):
                pod = await self._client.patch(
                    Pod, pod.metadata.name, _failure(pod, why), pod.metadata.namespace, subresource="status"
                )
        await self._remove(pod)

    async def _remove(self, pod: Pod) -> None:
        metadata = pod.metadata
        options = DeleteOptions(
            grace_period_seconds=0,
            preconditions=Preconditions(uid=metadata.uid, resource_version=metadata.resource_version),
        )
        with suppress(NotFound):
            await self._client.delete(Pod, metadata.name, metadata.namespace, options=options)


def is_out_of_service(node: Node) -> bool:
    """Whether the node is not ready and has the out-of-service taint.

    >>> is_out_of_service(Node())
    False
    """
    tainted = any(one.key == OUT_OF_SERVICE for one in node.spec.taints)
    return tainted and not any(one.type == "Ready" and one.status == "True" for one in node.status.conditions)


@reading("status.phase")
def _by_finish(pod: Pod) -> tuple[str, ...]:
    """Index: see `FINISHED`."""
    return (FINISHED,) if pod.status.phase in {SUCCEEDED, FAILED} else ()


def _failure(pod: Pod, why: tuple[PodCondition, ...]) -> dict[str, object]:
    """The status patch, on the condition that the pod is as it was seen."""
    status: dict[str, object] = {"phase": FAILED}
    if why:
        status["conditions"] = why
    return {
        "metadata": {"uid": pod.metadata.uid, "resourceVersion": pod.metadata.resource_version},
        "status": status,
    }


def _disruption(pod: Pod, timestamp: str) -> PodCondition:
    return PodCondition(
        type=DISRUPTION_TARGET,
        status="True",
        observed_generation=pod.metadata.generation,
        last_transition_time=timestamp,
        reason="DeletionByPodGC",
        message="PodGC: node no longer exists",
    )
