"""A pod worker: the state machine of one pod on this node, which runs, terminates and has terminated.

It has no clock, sends nothing and never waits. The kubelet calls `step` whenever something may have changed, at the
latest at `wake_at`, and then reads the status. `PodContainers` handles the single containers.

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
    """The stages of a pod on its node, in order; there is no way back."""

    RUNNING = "running"
    TERMINATING = "terminating"
    """Containers are being stopped."""
    TERMINATED = "terminated"
    """Nothing runs, and nothing will run again."""


class PodWorker:
    """The worker of one pod.

    Args:
        pod: the pod from the API.
        runtime: the node's runtime.
        host_ip: the node's address.
        now: Unix nanoseconds, as everywhere here.
        allocatable: the node's allocatable resources.
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
        """Whether the pod is gone from the API: then its status is not written."""
        self.wake_at: int | None = None
        """When `step` must be called at the latest; None if only external changes matter."""
        self._runtime = runtime
        self._host_ip = host_ip
        self._started_at = pod.status.start_time or format_time(now)
        self._adopted = self.stage is Stage.RUNNING
        """Whether this kubelet has seen it running: else it had terminated before, and its status is not ours."""
        self._outcome: Outcome | None = None
        self._disruption: PodCondition | None = None

    # State.

    @property
    def pod(self) -> Pod:
        """The newest known version of the pod; its status is the base of ours."""
        return self.containers.pod

    @pod.setter
    def pod(self, pod: Pod) -> None:
        self.containers.pod = pod

    @property
    def uid(self) -> str:
        """The pod's UID."""
        return self.containers.pod.metadata.uid

    @property
    def sandbox(self) -> PodSandbox | None:
        """The pod's sandbox; None if it has not been created or was removed."""
        return self.containers.sandbox

    @property
    def records(self) -> list[ContainerRecord]:
        """The records of all containers, init containers first."""
        return self.containers.records

    @property
    def events(self) -> list[PodEvent]:
        """Events to record; the kubelet takes them."""
        return self.containers.events

    @property
    def materials(self) -> PodMaterials:
        """The objects that the pod refers to."""
        return self.containers.materials

    @property
    def holds_resources(self) -> bool:
        """Whether its requests count on the node: not if it has terminated here, or in the API as for the scheduler."""
        return self.stage is not Stage.TERMINATED and self.pod.status.phase not in TERMINAL

    @property
    def may_grow(self) -> bool:
        """Whether its usage may exceed what is known in advance."""
        reads = self.materials.wanted.services
        return self.stage is not Stage.TERMINATED and may_grow(self.pod, self._runtime, reads=reads)

    def usage(self, now: int) -> WorkerUsage:
        """Its present usage."""
        return usage_of(self.pod, self.records, self._runtime, now)

    def status(self, now: int) -> PodStatus:
        """The status that the API should show."""
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

    # Starting.

    def adopt(self, sandbox: PodSandbox, now: int) -> None:
        """Adopt a sandbox of this pod that an earlier kubelet left in the runtime."""
        self.containers.adopt(sandbox, now)
        if self.stage is Stage.TERMINATED:
            self.containers.stop_sandbox(now)

    def recover(self) -> None:
        """Recover a pod that the runtime does not know. If it ran here before, the machine was restarted."""
        self.containers.recover()

    def reject(self, rejection: Rejection) -> None:
        """Fail the pod, which the node does not admit."""
        message = f"Pod was rejected: {rejection.message}"
        self._outcome = Outcome(FAILED, rejection.reason, message)
        self.events.append(PodEvent(WARNING, rejection.reason, message))
        self.containers.give_up()
        self.stage = Stage.TERMINATED

    # Running.

    def step(self, now: int) -> None:
        """Do what is due now."""
        self.containers.observe(now)
        while self.stage is Stage.RUNNING and self._advance(now):
            pass
        if self.stage is Stage.TERMINATING:
            self._end(now)
        self.wake_at = None if self.stage is Stage.TERMINATED else self._next_wake(now)

    def _advance(self, now: int) -> bool:
        """Move the pod a step towards its spec; True if there may be more to do at once."""
        if self._must_end(now):
            self.terminate(now, grace_period_seconds(self.pod))
            return False
        return self.containers.advance(now)

    def _must_end(self, now: int) -> bool:
        """Whether the pod is being deleted, is finished in the API, has exceeded its deadline, or has completed."""
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

    # Terminating.

    def terminate(self, now: int, grace_seconds: float) -> None:
        """Stop all containers within the grace period. A second call can shorten it."""
        if self.stage is not Stage.TERMINATED:
            self.stage = Stage.TERMINATING
            self.containers.terminate(grace_seconds, now)

    def evict(self, message: str, now: int) -> None:
        """Fail the pod because the node is short of a resource, and terminate it."""
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
