"""The containers of one pod: starts, probes and stops them. The pod worker decides when.

Source: pkg/kubelet/kuberuntime/{kuberuntime_manager,kuberuntime_container}.go, pkg/kubelet/prober/worker.go (v1.36).
"""

from collections.abc import Iterable, Mapping

from kubeactors.api.core.v1 import Pod
from kubeactors.api.core.v1.event import NORMAL, WARNING
from kubeactors.kubelet.container_record import ContainerRecord, PostStart
from kubeactors.kubelet.fields import PodFacts
from kubeactors.kubelet.hooks import EventFields, begin_stop, continue_stopping, run_post_start
from kubeactors.kubelet.images import Refusal, badly_configured, pulled
from kubeactors.kubelet.lifecycle import grace_period_seconds, is_sidecar, restarts
from kubeactors.kubelet.materials import MaterialMissing, Materials, wanted_by
from kubeactors.kubelet.pod_event import PodEvent
from kubeactors.kubelet.pod_materials import PodMaterials
from kubeactors.kubelet.preparation import CONFIG_RETRY, ContainerSurroundings, config_of, refusal, surroundings_of
from kubeactors.kubelet.prober import failed_probe, run_probes
from kubeactors.kubelet.probes import READINESS, STARTUP, ProbeWorker
from kubeactors.kubelet.recovery import adopt, recover
from kubeactors.kubelet.runtimes import (
    ContainerConfig,
    ContainerRuntime,
    PodSandbox,
    RuntimeContainer,
    sandbox_config_of,
)

SECOND = 1_000_000_000
SANDBOX_RETRY = 1 * SECOND
KEPT_STARTS = 2
"""How many starts of a container are kept: the newest and the one before, whose log can still be read."""
NO_ADDRESS = "Failed to create pod sandbox: no IP addresses available in range set"


