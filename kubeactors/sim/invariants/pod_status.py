"""What the status of a pod says: that it adds up, how it may go on, and that it is what runs.

Nothing here knows how a kubelet comes to it. What a kubelet has lost, or users have taken away, is not held against it.

Source: "Pod Lifecycle" in Kubernetes' documentation, the documentation of PodStatus and ContainerStatus in
api/core/v1/types.go, getPhase in pkg/kubelet/kubelet_pods.go (v1.36).
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from kubeactors.api.core.v1 import Container, ContainerStatus, Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.invariants.inspection import UNDISTURBED
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.users.manifests.checks import CHECK, WRONG
from kubeactors.sim.world import Commit

ALWAYS, ON_FAILURE, NEVER = "Always", "OnFailure", "Never"
PENDING, RUNNING, SUCCEEDED, FAILED = "Pending", "Running", "Succeeded", "Failed"
TERMINAL = (SUCCEEDED, FAILED)


class PodStatusesAreConsistent(Invariant):
    """What is said of a pod's containers, its conditions and its phase go together, whenever a kubelet says it."""

    name: ClassVar[str] = "pod-statuses-are-consistent"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at each status in which something is new of containers."""
        old, new = commit.old, commit.new
        if not isinstance(old, Pod) or not isinstance(new, Pod) or not _is_told(old, new):
            return
        for problem in (*_containers(new), *_conditions(new), *_phase(new), *_addresses(new)):
            yield f"{title(new)}: {problem}"


def _is_told(old: Pod, new: Pod) -> bool:
    """Whether a kubelet has said something of containers."""
    before, after = old.status, new.status
    return bool(after.container_statuses) and (
        before.container_statuses != after.container_statuses
        or before.init_container_statuses != after.init_container_statuses
    )


def _containers(pod: Pod) -> Iterator[str]:
    """What does not go together in what is said of single containers."""
    spec, status = pod.spec, pod.status
    for wanted, told in (
        (spec.containers, status.container_statuses),
        (spec.init_containers, status.init_container_statuses),
    ):
        if [one.name for one in wanted] != [one.name for one in told]:
            yield f"statuses are of {[one.name for one in told]}, and containers are {[one.name for one in wanted]}"
    for one in (*status.init_container_statuses, *status.container_statuses):
        for problem in _container(one):
            yield f"container {one.name} {problem}"


def _container(one: ContainerStatus) -> Iterator[str]:
    state, last = one.state, one.last_state.terminated
    if sum(part is not None for part in (state.waiting, state.running, state.terminated)) != 1:
        yield "is not in one state"
    if one.started and state.running is None:
        yield "is said to be started, and does not run"
    if state.running is not None and not (one.container_id and one.image_id):
        yield "runs, and has no id, or no image"
    for end in (state.terminated, last):
        if end is not None and end.started_at and end.finished_at and end.finished_at < end.started_at:
            yield f"ended at {end.finished_at}, before it began at {end.started_at}"
    began = state.running.started_at if state.running is not None else None
    if began and last is not None and last.finished_at and began < last.finished_at:
        yield f"began at {began}, before it ended the last time at {last.finished_at}"


def _conditions(pod: Pod) -> Iterator[str]:
    """Which conditions are not what the containers make them."""
    spec, status = pod.spec, pod.status
    said = {one.type: one.status == "True" for one in status.conditions}
    inits = tuple(zip(spec.init_containers, status.init_container_statuses, strict=False))
    serving = [one for container, one in inits if is_sidecar(container)] + list(status.container_statuses)
    for one in status.container_statuses:
        if one.ready and one.state.running is None:
            yield f"container {one.name} is said to be ready, and does not run"
    ready = status.phase not in TERMINAL and all(one.ready for one in serving)
    if said.get("ContainersReady", ready) is not ready:
        yield f"ContainersReady is {said['ContainersReady']}, and {[one.name for one in serving if not one.ready]} are not"
    if said.get("Ready") and not ready:
        yield "it is said to be ready, and its containers are not"
    begun = any(has_run(one) for one in status.container_statuses)
    prepared = all(one.started if is_sidecar(container) else has_succeeded(one) for container, one in inits)
    if status.phase not in TERMINAL and said.get("Initialized", prepared or begun) is not (prepared or begun):
        yield f"Initialized is {said['Initialized']}, and its init containers say {prepared or begun}"


class _Ends:
    """How far the containers of a pod are."""

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
        self.explained: bool = bool(status.reason) or disrupted
        """Whether it is said why it has failed, if it has."""


def _phase(pod: Pod) -> Iterator[str]:
    """Whether the phase is what the containers make it. Why it has failed may be said beside."""
    ends, policy = _Ends(pod), pod.spec.restart_policy
    match pod.status.phase:
        case "Running":
            if not ends.begun:
                yield "it is said to run, and none of its containers has"
            if ends.over and (policy == NEVER or (policy == ON_FAILURE and ends.well)):
                yield "it is said to run, and all of its containers are over"
        case "Pending" if ends.all_run:
            yield f"it is said to be pending, and {', '.join(ends.runs)} run"
        case "Succeeded" if not ends.well:
            yield "it is said to have succeeded, and not all of its containers have"
        case "Failed" if (ends.runs or ends.well) and not ends.explained:
            yield "it is said to have failed, and its containers run, or have succeeded"
        case _:
            pass


def _addresses(pod: Pod) -> Iterator[str]:
    status = pod.status
    if not status.host_ip or not status.start_time:
        yield "it is on a node, and has no address of it, or has never begun"
    if [one.ip for one in status.pod_ips] != ([status.pod_ip] if status.pod_ip else []):
        yield f"its address is {status.pod_ip}, and its addresses are {[one.ip for one in status.pod_ips]}"
    if not status.pod_ip and any(one.state.running for one in status.container_statuses):
        yield "it runs, and has no address"


def is_sidecar(container: Container) -> bool:
    """Whether an init container runs beside the others."""
    return container.restart_policy == ALWAYS


def has_run(one: ContainerStatus) -> bool:
    """Whether it was started, now or before."""
    return one.state.running is not None or one.state.terminated is not None or one.last_state.terminated is not None


def has_succeeded(one: ContainerStatus) -> bool:
    """Whether it has ended well."""
    return one.state.terminated is not None and one.state.terminated.exit_code == 0


class ContainerStatesAdvance(Invariant):
    """A container goes from waiting to running to its end, and starts again only if it may; its starts are counted.

    A node that has lost its memory prepares its pods anew if they restart always.
    """

    name: ClassVar[str] = "container-states-advance"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Compare each container with what it was."""
        old, new = commit.old, commit.new
        if not isinstance(old, Pod) or not isinstance(new, Pod) or not _is_told(old, new):
            return
        if old.status.start_time and new.status.start_time != old.status.start_time:
            yield f"{title(new)} has begun at {old.status.start_time}, and then at {new.status.start_time}"
        before = {one.name: one for one in statuses_of(old)}
        begins_anew = self.world.faults.disturbed_until(new.spec.node_name) + UNDISTURBED >= self.root.kernel.now
        policies = _policies(new, prepares_again=begins_anew)
        for one in statuses_of(new):
            was = before.get(one.name)
            for problem in _gone_on(was, one, policies.get(one.name, ALWAYS)) if was is not None else ():
                yield f"{title(new)}: container {one.name} {problem}"


