"""The sandboxes and containers of one node, by ID: the common part of the runtimes in this process."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from kubeactors.api.core.v1 import Container, ContainerStatus, Pod, Probe
from kubeactors.api.core.v1.probe import LifecycleHandler
from kubeactors.kubelet.runtimes.inquiries import Inquiries
from kubeactors.kubelet.runtimes.published import Published, plain_tree
from kubeactors.kubelet.runtimes.question import Question, Visited
from kubeactors.kubelet.runtimes.runtime import (
    ContainerChanged,
    ContainerConfig,
    ContainerState,
    ContainerStats,
    ExecConfig,
    HookResult,
    LogPage,
    Mount,
    PodSandbox,
    PodSandboxConfig,
    ProbeResult,
    PullFailure,
    RuntimeContainer,
    sandbox_config_of,
)
from kubeactors.kubelet.runtimes.sandbox import RunningContainer, Sandbox
from kubeactors.kubelet.runtimes.shell.files import Tree
from kubeactors.kubelet.runtimes.streams import Input, Output
from kubeactors.message import Recipient
from kubeactors.network import IPAllocator

KILLED = 137
VOLUMES = "volumes/"
"""The directories of PersistentVolumes that are on no node begin with this: see `directory_of_volume`."""


class Shared:
    """What the runtimes of all nodes of a cluster share."""

    def __init__(self) -> None:
        self.volumes: dict[str, Tree] = {}
        """The PersistentVolumes that are on no node, by directory."""
        self.sites: dict[str, Sandbox] = {}
        """The running sandboxes with containers that answer requests themselves, by the pod's UID."""


