"""A runtime without processes, whose containers run simulated commands or behave as declared.

A command that the simulated shell supports (`shell/`) runs in virtual time (`command_container.py`), and so does a
script in a ConfigMap or Secret. Any other container is taken for a server that runs until it is stopped: one without
command and arguments (with a stdin it is a shell), one with an unknown command, and one whose script cannot be parsed
or uses an unknown command. A task (an init container, or one of a Job's pod; see `tasks_of`) exits with code 0 after a
second instead; in its script each unknown command takes a second, does nothing, and succeeds. The behaviour of such
containers can be declared for an image or by annotations of the pod (`Behaviour`); if the declaration covers the exit
or the log, the command is not run. `sh -c "exit N"` exits with N at once. A container that is asked to stop does so in
`stop_seconds` with code 0, like a server that shuts down cleanly; in a shorter grace period it is killed (137). All
images exist except those whose names say otherwise (`missing_images.py`) or for which that is declared. The contents of
images are unknown: arguments without a command are taken for the command, as with an image without an entry point.
Volumes that are not made from objects are directories in memory, for this node.
"""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, ContainerStatus, Pod
from kubeactors.kubelet.runtimes.behaviour import TASK_SECONDS, Behaviour, behaviour_of, warnings_of
from kubeactors.kubelet.runtimes.command_container import CommandContainer, is_played, names_a_mounted_file
from kubeactors.kubelet.runtimes.missing_images import missing
from kubeactors.kubelet.runtimes.question import Visited
from kubeactors.kubelet.runtimes.request_load import serves_with_load
from kubeactors.kubelet.runtimes.runtime import (
    ContainerConfig,
    PodSandboxConfig,
    PullFailure,
    sandbox_config_of,
)
from kubeactors.kubelet.runtimes.sandbox import RunningContainer, Sandbox
from kubeactors.kubelet.runtimes.simulated_container import SimulatedContainer, served
from kubeactors.kubelet.runtimes.stress import stressed
from kubeactors.kubelet.runtimes.table import RuntimeTable, image_id
from kubeactors.kubelet.runtimes.web_pages import has_pages_in_volume, index_of


class SimulatedRuntime(RuntimeTable):
    """The simulated containers of one node.

    Args:
        pod_cidr: the range of pod addresses.
        behaviour: the default behaviour.
        images: behaviour by image, with or without a tag.
    """

    name = "simulated"

    def __init__(
        self, pod_cidr: str, behaviour: Behaviour | None = None, images: Mapping[str, Behaviour] | None = None
    ) -> None:
        super().__init__(pod_cidr)
        self._behaviour = behaviour or Behaviour()
        self._images = images or {}

    def make(self, id_: str, sandbox: Sandbox, config: ContainerConfig, now: int) -> RunningContainer:
        """See `RuntimeTable`."""
        container = config.container
        behaviour = self._declared(sandbox.config, container.name, container.image)
        is_task = container.name in sandbox.config.tasks
        if is_played(container, behaviour, config.mounts, is_task=is_task):
            return CommandContainer(id_, sandbox, config, behaviour, now)
        answers_itself = index_of(container.image) or serves_with_load(container, behaviour)
        if answers_itself and behaviour.run_seconds is None:
            self.shared.sites[sandbox.config.uid] = sandbox
        behaviour = stressed(container, behaviour)
        return SimulatedContainer(id_, sandbox, config, _ending(behaviour) if is_task else behaviour, now)

    def resume(
        self, sandbox: Sandbox, config: ContainerConfig, status: ContainerStatus, now: int
    ) -> RunningContainer | None:
        """See `RuntimeTable`: the progress of a command is not known."""
        behaviour = self._declared(sandbox.config, config.container.name, config.container.image)
        is_task = config.container.name in sandbox.config.tasks
        if status.state.running is not None and is_played(config.container, behaviour, is_task=is_task):
            return None
        behaviour = stressed(config.container, _ending(behaviour) if is_task else behaviour)
        container = SimulatedContainer(status.container_id.partition("://")[2], sandbox, config, behaviour, now)
        container.resume(status, now)
        return container

    def has_image(self, image: str, sandbox_id: str, container: str) -> bool:
        """See `ContainerRuntime`: all images except those that cannot be pulled."""
        return not self._declared(self._sandboxes[sandbox_id].config, container, image).pull_error

    def pull_image(self, image: str, sandbox_id: str, container: str) -> PullFailure | None:
        """See `ContainerRuntime`."""
        error = self._declared(self._sandboxes[sandbox_id].config, container, image).pull_error
        return PullFailure(error) if error else None

    def needs_environment(self, container: Container) -> bool:
        """See `ContainerRuntime`: if its command can be simulated, in any kind of pod, or its pages are in a volume."""
        reads = names_a_mounted_file(container) or has_pages_in_volume(container)
        return reads or is_played(container, self._behaviour, is_task=True)

    def answer(self, pod: Pod, port: int, path: str, answered: Callable[[Visited], None]) -> None:
        """See `ContainerRuntime`: the first container that is a server with this port answers."""
        texts = self._texts(pod, port) if pod.status.phase == "Running" else ()
        text = next((one for one in texts if one is not None), None)
        answered(Visited() if text is None else Visited(status=200, body=text))

    def _texts(self, pod: Pod, port: int) -> tuple[str | None, ...]:
        site = self.shared.sites.get(pod.metadata.uid)
        if site is not None:
            return tuple(one.answer(port) for one in site.containers)
        config = sandbox_config_of(pod)
        return tuple(self._served(one, config, port) for one in pod.spec.containers)

    def _served(self, container: Container, config: PodSandboxConfig, port: int) -> str | None:
        behaviour = self._declared(config, container.name, container.image)
        return None if is_played(container, behaviour) else served(container, behaviour, port, config.name)

    def warnings_of(self, annotations: Mapping[str, str]) -> tuple[str, ...]:
        """See `RuntimeTable`."""
        return warnings_of(annotations, self._behaviour) if annotations else ()

    def _declared(self, config: PodSandboxConfig, container: str, image: str) -> Behaviour:
        """The declared behaviour. Cheap for a pod without declarations."""
        base = self._images.get(image) or self._images.get(untagged(image)) if self._images else None
        if base is None:
            error = missing(image)
            base = replace(self._behaviour, pull_error=error) if error else self._behaviour
        return behaviour_of(container, config.annotations, base) if config.annotations else base


def _ending(behaviour: Behaviour) -> Behaviour:
    """The behaviour of a task."""
    return behaviour if behaviour.run_seconds is not None else replace(behaviour, run_seconds=TASK_SECONDS)


def untagged(image: str) -> str:
    """An image name without tag and digest.

    >>> untagged("example.com:5000/shop/web:2@sha256:abc"), untagged("shop/web")
    ('example.com:5000/shop/web', 'shop/web')
    """
    return image_id(image).partition("@")[0]
