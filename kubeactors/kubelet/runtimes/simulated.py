"""A runtime without processes: containers that start after a while, and do what their command says or what was declared.

A command that the little shell knows (`shell/`) is run in virtual time (`command_container.py`), and so is a script that
a ConfigMap or a Secret holds. Any other container is taken for a program that runs until it is stopped: one without a
command or arguments (with a terminal to type at that is a shell), one whose command is not known, and one whose script
cannot be understood, or names a command that is not known. But a container that is to end (an init container, one of a
Job's pod: `tasks_of`) does so, with code 0 after a second; in its script each command that is not known takes a second,
does nothing, and succeeds. How such a container behaves is declared for its image or by annotations of its pod (`Behaviour`); if that says
when it ends or what it logs, its command is not run. A command `sh -c "exit N"` ends with N at once. A container that is
asked to stop does so in `stop_seconds`, with code 0 as a server that shuts down well; in a shorter grace period it is
killed (137).

All images are there but those whose names say that they are not (`missing_images.py`), or of which that is declared.
What an image has in it besides its command is not known: arguments without a command are taken for the command, as an
image without an entry point does. Volumes that are not made from objects are directories in memory, of this node.
"""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from kubeactors.api.core.v1 import Container, ContainerStatus, Pod
from kubeactors.kubelet.runtimes.behaviour import TASK_SECONDS, Behaviour, behaviour_of, warnings_of
from kubeactors.kubelet.runtimes.command_container import CommandContainer, is_played, names_a_mounted_file
from kubeactors.kubelet.runtimes.missing_images import missing
from kubeactors.kubelet.runtimes.runtime import (
    ContainerConfig,
    PodSandboxConfig,
    PullFailure,
    Visited,
    sandbox_config_of,
)
from kubeactors.kubelet.runtimes.simulated_container import SimulatedContainer, served
from kubeactors.kubelet.runtimes.stress import stressed
from kubeactors.kubelet.runtimes.table import RunningContainer, RuntimeTable, Sandbox, image_id


class SimulatedRuntime(RuntimeTable):
    """Simulated containers of one node.

    Args:
        pod_cidr: where addresses come from.
        behaviour: of containers of which nothing else was declared.
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
        behaviour = stressed(container, behaviour)
        return SimulatedContainer(id_, sandbox, config, _ending(behaviour) if is_task else behaviour, now)

    def resume(
        self, sandbox: Sandbox, config: ContainerConfig, status: ContainerStatus, now: int
    ) -> RunningContainer | None:
        """See `RuntimeTable`: nobody knows how far a command was."""
        behaviour = self._declared(sandbox.config, config.container.name, config.container.image)
        is_task = config.container.name in sandbox.config.tasks
        if status.state.running is not None and is_played(config.container, behaviour, is_task=is_task):
            return None
        behaviour = stressed(config.container, _ending(behaviour) if is_task else behaviour)
        container = SimulatedContainer(status.container_id.partition("://")[2], sandbox, config, behaviour, now)
        container.resume(status, now)
        return container

    def has_image(self, image: str, sandbox_id: str, container: str) -> bool:
        """See `ContainerRuntime`: all but those that cannot be pulled."""
        return not self._declared(self._sandboxes[sandbox_id].config, container, image).pull_error

    def pull_image(self, image: str, sandbox_id: str, container: str) -> PullFailure | None:
        """See `ContainerRuntime`."""
        error = self._declared(self._sandboxes[sandbox_id].config, container, image).pull_error
        return PullFailure(error) if error else None

    def needs_environment(self, container: Container) -> bool:
        """See `ContainerRuntime`: if its command can be run, in a pod of whatever kind."""
        return names_a_mounted_file(container) or is_played(container, self._behaviour, is_task=True)

    def answer(self, pod: Pod, port: int, path: str, answered: Callable[[Visited], None]) -> None:
        """See `ContainerRuntime`: the first container that is a server and has the port says who it is."""
        config = sandbox_config_of(pod)
        texts = [self._served(one, config, port) for one in pod.spec.containers if pod.status.phase == "Running"]
        text = next((one for one in texts if one is not None), None)
        answered(Visited() if text is None else Visited(status=200, body=text))

    def _served(self, container: Container, config: PodSandboxConfig, port: int) -> str | None:
        behaviour = self._declared(config, container.name, container.image)
        return None if is_played(container, behaviour) else served(container, behaviour, port, config.name)

    def warnings_of(self, annotations: Mapping[str, str]) -> tuple[str, ...]:
        """See `RuntimeTable`."""
        return warnings_of(annotations, self._behaviour) if annotations else ()

    def _declared(self, config: PodSandboxConfig, container: str, image: str) -> Behaviour:
        """Cheap for a pod of which nothing was declared."""
        base = self._images.get(image) or self._images.get(untagged(image)) if self._images else None
        if base is None:
            error = missing(image)
            base = replace(self._behaviour, pull_error=error) if error else self._behaviour
        return behaviour_of(container, config.annotations, base) if config.annotations else base


def _ending(behaviour: Behaviour) -> Behaviour:
    """The same, of a container that is to end."""
    return behaviour if behaviour.run_seconds is not None else replace(behaviour, run_seconds=TASK_SECONDS)


def untagged(image: str) -> str:
    """An image without its tag and digest.

    >>> untagged("example.com:5000/shop/web:2@sha256:abc"), untagged("shop/web")
    ('example.com:5000/shop/web', 'shop/web')
    """
    return image_id(image).partition("@")[0]
