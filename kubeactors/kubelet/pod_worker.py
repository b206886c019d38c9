"""One pod on this node, as a state machine: it runs, it ends, it is over; and what to say about it.

It has no clock, sends nothing and never waits. The kubelet calls `step` whenever something may have changed, at the
latest at `wake_at`, and then asks for the status. What becomes of single containers is for `PodContainers`.

Source: pkg/kubelet/{pod_workers,kubelet,kubelet_pods}.go (v1.36).
"""

from collections.abc import Mapping
from enum import Enum

from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod, PodCondition, PodStatus
from kubeactors.api.core.v1.event import NORMAL, WARNING
from kubeactors.apimachinery.time import format_time, parse_time
from kubeactors.kubelet.admission import Rejection
from kubeactors.kubelet.container_record import ContainerRecord
from kubeactors.kubelet.eviction import GRACE_SECONDS
from kubeactors.kubelet.growth import may_grow, usage_of
from kubeactors.kubelet.lifecycle import FAILED, TERMINAL, grace_period_seconds
from kubeactors.kubelet.pod_containers import PodContainers
from kubeactors.kubelet.pod_event import PodEvent
from kubeactors.kubelet.pod_materials import PodMaterials
from kubeactors.kubelet.pod_resize import PodResize
from kubeactors.kubelet.pod_status import Outcome, PodView, pod_status, rejected_status
from kubeactors.kubelet.runtimes import ContainerRuntime, PodSandbox
from kubeactors.kubelet.usage import WorkerUsage

SECOND = 1_000_000_000
NOTHING: Mapping[str, str] = {}
DEADLINE_EXCEEDED = Outcome(FAILED, "DeadlineExceeded", "Pod was active on the node longer than the specified deadline")


class Stage(Enum):
    """The life of a pod on its node; it only goes forward."""

    RUNNING = "running"
    TERMINATING = "terminating"
    """Containers are being stopped."""
    TERMINATED = "terminated"
    """Nothing runs, and nothing will."""


