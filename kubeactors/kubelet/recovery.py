"""Recovers the containers of a pod after a restart of the kubelet or the machine. Pure.

Source: pkg/kubelet/kubelet.go HandlePodCleanups, pkg/kubelet/kuberuntime/kuberuntime_manager.go (v1.36).
"""

from collections.abc import Iterable, Sequence

from kubeactors.api.core.v1 import ContainerStateTerminated, ContainerStatus, Pod
from kubeactors.kubelet.container_record import ContainerRecord
from kubeactors.kubelet.lifecycle import ALWAYS, is_sidecar, restarts
from kubeactors.kubelet.runtimes import RuntimeContainer

LOST = ContainerStateTerminated(
    exit_code=137,
    reason="ContainerStatusUnknown",
    message="The container could not be located when the pod was terminated",
)


DONE = ContainerStateTerminated(exit_code=0, reason="Completed")
"""The termination of an init container of which it is only known that later containers have started."""


def adopt(pod: Pod, records: Iterable[ContainerRecord], found: Sequence[RuntimeContainer]) -> None:
    """Adopt the runtime's containers of this pod, oldest first, after a restart of the kubelet.

    Containers that the runtime lost in an earlier restart of the machine are recovered from the status. That may be
    outdated: if the runtime has a main container, all init containers have succeeded.
    """
    starts: dict[str, list[RuntimeContainer]] = {}
    for one in found:
        starts.setdefault(one.name, []).append(one)
    lost: list[ContainerRecord] = []
    for record in records:
        known = starts.get(record.spec.name)
        if known:
            record.adopt(known[-1], known[-2] if len(known) > 1 else None)
        elif not record.ephemeral:
            lost.append(record)
    init = [one for one in lost if one.init]
    recover(pod, init, [one for one in lost if not one.init])
    if any(one.name in starts for one in pod.spec.containers):
        for record in init:
            if not is_sidecar(record.spec) and not record.ready:
                record.ended = DONE


def recover(pod: Pod, init: Iterable[ContainerRecord], main: Iterable[ContainerRecord]) -> None:
    """Recover a pod that the runtime does not know. If it ran here before, the machine was restarted.

    A container that may restart does, and the loss counts as an exit; one that may not has failed. An init container
    that has succeeded runs again only if the API allows that change: a termination is final unless the pod always
    restarts. Sidecars are treated as main containers. Restart counts continue, as in Kubernetes by the logs on disk.
    """
    told = {one.name: one for one in (*pod.status.init_container_statuses, *pod.status.container_statuses)}
    for record in (*init, *main):
        status = told.get(record.spec.name)
        if status is not None:
            prepares = record.init and not is_sidecar(record.spec)
            (_recover_init if prepares else _recover)(pod, record, status)


def _recover(pod: Pod, record: ContainerRecord, told: ContainerStatus) -> None:
    end = told.state.terminated or (LOST if told.state.running is not None else None)
    again = end is not None and restarts(pod.spec, record.spec, end.exit_code)
    record.recover(told, end, again=again)


def _recover_init(pod: Pod, record: ContainerRecord, told: ContainerStatus) -> None:
    """A running init container runs again in any case, since it is not known to have failed."""
    end = told.state.terminated
    again = (
        end is None or pod.spec.restart_policy == ALWAYS or restarts(pod.spec, record.spec, end.exit_code, init=True)
    )
    record.recover(told, end or (LOST if told.state.running is not None else None), again=again)
