"""A runtime whose containers are coroutines in this process; other images are simulated.

A pod with such a container gets its own loopback address, 127.x.y.z for what would be 10.x.y.z, on which real sockets
listen (Linux has all of 127.0.0.0/8; on other systems the addresses must be configured first).
It cannot stop code that never awaits, enforce resource limits, or isolate containers from one another: they share one
process, one event loop and one file system.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import rmtree

import msgspec

from kubeactors.api.core.v1 import Container, ContainerStatus, Pod
from kubeactors.kubelet.runtimes.behaviour import Behaviour
from kubeactors.kubelet.runtimes.coroutine_container import NO_ADDRESS_OF_ITS_OWN, CoroutineContainer
from kubeactors.kubelet.runtimes.host import EndProcess, HostMessage, StartProcess
from kubeactors.kubelet.runtimes.platform import Platform
from kubeactors.kubelet.runtimes.programs import ProgramNotFound, Programs
from kubeactors.kubelet.runtimes.published import publish_on_disk
from kubeactors.kubelet.runtimes.question import Visited
from kubeactors.kubelet.runtimes.runtime import (
    ContainerConfig,
    Mount,
    PodSandboxConfig,
    PullFailure,
)
from kubeactors.kubelet.runtimes.sandbox import RunningContainer, Sandbox
from kubeactors.kubelet.runtimes.simulated import SimulatedRuntime
from kubeactors.kubelet.runtimes.web import requested
from kubeactors.message import Recipient

LOOPBACK = "127"


class Coroutines(msgspec.Struct, frozen=True):
    """The images that are coroutines, the actor that hosts them, and the directory of volumes."""

    programs: Programs
    host: Recipient[HostMessage]
    directory: Path


class CoroutineRuntime(SimulatedRuntime):
    """The coroutines and simulated containers of one node.

    Args:
        pod_cidr: the range of pod addresses.
        coroutines: the images, their host and their volumes.
        behaviour: the default behaviour of simulated containers.
        images: behaviour by image.
    """

    name = "coroutine"

    def __init__(
        self,
        pod_cidr: str,
        coroutines: Coroutines,
        behaviour: Behaviour | None = None,
        images: Mapping[str, Behaviour] | None = None,
    ) -> None:
        super().__init__(pod_cidr, behaviour, images)
        self.programs: Programs = coroutines.programs
        self.host: Recipient[HostMessage] = coroutines.host
        self._directory = coroutines.directory
        self._cidr = pod_cidr
        self._network = pod_cidr.partition(".")[0] or "10"

    @property
    def version(self) -> str:
        """Name and version of the simulated runtime, which it is for most images."""
        return f"{SimulatedRuntime.name}://1.36"

    def make(self, id_: str, sandbox: Sandbox, config: ContainerConfig, now: int) -> RunningContainer:
        """See `RuntimeTable`."""
        image = config.container.image
        if not self.programs.is_program(image):
            return super().make(id_, sandbox, config, now)
        return CoroutineContainer(id_, sandbox, config, self, now)

    def resume(
        self, sandbox: Sandbox, config: ContainerConfig, status: ContainerStatus, now: int
    ) -> RunningContainer | None:
        """See `RuntimeTable`: a coroutine cannot be resumed."""
        if self.programs.is_program(config.container.image):
            return None
        return super().resume(sandbox, config, status, now)

    def has_image(self, image: str, sandbox_id: str, container: str) -> bool:
        """See `ContainerRuntime`: a module that can be imported is present."""
        if not self.programs.is_program(image):
            return super().has_image(image, sandbox_id, container)
        return self._found(image) is None

    def pull_image(self, image: str, sandbox_id: str, container: str) -> PullFailure | None:
        """See `ContainerRuntime`."""
        if not self.programs.is_program(image):
            return super().pull_image(image, sandbox_id, container)
        return self._found(image)

    def needs_environment(self, container: Container) -> bool:
        """See `ContainerRuntime`."""
        return self.programs.is_program(container.image) or super().needs_environment(container)

    def is_measured(self, image: str) -> bool:
        """See `ContainerRuntime`: a coroutine reports its usage itself."""
        return self.programs.is_program(image)

    def remove_pod_sandbox(self, sandbox_id: str) -> None:
        """See `ContainerRuntime`."""
        config = self._sandboxes[sandbox_id].config
        super().remove_pod_sandbox(sandbox_id)
        if any(map(self.programs.is_program, config.images)):
            rmtree(self._directory / config.uid, ignore_errors=True)

    def port_address(self, sandbox_id: str, port: int) -> tuple[str, int] | None:
        """See `ContainerRuntime`."""
        sandbox = self._sandboxes[sandbox_id]
        if not any(map(self.programs.is_program, sandbox.config.images)):
            return None
        return sandbox.ip or NO_ADDRESS_OF_ITS_OWN, port

    def answer(self, pod: Pod, port: int, path: str, answered: Callable[[Visited], None]) -> None:
        """See `ContainerRuntime`: coroutines are requested over the network."""
        if not any(self.programs.is_program(one.image) for one in pod.spec.containers):
            super().answer(pod, port, path, answered)
            return
        address = pod.status.pod_ip or NO_ADDRESS_OF_ITS_OWN

        async def work(platform: Platform) -> None:
            answered(await requested(platform, address, port, path))

        self.host.tell(StartProcess(self._new_id(f"visit/{self._cidr}", 0), work))

    def power_off(self) -> None:
        """See `RuntimeTable`."""
        super().power_off()
        for id_ in self._containers:
            self.host.tell(EndProcess(id_))

    def address_of(self, config: PodSandboxConfig, address: str) -> str:
        """See `RuntimeTable`: a loopback address for pods with coroutines."""
        if address and any(map(self.programs.is_program, config.images)):
            return f"{LOOPBACK}.{address.partition('.')[2]}"
        return address

    def allocated(self, address: str) -> str:
        """See `RuntimeTable`."""
        return f"{self._network}.{address.partition('.')[2]}"

    def refresh(self, mounts: tuple[Mount, ...], now: int) -> None:
        """See `ContainerRuntime`."""
        super().refresh(mounts, now)
        for one in mounts:
            if one.files is not None and (self._directory / one.directory).is_dir():
                self.materialize(one, now)

    def materialize(self, mount: Mount, now: int) -> Path:
        """Create the files of a mount. Returns their directory.

        Raises:
            OSError: the file system failed.
        """
        directory = self._directory / mount.directory
        if mount.files is not None:
            publish_on_disk(mount, directory, now)
        else:
            (directory / mount.sub_path).mkdir(parents=True, exist_ok=True)
        return directory / mount.sub_path

    def _found(self, image: str) -> PullFailure | None:
        try:
            self.programs.find(image)
        except ProgramNotFound as error:
            return PullFailure(str(error))
        return None