class PodWorker:
    """One pod.

    Args:
        pod: as the API has it.
        runtime: of this node.
        host_ip: of this node.
        now: unix nanoseconds, as everywhere here.
        allocatable: what the node has for pods.
    """

    __slots__ = (
        "_adopted",
        "_disruption",
        "_host_ip",
        "_outcome",
        "_runtime",
        "_started_at",
        "containers",
        "is_gone",
        "size",
        "stage",
        "wake_at",
    )

    def __init__(
        self, pod: Pod, runtime: ContainerRuntime, host_ip: str, now: int, allocatable: Mapping[str, str] = NOTHING
    ) -> None:
        self.containers: PodContainers = PodContainers(pod, runtime, host_ip, allocatable, now)
        self.size: PodResize = PodResize(self.containers)
        self.stage = Stage.TERMINATED if pod.status.phase in TERMINAL else Stage.RUNNING
        self.is_gone: bool = False
        """The API has no such pod any more: there is nobody to tell about it."""
        self.wake_at: int | None = None
        """When `step` must be called at the latest; None if only news can change anything."""
        self._runtime = runtime
        self._host_ip = host_ip
        self._started_at = pod.status.start_time or format_time(now)
        self._adopted = self.stage is Stage.RUNNING
        """Whether we have seen it alive: the status of a pod that was over before is not ours to write."""
        self._outcome: Outcome | None = None
        self._disruption: PodCondition | None = None

    # What there is to know.

    @property
    def pod(self) -> Pod:
        """The newest that is known of it; its status is the base of ours."""
        return self.containers.pod

    @pod.setter
    def pod(self, pod: Pod) -> None:
        self.containers.pod = pod

    @property
    def uid(self) -> str:
        """The pod's identity."""
        return self.containers.pod.metadata.uid

    @property
    def sandbox(self) -> PodSandbox | None:
        """What holds its containers together; None if there is none yet, or no more."""
        return self.containers.sandbox

    @property
    def records(self) -> list[ContainerRecord]:
        """All containers, init containers first."""
        return self.containers.records

    @property
    def events(self) -> list[PodEvent]:
        """What happened and was not told yet; the kubelet takes it."""
        return self.containers.events

    @property
    def materials(self) -> PodMaterials:
        """What the pod refers to."""
        return self.containers.materials

    @property
    def takes_room(self) -> bool:
        """Whether the node counts its requests: not if it is over, here or in the API (whence the scheduler knows)."""
        return self.stage is not Stage.TERMINATED and self.pod.status.phase not in TERMINAL

    @property
    def may_grow(self) -> bool:
        """Whether it may take more than is known beforehand."""
        reads = self.materials.wanted.services
        return self.stage is not Stage.TERMINATED and may_grow(self.pod, self._runtime, reads=reads)

    def usage(self, now: int) -> WorkerUsage:
        """What it takes now."""
        return usage_of(self.pod, self.records, self._runtime, now)

    def status(self, now: int) -> PodStatus:
        """As the API should show the pod."""
        if not self._adopted:
            return self.pod.status
        if self._outcome is not None and not self.containers.main:
            return rejected_status(self.pod, self._outcome, self._started_at, now)
        status = self.size.shown(pod_status(self.pod, self._view, now))
        if self._disruption is None or any(one.type == self._disruption.type for one in status.conditions):
            return status
        return replace(status, conditions=(*status.conditions, self._disruption))

    @property
    def _view(self) -> PodView:
        containers = self.containers
        return PodView(
            init=containers.init,
            main=containers.main,
            outcome=self._outcome,
            is_over=self.stage is Stage.TERMINATED,
            ephemeral=containers.ephemeral,
            initialized=containers.is_initialized,
            has_sandbox=containers.sandbox is not None and self.stage is not Stage.TERMINATED,
            ip=containers.ip,
            host_ip=self._host_ip,
            started_at=self._started_at,
        )

    # How it begins.

    def adopt(self, sandbox: PodSandbox, now: int) -> None:
        """The runtime has this pod already: the kubelet was restarted."""
        self.containers.adopt(sandbox, now)
        if self.stage is Stage.TERMINATED:
            self.containers.stop_sandbox(now)

    def recover(self) -> None:
        """The runtime knows nothing of this pod. If it has run here before, the node has lost its memory."""
        self.containers.recover()

    def reject(self, rejection: Rejection) -> None:
        """The node does not take the pod: it has failed, and nothing of it runs."""
        message = f"Pod was rejected: {rejection.message}"
        self._outcome = Outcome(FAILED, rejection.reason, message)
        self.events.append(PodEvent(WARNING, rejection.reason, message))
        self.containers.give_up()
        self.stage = Stage.TERMINATED

    # How it goes on.

    def step(self, now: int) -> None:
        """Do what is due."""
        self.containers.observe(now)
        while self.stage is Stage.RUNNING and self._advance(now):
            pass
        if self.stage is Stage.TERMINATING:
            self._end(now)
        self.wake_at = None if self.stage is Stage.TERMINATED else self._next_wake(now)

    def _advance(self, now: int) -> bool:
        """Bring the pod a step closer to what its spec says; True if there may be more to do at once."""
        if self._must_end(now):
            self.terminate(now, grace_period_seconds(self.pod))
            return False
        return self.containers.advance(now)

    def _must_end(self, now: int) -> bool:
        """Whether the pod is being deleted, has been declared over, has had its time, or has done its work."""
        if self.pod.status.phase in TERMINAL or self.pod.metadata.deletion_timestamp is not None:
            return True
        deadline = self._deadline
        if deadline is not None and deadline <= now:
            self._outcome = DEADLINE_EXCEEDED
            self.events.append(PodEvent(NORMAL, DEADLINE_EXCEEDED.reason, DEADLINE_EXCEEDED.message))
            return True
        return self.containers.is_complete

    @property
    def _deadline(self) -> int | None:
        seconds = self.pod.spec.active_deadline_seconds
        return None if seconds is None else parse_time(self._started_at) + seconds * SECOND

    def _next_wake(self, now: int) -> int | None:
        deadline, change = self._deadline, self.containers.next_change(now)
        if deadline is None or deadline <= now:
            return change
        return deadline if change is None else min(deadline, change)

    # How it ends.

    def terminate(self, now: int, grace_seconds: float) -> None:
        """Stop all containers within the grace period. A second call can shorten it."""
        if self.stage is not Stage.TERMINATED:
            self.stage = Stage.TERMINATING
            self.containers.terminate(grace_seconds, now)

    def evict(self, message: str, now: int) -> None:
        """The node has no room for the pod any more: it has failed."""
        self._outcome = Outcome(FAILED, "Evicted", message)
        self._disruption = PodCondition(
            type="DisruptionTarget",
            observed_generation=self.pod.metadata.generation,
            status="True",
            last_transition_time=format_time(now),
            reason="TerminationByKubelet",
            message=message,
        )
        self.events.append(PodEvent(WARNING, "Evicted", message))
        self.terminate(now, GRACE_SECONDS)

    def _end(self, now: int) -> None:
        if self.pod.metadata.deletion_timestamp is not None:
            self.terminate(now, grace_period_seconds(self.pod))
        self.containers.observe(now)
        if self.containers.are_over:
            self.stage = Stage.TERMINATED
            self.containers.stop_sandbox(now)
