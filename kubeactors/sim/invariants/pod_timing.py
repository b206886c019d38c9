"""Invariants of kubelets' timing: containers restart when their back-off is over and not before, and pods terminate in time.

A missed wake-up or a delay that is too short leaves no trace once all is quiet.

Source: "Pod Lifecycle" in Kubernetes' documentation: containers restart after 10 s, 20 s, 40 s, ..., at most five
minutes, and at once when they have run for ten minutes; calculateBackoff in pkg/kubelet (v1.36).
"""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.core.v1 import ContainerStatus, Node, Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.time import parse_time
from kubeactors.sim.bounds.capacity import is_ours
from kubeactors.sim.disturbances import RETRIED
from kubeactors.sim.invariants.inspection import informed_at
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.kubelet import kubelet_on, runtimes
from kubeactors.sim.invariants.pod_status import TERMINAL, is_backing_off, may_start, statuses_of
from kubeactors.sim.world import Commit, World

MANAGER = "controller-manager"
"""The component to which clock jumps are attributed."""
FIRST_WAIT, LONGEST_WAIT, WELL = 10, 300, 600
"""Seconds: the back-off before the second restart, the longest back-off, and the run after which it is reset."""
ROUNDING = 1
LATE = 10 * SECOND
"""Tolerance for an action that is due."""
STARTS_KEPT = 2
"""The newest instance of a container, and the previous one, whose log can still be read."""


class _Restarts:
    """The restarts of a container under one kubelet, as observed."""

    def __init__(self, count: int, kubelet: object) -> None:
        self.count: int = count
        self.kubelet: object = kubelet
        self.wait: int | None = 0 if not count else None
        """Back-off before the next restart, in seconds; None if unknown."""
        self.ended: int | None = None
        """When its termination was first seen (virtual nanoseconds); None while it runs."""


class ContainerRestartsBackOff(Invariant):
    """A container that may restart does so: the first time at once, then with a back-off that doubles each time."""

    name: ClassVar[str] = "container-restarts-back-off"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._known: dict[tuple[str, str], _Restarts] = {}
        """By uid and container."""
        self._ended: dict[tuple[str, str], _Restarts] = {}
        """Those in `_known` that do not run."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow the restarts of each container in its pod's status."""
        old, new = commit.old, commit.new
        if new is None:
            for one in statuses_of(commit.current):
                key = (commit.current.metadata.uid, one.name)
                self._known.pop(key, None)
                self._ended.pop(key, None)
        elif isinstance(new, Pod) and isinstance(old, Pod) and statuses_of(old) != statuses_of(new):
            for one in statuses_of(new):
                for problem in self._followed(new, one):
                    yield f"{title(new)}: container {one.name} {problem}"
                self._sort((new.metadata.uid, one.name))

    def _sort(self, key: tuple[str, str]) -> None:
        if self._known[key].ended is None:
            self._ended.pop(key, None)
        else:
            self._ended[key] = self._known[key]

    def _followed(self, pod: Pod, one: ContainerStatus) -> Iterator[str]:
        known = self._known.get((pod.metadata.uid, one.name))
        if known is None or one.restart_count not in (known.count, known.count + 1):
            known = self._known[pod.metadata.uid, one.name] = _Restarts(one.restart_count, self._kubelet(pod))
        elif one.restart_count > known.count:
            yield from self._restarted(pod, one, known)
        if one.state.running is not None:
            known.ended = None
        elif known.ended is None and (one.state.terminated or is_backing_off(one)):
            known.ended = self.root.kernel.now

    def _restarted(self, pod: Pod, one: ContainerStatus, known: _Restarts) -> Iterator[str]:
        kubelet, last = self._kubelet(pod), one.last_state.terminated
        begun = one.state.running or one.state.terminated
        wait = known.wait if kubelet is known.kubelet and pod.metadata.generation <= 1 else None
        if last is None or not last.started_at or not last.finished_at:
            wait = None
        elif parse_time(last.finished_at) - parse_time(last.started_at) >= WELL * SECOND:
            wait = 0 if wait is not None else None
        if wait and last is not None and last.finished_at and begun is not None and begun.started_at:
            waited = (parse_time(begun.started_at) - parse_time(last.finished_at)) // SECOND
            calm = self.world.faults.affected_until(MANAGER) < (known.ended or 0)
            if waited + ROUNDING < wait and calm:
                yield f"restarted {waited} s after it terminated, but its back-off was {wait} s"
        known.count, known.kubelet, known.ended = one.restart_count, kubelet, None
        known.wait = None if wait is None else min(2 * wait, LONGEST_WAIT) or FIRST_WAIT

    def looked(self) -> Iterator[str]:
        """Look for containers whose restart is overdue."""
        now = self.root.kernel.now
        for (uid, name), known in self._ended.items():
            due = None if known.ended is None or known.wait is None else known.ended + known.wait * SECOND + LATE
            pod = self.world.by_uid.get(uid) if due is not None and due < now else None
            if not isinstance(pod, Pod) or pod.metadata.deletion_timestamp is not None:
                continue
            if pod.status.phase in TERMINAL or not may_start(pod, name) or not self._is_well(pod.spec.node_name):
                continue
            if self._kubelet(pod) is known.kubelet:
                yield f"{title(pod)}: container {name} has not restarted, though its back-off of {known.wait} s is over"

    def _is_well(self, node: str) -> bool:
        """Whether a node has power and was not disturbed lately."""
        return (
            node not in self.world.faults.powered_off and informed_at(self.world, node, MANAGER) < self.root.kernel.now
        )

    def _kubelet(self, pod: Pod) -> object:
        """The kubelet instance of a pod: a restarted kubelet does not know earlier back-offs."""
        return kubelet_on(self.root, pod.spec.node_name)


