"""What a kubelet asks of a container runtime, in the words of CRI.

Times are unix nanoseconds, and passed in: a runtime has no clock. What it tells is a function of the time it is asked
at, and `next_change` says when to ask again. What happens at a time that nobody could know beforehand is told to the
subscriber. Nothing waits.

Source: k8s.io/cri-api/pkg/apis/runtime/v1/api.proto (v1.36).
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import Protocol, TypeAlias

import msgspec

from kubeactors.api.core.v1 import Container, Pod, PodSpec, Probe
from kubeactors.api.core.v1.probe import LifecycleHandler
from kubeactors.kubelet.runtimes.network_files import hostname_of
from kubeactors.kubelet.runtimes.streams import Input, Output
from kubeactors.message import Message, Recipient

NOTHING: Mapping[str, str] = MappingProxyType({})


class ContainerState(Enum):
    """The life of a container."""

    CREATED = "created"
    RUNNING = "running"
    EXITED = "exited"


class PodSandboxConfig(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Whose sandbox: the pod, whether it has the network of its node, and what may run in it."""

    uid: str
    namespace: str
    name: str
    host_network: bool = False
    images: tuple[str, ...] = ()
    annotations: Mapping[str, str] = NOTHING
    tasks: tuple[str, ...] = ()
    """Names of the containers that are to end by themselves."""
    spec: PodSpec = PodSpec()
    """What the pod says of its names."""

    @property
    def hostname(self) -> str:
        """What the pod takes for its own name."""
        return hostname_of(self.spec, self.name, self.namespace)


def sandbox_config_of(pod: Pod) -> PodSandboxConfig:
    """The sandbox that a pod wants."""
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
    """The containers of a pod that are to end by themselves, as far as its manifest tells.

    They are init containers that are no sidecars, and all of a Job's pod.

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
    """What the containers of a pod share. `ip` is empty in the network of the node.

    `warnings` say what the runtime does not understand of the annotations.
    """

    id: str
    config: PodSandboxConfig
    ip: str
    ready: bool
    warnings: tuple[str, ...] = ()


class Mount(msgspec.Struct, frozen=True, kw_only=True):
    """A volume in a container: these files, by relative path; or, without any, the directory of that name.

    Directories of one name are one directory for all containers of the runtime that name it; one that belongs to a
    pod has the pod's uid as the first part of its name, and goes with the pod's sandbox.
    """

    path: str
    directory: str
    files: Mapping[str, bytes] | None = None
    modes: Mapping[str, int] = MappingProxyType({})
    """Permissions of files that do not have `default_mode`."""
    default_mode: int = 0o644
    sub_path: str = ""
    """Only this part of it is mounted."""
    read_only: bool = False


class ContainerConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Which container of a pod, and its how-manieth start, from 0.

    `env` and `mounts` are for containers that need them (`needs_environment`).
    """

    container: Container
    attempt: int
    env: Mapping[str, str] = NOTHING
    mounts: tuple[Mount, ...] = ()


class RuntimeContainer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What has become of a container. Times that have not come are 0. `runtime` is what it runs in.

    `image` is what the container that was asked for names, word for word: one that names another one since restarts.
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
    """One line that a container wrote, without its end."""

    time: int
    text: str


class LogPage(msgspec.Struct, frozen=True):
    """Lines that a container wrote; `total` is how many it has written by now."""

    lines: Sequence[LogLine]
    total: int


class ProbeResult(msgspec.Struct, frozen=True, gc=False):
    """Whether the container answered well; `steady` if it always will, so that nobody need ask again."""

    success: bool
    steady: bool = False
    output: str = ""


NOT_SERVING = 'service unhealthy (responded with "NOT_SERVING")'
"""What is said of a container that answers a gRPC probe badly."""


class HookResult(msgspec.Struct, frozen=True, gc=False):
    """How a lifecycle hook went; and how long from now on it still takes, if that is known beforehand."""

    success: bool
    seconds: float = 0.0
    output: str = ""


