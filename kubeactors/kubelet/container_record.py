"""The record of a container over all its starts."""

from functools import lru_cache

import msgspec
from msgspec.structs import replace

from kubeactors.api.core.v1 import (
    Container,
    ContainerState,
    ContainerStateRunning,
    ContainerStateTerminated,
    ContainerStateWaiting,
    ContainerStatus,
    VolumeMount,
    VolumeMountStatus,
)
from kubeactors.apimachinery.shared import Shared
from kubeactors.apimachinery.time import format_time
from kubeactors.kubelet.images import Refusal
from kubeactors.kubelet.probes import LIVENESS, READINESS, STARTUP, ProbeWorker
from kubeactors.kubelet.runtimes import ContainerState as Life
from kubeactors.kubelet.runtimes import RuntimeContainer

SECOND = 1_000_000_000
FIRST_BACKOFF = 10 * SECOND
MAX_BACKOFF = 300 * SECOND
_NO_STATE = ContainerState()
_CREATING = ContainerState(waiting=ContainerStateWaiting(reason="ContainerCreating"))
_INITIALIZING = ContainerState(waiting=ContainerStateWaiting(reason="PodInitializing"))


class PostStart(msgspec.Struct):
    """A running postStart hook; `until` is set when the runtime has said when it ends."""

    until: int | None = None


