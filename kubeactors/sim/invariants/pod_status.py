"""Invariants of a pod's status: its parts are consistent, containers advance, and their environment is right.

They do not use the kubelet's code, and make allowance for state that a kubelet has lost or users have removed.

Source: "Pod Lifecycle" in Kubernetes' documentation, the documentation of PodStatus and ContainerStatus in
api/core/v1/types.go, getPhase in pkg/kubelet/kubelet_pods.go (v1.36).
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from kubeactors.api.core.v1 import Container, ContainerStatus, Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.invariants.inspection import informed_at
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.users.manifests.checks import CHECK, WRONG
from kubeactors.sim.world import Commit

ALWAYS, ON_FAILURE, NEVER = "Always", "OnFailure", "Never"
PENDING, RUNNING, SUCCEEDED, FAILED = "Pending", "Running", "Succeeded", "Failed"
TERMINAL = (SUCCEEDED, FAILED)


class PodStatusesAreConsistent(Invariant):
    """Container statuses, conditions, phase and IPs of a pod are consistent whenever its kubelet writes them."""

    name: ClassVar[str] = "pod-statuses-are-consistent"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each status whose container statuses have changed."""
        old, new = commit.old, commit.new
        if not isinstance(old, Pod) or not isinstance(new, Pod) or not _is_told(old, new):
            return
        for problem in (*_containers(new), *_conditions(new), *_phase(new), *_addresses(new)):
            yield f"{title(new)}: {problem}"


def _is_told(old: Pod, new: Pod) -> bool:
    """Whether the container statuses have changed."""
    before, after = old.status, new.status
    return bool(after.container_statuses) and (
        before.container_statuses != after.container_statuses
        or before.init_container_statuses != after.init_container_statuses
    )


def _containers(pod: Pod) -> Iterator[str]:
    """Inconsistencies within single container statuses."""
    spec, status = pod.spec, pod.status
    for wanted, told in (
        (spec.containers, status.container_statuses),
        (spec.init_containers, status.init_container_statuses),
    ):
        if [one.name for one in wanted] != [one.name for one in told]:
            yield f"statuses exist for {[one.name for one in told]}, but the containers are {[one.name for one in wanted]}"
    for one in (*status.init_container_statuses, *status.container_statuses):
        for problem in _container(one):
            yield f"container {one.name} {problem}"


def _container(one: ContainerStatus) -> Iterator[str]:
    state, last = one.state, one.last_state.terminated
    if sum(part is not None for part in (state.waiting, state.running, state.terminated)) != 1:
        yield "does not have exactly one state"
    if one.started and state.running is None:
        yield "has started: true, but does not run"
    if state.running is not None and not (one.container_id and one.image_id):
        yield "runs, but has no container id or no image id"
    for end in (state.terminated, last):
        if end is not None and end.started_at and end.finished_at and end.finished_at < end.started_at:
            yield f"finished at {end.finished_at}, before it started at {end.started_at}"
    began = state.running.started_at if state.running is not None else None
    if began and last is not None and last.finished_at and began < last.finished_at:
        yield f"started at {began}, before its last run finished at {last.finished_at}"


def _conditions(pod: Pod) -> Iterator[str]:
    """Conditions that do not follow from the container statuses."""
    spec, status = pod.spec, pod.status
    said = {one.type: one.status == "True" for one in status.conditions}
    inits = tuple(zip(spec.init_containers, status.init_container_statuses, strict=False))
    serving = [one for container, one in inits if is_sidecar(container)] + list(status.container_statuses)
    for one in status.container_statuses:
        if one.ready and one.state.running is None:
            yield f"container {one.name} is ready, but does not run"
    ready = status.phase not in TERMINAL and all(one.ready for one in serving)
    if said.get("ContainersReady", ready) is not ready:
        yield f"ContainersReady is {said['ContainersReady']}, but not ready are {[one.name for one in serving if not one.ready]}"
    if said.get("Ready") and not ready:
        yield "Ready is true, but not all of its containers are ready"
    begun = any(has_run(one) for one in status.container_statuses)
    prepared = all(one.started if is_sidecar(container) else has_succeeded(one) for container, one in inits)
    if status.phase not in TERMINAL and said.get("Initialized", prepared or begun) is not (prepared or begun):
        yield f"Initialized is {said['Initialized']}, but by its init containers it should be {prepared or begun}"


