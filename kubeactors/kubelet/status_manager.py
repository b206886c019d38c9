"""The status manager: schedules the writes of pod statuses.

Source: pkg/kubelet/status/status_manager.go (v1.36).
"""

from collections.abc import Callable, Mapping
from contextlib import suppress

from kubeactors.actor import Context
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.status import Conflict, NotFound, StatusError
from kubeactors.kubelet.messages import DropMirror, KubeletMessage, WriteStatus
from kubeactors.kubelet.pod_worker import PodWorker
from kubeactors.kubelet.static_pods import StaticPods
from kubeactors.kubelet.status_writer import StatusWriter

RETRY_SECONDS = 1.0


class StatusManager:
    """Serializes the writes of each pod, and coalesces changes during a write into one more write.

    Args:
        ctx: the kubelet's context.
        writer: writes statuses.
        workers: the pods, by UID.
        static: the static pods among them.
        apply_update: applies a newer version of a pod.
    """

    __slots__ = ("_apply_update", "_ctx", "_static", "_unwritten", "_workers", "_writer")

    def __init__(
        self,
        ctx: Context[KubeletMessage],
        writer: StatusWriter,
        workers: Mapping[str, PodWorker],
        static: StaticPods,
        apply_update: Callable[[PodWorker, Pod], None],
    ) -> None:
        self._ctx = ctx
        self._workers = workers
        self._static = static
        self._apply_update = apply_update
        self._writer = writer
        self._unwritten: dict[str, bool] = {}
        """The pods whose status is being written, by UID; True if it has changed since."""

    def changed(self, uid: str) -> None:
        """Schedule a write of the pod's status."""
        if uid not in self._unwritten:
            self._ctx.self.tell(WriteStatus(uid))
        self._unwritten[uid] = True

    async def write(self, uid: str) -> None:
        """Write until the API is up to date; retry with a delay if that fails."""
        try:
            while self._unwritten.get(uid):
                self._unwritten[uid] = False
                await self._write(uid)
        except StatusError as error:
            self._ctx.log.info("kubelet.status_not_written", uid=uid, error=str(error))
            self._unwritten[uid] = True
            self._ctx.after(RETRY_SECONDS, WriteStatus(uid), key=f"write-{uid}")
        else:
            self._unwritten.pop(uid, None)

    async def _write(self, uid: str) -> None:
        worker = self._workers.get(uid)
        if worker is None or worker.is_gone:
            return
        if uid in self._static:
            with suppress(NotFound, Conflict):  # the watch will deliver the change, which schedules a write
                await self._writer.write_mirror(worker, self._static[uid])
            return
        try:
            if await self._writer.write(worker):
                self._unwritten[uid] = True
        except NotFound:
            return  # the watch will deliver its deletion
        except Conflict:
            fresh = await self._writer.read(worker)
            if fresh.metadata.uid == uid:
                self._apply_update(worker, fresh)
                self._unwritten[uid] = True

    async def drop(self, mirror: Pod) -> None:
        """Delete exactly this mirror pod, by UID."""
        try:
            await self._writer.delete(mirror)
        except NotFound:
            pass
        except StatusError as error:
            self._ctx.log.info("kubelet.mirror_not_removed", error=str(error))
            self._ctx.after(RETRY_SECONDS, DropMirror(mirror))

    def forget(self, uid: str) -> None:
        """Drop the state of a deleted pod."""
        self._writer.forget(uid)
