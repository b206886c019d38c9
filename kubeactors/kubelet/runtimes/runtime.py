"""The interface between a kubelet and a container runtime, modelled on CRI.

Times are Unix nanoseconds and passed in: a runtime has no clock. Its results are functions of the time of the call, and
`next_change` returns when to call again. Unpredictable changes are reported to the subscriber. No call waits.

Source: k8s.io/cri-api/pkg/apis/runtime/v1/api.proto (v1.36).
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Protocol

import msgspec

from kubeactors.api.core.v1 import Container, Pod, PodSpec, Probe
from kubeactors.api.core.v1.probe import LifecycleHandler
from kubeactors.kubelet.runtimes.network_files import hostname_of
from kubeactors.kubelet.runtimes.question import Question, Visited
from kubeactors.kubelet.runtimes.streams import Input, Output
from kubeactors.message import Message, Recipient

NOTHING: Mapping[str, str] = MappingProxyType({})


class ContainerState(Enum):
    """The state of a container."""

    CREATED = "created"
    RUNNING = "running"
    EXITED = "exited"


class PodSandboxConfig(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The configuration of a sandbox: its pod, whether it uses the host network, and its containers."""

    uid: str
    namespace: str
    name: str
    host_network: bool = False
    images: tuple[str, ...] = ()
    annotations: Mapping[str, str] = NOTHING
    tasks: tuple[str, ...] = ()
    """The names of the containers that are tasks (see `tasks_of`)."""
    spec: PodSpec = PodSpec()
    """The pod's settings for hostname, hosts and DNS."""

    @property
    def hostname(self) -> str:
        """The pod's hostname."""
        return hostname_of(self.spec, self.name, self.namespace)


def sandbox_config_of(pod: Pod) -> PodSandboxConfig:
    """The sandbox configuration of a pod."""
    metadata, spec = pod.metadata, pod.spec
    return PodSandboxConfig(
        uid=metadata.uid,
        namespace=metadata.namespace,
        name=metadata.name,
        host_network=spec.host_network,
        images=tuple([one.image for one in (*spec.init_containers, *spec.containers)]),
        annotations=metadata.annotations,
        tasks=tasks_of(pod),
        spec=spec,
    )


def tasks_of(pod: Pod) -> tuple[str, ...]:
    """The containers of a pod that are expected to exit by themselves: tasks.

    These are init containers that are not sidecars, and all containers of a Job's pod.

    >>> from kubeactors.api.core.v1 import PodSpec
    >>> tasks_of(Pod(spec=PodSpec(init_containers=(Container(name="first"),), containers=(Container(name="c"),))))
    ('first',)
    """
    spec = pod.spec
    tasks = [one.name for one in spec.init_containers if one.restart_policy != "Always"]
    if spec.restart_policy != "Always" and any(one.kind == "Job" for one in pod.metadata.owner_references):
        tasks += [one.name for one in spec.containers]
    return tuple(tasks)