class _Ends:
    """A summary of a pod's container statuses."""

    def __init__(self, pod: Pod) -> None:
        status = pod.status
        found = [one.state.terminated for one in status.container_statuses]
        beside = any(one.state.running is not None for one in status.init_container_statuses)
        self.begun: bool = any(has_run(one) for one in status.container_statuses)
        self.runs: list[str] = [one.name for one in status.container_statuses if one.state.running is not None]
        self.all_run: bool = len(self.runs) == len(found)
        self.over: bool = all(one is not None for one in found) and not beside
        self.well: bool = all(one is not None and one.exit_code == 0 for one in found)
        disrupted = any(one.type == "DisruptionTarget" for one in status.conditions)
        self.waits: list[str] = [one.name for one in status.container_statuses if is_backing_off(one)]
        self.explained: bool = bool(status.reason) or disrupted
        """Whether a reason or DisruptionTarget explains a failure."""


def _phase(pod: Pod) -> Iterator[str]:
    """Whether the phase follows from the container statuses; a pod may also fail for a reason in its status."""
    ends, policy = _Ends(pod), pod.spec.restart_policy
    if pod.status.phase in TERMINAL and ends.waits and not pod.status.reason:
        yield f"its phase is {pod.status.phase}, but {', '.join(ends.waits)} waits for a restart"
    match pod.status.phase:
        case "Running":
            if not ends.begun:
                yield "its phase is Running, but none of its containers has started"
            if ends.over and (policy == NEVER or (policy == ON_FAILURE and ends.well)):
                yield "its phase is Running, but all of its containers have finished"
        case "Pending" if ends.all_run:
            yield f"its phase is Pending, but {', '.join(ends.runs)} run"
        case "Succeeded" if not ends.well:
            yield "its phase is Succeeded, but not all of its containers have succeeded"
        case "Failed" if (ends.runs or ends.well) and not ends.explained:
            yield "its phase is Failed without a reason, but its containers run or have succeeded"
        case _:
            pass


def _addresses(pod: Pod) -> Iterator[str]:
    status = pod.status
    if not status.host_ip or not status.start_time:
        yield "it has container statuses, but no hostIP or no startTime"
    if [one.ip for one in status.pod_ips] != ([status.pod_ip] if status.pod_ip else []):
        yield f"its podIP is {status.pod_ip}, but its podIPs are {[one.ip for one in status.pod_ips]}"
    if not status.pod_ip and any(one.state.running for one in status.container_statuses):
        yield "it runs, but has no podIP"


def is_sidecar(container: Container) -> bool:
    """Whether an init container is a sidecar."""
    return container.restart_policy == ALWAYS


BACKING_OFF = "CrashLoopBackOff"


def is_backing_off(one: ContainerStatus) -> bool:
    """Whether it waits for its next start."""
    return one.state.waiting is not None and one.state.waiting.reason == BACKING_OFF


def has_run(one: ContainerStatus) -> bool:
    """Whether it runs or has run before."""
    return one.state.running is not None or one.state.terminated is not None or one.last_state.terminated is not None


def has_succeeded(one: ContainerStatus) -> bool:
    """Whether it has exited with 0."""
    return one.state.terminated is not None and one.state.terminated.exit_code == 0


UNKNOWN = "ContainerStatusUnknown"
"""The reason of an end that the runtime has no record of."""


class ContainerStatesAdvance(Invariant):
    """A container goes from waiting to running to terminated, restarts only if its policy allows, and counts restarts.

    After a power loss a node runs the init containers of pods with restart policy Always again. How a container ended that
    was on a replaced machine is in the pod's status alone; a kubelet that restarts with a stale cache no longer knows it.
    """

    name: ClassVar[str] = "container-states-advance"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Compare each container's status before and after."""
        old, new = commit.old, commit.new
        if not isinstance(old, Pod) or not isinstance(new, Pod) or not _is_told(old, new):
            return
        if old.status.start_time and new.status.start_time != old.status.start_time:
            yield f"{title(new)}: its startTime changed from {old.status.start_time} to {new.status.start_time}"
        before = {one.name: one for one in statuses_of(old)}
        begins_anew = informed_at(self.world, new.spec.node_name) >= self.root.kernel.now
        policies = _policies(new, prepares_again=begins_anew)
        for one in statuses_of(new):
            was = before.get(one.name)
            if was is None or (begins_anew and _is_forgotten(was, one)):
                continue
            for problem in _transition(was, one, policies.get(one.name, ALWAYS)):
                yield f"{title(new)}: container {one.name} {problem}"


