"""A runtime without processes: containers that start after a while, and run for ever or end as their command says.

A container runs for ever, unless its command is `sh -c "exit N"`: then it ends with N at once. A container that is
asked to stop does so in `stop_seconds`, with code 0 as a server that shuts down well; in a shorter grace period it is
killed (137).
"""

import hashlib
import re
from functools import lru_cache

import msgspec

from kubeactors.api.core.v1 import Container, Probe
from kubeactors.kubelet.runtimes.runtime import (
    ContainerConfig,
    ContainerState,
    LogLine,
    PodSandbox,
    PodSandboxConfig,
    ProbeResult,
    RuntimeContainer,
)
from kubeactors.network import IPAllocator

SECOND = 1_000_000_000
KILLED = 137
_exit = re.compile(r"\s*exit\s+(\d{1,3})\s*;?\s*")


class Behaviour(msgspec.Struct, frozen=True, kw_only=True):
    """How long things take."""

    start_seconds: float = 0.1
    """From `start_container` until it runs: pulling the image, making the container."""
    stop_seconds: float = 0.0
    """From the request to stop until it has ended."""


class _Container:
    """A container and the times of its life, as far as they are decided. None is not decided."""

    __slots__ = ("config", "created_at", "exit_code", "finishes_at", "id", "sandbox_id", "starts_at")

    def __init__(self, id_: str, sandbox_id: str, config: ContainerConfig, now: int) -> None:
        self.id = id_
        self.sandbox_id = sandbox_id
        self.config = config
        self.created_at = now
        self.starts_at: int | None = None
        self.finishes_at: int | None = None
        self.exit_code = 0

    def state(self, now: int) -> ContainerState:
        if self.finishes_at is not None and self.finishes_at <= now:
            return ContainerState.EXITED
        if self.starts_at is not None and self.starts_at <= now:
            return ContainerState.RUNNING
        return ContainerState.CREATED

    def next_change(self, now: int) -> int | None:
        return min((one for one in (self.starts_at, self.finishes_at) if one is not None and one > now), default=None)

    def seen(self, now: int) -> RuntimeContainer:
        state = self.state(now)
        exited = state is ContainerState.EXITED
        started = self.starts_at if self.starts_at is not None and self.starts_at <= now else None
        image = self.config.container.image
        return RuntimeContainer(
            id=self.id,
            name=self.config.container.name,
            attempt=self.config.attempt,
            image=image,
            image_id=image_id(image),
            state=state,
            created_at=self.created_at,
            started_at=started or 0,
            finished_at=(self.finishes_at or 0) if exited else 0,
            exit_code=self.exit_code if exited else 0,
            reason=("Error" if self.exit_code else "Completed") if exited else "",
        )


class _Sandbox:
    __slots__ = ("config", "containers", "id", "ip", "ready")

    def __init__(self, id_: str, config: PodSandboxConfig, ip: str) -> None:
        self.id = id_
        self.config = config
        self.ip = ip
        self.ready = True
        self.containers: list[_Container] = []

    def seen(self) -> PodSandbox:
        return PodSandbox(id=self.id, config=self.config, ip=self.ip if self.ready else "", ready=self.ready)


