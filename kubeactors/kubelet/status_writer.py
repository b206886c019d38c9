"""Tells the API what has become of pods.

Source: pkg/kubelet/status/status_manager.go, pkg/kubelet/pod/mirror_client.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.core.v1 import Node, Pod
from kubeactors.apimachinery.meta import DeleteOptions, Preconditions
from kubeactors.apimachinery.status import AlreadyExists, StatusError
from kubeactors.client import Client, Lister, revision_of
from kubeactors.client.events import Clock
from kubeactors.kubelet.pod_worker import PodWorker, Stage
from kubeactors.kubelet.static_pods import mirror_of, mirrored


class StatusWriter:
    """Writes statuses, and the last word: that a pod is gone. All methods may raise a `StatusError`: try again later.

    Args:
        client: as whom.
        clock: knows the time.
        node_name: of the node.
        pods: of the node, as its kubelet watches them.
    """

    __slots__ = ("_client", "_clock", "_deleted", "_node_name", "_pods")

    def __init__(self, client: Client, clock: Clock, node_name: str, pods: Lister[Pod]) -> None:
        self._node_name = node_name
        self._pods = pods
        self._client = client
        self._clock = clock
        self._deleted: dict[str, None] = {}
        """Pods that the API was asked to remove, by uid."""

    async def read(self, worker: PodWorker) -> Pod:
        """The pod of this name as the API has it now; it may be another one."""
        return await self._client.get(Pod, worker.pod.metadata.name, worker.pod.metadata.namespace)

    async def write(self, worker: PodWorker) -> bool:
        """Let the API show what we see, or remove the pod if it is to go and is over. Whether there is more to do."""
        pod = worker.pod
        status = worker.status(self._clock.wall)
        if status != pod.status:
            return _take(worker, await self._client.update_status(replace(pod, status=status)))
        if _is_to_be_removed(worker):
            await self.delete(pod)
        return False

    async def write_mirror(self, worker: PodWorker, static: Pod) -> None:
        """See to the mirror of a static pod: it is there, it is the right one, and it shows what we see.

        Only what the watch has told is known of it: a node may not ask for a pod that is not bound to it, or not yet.
        """
        mirror = self._pods.get(static.metadata.name, static.metadata.namespace)
        if mirror is None:
            mirror = await self._make_mirror(static)
        if mirror is None:
            return  # the watch is about to tell of it, and then we look at it
        if mirrored(mirror) != worker.uid or mirror.metadata.deletion_timestamp is not None:
            await self.delete(mirror)  # its end is told by the watch, and then it is made anew
            return
        worker.pod = replace(worker.pod, status=mirror.status)
        status = worker.status(self._clock.wall)
        if status != mirror.status:
            await self._client.update_status(replace(mirror, status=status))

    async def _make_mirror(self, static: Pod) -> Pod | None:
        node = await self._client.get(Node, self._node_name)  # the mirrors of one that has gone are taken away at once
        try:
            return await self._client.create(mirror_of(static, node))
        except AlreadyExists:
            return None

    async def delete(self, pod: Pod) -> None:
        """The last word: nothing of the pod runs any more. It is this very pod that goes, not another of its name."""
        uid = pod.metadata.uid
        if uid in self._deleted:
            return
        options = DeleteOptions(grace_period_seconds=0, preconditions=Preconditions(uid=uid))
        self._deleted[uid] = None  # before it is: the watch may tell so before the reply comes
        try:
            await self._client.delete(Pod, pod.metadata.name, pod.metadata.namespace, options=options)
        except StatusError:
            self._deleted.pop(uid, None)
            raise

    def forget(self, uid: str) -> None:
        """The API has forgotten the pod."""
        self._deleted.pop(uid, None)


def _take(worker: PodWorker, pod: Pod) -> bool:
    """Take the pod as the API has it now, unless the watch was faster. Whether it is to be removed."""
    if revision_of(pod.metadata) <= revision_of(worker.pod.metadata):
        return False
    worker.pod = pod
    return _is_to_be_removed(worker)


def _is_to_be_removed(worker: PodWorker) -> bool:
    return worker.stage is Stage.TERMINATED and worker.pod.metadata.deletion_timestamp is not None