class ContainerStats(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a container takes of its node: CPU now and since its start; memory, disk and processes now."""

    cpu_nano_cores: int = 0
    cpu_nano_seconds: int = 0
    memory_bytes: int = 0
    disk_bytes: int = 0
    processes: int = 1


class ExecConfig(msgspec.Struct, frozen=True, kw_only=True):
    """A command; `env` and `mounts` are those of the container as they are now.

    `files` are files by path that are there besides, to be read.
    """

    command: tuple[str, ...]
    env: Mapping[str, str] = NOTHING
    mounts: tuple[Mount, ...] = ()
    files: Mapping[str, bytes] = MappingProxyType({})
    tty: bool = False


class PullFailure(msgspec.Struct, frozen=True, gc=False):
    """An image that could not be had, in the words of the registry."""

    message: str


class ContainerChanged(Message, frozen=True):
    """A runtime tells its subscriber: look at this pod again."""

    uid: str


class NameFound(msgspec.Struct, frozen=True):
    """What a name of the cluster stands for: in full, its addresses, and at which ports somebody listens there."""

    name: str
    addresses: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()


class FindName(Message, frozen=True):
    """A runtime asks its subscriber what a name stands for in the cluster; then the pod is to be looked at again."""

    uid: str
    name: str
    found: Callable[[NameFound], None]


class Visited(msgspec.Struct, frozen=True):
    """What came of a request: no address, the host is not known; no status, nobody listens, or it was lost on the way."""

    address: str = ""
    status: int = 0
    body: str = ""
    lost: bool = False


class Visit(Message, frozen=True):
    """A runtime asks its subscriber to make a request over HTTP from a pod, which is to be looked at again then."""

    uid: str
    host: str
    port: int
    path: str
    visited: Callable[[Visited], None]


Question: TypeAlias = FindName | Visit
"""What a runtime asks of its subscriber."""


class ContainerRuntime(Protocol):
    """Runs containers. It outlives the kubelet that uses it."""

    @property
    def version(self) -> str:
        """Name and version, `containerd://2.1.0`."""
        ...

    def subscribe(self, subscriber: Recipient[ContainerChanged | Question]) -> None:
        """Tell this one from now on, and nobody else, of changes that `next_change` did not announce; and ask it.

        It is asked as well what the one before has left without an answer.
        """
        ...

    def use_range(self, pod_cidr: str) -> None:
        """Take addresses from this range from now on."""
        ...

    def run_pod_sandbox(self, config: PodSandboxConfig, now: int) -> PodSandbox | None:
        """Make a sandbox with an address of its own; None if there is no address left."""
        ...

    def stop_pod_sandbox(self, sandbox_id: str, now: int) -> None:
        """Stop what still runs in it, at once, and give its address back. Stopping it twice is no error."""
        ...

    def remove_pod_sandbox(self, sandbox_id: str) -> None:
        """Forget a stopped sandbox, its containers and its directories."""
        ...

    def list_pod_sandboxes(self) -> tuple[PodSandbox, ...]:
        """All sandboxes, the oldest first."""
        ...

    def has_image(self, image: str, sandbox_id: str, container: str) -> bool:
        """Whether the image of a container of a pod is here without being pulled."""
        ...

    def pull_image(self, image: str, sandbox_id: str, container: str) -> PullFailure | None:
        """Get the image for a container of a pod; None if it is here now."""
        ...

    def list_images(self) -> tuple[str, ...]:
        """The images that containers were made from, by the names that they were asked for."""
        ...

    def needs_environment(self, container: Container) -> bool:
        """Whether the container reads its environment and its volumes."""
        ...

    def is_measured(self, image: str) -> bool:
        """Whether it is found out what containers of the image take, so that nobody can know it beforehand.

        Such containers need their environment.
        """
        ...

    def create_container(self, sandbox_id: str, config: ContainerConfig, now: int) -> str:
        """Make a container; its id."""
        ...

    def start_container(self, container_id: str, now: int) -> None:
        """Begin to start it; it runs a little later."""
        ...

    def stop_container(self, container_id: str, timeout_seconds: float, now: int) -> None:
        """Ask it to end, and kill it after the timeout. A second call can shorten the time."""
        ...

    def remove_container(self, container_id: str) -> None:
        """Forget an exited container and its log."""
        ...

    def container_status(self, container_id: str, now: int) -> RuntimeContainer:
        """One container as it is now."""
        ...

    def list_containers(self, sandbox_id: str, now: int) -> tuple[RuntimeContainer, ...]:
        """The containers of a sandbox as they are now, the oldest first."""
        ...

    def next_change(self, sandbox_id: str, now: int) -> int | None:
        """When one of its containers will next change by itself; None if none will, as far as is known."""
        ...

    def probe(self, container_id: str, kind: str, probe: Probe, now: int) -> ProbeResult | None:
        """Ask the running container how it is. `kind` is Startup, Readiness or Liveness.

        None: it is being asked. The subscriber is told when to call again for the answer.
        """
        ...

    def run_hook(self, container_id: str, kind: str, hook: LifecycleHandler, now: int) -> HookResult | None:
        """Run a hook of a running container. `kind` is PostStart or PreStop. None: it runs.

        The subscriber is told when to call again for the result.
        """
        ...

    def container_log(self, container_id: str, now: int, skip: int = 0) -> LogPage:
        """What it has written so far, without its first `skip` lines and those that are too old to be kept."""
        ...

    def container_stats(self, container_id: str, now: int) -> ContainerStats:
        """What it takes now."""
        ...

    def directory_bytes(self, directory: str) -> int:
        """How much is in a directory that is mounted (`Mount.directory`), as far as that is known."""
        ...

    def refresh(self, mounts: tuple[Mount, ...], now: int) -> None:
        """Let containers that run see what these volumes contain now; those that nobody uses are left as they are."""
        ...

    def exec(self, container_id: str, config: ExecConfig, output: Recipient[Output], now: int) -> Recipient[Input]:
        """Run a command in a running container: what it writes, and at last how it ended, is told to `output`.

        What the command reads is told to the recipient that is returned. The command may go on only when somebody looks
        at the sandbox: at `next_change`, or when the subscriber was told.
        """
        ...

    def attach(self, container_id: str, output: Recipient[Output], now: int) -> Recipient[Input]:
        """What a running container writes from now on, and that it has ended, is told to `output`.

        Not how: whoever is attached sees code 0, and finds the other one in the container's status, as with CRI.
        """
        ...

    def answer(self, pod: Pod, port: int, path: str, answered: Callable[[Visited], None]) -> None:
        """Tell what a pod, be it on another node, answers to a request over HTTP: at once, or when it is known."""
        ...

    def port_address(self, sandbox_id: str, port: int) -> tuple[str, int] | None:
        """Where a port of a pod can be reached on this machine; None if nothing real runs in the sandbox."""
        ...