class PodsTerminateInTime(Invariant):
    """A terminating pod on an undisturbed node is removed soon after its grace period.

    A kubelet that learns late of the deletion gives the pod its whole grace period from then on. An admission policy of
    users may forbid the removal: policies apply to kubelets, too.

    Source: setTerminationGracePeriod in pkg/kubelet/kuberuntime/kuberuntime_container.go (v1.36).
    """

    name: ClassVar[str] = "pods-terminate-in-time"

    def looked(self) -> Iterator[str]:
        """Look for pods whose removal is overdue."""
        kernel = self.root.kernel
        for pod in self.world.terminating_pods():
            until, name = pod.metadata.deletion_timestamp, pod.spec.node_name
            if until is None or pod.metadata.finalizers or not name or name in self.world.faults.powered_off:
                continue
            node, grace = self.world.find(Node, name, ""), (pod.metadata.deletion_grace_period_seconds or 0) * SECOND
            due = max(parse_time(until) - kernel.wall, self._informed_at(name) + grace)
            if due + LATE < kernel.now and node is not None and is_ours(node):
                yield f"{title(pod)} is still there, though its grace period ended at {until}, and {name} is healthy"

    def _informed_at(self, node: str) -> int:
        """When the kubelet of a node knows of all deletions, and can report."""
        return max(informed_at(self.world, node, MANAGER), self.world.faults.slowed_until(node) + RETRIED)


class DeadContainersAreCollected(Invariant):
    """When all is quiet, a node keeps the newest instance of each container and one dead one, so crashes fill no disk."""

    name: ClassVar[str] = "dead-containers-are-collected"

    def settled(self) -> Iterator[str]:
        """Count the instances of each container."""
        for node, runtime, now in runtimes(self.root):
            for sandbox in runtime.list_pod_sandboxes():
                names = [one.name for one in runtime.list_containers(sandbox.id, now)]
                for name in dict.fromkeys(names):
                    if names.count(name) > STARTS_KEPT:
                        yield f"{node} keeps {names.count(name)} instances of container {name} of pod {sandbox.config.name}"


INVARIANTS: tuple[type[Invariant], ...] = (ContainerRestartsBackOff, PodsTerminateInTime, DeadContainersAreCollected)