class ContainerRecord:
    """What the pod worker knows about a container.

    `current` is the runtime's last known state of the newest start; None before the first start, or if the runtime does
    not know it. `ended` is the final termination of a container that the runtime may have lost.
    """

    __slots__ = (
        "attempts",
        "backoff",
        "blocked_until",
        "current",
        "ended",
        "ephemeral",
        "has_hook",
        "image_wanted",
        "init",
        "is_stopping",
        "kill_at",
        "last",
        "post_start",
        "probes",
        "pull_backoff",
        "refusal",
        "retry_at",
        "spec",
        "stop_at",
    )

    def __init__(self, spec: Container, *, init: bool, ephemeral: bool = False) -> None:
        self.spec: Container = spec
        self.image_wanted: str = ""
        """A changed image, for the next start."""
        self.init: bool = init
        self.ephemeral: bool = ephemeral
        self.current: RuntimeContainer | None = None
        self.attempts: int = 0
        """The number of starts so far."""
        self.last: ContainerStateTerminated | None = None
        """The termination of the start before the current one."""
        self.ended: ContainerStateTerminated | None = None
        self.backoff: int = 0
        """The backoff of the next restart."""
        self.blocked_until: int = 0
        """When the current backoff ends."""
        self.probes: list[ProbeWorker] = []
        self.refusal: Refusal | None = None
        """Why it could not be created at the last attempt."""
        self.retry_at: int = 0
        """When to try again to create it."""
        self.pull_backoff: int = 0
        """The backoff of the next image pull."""
        self.kill_at: int | None = None
        """When its grace period ends, if it is being stopped."""
        self.stop_at: int | None = None
        """When the runtime is asked to stop it; None while a preStop hook of unknown duration runs."""
        self.is_stopping: bool = False
        """Whether the runtime has been asked to stop it."""
        self.has_hook: bool = False
        """Whether its preStop hook is running."""
        self.post_start: PostStart | None = None
        """Its postStart hook, while that is running."""

    @property
    def field_path(self) -> str:
        """Its field path in the pod."""
        part = "initContainers" if self.init else "ephemeralContainers" if self.ephemeral else "containers"
        return f"spec.{part}{{{self.spec.name}}}"

    @property
    def is_running(self) -> bool:
        """Whether it is running."""
        return self.current is not None and self.current.state is Life.RUNNING

    @property
    def has_exited(self) -> bool:
        """Whether its newest start has exited."""
        return self.ended is not None or (self.current is not None and self.current.state is Life.EXITED)

    @property
    def exit_code(self) -> int:
        """The exit code of its newest start, which must have exited."""
        if self.ended is not None:
            return self.ended.exit_code
        return self.current.exit_code if self.current is not None else 0

    @property
    def started(self) -> bool:
        """Whether it is running and its startup probe has succeeded."""
        if not self.is_running or self.post_start is not None:
            return False
        return not self.probes or all(one.holds for one in self.probes if one.kind == STARTUP)

    @property
    def ready(self) -> bool:
        """Whether it is ready; a regular init container is ready when it has succeeded."""
        if self.init and self.spec.restart_policy is None:
            return self.has_exited and self.exit_code == 0
        return self.started and (not self.probes or all(one.holds for one in self.probes if one.kind == READINESS))

    def observe(self, seen: RuntimeContainer) -> bool:
        """Apply the runtime's state of the newest start. True if it has started to run since."""
        had_begun = self.current is not None and self.current.state is not Life.CREATED
        self.current = seen
        if seen.state is Life.RUNNING and not had_begun:
            self._begin_probes(seen.started_at)
        return bool(seen.started_at) and not had_begun

    def adopt(self, seen: RuntimeContainer, previous: RuntimeContainer | None) -> None:
        """Adopt the starts that the runtime knows from before this kubelet started."""
        self.observe(seen)
        self.attempts = seen.attempt + 1
        self.last = terminated(previous) if previous is not None else None

    def recover(self, told: ContainerStatus, end: ContainerStateTerminated | None, *, again: bool) -> None:
        """Recover a container that the runtime has lost. `end` is its reported termination; `again` if it restarts."""
        if end is None:
            self.last = told.last_state.terminated
            self.attempts = told.restart_count + (self.last is not None)
            return
        self.attempts = told.restart_count + 1
        if again:
            self.last = end
        else:
            self.ended = end

    def take_image(self) -> None:
        """Switch to the changed image; errors with the one before do not count."""
        self.spec = replace(self.spec, image=self.image_wanted)
        self.image_wanted = ""
        self.refusal = None
        self.backoff = self.blocked_until = self.retry_at = self.pull_backoff = 0

    def begin(self) -> None:
        """Count a new start; the newest one becomes the one before."""
        if self.current is not None and self.current.state is Life.EXITED:
            self.last = terminated(self.current)
            self.backoff = min(2 * self.backoff, MAX_BACKOFF) or FIRST_BACKOFF
        self.current = None
        self.blocked_until = 0
        self.probes = []
        self.refusal = None
        self.retry_at = 0
        self.pull_backoff = 0
        self.kill_at = self.stop_at = self.post_start = None
        self.is_stopping = False
        self.attempts += 1

    def block(self) -> bool:
        """Start the backoff of a restart. True if it is delayed; the first restart is not.

        The backoff is reset after ten minutes of running.
        """
        seen = self.current
        if seen is None or self.blocked_until:
            return False
        if seen.started_at and seen.finished_at - seen.started_at >= 2 * MAX_BACKOFF:
            self.backoff = 0
        if not self.backoff:
            return False
        self.blocked_until = seen.finished_at + self.backoff
        return True

    def status(self, pod_name: str, *, initializing: bool) -> ContainerStatus:
        """The container's status. `initializing`: it waits for the init containers of the pod."""
        seen = self.current
        return ContainerStatus(
            name=self.spec.name,
            state=self._state(pod_name, initializing=initializing),
            last_state=self._last_state(),
            ready=self.ready,
            restart_count=max(self.attempts - 1, 0),
            image=self.spec.image,
            image_id=seen.image_id if seen is not None else "",
            container_id=container_id(seen) if seen is not None else "",
            started=self.started,
            allocated_resources=self.spec.resources.requests,
            resources=self.spec.resources,
            volume_mounts=_mounts(self.spec.volume_mounts),
        )

    def debug_status(self, pod_name: str) -> ContainerStatus:
        """The status of an ephemeral container, which is never ready and has no resources."""
        shown = self.status(pod_name, initializing=False)
        return replace(shown, ready=False, started=None, allocated_resources={}, resources=None)

    @property
    def waits(self) -> bool:
        """Whether it has exited and its restart is delayed by backoff."""
        return bool(self.blocked_until) and self.has_exited

    def _state(self, pod_name: str, *, initializing: bool) -> ContainerState:
        seen = self.current
        if self.waits:
            seconds = _duration(self.backoff // SECOND)
            message = f"back-off {seconds} restarting failed container={self.spec.name} pod={pod_name}"
            return ContainerState(waiting=ContainerStateWaiting(reason="CrashLoopBackOff", message=message))
        if self.refusal is not None:
            waiting = ContainerStateWaiting(reason=self.refusal.reason, message=self.refusal.message)
            return ContainerState(waiting=waiting)
        if self.ended is not None:
            return ContainerState(terminated=self.ended)
        if seen is None or seen.state is Life.CREATED or (self.post_start is not None and self.is_running):
            return _INITIALIZING if initializing else _CREATING
        if seen.state is Life.RUNNING:
            return _running_since(format_time(seen.started_at))
        return ContainerState(terminated=terminated(seen))

    def _last_state(self) -> ContainerState:
        if (self.waits or self.refusal is not None) and self.current is not None:
            return ContainerState(terminated=terminated(self.current))
        return _NO_STATE if self.last is None else ContainerState(terminated=self.last)

    def _begin_probes(self, started_at: int) -> None:
        wanted = (
            (STARTUP, self.spec.startup_probe),
            (READINESS, self.spec.readiness_probe),
            (LIVENESS, self.spec.liveness_probe),
        )
        self.probes = [ProbeWorker(kind, probe, started_at) for kind, probe in wanted if probe is not None]


@Shared
def _mounts(mounts: tuple[VolumeMount, ...]) -> tuple[VolumeMountStatus, ...]:
    """The statuses of mounts, cached: pods of one template share them."""
    return tuple(
        VolumeMountStatus(
            name=one.name,
            mount_path=one.mount_path,
            read_only=one.read_only,
            recursive_read_only="Disabled" if one.read_only else None,
        )
        for one in mounts
    )


@lru_cache(maxsize=1024)
def _running_since(time: str) -> ContainerState:
    """A running state, shared by all containers that started in the same second."""
    return ContainerState(running=ContainerStateRunning(started_at=time))


def container_id(seen: RuntimeContainer) -> str:
    """The container ID with the runtime's scheme, as in statuses."""
    return f"{seen.runtime}://{seen.id}"


def terminated(seen: RuntimeContainer) -> ContainerStateTerminated:
    """The terminated state of a start."""
    return ContainerStateTerminated(
        exit_code=seen.exit_code,
        reason=seen.reason,
        message=seen.message,
        started_at=format_time(seen.started_at) if seen.started_at else None,
        finished_at=format_time(seen.finished_at),
        container_id=container_id(seen),
    )


def _duration(seconds: int) -> str:
    """A duration in seconds, as Go formats it.

    >>> _duration(40), _duration(160)
    ('40s', '2m40s')
    """
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
