"""What becomes of a pod's containers when their kubelet, or their node, begins anew. Pure.

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
"""How an init container ended of which nobody knows more than that others have been started since."""


def adopt(pod: Pod, records: Iterable[ContainerRecord], found: Sequence[RuntimeContainer]) -> None:
    """The runtime has containers of this pod already, the oldest first: the kubelet was restarted.

    Of those that it does not have, because it has forgotten them when the node lost its memory once, the API tells. But
    what the API tells may be old: if it has a main container, all init containers have ended well.
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
    """The runtime knows nothing of this pod. If it has run here before, the node has lost its memory.

    A container that may start again does, and counts the loss as an end; one that may not has failed. An init container
    that has succeeded runs again only where the API lets it: what has ended stays so if the pod does not restart always.
    A sidecar goes on as main containers do. All starts are counted on, as Kubernetes does by the logs that are on disk.
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
    """One that ran runs again, in any case: nobody can tell that it failed."""
    end = told.state.terminated
    again = (
        end is None or pod.spec.restart_policy == ALWAYS or restarts(pod.spec, record.spec, end.exit_code, init=True)
    )
    record.recover(told, end or (LOST if told.state.running is not None else None), again=again)
