"""Reading the log of a container.

Source: pkg/kubelet/kubelet_pods.go validateContainerLogStatus, pkg/kubelet/kuberuntime/logs (v1.36).
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from kubeactors.apimachinery.status import BadRequest, Status
from kubeactors.apimachinery.time import format_nano_time
from kubeactors.kubelet.container_record import ContainerRecord
from kubeactors.kubelet.pod_worker import PodWorker
from kubeactors.kubelet.runtimes import ContainerRuntime, LogLine
from kubeactors.message import Message, Request

SECOND = 1_000_000_000


class Log(Message, frozen=True, kw_only=True):
    """Lines of a container's log. `ended`: the container has exited, so no more lines will follow.

    `total` counts all lines that the container has written, including those left out: to follow a log, ask again with
    `skip_lines` set to it.
    """

    lines: tuple[str, ...]
    total: int
    ended: bool


LogReply: TypeAlias = Log | Status


class ReadLog(Request[LogReply], frozen=True, kw_only=True):
    """Read the log of one container of a pod; an error is a Status.

    `since` is Unix time in nanoseconds, `tail_lines` None means all lines, `previous` means the start before the newest
    one.
    """

    namespace: str
    pod: str
    container: str
    previous: bool = False
    timestamps: bool = False
    since: int = 0
    since_seconds: int | None = None
    tail_lines: int | None = None
    limit_bytes: int | None = None
    skip_lines: int = 0


def read_log(worker: PodWorker | None, runtime: ContainerRuntime, request: ReadLog, now: int) -> LogReply:
    """The reply for this pod, which may be unknown."""
    if worker is None:
        return _refused(f'pod "{request.pod}" cannot be found - no logs available')
    record = next((one for one in worker.records if one.spec.name == request.container), None)
    if record is None:
        return _refused(f'container "{request.container}" in pod "{request.pod}" is not available')
    start = _start_id(record, request)
    if start is None:
        what = f'container "{request.container}" in pod "{request.pod}"'
        return _refused(
            f"previous terminated {what} not found"
            if request.previous
            else f"{what} is waiting to start: {_reason(worker, record, now)}"
        )
    page = runtime.container_log(start, now, request.skip_lines)
    lines = tuple(_chosen(page.lines, request, now))
    return Log(lines=lines, total=page.total, ended=request.previous or record.has_exited)


def _start_id(record: ContainerRecord, request: ReadLog) -> str | None:
    """The runtime's ID of the requested start; None if there is none."""
    if not request.previous and record.current is not None and record.current.started_at:
        return record.current.id
    if request.previous and record.waits and record.current is not None:
        return record.current.id
    if record.last is None or not record.last.container_id:
        return None
    return record.last.container_id.rpartition("//")[2]


def _reason(worker: PodWorker, record: ContainerRecord, now: int) -> str:
    statuses = worker.status(now)
    for one in (
        *statuses.init_container_statuses,
        *statuses.container_statuses,
        *statuses.ephemeral_container_statuses,
    ):
        if one.name == record.spec.name and one.state.waiting is not None:
            return one.state.waiting.reason
    return "ContainerCreating"


def _chosen(lines: Sequence[LogLine], request: ReadLog, now: int) -> Iterable[str]:
    since = request.since
    if request.since_seconds is not None:
        since = max(since, now - request.since_seconds * SECOND)
    chosen = [one for one in lines if one.time >= since]
    if request.tail_lines is not None:
        chosen = chosen[max(len(chosen) - request.tail_lines, 0) :]
    room = request.limit_bytes
    for one in chosen:
        text = f"{format_nano_time(one.time)} {one.text}" if request.timestamps else one.text
        if room is not None:
            if room <= 0:
                return
            text = text.encode()[:room].decode(errors="ignore")
            room -= len(text.encode()) + 1
        yield text


def _refused(message: str) -> Status:
    return BadRequest.saying(message).status