class PodContainers:
    """The containers of one pod, as they are and as they should be.

    Args:
        pod: the pod from the API.
        runtime: the node's runtime.
        host_ip: the node's address.
        allocatable: the node's allocatable resources.
        now: Unix nanoseconds, as everywhere here.
    """

    __slots__ = (
        "_allocatable",
        "_grace_seconds",
        "_host_ip",
        "_retry_at",
        "_runtime",
        "ephemeral",
        "events",
        "init",
        "ip",
        "main",
        "materials",
        "pod",
        "sandbox",
    )

    def __init__(
        self, pod: Pod, runtime: ContainerRuntime, host_ip: str, allocatable: Mapping[str, str], now: int
    ) -> None:
        containers = (*pod.spec.init_containers, *pod.spec.containers)
        self.pod: Pod = pod
        self.init: list[ContainerRecord] = [ContainerRecord(one, init=True) for one in pod.spec.init_containers]
        self.main: list[ContainerRecord] = [ContainerRecord(one, init=False) for one in pod.spec.containers]
        self.ephemeral: list[ContainerRecord] = []
        """Ephemeral containers, added to the running pod. They start once, and nothing depends on them."""
        self.sandbox: PodSandbox | None = None
        self.ip: str = pod.status.pod_ip
        self.events: list[PodEvent] = []
        """Events to record; the kubelet takes them."""
        self.materials: PodMaterials = PodMaterials(
            wanted_by(pod, everything=any(map(runtime.needs_environment, containers))), now
        )
        self._runtime = runtime
        self._host_ip = host_ip
        self._allocatable = allocatable
        self._retry_at: int | None = None
        self._grace_seconds: float | None = None
        """The grace period in which containers have to terminate; None while they are not terminating."""

    # State.

    @property
    def records(self) -> list[ContainerRecord]:
        """The records of all containers, init containers first."""
        return self.init + self.main + self.ephemeral if self.init or self.ephemeral else self.main

    @property
    def is_running(self) -> bool:
        """Whether any container is running."""
        return any(one.is_running for one in self.records)

    @property
    def is_initialized(self) -> bool:
        """Whether a main container was ever started: from then on init containers do not count."""
        for record in self.main:  # noqa: SIM110 -- hot path: evaluated in every step
            if record.attempts:
                return True
        return False

    @property
    def is_complete(self) -> bool:
        """Whether no container will run again."""
        for record in self.init:
            if record.has_exited and record.exit_code and not self._restarts(record):
                return True
        for record in self.main:  # noqa: SIM110 -- hot path: a generator would double the cost
            if not record.has_exited or self._restarts(record):
                return False
        return True

    @property
    def are_over(self) -> bool:
        """Whether no container is running or about to run."""
        return all(one.current is None or one.has_exited for one in self.records)

    def next_change(self, now: int) -> int | None:
        """When to step again, unless a change is reported before."""
        times = [self.materials.reads_at]
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

    # Updates from the kubelet.

    def adopt(self, sandbox: PodSandbox, now: int) -> None:
        """Adopt a sandbox of this pod that an earlier kubelet left in the runtime."""
        self._note_ephemeral()
        self.sandbox = sandbox
        self.ip = sandbox.ip or self.ip
        adopt(self.pod, self.records, self._runtime.list_containers(sandbox.id, now))
        self.take_images(now)

    def recover(self) -> None:
        """Recover a pod that the runtime does not know. If it ran here before, the machine was restarted."""
        recover(self.pod, self.init, self.main)

    def give_up(self) -> None:
        """Drop all containers: none will ever be created."""
        self.main.clear()
        self.init.clear()

    def take_materials(self, materials: Materials, now: int) -> None:
        """Note the objects that were read for the pod; running containers see them in their volumes."""
        if not self.is_running or not self.materials.wanted.services:
            self.materials.known = materials
            return
        self.materials.renew(materials, self._facts)
        self.refresh(now)
        if self._grace_seconds is None:
            self.materials.keep_new(self.pod, now)

    def take_images(self, now: int) -> None:
        """Note changed images in the spec: they are used from the next start on, and running containers restart.

        A container that would not restart after a successful exit is left running; the original restarts it, too.
        Source: pkg/kubelet/kuberuntime/kuberuntime_manager.go, computePodActions and containerChanged (v1.36).
        """
        spec = self.pod.spec
        for record, wants in zip(self.init + self.main, (*spec.init_containers, *spec.containers), strict=False):
            record.image_wanted = wants.image if wants.image != record.spec.image else ""
            seen = record.current
            goes_on = seen is None or not record.is_running or record.kill_at is not None or seen.image == wants.image
            if not goes_on and self._grace_seconds is None and restarts(spec, record.spec, 0, init=record.init):
                self.restart(record, f"Container {record.spec.name} definition changed, will be restarted", now)

    def refresh(self, now: int) -> None:
        """Update the contents of the volumes of running containers."""
        for record in self.records:
            if record.is_running and self._runtime.needs_environment(record.spec):
                self._runtime.refresh(self.surroundings(record.spec.name).mounts, now)

    def surroundings(self, container: str) -> ContainerSurroundings:
        """The environment and the volumes for a command in the container."""
        record = next(one for one in self.records if one.spec.name == container)
        return surroundings_of(record.spec, self._facts, self.materials.so_far)

    def observe(self, now: int) -> None:
        """Apply the state of the runtime and the results of probes."""
        if self.sandbox is None:
            return
        newest = {one.name: one for one in self._runtime.list_containers(self.sandbox.id, now)}
        for record in self.records:
            seen = newest.get(record.spec.name)
            if seen is not None and seen.attempt == record.attempts - 1:
                self._take(record, seen, now)

    # Starting.

    def advance(self, now: int) -> bool:
        """Move the containers a step towards the spec; True if there may be more to do at once."""
        if self.materials.known is None or not self._ensure_sandbox(now):
            return False
        if self.pod.spec.ephemeral_containers:
            self._note_ephemeral()
            for one in self.ephemeral:
                if not one.has_exited:
                    self._ensure_running(one, now)
        started, initialized = self._advance_init(now)
        if initialized:
            started += [one for one in self.main if self._ensure_running(one, now)]
        return any(one.has_exited or (one.init and one.ready) for one in started)

    def _note_ephemeral(self) -> None:
        """Add records for new ephemeral containers."""
        for one in self.pod.spec.ephemeral_containers[len(self.ephemeral) :]:
            self.ephemeral.append(ContainerRecord(one, init=False, ephemeral=True))

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
            self.events.append(PodEvent(WARNING, "FailedCreatePodSandBox", NO_ADDRESS))
            return False
        self.ip = self.sandbox.ip
        self.events += [PodEvent(WARNING, "InvalidBehaviour", one) for one in self.sandbox.warnings]
        return True

    def _lacks_volumes(self, now: int) -> bool:
        """Whether a volume cannot be set up; then an event is recorded, and its objects are read again later."""
        message = self.materials.problem(self._facts)
        if not message:
            return False
        self.events.append(PodEvent(WARNING, "FailedMount", message))
        self._retry_at = now + CONFIG_RETRY
        self.materials.read_again(now)
        return True

    @property
    def _facts(self) -> PodFacts:
        ip = self.ip or self._host_ip
        return PodFacts(pod=self.pod, pod_ip=ip, host_ip=self._host_ip, allocatable=self._allocatable)

    def _advance_init(self, now: int) -> tuple[list[ContainerRecord], bool]:
        """Run the init containers in order. Returns the started ones, and whether the main containers may run."""
        started: list[ContainerRecord] = []
        for record in self.init:
            if record.ready and not is_sidecar(record.spec):
                continue
            if self._ensure_running(record, now):
                started.append(record)
            if not (is_sidecar(record.spec) and (record.started or self.is_initialized)):
                return started, False
        return started, True

    def _ensure_running(self, record: ContainerRecord, now: int) -> bool:
        """Start the container if it should be started now. Returns whether it was."""
        if record.image_wanted and not record.is_running:
            record.take_image()
        if record.has_exited:
            if not self._restarts(record):
                return False
            if record.block():
                message = f"Back-off restarting failed container {record.spec.name} in pod {self._name}"
                self._record(record, WARNING, "BackOff", message)
            if record.blocked_until > now:
                return False
        elif record.current is not None:
            return False
        return record.retry_at <= now and self._start(record, now)

    def _start(self, record: ContainerRecord, now: int) -> bool:
        assert self.sandbox is not None  # the caller has created it
        why = refusal(record, self._runtime, self.sandbox.id, now)
        if why is not None:
            return self._refuse(record, why)
        for reason, message in pulled(record.spec):
            self._record(record, NORMAL, reason, message)
        try:
            config = self._config(record)
        except MaterialMissing as error:
            record.retry_at = now + CONFIG_RETRY
            self.materials.read_again(now)
            return self._refuse(record, badly_configured(str(error)))
        record.begin()
        container_id = self._runtime.create_container(self.sandbox.id, config, now)
        self._record(record, NORMAL, "Created", "Container created")
        self._runtime.start_container(container_id, now)
        if record.attempts > KEPT_STARTS:
            self._drop_old_starts(record, now)
        self._take(record, self._runtime.container_status(container_id, now), now)
        return True

    def _refuse(self, record: ContainerRecord, why: Refusal) -> bool:
        record.refusal = why
        self._record_all(record, why.events)
        return False

    def _config(self, record: ContainerRecord) -> ContainerConfig:
        reads = self._runtime.needs_environment(record.spec)
        if not reads and not self.materials.wanted:
            return ContainerConfig(container=record.spec, attempt=record.attempts)
        return config_of(record, self._facts, self.materials.known, reads=reads)

    def _drop_old_starts(self, record: ContainerRecord, now: int) -> None:
        assert self.sandbox is not None  # the caller has created it
        for seen in self._runtime.list_containers(self.sandbox.id, now):
            if seen.name == record.spec.name and seen.attempt < record.attempts - KEPT_STARTS:
                self._runtime.remove_container(seen.id)

    def _restarts(self, record: ContainerRecord) -> bool:
        if record.ended is not None:
            return False
        return restarts(self.pod.spec, record.spec, record.exit_code, init=record.init)

    # Running.

    def _take(self, record: ContainerRecord, seen: RuntimeContainer, now: int) -> None:
        """Apply the runtime's state of the newest start."""
        if record.observe(seen):
            self._record(record, NORMAL, "Started", "Container started")
            self.materials.keep_new(self.pod, now)
            if record.spec.lifecycle is not None and record.spec.lifecycle.post_start is not None:
                record.post_start = PostStart()
        if record.spec.lifecycle is not None and record.is_running:
            self._continue_hooks(record, now)
        if record.probes and record.is_running:
            self._record_all(record, run_probes(record, self._runtime, now))
            failed = failed_probe(record)
            if failed is not None and self._grace_seconds is None:
                self._restart_unhealthy(record, failed, now)

    def _continue_hooks(self, record: ContainerRecord, now: int) -> None:
        if record.kill_at is not None:
            if not record.is_stopping:
                self._continue_stopping(record, now)
        elif record.post_start is not None:
            failures = tuple(run_post_start(record, self._runtime, now))
            self._record_all(record, failures)
            if failures:
                self._record(record, NORMAL, "Killing", "FailedPostStartHook")
                self.stop(record, grace_period_seconds(self.pod), now)

    def _restart_unhealthy(self, record: ContainerRecord, probe: ProbeWorker, now: int) -> None:
        assert record.current is not None  # it is running
        message = f"Container {record.spec.name} failed {probe.kind.lower()} probe, will be restarted"
        self._record(record, NORMAL, "Killing", message)
        own = probe.probe.termination_grace_period_seconds
        grace_seconds = grace_period_seconds(self.pod) if own is None else float(own)
        for one in record.probes:
            if one.kind != READINESS:
                one.hold()
        self.stop(record, grace_seconds, now)
        self._take(record, self._runtime.container_status(record.current.id, now), now)

    # Stopping.

    def terminate(self, grace_seconds: float, now: int) -> None:
        """Stop all containers within the grace period. A later call can shorten it, but not extend it.

        Source: ShouldContainerBeRestarted in pkg/kubelet/container/helpers.go (v1.36): those of a deleted pod do not wait
        for a restart.
        """
        if self.pod.metadata.deletion_timestamp is not None:
            for record in self.records:
                record.blocked_until = 0
        first = self._grace_seconds is None
        if self._grace_seconds is not None and self._grace_seconds <= grace_seconds:
            return
        self._grace_seconds = grace_seconds
        for record in self.records:
            if record.current is not None and not record.has_exited:
                if first:
                    self._record(record, NORMAL, "Killing", f"Stopping container {record.spec.name}")
                self.stop(record, grace_seconds, now)

    def restart(self, record: ContainerRecord, why: str, now: int) -> None:
        """Stop a container, which then restarts without backoff."""
        record.backoff = 0
        self._record(record, NORMAL, "Killing", why)
        self.stop(record, grace_period_seconds(self.pod), now)

    def stop(self, record: ContainerRecord, grace_seconds: float, now: int) -> None:
        """Stop a container within the grace period."""
        if begin_stop(record, grace_seconds, now):
            self._continue_stopping(record, now)

    def stop_sandbox(self, now: int) -> None:
        """Stop the sandbox, and with it everything that still runs."""
        if self.sandbox is not None:
            self._runtime.stop_pod_sandbox(self.sandbox.id, now)

    def clean_up(self) -> None:
        """Remove the sandbox: the pod has terminated, and is gone from the API."""
        if self.sandbox is not None:
            self._runtime.remove_pod_sandbox(self.sandbox.id)
            self.sandbox = None

    def _continue_stopping(self, record: ContainerRecord, now: int) -> None:
        self._record_all(record, continue_stopping(record, self._runtime, now))
        if record.current is not None:
            record.observe(self._runtime.container_status(record.current.id, now))

    # Events.

    @property
    def _name(self) -> str:
        metadata = self.pod.metadata
        return f"{metadata.name}_{metadata.namespace}({metadata.uid})"

    def _record_all(self, record: ContainerRecord, news: Iterable[EventFields]) -> None:
        for type_, reason, message in news:
            self._record(record, type_, reason, message)

    def _record(self, record: ContainerRecord, type_: str, reason: str, message: str) -> None:
        self.events.append(PodEvent(type_, reason, message, record.field_path))