class PodSandbox(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A sandbox, shared by the containers of a pod. `ip` is empty on the host network.

    `warnings` are about annotations that the runtime does not understand.
    """

    id: str
    config: PodSandboxConfig
    ip: str
    ready: bool
    warnings: tuple[str, ...] = ()


class Mount(msgspec.Struct, frozen=True, kw_only=True):
    """A volume in a container: these files by relative path, or else the directory of this name.

    All containers of the runtime that name a directory share it. A pod's own directory starts with the pod's UID, and
    is deleted with its sandbox.
    """

    path: str
    directory: str
    files: Mapping[str, bytes] | None = None
    modes: Mapping[str, int] = MappingProxyType({})
    """The modes of files that differ from `default_mode`."""
    default_mode: int = 0o644
    sub_path: str = ""
    """The subPath: only this part of the volume is mounted."""
    read_only: bool = False


class ContainerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration of a start of a container; `attempt` counts from 0.

    `env` and `mounts` are set for containers that need them (`needs_environment`).
    """

    container: Container
    attempt: int
    env: Mapping[str, str] = NOTHING
    mounts: tuple[Mount, ...] = ()


class RuntimeContainer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The status of a container. Times that have not come are 0. `runtime` is the runtime's name.

    `image` is the image exactly as in the container's configuration, so that a change of it in the spec is noticed.
    """

    id: str
    name: str
    attempt: int
    image: str
    image_id: str
    state: ContainerState
    created_at: int
    started_at: int = 0
    finished_at: int = 0
    exit_code: int = 0
    reason: str = ""
    message: str = ""
    runtime: str = "simulated"


class LogLine(msgspec.Struct, frozen=True, gc=False):
    """A line of a container's log, without the newline."""

    time: int
    text: str


class LogPage(msgspec.Struct, frozen=True):
    """Lines of a container's log; `total` is the number of lines written so far."""

    lines: Sequence[LogLine]
    total: int


class ProbeResult(msgspec.Struct, frozen=True, gc=False):
    """The result of a probe; `steady` if it will never change, so that no further probes are needed."""

    success: bool
    steady: bool = False
    output: str = ""


NOT_SERVING = 'service unhealthy (responded with "NOT_SERVING")'
"""The message of a failed gRPC probe."""


class HookResult(msgspec.Struct, frozen=True, gc=False):
    """The result of a lifecycle hook, and its remaining duration, if that is known in advance."""

    success: bool
    seconds: float = 0.0
    output: str = ""


class ContainerStats(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A container's usage: CPU now and since its start; memory, disk and processes now."""

    cpu_nano_cores: int = 0
    cpu_nano_seconds: int = 0
    memory_bytes: int = 0
    disk_bytes: int = 0
    processes: int = 1


class ExecConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A command to run; `env` and `mounts` are the present ones of the container.

    `files` are additional readable files by path.
    """

    command: tuple[str, ...]
    env: Mapping[str, str] = NOTHING
    mounts: tuple[Mount, ...] = ()
    files: Mapping[str, bytes] = MappingProxyType({})
    tty: bool = False


class PullFailure(msgspec.Struct, frozen=True, gc=False):
    """A failed pull, with the error of the registry."""

    message: str


class ContainerChanged(Message, frozen=True):
    """To the subscriber: this pod has changed in the runtime."""

    uid: str


class ContainerRuntime(Protocol):
    """Runs containers. It outlives the kubelet that uses it."""

    @property
    def version(self) -> str:
        """Name and version, `containerd://2.1.0`."""
        ...

    def subscribe(self, subscriber: Recipient[ContainerChanged | Question]) -> None:
        """Set the only recipient of questions, and of changes that `next_change` did not announce.

        It also gets the questions that its predecessor has not answered.
        """
        ...

    def use_pod_cidr(self, pod_cidr: str) -> None:
        """Allocate addresses from this range from now on."""
        ...

    def run_pod_sandbox(self, config: PodSandboxConfig, now: int) -> PodSandbox | None:
        """Create a sandbox with its own address; None if the addresses are exhausted."""
        ...

    def stop_pod_sandbox(self, sandbox_id: str, now: int) -> None:
        """Kill everything in the sandbox, and release its address. Idempotent."""
        ...

    def remove_pod_sandbox(self, sandbox_id: str) -> None:
        """Remove a stopped sandbox, its containers and its directories."""
        ...

    def list_pod_sandboxes(self) -> tuple[PodSandbox, ...]:
        """All sandboxes, oldest first."""
        ...

    def has_image(self, image: str, sandbox_id: str, container: str) -> bool:
        """Whether the container's image is present."""
        ...

    def pull_image(self, image: str, sandbox_id: str, container: str) -> PullFailure | None:
        """Pull the container's image. Returns None on success."""
        ...

    def list_images(self) -> tuple[str, ...]:
        """The images of created containers, by the names in their configurations."""
        ...

    def needs_environment(self, container: Container) -> bool:
        """Whether the container reads its environment and its volumes."""
        ...

    def is_measured(self, image: str) -> bool:
        """Whether the usage of the image's containers is measured, and so not known in advance.

        Such containers need their environment.
        """
        ...

    def create_container(self, sandbox_id: str, config: ContainerConfig, now: int) -> str:
        """Create a container. Returns its ID."""
        ...

    def start_container(self, container_id: str, now: int) -> None:
        """Start a container; it is running a little later."""
        ...

    def stop_container(self, container_id: str, timeout_seconds: float, now: int) -> None:
        """Ask a container to stop, and kill it after the timeout. A later call can shorten the timeout."""
        ...

    def remove_container(self, container_id: str) -> None:
        """Remove an exited container and its log."""
        ...

    def container_status(self, container_id: str, now: int) -> RuntimeContainer:
        """The present status of a container."""
        ...

    def list_containers(self, sandbox_id: str, now: int) -> tuple[RuntimeContainer, ...]:
        """The present statuses of a sandbox's containers, oldest first."""
        ...

    def next_change(self, sandbox_id: str, now: int) -> int | None:
        """When one of the sandbox's containers will next change by itself; None if none is known to."""
        ...

    def probe(self, container_id: str, kind: str, probe: Probe, now: int) -> ProbeResult | None:
        """Probe a running container. `kind` is Startup, Readiness or Liveness.

        None: the probe is in flight. The subscriber is notified when to call again for the result.
        """
        ...

    def run_hook(self, container_id: str, kind: str, hook: LifecycleHandler, now: int) -> HookResult | None:
        """Run a hook of a running container. `kind` is PostStart or PreStop.

        None: the hook is running. The subscriber is notified when to call again for the result.
        """
        ...

    def container_log(self, container_id: str, now: int, skip: int = 0) -> LogPage:
        """The log so far, without the first `skip` lines and those that were dropped."""
        ...

    def container_stats(self, container_id: str, now: int) -> ContainerStats:
        """The present usage of a container."""
        ...

    def directory_bytes(self, directory: str) -> int:
        """The size of the contents of a mounted directory (`Mount.directory`), as far as it is known."""
        ...

    def refresh(self, mounts: tuple[Mount, ...], now: int) -> None:
        """Update the contents of these volumes for running containers; unused volumes are left as they are."""
        ...

    def exec(self, container_id: str, config: ExecConfig, output: Recipient[Output], now: int) -> Recipient[Input]:
        """Run a command in a running container. Its output and finally its exit are sent to `output`.

        Returns the recipient of its input. The command may make progress only when the sandbox is observed: at
        `next_change`, or after a notification of the subscriber.
        """
        ...

    def attach(self, container_id: str, output: Recipient[Output], now: int) -> Recipient[Input]:
        """Send what a running container writes from now on, and its exit, to `output`.

        The exit code is always 0; the real one is in the container's status, as with CRI.
        """
        ...

    def answer(self, pod: Pod, port: int, path: str, answered: Callable[[Visited], None]) -> None:
        """Call `answered` with the response of a pod, possibly on another node, to an HTTP request, now or later."""
        ...

    def port_address(self, sandbox_id: str, port: int) -> tuple[str, int] | None:
        """The address of a pod's port on this machine; None if the sandbox runs no real code."""
        ...
