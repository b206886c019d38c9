"""One pod on this node, as a state machine: what runs, what is to start, what to say about it.

It has no clock, sends nothing and never waits. The kubelet calls `step` whenever something may have changed, at the
latest at `wake_at`, and then asks for the status.

Source: pkg/kubelet/{pod_workers,kubelet,kubelet_pods}.go, pkg/kubelet/kuberuntime/kuberuntime_manager.go (v1.36).
"""

from collections.abc import Iterable, Mapping
from enum import Enum

import msgspec
from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, Pod, PodCondition, PodSpec, PodStatus
from kubeactors.apimachinery.time import format_time, parse_time
from kubeactors.kubelet.admission import Rejection
from kubeactors.kubelet.container_record import ContainerRecord, PostStart
from kubeactors.kubelet.eviction import GRACE_SECONDS
from kubeactors.kubelet.fields import PodFacts
from kubeactors.kubelet.growth import may_grow, usage_of
from kubeactors.kubelet.hooks import Told, begin_to_stop, go_on_stopping, run_post_start
from kubeactors.kubelet.images import Refusal, badly_configured, pulled
from kubeactors.kubelet.lifecycle import FAILED, TERMINAL, is_sidecar, restarts
from kubeactors.kubelet.materials import NO_MATERIALS, MaterialMissing, Materials, Wanted, wanted_by
from kubeactors.kubelet.pod_status import Outcome, PodView, pod_status, rejected_status
from kubeactors.kubelet.preparation import CONFIG_RETRY, ContainerSurroundings, config_of, refusal, surroundings_of
from kubeactors.kubelet.probes import READINESS, STARTUP, ProbeWorker
from kubeactors.kubelet.recovery import adopt, recover
from kubeactors.kubelet.resizing import PENDING, is_resized, needs_restart, pending, told, with_sizes_of
from kubeactors.kubelet.runtimes import (
    ContainerConfig,
    ContainerRuntime,
    PodSandbox,
    RuntimeContainer,
    sandbox_config_of,
)
from kubeactors.kubelet.usage import WorkerUsage
from kubeactors.kubelet.volumes import check_volumes, next_read

SECOND = 1_000_000_000
SANDBOX_RETRY = 1 * SECOND
NOTHING: Mapping[str, str] = {}
DEFAULT_GRACE_SECONDS = 30
KEPT_STARTS = 2
"""The newest start of a container, and the one before it, whose log can still be read."""
NO_ADDRESS = "Failed to create pod sandbox: no IP addresses available in range set"
DEADLINE_EXCEEDED = Outcome(FAILED, "DeadlineExceeded", "Pod was active on the node longer than the specified deadline")


class Stage(Enum):
    """The life of a pod on its node; it only goes forward."""

    RUNNING = "running"
    TERMINATING = "terminating"
    """Containers are being stopped."""
    TERMINATED = "terminated"
    """Nothing runs, and nothing will."""


class PodEvent(msgspec.Struct, frozen=True, gc=False):
    """Something to tell people about the pod, or about one container of it."""

    type: str
    reason: str
    message: str
    field_path: str = ""