class RuntimeTable:
    """The sandboxes and containers of one node. It survives a restart of the kubelet, but not a power failure.

    Subclasses make the containers. IDs are functions of names, times and counts, and so the same in each run.
    """

    name = ""

    def __init__(self, pod_cidr: str) -> None:
        self._addresses: IPAllocator | None = IPAllocator(pod_cidr) if pod_cidr else None
        """None until a range is set."""
        self._range = pod_cidr
        self._sandboxes: dict[str, Sandbox] = {}
        self._containers: dict[str, RunningContainer] = {}
        self._directories: dict[str, Tree] = {}
        """The directories of volumes, by name, as far as simulated commands use them."""
        self.shared: Shared = Shared()
        self._published: dict[str, Published] = {}
        """The volumes made from objects, by name, as far as simulated commands use them."""
        self._images_used: dict[str, None] = {}
        self._made = 0
        self._subscriber: Recipient[ContainerChanged | Question] | None = None
        self.inquiries: Inquiries = Inquiries()
        """The open questions of commands in containers."""

    @property
    def version(self) -> str:
        """Name and version."""
        return f"{self.name}://1.36"

    def subscribe(self, subscriber: Recipient[ContainerChanged | Question]) -> None:
        """See `ContainerRuntime`."""
        self._subscriber = subscriber
        self.inquiries.subscribe(subscriber)

    def use_pod_cidr(self, pod_cidr: str) -> None:
        """See `ContainerRuntime`; existing sandboxes keep their addresses."""
        if pod_cidr != self._range:
            self._range = pod_cidr
            self._addresses = IPAllocator(pod_cidr)
            for sandbox in self._sandboxes.values():
                if sandbox.ready and sandbox.ip:
                    self._addresses.take(self.allocated(sandbox.ip), sandbox.config.uid)

    def run_pod_sandbox(self, config: PodSandboxConfig, now: int) -> PodSandbox | None:
        """See `ContainerRuntime`."""
        addresses = self._addresses
        ip = "" if config.host_network else addresses.allocate(config.uid) if addresses is not None else None
        if ip is None:
            return None
        self._made += 1
        id_ = f"{config.uid}/{self._made}"
        sandbox = Sandbox(id_, config, self.address_of(config, ip), self.warnings_of(config.annotations), self)
        self._sandboxes[id_] = sandbox
        return sandbox.seen()

    def stop_pod_sandbox(self, sandbox_id: str, now: int) -> None:
        """See `ContainerRuntime`."""
        sandbox = self._sandboxes[sandbox_id]
        for one in sandbox.containers:
            one.kill(now)
        if sandbox.ready and sandbox.ip and self._addresses is not None:
            self._addresses.release(self.allocated(sandbox.ip), sandbox.config.uid)
        sandbox.ready = False
        if self.shared.sites.get(sandbox.config.uid) is sandbox:
            del self.shared.sites[sandbox.config.uid]

    def remove_pod_sandbox(self, sandbox_id: str) -> None:
        """See `ContainerRuntime`."""
        sandbox = self._sandboxes.pop(sandbox_id)
        for one in sandbox.containers:
            del self._containers[one.id]
        own = f"{sandbox.config.uid}/"
        if self._published:
            self._published = {name: one for name, one in self._published.items() if not name.startswith(own)}
        if self._directories:
            self._directories = {name: one for name, one in self._directories.items() if not name.startswith(own)}

    def list_pod_sandboxes(self) -> tuple[PodSandbox, ...]:
        """See `ContainerRuntime`."""
        return tuple(one.seen() for one in self._sandboxes.values())

    def has_image(self, image: str, sandbox_id: str, container: str) -> bool:
        """See `ContainerRuntime`: every image is present on every node."""
        return True

    def pull_image(self, image: str, sandbox_id: str, container: str) -> PullFailure | None:
        """See `ContainerRuntime`."""
        return None

    def list_images(self) -> tuple[str, ...]:
        """See `ContainerRuntime`."""
        return tuple(self._images_used)

    def needs_environment(self, container: Container) -> bool:
        """See `ContainerRuntime`."""
        return False

    def is_measured(self, image: str) -> bool:
        """See `ContainerRuntime`."""
        return False

    def create_container(self, sandbox_id: str, config: ContainerConfig, now: int) -> str:
        """See `ContainerRuntime`."""
        sandbox = self._sandboxes[sandbox_id]
        name = f"{sandbox.config.uid}/{config.container.name}/{config.attempt}"
        container = self.make(self._new_id(name, now), sandbox, config, now)
        sandbox.containers.append(container)
        self._containers[container.id] = container
        self._images_used[config.container.image] = None
        return container.id

    def start_container(self, container_id: str, now: int) -> None:
        """See `ContainerRuntime`."""
        self._containers[container_id].start(now)

    def stop_container(self, container_id: str, timeout_seconds: float, now: int) -> None:
        """See `ContainerRuntime`."""
        self._containers[container_id].stop(timeout_seconds, now)

    def remove_container(self, container_id: str) -> None:
        """See `ContainerRuntime`."""
        container = self._containers.pop(container_id)
        self._sandboxes[container.sandbox_id].containers.remove(container)

    def container_status(self, container_id: str, now: int) -> RuntimeContainer:
        """See `ContainerRuntime`."""
        return self._containers[container_id].status(now)

    def list_containers(self, sandbox_id: str, now: int) -> tuple[RuntimeContainer, ...]:
        """See `ContainerRuntime`."""
        sandbox = self._sandboxes[sandbox_id]
        sandbox.advance(now)
        return tuple([one.status(now) for one in sandbox.containers])

    def next_change(self, sandbox_id: str, now: int) -> int | None:
        """See `ContainerRuntime`."""
        sandbox = self._sandboxes[sandbox_id]
        sandbox.advance(now)
        changes = (one.next_change(now) for one in sandbox.containers)
        return min((one for one in changes if one is not None), default=None)

    def probe(self, container_id: str, kind: str, probe: Probe, now: int) -> ProbeResult | None:
        """See `ContainerRuntime`."""
        return self._containers[container_id].probe(kind, probe, now)

    def run_hook(self, container_id: str, kind: str, hook: LifecycleHandler, now: int) -> HookResult | None:
        """See `ContainerRuntime`."""
        if hook.sleep is not None:
            return HookResult(success=True, seconds=hook.sleep.seconds)
        return self._containers[container_id].run_hook(kind, hook, now)

    def container_log(self, container_id: str, now: int, skip: int = 0) -> LogPage:
        """See `ContainerRuntime`."""
        return self._containers[container_id].log(now, skip)

    def container_stats(self, container_id: str, now: int) -> ContainerStats:
        """See `ContainerRuntime`."""
        return self._containers[container_id].stats(now)

    def directory_bytes(self, directory: str) -> int:
        """See `ContainerRuntime`."""
        tree = (self.shared.volumes if directory.startswith(VOLUMES) else self._directories).get(directory)
        return 0 if tree is None else tree.size

    def exec(self, container_id: str, config: ExecConfig, output: Recipient[Output], now: int) -> Recipient[Input]:
        """See `ContainerRuntime`."""
        return self._containers[container_id].exec(config, output, now)

    def attach(self, container_id: str, output: Recipient[Output], now: int) -> Recipient[Input]:
        """See `ContainerRuntime`."""
        return self._containers[container_id].attach(output, now)

    def refresh(self, mounts: tuple[Mount, ...], now: int) -> None:
        """See `ContainerRuntime`."""
        for one in mounts:
            if one.files is not None and one.directory in self._published:
                self._published[one.directory].publish(one, now)

    def answer(self, pod: Pod, port: int, path: str, answered: Callable[[Visited], None]) -> None:
        """See `ContainerRuntime`: nothing listens."""
        answered(Visited())

    def port_address(self, sandbox_id: str, port: int) -> tuple[str, int] | None:
        """See `ContainerRuntime`."""
        return None

    def usage(self, now: int) -> Iterator[tuple[PodSandboxConfig, list[tuple[str, ContainerStats]]]]:
        """The usage of running containers, by pod."""
        for sandbox in self._sandboxes.values():
            running = [
                (seen.name, one.stats(now))
                for one in sandbox.containers
                if (seen := one.status(now)).state is ContainerState.RUNNING
            ]
            if running:
                yield sandbox.config, running

    def power_off(self) -> None:
        """Kill everything at once, without notification."""
        self._subscriber = None
        for one in self._sandboxes.values():
            self.shared.sites.pop(one.config.uid, None)

    def adopt(self, pod: Pod, now: int) -> bool:
        """Restore a pod of a lost runtime from its status; False if that is impossible."""
        config = sandbox_config_of(pod)
        ip = "" if config.host_network else pod.status.pod_ip
        sandbox = Sandbox(f"{config.uid}/{self._made + 1}", config, ip, (), self)
        specs = {one.name: one for one in (*pod.spec.init_containers, *pod.spec.containers)}
        for status in (*pod.status.init_container_statuses, *pod.status.container_statuses):
            if status.container_id and status.name in specs:
                wanted = ContainerConfig(container=specs[status.name], attempt=status.restart_count)
                container = self.resume(sandbox, wanted, status, now)
                if container is None:
                    return False
                sandbox.containers.append(container)
        self._made += 1
        self._sandboxes[sandbox.id] = sandbox
        self._containers |= {one.id: one for one in sandbox.containers}
        if ip and self._addresses is not None:
            self._addresses.take(self.allocated(ip), config.uid)
        return True

    # For subclasses.

    def make(self, id_: str, sandbox: Sandbox, config: ContainerConfig, now: int) -> RunningContainer:
        """Make a container."""
        raise NotImplementedError

    def resume(
        self, sandbox: Sandbox, config: ContainerConfig, status: ContainerStatus, now: int
    ) -> RunningContainer | None:
        """Make a container that continues from this status; None if that is impossible."""
        return None

    def address_of(self, config: PodSandboxConfig, address: str) -> str:
        """The pod's address for an allocated one."""
        return address

    def allocated(self, address: str) -> str:
        """The allocated address for a pod's."""
        return address

    def warnings_of(self, annotations: Mapping[str, str]) -> tuple[str, ...]:
        """Warnings about a pod's annotations."""
        return ()

    def changed(self, uid: str) -> bool:
        """Notify the subscriber of an unforeseen change in a pod. Returns whether there is a subscriber."""
        return self._subscriber is not None and self._subscriber.tell(ContainerChanged(uid))

    def directory(self, name: str) -> Tree:
        """A directory for simulated commands, empty at first."""
        directories = self.shared.volumes if name.startswith(VOLUMES) else self._directories
        return directories.setdefault(name, Tree())

    def seen(self, mount: Mount, now: int) -> Tree:
        """The contents of a mount as last refreshed; as given if nothing has read it before."""
        if mount.files is None:
            return self.directory(mount.directory)
        if mount.sub_path:
            return plain_tree(mount)
        found = self._published.get(mount.directory)
        return self.published(mount, now) if found is None else found.tree

    def published(self, mount: Mount, now: int) -> Tree:
        """The present files of a volume made from objects."""
        found = self._published.setdefault(mount.directory, Published())
        found.publish(mount, now)
        return found.tree

    def _new_id(self, name: str, now: int) -> str:
        self._made += 1
        return hashlib.sha256(f"{name}/{now}/{self._made}".encode()).hexdigest()


def reason_of(exit_code: int) -> str:
    """The termination reason for this exit code.

    >>> reason_of(0), reason_of(2)
    ('Completed', 'Error')
    """
    return "Error" if exit_code else "Completed"


@lru_cache(maxsize=4096)
def image_id(image: str) -> str:
    """An image ID with a made-up digest that is always the same for one image.

    >>> image_id("example.com:5000/nginx:1").partition("@")[0]
    'example.com:5000/nginx'
    """
    repository = image.partition("@")[0]
    head, _, tag = repository.rpartition(":")
    name = head if head and "/" not in tag else repository
    return f"{name}@sha256:{hashlib.sha256(image.encode()).hexdigest()}"