def statuses_of(value: TypedObject) -> Sequence[ContainerStatus]:
    """The container statuses of a pod, init containers first; none for other objects."""
    return (*value.status.init_container_statuses, *value.status.container_statuses) if isinstance(value, Pod) else ()


def may_start(pod: Pod, name: str) -> bool:
    """Whether a container that has terminated may restart."""
    one = next((one for one in statuses_of(pod) if one.name == name), None)
    end = None if one is None else one.state.terminated or one.last_state.terminated
    return end is not None and _restarts(_policies(pod).get(name, ALWAYS), end.exit_code)


def _restarts(policy: str, code: int) -> bool:
    return policy == ALWAYS or (policy == ON_FAILURE and code != 0)


def _policies(pod: Pod, *, prepares_again: bool = False) -> dict[str, str]:
    """The restart policy of each container. Init containers do not restart after success, unless `prepares_again`."""
    policy = pod.spec.restart_policy or ALWAYS
    preparing = ON_FAILURE if policy == ALWAYS and not prepares_again else policy
    found = {one.name: one.restart_policy or policy for one in pod.spec.containers}
    return found | {one.name: one.restart_policy or preparing for one in pod.spec.init_containers}


def _is_forgotten(old: ContainerStatus, new: ContainerStatus) -> bool:
    """Whether the container runs again after an end that no runtime has a record of, and its kubelet does not report it."""
    end = old.last_state.terminated
    unknown = end is not None and end.reason == UNKNOWN and new.last_state.terminated is None
    return unknown and new.restart_count == old.restart_count + 1


def _transition(old: ContainerStatus, new: ContainerStatus, policy: str) -> Iterator[str]:
    if new.restart_count < old.restart_count:
        yield f"went back from {old.restart_count} restarts to {new.restart_count}"
    if new.restart_count > old.restart_count and new.last_state.terminated is None:
        yield f"has restarted {new.restart_count} times, but has no last termination state"
    if old.container_id and old.container_id == new.container_id:
        yield from _unchanged_id(old, new)
    end = old.state.terminated
    if (
        end is not None
        and not _restarts(policy, end.exit_code)
        and (new.state.running or new.restart_count > old.restart_count)
    ):
        yield f"exited with {end.exit_code} and restarted, though its restart policy is {policy}"


def _unchanged_id(old: ContainerStatus, new: ContainerStatus) -> Iterator[str]:
    """Changes of one container, that is, of one container id."""
    before, after = old.state, new.state
    if new.restart_count != old.restart_count:
        yield f"kept its id, but its restart count changed from {old.restart_count} to {new.restart_count}"
    if before.terminated is not None and after.running is not None:
        yield "runs again after it terminated, with the same id"
    if before.terminated is not None and after.terminated is not None and before.terminated != after.terminated:
        yield f"changed its termination state from {before.terminated} to {after.terminated}"
    if before.running is not None and after.running is not None and before.running != after.running:
        yield f"changed its start time from {before.running.started_at} to {after.running.started_at}"


class ContainerEnvironmentsAreCorrect(Invariant):
    """A container that compares its environment and mounted files with its pod's spec finds no difference."""

    name: ClassVar[str] = "container-environments-are-correct"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at the exit code of the checking container."""
        for one in statuses_of(commit.new) if commit.new is not None else ():
            end = one.state.terminated or one.last_state.terminated
            if one.name == CHECK and end is not None and end.exit_code == WRONG:
                yield f"{title(commit.current)} found its environment or files wrong: see `LOOKS` in kubeactors/sim/users/manifests/checks.py"


INVARIANTS: tuple[type[Invariant], ...] = (
    PodStatusesAreConsistent,
    ContainerStatesAdvance,
    ContainerEnvironmentsAreCorrect,
)