def statuses_of(value: TypedObject) -> Sequence[ContainerStatus]:
    """What a pod says of its containers."""
    return (*value.status.init_container_statuses, *value.status.container_statuses) if isinstance(value, Pod) else ()


def may_start(pod: Pod, name: str) -> bool:
    """Whether a container may start again that has ended, or will have."""
    one = next((one for one in statuses_of(pod) if one.name == name), None)
    end = None if one is None else one.state.terminated or one.last_state.terminated
    return end is not None and _restarts(_policies(pod).get(name, ALWAYS), end.exit_code)


def _restarts(policy: str, code: int) -> bool:
    return policy == ALWAYS or (policy == ON_FAILURE and code != 0)


def _policies(pod: Pod, *, prepares_again: bool = False) -> dict[str, str]:
    """When containers may start again; one that prepares the pod not after it has succeeded, unless it is to do so again."""
    policy = pod.spec.restart_policy or ALWAYS
    preparing = ON_FAILURE if policy == ALWAYS and not prepares_again else policy
    found = {one.name: one.restart_policy or policy for one in pod.spec.containers}
    return found | {one.name: one.restart_policy or preparing for one in pod.spec.init_containers}


def _gone_on(old: ContainerStatus, new: ContainerStatus, policy: str) -> Iterator[str]:
    if new.restart_count < old.restart_count:
        yield f"was started {old.restart_count} times again, and then {new.restart_count} times"
    if new.restart_count > old.restart_count and new.last_state.terminated is None:
        yield f"was started {new.restart_count} times again, and has not ended before"
    if old.container_id and old.container_id == new.container_id:
        yield from _same(old, new)
    end = old.state.terminated
    if (
        end is not None
        and not _restarts(policy, end.exit_code)
        and (new.state.running or new.restart_count > old.restart_count)
    ):
        yield f"has ended with {end.exit_code}, and starts again, though it is to do so {policy}"


def _same(old: ContainerStatus, new: ContainerStatus) -> Iterator[str]:
    """The same start of a container."""
    before, after = old.state, new.state
    if new.restart_count != old.restart_count:
        yield f"is the same, and was started {new.restart_count} times again, not {old.restart_count}"
    if before.terminated is not None and after.running is not None:
        yield "runs after its end"
    if before.terminated is not None and after.terminated is not None and before.terminated != after.terminated:
        yield f"ended as {before.terminated}, and then as {after.terminated}"
    if before.running is not None and after.running is not None and before.running != after.running:
        yield f"began at {before.running.started_at}, and then at {after.running.started_at}"


class ContainerEnvironmentsAreCorrect(Invariant):
    """A container that looks whether its environment and its files are what its pod asks for finds that they are."""

    name: ClassVar[str] = "container-environments-are-correct"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def committed(self, commit: Commit) -> Iterator[str]:
        """Look at how it has ended."""
        for one in statuses_of(commit.new) if commit.new is not None else ():
            end = one.state.terminated or one.last_state.terminated
            if one.name == CHECK and end is not None and end.exit_code == WRONG:
                yield f"{title(commit.current)} is not told what it asks for: see `LOOKS` in kubeactors/sim/users/manifests/checks.py"


INVARIANTS: tuple[type[Invariant], ...] = (
    PodStatusesAreConsistent,
    ContainerStatesAdvance,
    ContainerEnvironmentsAreCorrect,
)