class PodWorker:
    """One pod.

    Args:
        pod: as the API has it.
        runtime: of this node.
        host_ip: of this node.
        now: unix nanoseconds, as everywhere here.
    """

    __slots__ = (
        "_adopted",
        "_disruption",
        "_ephemeral",
        "_grace_seconds",
        "_init",
        "_main",
        "_outcome",
        "_resize",
        "_retry_at",
        "_runtime",
        "_started_at",
        "_was_resized",
        "allocatable",
        "events",
        "host_ip",
        "ip",
        "is_gone",
        "materials",
        "pod",
        "reads_at",
        "sandbox",
        "stage",
        "wake_at",
        "wanted",
    )

    def __init__(
        self, pod: Pod, runtime: ContainerRuntime, host_ip: str, now: int, allocatable: Mapping[str, str] = NOTHING
    ) -> None:
        self.pod: Pod = pod
        """The newest that is known of it; its status is the base of ours."""
        self.is_gone: bool = False
        """The API has no such pod any more: there is nobody to tell about it."""
        self.host_ip: str = host_ip
        self.allocatable: Mapping[str, str] = allocatable
        """What the node has for pods."""
        self.stage = Stage.TERMINATED if pod.status.phase in TERMINAL else Stage.RUNNING
        self.sandbox: PodSandbox | None = None
        self.ip: str = pod.status.pod_ip
        self.events: list[PodEvent] = []
        """What happened and was not told yet; the kubelet takes it."""
        self.wake_at: int | None = None
        """When `step` must be called at the latest; None if only news can change anything."""
        self.materials: Materials | None = None
        """What the pod refers to, when it was last read."""
        self.wanted: Wanted = wanted_by(pod, everything=self._needs_environment(pod, runtime))
        """What that is; the kubelet reads it before anything starts."""
        self.reads_at: int | None = now
        """When the kubelet is to read it; None if there is no need."""
        if not self.wanted:
            self.materials, self.reads_at = NO_MATERIALS, None
        self._runtime = runtime
        self._started_at = pod.status.start_time or format_time(now)
        self._init = [ContainerRecord(one, init=True) for one in pod.spec.init_containers]
        self._main = [ContainerRecord(one, init=False) for one in pod.spec.containers]
        self._ephemeral: list[ContainerRecord] = []
        """Added to the pod while it runs: for debugging. They start once, and nothing depends on them."""
        self._adopted = self.stage is Stage.RUNNING
        """Whether we have seen it alive: the status of a pod that was over before is not ours to write."""
        self._outcome: Outcome | None = None
        self._disruption: PodCondition | None = None
        self._resize: PodCondition | None = next((one for one in pod.status.conditions if one.type == PENDING), None)
        """Set while the node has no room for the sizes that are wanted."""
        self._was_resized = self._resize is not None
        if self._was_resized:  # a kubelet before this one has said so: the containers have what they had
            self._take_sizes(pod.status)
        self._retry_at: int | None = None
        self._grace_seconds = 0.0

    @staticmethod
    def _needs_environment(pod: Pod, runtime: ContainerRuntime) -> bool:
        return any(map(runtime.needs_environment, (*pod.spec.init_containers, *pod.spec.containers)))

    @property
    def uid(self) -> str:
        """The pod's identity."""
        return self.pod.metadata.uid

    @property
    def takes_room(self) -> bool:
        """Whether the node counts its requests: not if it is over, here or in the API (whence the scheduler knows)."""
        return self.stage is not Stage.TERMINATED and self.pod.status.phase not in TERMINAL

    @property
    def may_grow(self) -> bool:
        """Whether it may take more than is known beforehand."""
        return self.stage is not Stage.TERMINATED and may_grow(self.pod, self._runtime, reads=self.wanted.services)

    @property
    def records(self) -> list[ContainerRecord]:
        """All containers, init containers first."""
        return self._init + self._main + self._ephemeral if self._init or self._ephemeral else self._main

    def _note_ephemeral(self) -> None:
        """Take notice of ephemeral containers that were added to the pod."""
        for one in self.pod.spec.ephemeral_containers[len(self._ephemeral) :]:
            self._ephemeral.append(ContainerRecord(one, init=False))

    def adopt(self, sandbox: PodSandbox, now: int) -> None:
        """The runtime has this pod already: the kubelet was restarted."""
        self._note_ephemeral()
        self.sandbox = sandbox
        self.ip = sandbox.ip or self.ip
        adopt(self.records, self._runtime.list_containers(sandbox.id, now))
        if self.stage is Stage.TERMINATED:
            self._runtime.stop_pod_sandbox(sandbox.id, now)

    def recover(self) -> None:
        """The runtime knows nothing of this pod. If it has run here before, the node has lost its memory."""
        recover(self.pod, self._init, self._main)

    def reject(self, rejection: Rejection) -> None:
        """The node does not take the pod: it has failed, and nothing of it runs."""
        message = f"Pod was rejected: {rejection.message}"
        self._outcome = Outcome(FAILED, rejection.reason, message)
        self.events.append(PodEvent("Warning", rejection.reason, message))
        self._main.clear()
        self._init.clear()
        self.stage = Stage.TERMINATED

    def terminate(self, now: int, grace_seconds: float) -> None:
        """Stop all containers within the grace period. A second call can shorten it."""
        first = self.stage is Stage.RUNNING
        if self.stage is Stage.TERMINATED or not (first or grace_seconds < self._grace_seconds):
            return
        self.stage = Stage.TERMINATING
        self._grace_seconds = grace_seconds
        for record in self.records:
            if record.current is not None and not record.has_exited:
                if first:
                    self._tell(record, "Normal", "Killing", f"Stopping container {record.spec.name}")
                self._stop(record, grace_seconds, now)

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
        self.events.append(PodEvent("Warning", "Evicted", message))
        self.terminate(now, GRACE_SECONDS)

    @property
    def wants_resize(self) -> bool:
        """Whether its containers are to have other sizes than they have, or have got them back that they have."""
        return self._resize is not None or self._is_resized

    @property
    def _is_resized(self) -> bool:
        return any(is_resized(record.spec, wants) for record, wants in self._resizable)

    @property
    def allocated(self) -> PodSpec:
        """The spec with the sizes that the containers have."""
        if self._resize is None:
            return self.pod.spec
        has = {record.spec.name: record.spec.resources for record, _ in self._resizable}

        def sized(containers: tuple[Container, ...]) -> tuple[Container, ...]:
            return tuple(replace(one, resources=has.get(one.name, one.resources)) for one in containers)

        spec = self.pod.spec
        return replace(spec, containers=sized(spec.containers), init_containers=sized(spec.init_containers))

    def _take_sizes(self, status: PodStatus) -> None:
        told_of = {one.name: one.resources for one in (*status.container_statuses, *status.init_container_statuses)}
        for record, _ in self._resizable:
            resources = told_of.get(record.spec.name)
            if resources is not None:
                record.spec = replace(record.spec, resources=resources)

    def resize(self, obstacle: Rejection | None, now: int) -> None:
        """Its containers are to have other sizes: they get them, unless there is an obstacle; then people are told."""
        names = [record.spec.name for record, _ in self._resizable]
        self._was_resized = True
        if obstacle is not None:
            known, self._resize = self._resize, pending(self.pod, obstacle, self._resize, format_time(now))
            if (
                known is None
                or known.reason != obstacle.reason
                or known.observed_generation != self._resize.observed_generation
            ):
                message = told(f"Pod resize {obstacle.reason}", self.pod, names, obstacle.message)
                self.events.append(PodEvent("Warning", f"Resize{obstacle.reason}", message))
            return
        self._resize = None
        if not self._is_resized:
            return
        self.events.append(PodEvent("Normal", "ResizeStarted", told("Pod resize started", self.pod, names)))
        for record, wants in self._resizable:
            restart = record.is_running and needs_restart(record.spec, wants)
            record.spec = with_sizes_of(record.spec, wants)
            if restart:
                record.backoff = 0
                self._tell(record, "Normal", "Killing", f"Container {record.spec.name} resize requires restart")
                self._stop(record, grace_period_seconds(self.pod), now)
        self.events.append(PodEvent("Normal", "ResizeCompleted", told("Pod resize completed", self.pod, names)))

    @property
    def _resizable(self) -> list[tuple[ContainerRecord, Container]]:
        """The containers whose size may change, and what the pod says of them now."""
        spec = self.pod.spec
        sidecars = [pair for pair in zip(self._init, spec.init_containers, strict=False) if is_sidecar(pair[1])]
        return sidecars + list(zip(self._main, spec.containers, strict=False))

    def usage(self, now: int) -> WorkerUsage:
        """What it takes now."""
        return usage_of(self.pod, self.records, self._runtime, now)

    def _stop(self, record: ContainerRecord, grace_seconds: float, now: int) -> None:
        if begin_to_stop(record, grace_seconds, now):
            self._go_on_stopping(record, now)

    def _go_on_stopping(self, record: ContainerRecord, now: int) -> None:
        self._tell_all(record, go_on_stopping(record, self._runtime, now))
        if record.current is not None:
            record.observe(self._runtime.container_status(record.current.id, now))

    def _tell_all(self, record: ContainerRecord, news: Iterable[Told]) -> None:
        for type_, reason, message in news:
            self._tell(record, type_, reason, message)

    def step(self, now: int) -> None:
        """Do what is due."""
        self._observe(now)
        while self.stage is Stage.RUNNING and self._advance(now):
            pass
        if self.stage is Stage.TERMINATING:
            if self.pod.metadata.deletion_timestamp is not None:
                self.terminate(now, grace_period_seconds(self.pod))
            self._observe(now)
            if all(one.current is None or one.has_exited for one in self.records):
                self.stage = Stage.TERMINATED
                if self.sandbox is not None:
                    self._runtime.stop_pod_sandbox(self.sandbox.id, now)
        self.wake_at = None if self.stage is Stage.TERMINATED else self._next_wake(now)

    def clean_up(self) -> None:
        """The pod is over, here and in the API: forget its containers."""
        if self.sandbox is not None:
            self._runtime.remove_pod_sandbox(self.sandbox.id)
            self.sandbox = None

    def status(self, now: int) -> PodStatus:
        """As the API should show the pod."""
        if not self._adopted:
            return self.pod.status
        if self._outcome is not None and not self._main:
            return rejected_status(self.pod, self._outcome, self._started_at, now)
        view = PodView(
            init=self._init,
            main=self._main,
            outcome=self._outcome,
            is_over=self.stage is Stage.TERMINATED,
            ephemeral=self._ephemeral,
            initialized=self._initialized,
            has_sandbox=self.sandbox is not None and self.stage is not Stage.TERMINATED,
            ip=self.ip,
            host_ip=self.host_ip,
            started_at=self._started_at,
        )
        status = pod_status(self.pod, view, now)
        if self._was_resized:
            others = tuple(one for one in status.conditions if one.type != PENDING)
            status = replace(status, conditions=others if self._resize is None else (*others, self._resize))
        if self._disruption is None or any(one.type == self._disruption.type for one in status.conditions):
            return status
        return replace(status, conditions=(*status.conditions, self._disruption))

    @property
    def is_running(self) -> bool:
        """Whether any of its containers runs."""
        return any(one.is_running for one in self.records)

    def surroundings(self, container: str) -> ContainerSurroundings:
        """What a command sees in a container; as far as it is there."""
        record = next(one for one in self.records if one.spec.name == container)
        return surroundings_of(record.spec, self._facts, self.materials or NO_MATERIALS)

    def take_materials(self, materials: Materials, now: int) -> None:
        """What the pod refers to was read: what runs sees it in its volumes. What is gone since stays to be seen."""
        before, self.materials = self.materials, materials
        if not self.is_running or not self.wanted.services:
            return
        if before is not None and check_volumes(self._facts, materials) is not None:
            self.materials = before
        self.refresh(now)
        if self.stage is Stage.RUNNING:
            self.reads_at = next_read(self.pod, self.materials, now)

    def refresh(self, now: int) -> None:
        """Let what runs see in its volumes what they contain now."""
        for record in self.records:
            if record.is_running and self._runtime.needs_environment(record.spec):
                self._runtime.refresh(self.surroundings(record.spec.name).mounts, now)

    # What happens.

    def _observe(self, now: int) -> None:
        """Take in what the runtime did, and what probes say."""
        if self.sandbox is None:
            return
        newest = {one.name: one for one in self._runtime.list_containers(self.sandbox.id, now)}
        for record in self.records:
            seen = newest.get(record.spec.name)
            if seen is not None and seen.attempt == record.attempts - 1:
                self._take(record, seen, now)

    def _take(self, record: ContainerRecord, seen: RuntimeContainer, now: int) -> None:
        """What the runtime says of the newest start."""
        if record.observe(seen):
            self._tell(record, "Normal", "Started", "Container started")
            if self.reads_at is None and self.wanted.services:
                self.reads_at = next_read(self.pod, self.materials or NO_MATERIALS, now)
            if record.spec.lifecycle is not None and record.spec.lifecycle.post_start is not None:
                record.post_start = PostStart()
        if record.spec.lifecycle is not None and record.is_running:
            self._go_on_with_hooks(record, now)
        if record.probes and record.is_running:
            self._probe(record, now)

    def _go_on_with_hooks(self, record: ContainerRecord, now: int) -> None:
        if record.kill_at is not None:
            if not record.is_stopping:
                self._go_on_stopping(record, now)
        elif record.post_start is not None:
            failures = tuple(run_post_start(record, self._runtime, now))
            self._tell_all(record, failures)
            if failures:
                self._tell(record, "Normal", "Killing", "FailedPostStartHook")
                self._stop(record, grace_period_seconds(self.pod), now)

    def _probe(self, record: ContainerRecord, now: int) -> None:
        assert record.current is not None  # it runs
        for probe in record.probes:
            if not probe.is_due(now) or not (probe.kind == STARTUP or record.started):
                continue
            result = self._runtime.probe(record.current.id, probe.kind, probe.probe, now)
            if result is None:
                probe.wait()
                continue
            probe.take(result, now)
            if not result.success:
                self._tell(record, "Warning", "Unhealthy", f"{probe.kind} probe failed: {result.output}")
            if probe.has_failed and probe.kind != READINESS and self.stage is Stage.RUNNING:
                self._restart_unhealthy(record, probe, now)
                return

    def _restart_unhealthy(self, record: ContainerRecord, probe: ProbeWorker, now: int) -> None:
        assert record.current is not None  # it runs
        message = f"Container {record.spec.name} failed {probe.kind.lower()} probe, will be restarted"
        self._tell(record, "Normal", "Killing", message)
        own = probe.probe.termination_grace_period_seconds
        grace_seconds = grace_period_seconds(self.pod) if own is None else float(own)
        record.probes = []
        self._stop(record, grace_seconds, now)
        self._take(record, self._runtime.container_status(record.current.id, now), now)

    def _advance(self, now: int) -> bool:
        """Bring the pod a step closer to what its spec says; True if there may be more to do at once."""
        if self._must_end(now):
            self.terminate(now, grace_period_seconds(self.pod))
            return False
        if self.materials is None or not self._ensure_sandbox(now):
            return False
        if self.pod.spec.ephemeral_containers:
            self._note_ephemeral()
            for one in self._ephemeral:
                if not one.has_exited:
                    self._ensure_running(one, now)
        started, initialized = self._advance_init(now)
        if initialized:
            started += [one for one in self._main if self._ensure_running(one, now)]
        return any(one.has_exited or (one.init and one.ready) for one in started)

    def _must_end(self, now: int) -> bool:
        """Whether the pod is being deleted, has been declared over, has had its time, or has done its work."""
        if self.pod.status.phase in TERMINAL or self.pod.metadata.deletion_timestamp is not None:
            return True
        deadline = self._deadline
        if deadline is not None and deadline <= now:
            self._outcome = DEADLINE_EXCEEDED
            self.events.append(PodEvent("Normal", DEADLINE_EXCEEDED.reason, DEADLINE_EXCEEDED.message))
            return True
        return self._is_complete()

    def _is_complete(self) -> bool:
        """Whether no container will run again."""
        for record in self._init:
            if record.has_exited and record.exit_code and not self._restarts(record):
                return True
        for record in self._main:  # noqa: SIM110 -- a generator costs as much as the look, and each step has one
            if not record.has_exited or self._restarts(record):
                return False
        return True

    def _ensure_sandbox(self, now: int) -> bool:
        if self.sandbox is not None:
            return True
        if self._retry_at is not None and self._retry_at > now:
            return False
        if self._lacks_volumes(now):
            return False
        self.sandbox = self._runtime.run_pod_sandbox(sandbox_config_of(self.pod), now)
        if self.sandbox is None:
            self._retry_at = now + SANDBOX_RETRY
            self.events.append(PodEvent("Warning", "FailedCreatePodSandBox", NO_ADDRESS))
            return False
        self.ip = self.sandbox.ip
        self.events += [PodEvent("Warning", "InvalidBehaviour", one) for one in self.sandbox.warnings]
        return True

    def _lacks_volumes(self, now: int) -> bool:
        """Whether a volume cannot be set up; then people are told, and what it needs is read again later."""
        assert self.materials is not None  # nothing starts before
        problem = check_volumes(self._facts, self.materials) if self.wanted else None
        if problem is None:
            return False
        message = f'MountVolume.SetUp failed for volume "{problem[0]}" : {problem[1]}'
        self.events.append(PodEvent("Warning", "FailedMount", message))
        self._retry_at = now + CONFIG_RETRY
        self._read_again(now)
        return True

    def _read_again(self, now: int) -> None:
        """Before the next try."""
        self.reads_at = now + CONFIG_RETRY - SECOND

    @property
    def _facts(self) -> PodFacts:
        ip = self.ip or self.host_ip
        return PodFacts(pod=self.pod, pod_ip=ip, host_ip=self.host_ip, allocatable=self.allocatable)

    def _advance_init(self, now: int) -> tuple[list[ContainerRecord], bool]:
        """Run the init containers one by one, sidecars staying: what was started, and whether the others may run."""
        started: list[ContainerRecord] = []
        for record in self._init:
            if record.ready and not is_sidecar(record.spec):
                continue
            if self._ensure_running(record, now):
                started.append(record)
            if not (is_sidecar(record.spec) and (record.started or self._initialized)):
                return started, False
        return started, True

    def _ensure_running(self, record: ContainerRecord, now: int) -> bool:
        """Start the container if it should be started now; whether it was."""
        if record.has_exited:
            if not self._restarts(record):
                return False
            if record.block():
                message = f"Back-off restarting failed container {record.spec.name} in pod {self._name}"
                self._tell(record, "Warning", "BackOff", message)
            if record.blocked_until > now:
                return False
        elif record.current is not None:
            return False
        return record.retry_at <= now and self._start(record, now)

    def _refuse(self, record: ContainerRecord, why: Refusal) -> bool:
        record.refusal = why
        for type_, reason, message in why.events:
            self._tell(record, type_, reason, message)
        return False

    def _config(self, record: ContainerRecord) -> ContainerConfig:
        reads = self._runtime.needs_environment(record.spec)
        if not reads and not self.wanted:
            return ContainerConfig(container=record.spec, attempt=record.attempts)
        return config_of(record, self._facts, self.materials, reads=reads)

    def _start(self, record: ContainerRecord, now: int) -> bool:
        assert self.sandbox is not None  # containers start in one
        why = refusal(record, self._runtime, self.sandbox.id, now)
        if why is not None:
            return self._refuse(record, why)
        for reason, message in pulled(record.spec):
            self._tell(record, "Normal", reason, message)
        try:
            config = self._config(record)
        except MaterialMissing as error:
            record.retry_at = now + CONFIG_RETRY
            self._read_again(now)
            return self._refuse(record, badly_configured(str(error)))
        record.begin()
        container_id = self._runtime.create_container(self.sandbox.id, config, now)
        self._tell(record, "Normal", "Created", "Container created")
        self._runtime.start_container(container_id, now)
        if record.attempts > KEPT_STARTS:
            self._drop_old_starts(record, now)
        self._take(record, self._runtime.container_status(container_id, now), now)
        return True

    def _drop_old_starts(self, record: ContainerRecord, now: int) -> None:
        assert self.sandbox is not None  # containers are in it
        for seen in self._runtime.list_containers(self.sandbox.id, now):
            if seen.name == record.spec.name and seen.attempt < record.attempts - KEPT_STARTS:
                self._runtime.remove_container(seen.id)

    def _restarts(self, record: ContainerRecord) -> bool:
        if record.ended is not None:
            return False
        return restarts(self.pod.spec, record.spec, record.exit_code, init=record.init)

    # When to look again.

    def _next_wake(self, now: int) -> int | None:
        times = [self._deadline, self.reads_at]
        times.append(self._retry_at if self.sandbox is None else self._runtime.next_change(self.sandbox.id, now))
        for record in self.records:
            times += (record.blocked_until, record.retry_at)
            if record.kill_at is not None and not record.is_stopping:
                times += (record.kill_at, record.stop_at)
            if record.post_start is not None:
                times.append(record.post_start.until)
            if record.probes:
                times += [one.next_at for one in record.probes if one.kind == STARTUP or record.started]
        return min([one for one in times if one is not None and one > now], default=None)

    @property
    def _deadline(self) -> int | None:
        seconds = self.pod.spec.active_deadline_seconds
        return None if seconds is None else parse_time(self._started_at) + seconds * SECOND

    @property
    def _initialized(self) -> bool:
        """Whether a main container has ever been started: from then on init containers do not count."""
        for record in self._main:  # noqa: SIM110 -- asked for in every step
            if record.attempts:
                return True
        return False

    @property
    def _name(self) -> str:
        metadata = self.pod.metadata
        return f"{metadata.name}_{metadata.namespace}({metadata.uid})"

    def _tell(self, record: ContainerRecord, type_: str, reason: str, message: str) -> None:
        part = "initContainers" if record.init else "containers"
        if record in self._ephemeral:
            part = "ephemeralContainers"
        self.events.append(PodEvent(type_, reason, message, f"spec.{part}{{{record.spec.name}}}"))


def grace_period_seconds(pod: Pod) -> float:
    """How long the pod's containers may take to stop."""
    seconds = pod.metadata.deletion_grace_period_seconds
    if seconds is None:
        seconds = pod.spec.termination_grace_period_seconds
    return float(DEFAULT_GRACE_SECONDS if seconds is None else seconds)