class SimulatedRuntime:
    """The containers of one node. It survives a restart of the kubelet; a node that loses power gets a new one."""

    def __init__(self, pod_cidr: str, behaviour: Behaviour | None = None) -> None:
        self._behaviour = behaviour or Behaviour()
        self._addresses = IPAllocator(pod_cidr)
        self._sandboxes: dict[str, _Sandbox] = {}
        self._containers: dict[str, _Container] = {}
        self._made = 0

    @property
    def version(self) -> str:
        """Name and version."""
        return "simulated://1.36"

    def run_pod_sandbox(self, config: PodSandboxConfig, now: int) -> PodSandbox | None:
        """See `ContainerRuntime`."""
        ip = "" if config.host_network else self._addresses.allocate(config.uid)
        if ip is None:
            return None
        self._made += 1
        sandbox = _Sandbox(f"{config.uid}/{self._made}", config, ip)
        self._sandboxes[sandbox.id] = sandbox
        return sandbox.seen()

    def stop_pod_sandbox(self, sandbox_id: str, now: int) -> None:
        """See `ContainerRuntime`."""
        sandbox = self._sandboxes[sandbox_id]
        for one in sandbox.containers:
            _end(one, now, KILLED)
        if sandbox.ready and sandbox.ip:
            self._addresses.release(sandbox.ip, sandbox.config.uid)
        sandbox.ready = False

    def remove_pod_sandbox(self, sandbox_id: str) -> None:
        """See `ContainerRuntime`."""
        for one in self._sandboxes.pop(sandbox_id).containers:
            del self._containers[one.id]

    def list_pod_sandboxes(self) -> tuple[PodSandbox, ...]:
        """See `ContainerRuntime`."""
        return tuple(one.seen() for one in self._sandboxes.values())

    def create_container(self, sandbox_id: str, config: ContainerConfig, now: int) -> str:
        """See `ContainerRuntime`."""
        sandbox = self._sandboxes[sandbox_id]
        name = f"{sandbox.config.uid}/{config.container.name}/{config.attempt}"
        container = _Container(self._new_id(name, now), sandbox_id, config, now)
        sandbox.containers.append(container)
        self._containers[container.id] = container
        return container.id

    def start_container(self, container_id: str, now: int) -> None:
        """See `ContainerRuntime`."""
        container = self._containers[container_id]
        container.starts_at = now + int(self._behaviour.start_seconds * SECOND)
        code = exit_code(container.config.container)
        if code is not None:
            container.finishes_at, container.exit_code = container.starts_at, code

    def stop_container(self, container_id: str, timeout_seconds: float, now: int) -> None:
        """See `ContainerRuntime`."""
        wanted = self._behaviour.stop_seconds
        if wanted <= timeout_seconds:
            _end(self._containers[container_id], now + int(wanted * SECOND), 0)
        else:
            _end(self._containers[container_id], now + int(timeout_seconds * SECOND), KILLED)

    def remove_container(self, container_id: str) -> None:
        """See `ContainerRuntime`."""
        container = self._containers.pop(container_id)
        self._sandboxes[container.sandbox_id].containers.remove(container)

    def container_status(self, container_id: str, now: int) -> RuntimeContainer:
        """See `ContainerRuntime`."""
        return self._containers[container_id].seen(now)

    def list_containers(self, sandbox_id: str, now: int) -> tuple[RuntimeContainer, ...]:
        """See `ContainerRuntime`."""
        return tuple(one.seen(now) for one in self._sandboxes[sandbox_id].containers)

    def next_change(self, sandbox_id: str, now: int) -> int | None:
        """See `ContainerRuntime`."""
        changes = (one.next_change(now) for one in self._sandboxes[sandbox_id].containers)
        return min((one for one in changes if one is not None), default=None)

    def probe(self, container_id: str, probe: Probe, now: int) -> ProbeResult:
        """A container that runs is well."""
        return ProbeResult(success=True, steady=True)

    def container_log(self, container_id: str, now: int) -> tuple[LogLine, ...]:
        """What a program might write: what it is, how it was started, that it serves, that it ends."""
        container = self._containers[container_id]
        seen, spec = container.seen(now), container.config.container
        if not seen.started_at:
            return ()
        sandbox = self._sandboxes[container.sandbox_id].config
        lines = [f"container {spec.name} of pod {sandbox.namespace}/{sandbox.name} runs image {spec.image}"]
        command = (*spec.command, *spec.args)
        lines.append(f"command: {' '.join(command)}" if command else "command: the image's own")
        lines += [f"listening on port {port.container_port}" for port in spec.ports]
        log = [LogLine(seen.started_at, line) for line in lines]
        if seen.state is ContainerState.EXITED:
            log.append(LogLine(seen.finished_at, f"exit {seen.exit_code}"))
        return tuple(log)

    def _new_id(self, name: str, now: int) -> str:
        self._made += 1
        return hashlib.sha256(f"{name}/{now}/{self._made}".encode()).hexdigest()


def exit_code(container: Container) -> int | None:
    """With which code a container of this command ends by itself; None if it runs for ever.

    >>> exit_code(Container(command=("sh", "-c", "exit 3"))), exit_code(Container(command=("sleep", "60")))
    (3, None)
    """
    match (*container.command, *container.args):
        case [("sh" | "/bin/sh"), "-c", script]:
            found = _exit.fullmatch(script)
            return int(found[1]) & 0xFF if found else None
        case _:
            return None


@lru_cache(maxsize=4096)
def image_id(image: str) -> str:
    """A digest that is always the same for one image.

    >>> image_id("example.com:5000/nginx:1").partition("@")[0]
    'example.com:5000/nginx'
    """
    repository = image.partition("@")[0]
    head, _, tag = repository.rpartition(":")
    name = head if head and "/" not in tag else repository
    return f"{name}@sha256:{hashlib.sha256(image.encode()).hexdigest()}"


def _end(container: _Container, now: int, code: int) -> None:
    """Decide when it ends, unless it has ended, or will earlier."""
    if container.finishes_at is None or container.finishes_at > now:
        container.finishes_at, container.exit_code = now, code
