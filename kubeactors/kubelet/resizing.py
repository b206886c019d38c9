"""In-place resize of pods: whether it fits, and its conditions and messages. Pure.

The allocated resources of a container are in its record, the desired ones in the pod's spec. The memory limit of a
simulated container is checked at its start; a limit changed in place applies from the next start on.

Source: pkg/kubelet/allocation/allocation_manager.go, pkg/kubelet/events/event.go, pkg/kubelet/kuberuntime/kuberuntime_manager.go
computePodResizeAction (v1.36).
"""

from collections.abc import Iterable, Mapping

import msgspec
from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, Node, Pod, PodCondition
from kubeactors.api.core.v1.demand import CPU, MEMORY, amount
from kubeactors.kubelet.admission import Rejection
from kubeactors.kubelet.ledger import Ledger, wanted_by

PENDING = "PodResizePending"
DEFERRED, INFEASIBLE = "Deferred", "Infeasible"
RESTART = "RestartContainer"


def is_resized(has: Container, wants: Container) -> bool:
    """Whether the desired resources differ from the allocated ones."""
    return has.resources is not wants.resources and has.resources != wants.resources


def with_sizes_of(has: Container, wants: Container) -> Container:
    """The container with the desired resources."""
    return replace(has, resources=wants.resources, resize_policy=wants.resize_policy)


def needs_restart(has: Container, wants: Container) -> bool:
    """Whether the resize requires a restart, by the resize policy of a changed resource.

    >>> from kubeactors.api.core.v1 import ContainerResizePolicy, ResourceRequirements
    >>> policy = (ContainerResizePolicy(resource_name="memory", restart_policy="RestartContainer"),)
    >>> small, large = (ResourceRequirements(limits={"memory": size}) for size in ("1Gi", "2Gi"))
    >>> has = Container(resources=small, resize_policy=policy)
    >>> needs_restart(has, replace(has, resources=large)), needs_restart(has, has)
    (True, False)
    """
    restarting = [one.resource_name for one in wants.resize_policy if one.restart_policy == RESTART]
    return any(_differs(name, has, wants) for name in restarting)


def obstacle(pod: Pod, node: Node, ledger: Ledger) -> Rejection | None:
    """Why the resize does not fit, given the ledger with the pod's old requests; None if it fits."""
    wanted, capacity = wanted_by(pod.spec), node.status.allocatable
    for name in (MEMORY, CPU):
        has = amount(name, capacity.get(name, "0"))
        if wanted[name] > has:
            message = f"Node didn't have enough capacity: {name}, requested: {wanted[name]}, capacity: {has}"
            return Rejection(INFEASIBLE, message)
    old = ledger.wanted(pod.metadata.uid)
    for name in (CPU, MEMORY):
        has, used = amount(name, capacity.get(name, "0")), ledger.used.get(name, 0) - old.get(name, 0)
        if wanted[name] > old.get(name, 0) and used + wanted[name] > has:
            detail = f"requested: {wanted[name]}, used: {used}, capacity: {has}"
            return Rejection(DEFERRED, f"Node didn't have enough resource: {name}, {detail}")
    return None


def pending(pod: Pod, why: Rejection, before: PodCondition | None, now: str) -> PodCondition:
    """The condition of a pod with a pending resize."""
    same = before is not None and before.reason == why.reason
    return PodCondition(
        type=PENDING,
        observed_generation=pod.metadata.generation,
        status="True",
        last_transition_time=before.last_transition_time if same and before is not None else now,
        reason=why.reason,
        message=why.message,
    )


def told(prefix: str, pod: Pod, resizable: Iterable[str], error: str = "") -> str:
    """The message of an event, with the desired resources."""
    names = tuple(resizable)
    summary: dict[str, object] = {}
    for part, containers in (("initContainers", pod.spec.init_containers), ("containers", pod.spec.containers)):
        if found := [_sizes(one) for one in containers if one.name in names]:
            summary[part] = found
    summary["generation"] = pod.metadata.generation
    if error:
        summary["error"] = error
    return f"{prefix}: {msgspec.json.encode(summary).decode()}"


def _sizes(container: Container) -> dict[str, object]:
    resources = {
        part: dict(sorted(sizes.items()))
        for part, sizes in (("limits", container.resources.limits), ("requests", container.resources.requests))
        if sizes
    }
    return {"name": container.name, "resources": resources} if resources else {"name": container.name}


def _differs(name: str, has: Container, wants: Container) -> bool:
    def of(sizes: Mapping[str, str]) -> int:
        return amount(name, sizes.get(name, "0"))

    before, after = has.resources, wants.resources
    return of(before.limits) != of(after.limits) or of(before.requests) != of(after.requests)
