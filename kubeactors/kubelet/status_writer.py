"""Writes the statuses of pods to the API, and their final deletion.

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
    """Writes statuses and deletions. All methods may raise `StatusError`: retry later.

    Args:
        client: writes as the kubelet.
        clock: the time.
        node_name: the node's name.
        pods: the kubelet's cache of the node's pods.
    """

    __slots__ = ("_client", "_clock", "_deleted", "_node_name", "_pods")

    def __init__(self, client: Client, clock: Clock, node_name: str, pods: Lister[Pod]) -> None:
        self._node_name = node_name
        self._pods = pods
        self._client = client
        self._clock = clock
        self._deleted: dict[str, None] = {}
        """The pods whose deletion was requested, by UID."""

    async def read(self, worker: PodWorker) -> Pod:
        """Read the pod of this name live; it may be another one by now."""
        return await self._client.get(Pod, worker.pod.metadata.name, worker.pod.metadata.namespace)

    async def write(self, worker: PodWorker) -> bool:
        """Write the pod's status, or delete the pod if that is due. Returns whether there is more to do."""
        pod = worker.pod
        status = worker.status(self._clock.wall)
        if status != pod.status:
            return _take(worker, await self._client.update_status(replace(pod, status=status)))
        if _is_to_be_removed(worker):
            await self.delete(pod)
        return False

    async def write_mirror(self, worker: PodWorker, static: Pod) -> None:
        """Ensure that the mirror of a static pod exists, is the right one, and has the pod's status.

        Its state is known only from the watch: a node may not read a pod that is not bound to it (yet).
        """
        mirror = self._pods.get(static.metadata.name, static.metadata.namespace)
        if mirror is None:
            mirror = await self._make_mirror(static)
        if mirror is None:
            return  # the watch will deliver it, which schedules a write
        if mirrored(mirror) != worker.uid or mirror.metadata.deletion_timestamp is not None:
            await self.delete(mirror)  # the watch will deliver its deletion, and then it is recreated
            return
        worker.pod = replace(worker.pod, status=mirror.status)
        status = worker.status(self._clock.wall)
        if status != mirror.status:
            await self._client.update_status(replace(mirror, status=status))

    async def _make_mirror(self, static: Pod) -> Pod | None:
        node = await self._client.get(Node, self._node_name)  # mirrors of a deleted Node are collected at once
        try:
            return await self._client.create(mirror_of(static, node))
        except AlreadyExists:
            return None

    async def delete(self, pod: Pod) -> None:
        """Delete exactly this pod, by UID, without a grace period: it has terminated."""
        uid = pod.metadata.uid
        if uid in self._deleted:
            return
        options = DeleteOptions(grace_period_seconds=0, preconditions=Preconditions(uid=uid))
        self._deleted[uid] = None  # set first: the watch may deliver the deletion before the reply
        try:
            await self._client.delete(Pod, pod.metadata.name, pod.metadata.namespace, options=options)
        except StatusError:
            self._deleted.pop(uid, None)
            raise

    def forget(self, uid: str) -> None:
        """Drop the state of a deleted pod."""
        self._deleted.pop(uid, None)


def _take(worker: PodWorker, pod: Pod) -> bool:
    """Apply the written version of the pod, unless the watch was faster. Returns whether the pod must be deleted."""
    if revision_of(pod.metadata) <= revision_of(worker.pod.metadata):
        return False
    worker.pod = pod
    return _is_to_be_removed(worker)


def _is_to_be_removed(worker: PodWorker) -> bool:
    return worker.stage is Stage.TERMINATED and worker.pod.metadata.deletion_timestamp is not None
