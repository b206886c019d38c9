"""What a kubelet asks of a container runtime, in the words of CRI.

Times are unix nanoseconds, and passed in: a runtime has no clock. What it tells is a function of the time it is asked
at, and `next_change` says when to ask again. Nothing waits.

Source: k8s.io/cri-api/pkg/apis/runtime/v1/api.proto (v1.36).
"""

from collections.abc import Iterable
from enum import Enum
from typing import Protocol

import msgspec

from kubeactors.api.core.v1 import Container, Probe


class ContainerState(Enum):
    """The life of a container."""

    CREATED = "created"
    RUNNING = "running"
    EXITED = "exited"


class PodSandboxConfig(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Whose sandbox: the pod, and whether it has the network of its node."""

    uid: str
    namespace: str
    name: str
    host_network: bool = False


class PodSandbox(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the containers of a pod share. `ip` is empty in the network of the node."""

    id: str
    config: PodSandboxConfig
    ip: str
    ready: bool


class ContainerConfig(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Which container of a pod, and its how-manieth start, from 0."""

    container: Container
    attempt: int


class RuntimeContainer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What has become of a container. Times that have not come are 0."""

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


class LogLine(msgspec.Struct, frozen=True, gc=False):
    """One line that a container wrote, without its end."""

    time: int
    text: str


class ProbeResult(msgspec.Struct, frozen=True, gc=False):
    """Whether the container answered well; `steady` if it always will, so that nobody need ask again."""

    success: bool
    steady: bool = False
    output: str = ""


class ContainerRuntime(Protocol):
    """Runs containers. It outlives the kubelet that uses it."""

    @property
    def version(self) -> str:
        """Name and version, `containerd://2.1.0`."""
        ...

    def run_pod_sandbox(self, config: PodSandboxConfig, now: int) -> PodSandbox | None:
        """Make a sandbox with an address of its own; None if there is no address left."""
        ...

    def stop_pod_sandbox(self, sandbox_id: str, now: int) -> None:
        """Stop what still runs in it, at once, and give its address back. Stopping it twice is no error."""
        ...

    def remove_pod_sandbox(self, sandbox_id: str) -> None:
        """Forget a stopped sandbox and its containers."""
        ...

    def list_pod_sandboxes(self) -> tuple[PodSandbox, ...]:
        """All sandboxes, the oldest first."""
        ...

    def create_container(self, sandbox_id: str, config: ContainerConfig, now: int) -> str:
        """Make a container; its id."""
        ...

    def start_container(self, container_id: str, now: int) -> None:
        """Begin to start it; it runs a little later."""
        ...

    def stop_container(self, container_id: str, timeout_seconds: float, now: int) -> None:
        """Ask it to end, and kill it after the timeout."""
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
        """When one of its containers will next change by itself; None if none will."""
        ...

    def probe(self, container_id: str, probe: Probe, now: int) -> ProbeResult:
        """Ask the running container how it is."""
        ...

    def container_log(self, container_id: str, now: int) -> Iterable[LogLine]:
        """What it has written so far."""
        ...
