"""The containers of the machines: simulated ones, and coroutines of this process."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import msgspec

from kubeactors.kubelet.runtimes import Behaviour
from kubeactors.kubelet.runtimes.coroutine import CoroutineRuntime, Coroutines
from kubeactors.kubelet.runtimes.host import HostMessage, PlatformFactory
from kubeactors.kubelet.runtimes.programs import Image, Programs
from kubeactors.kubelet.runtimes.simulated import SimulatedRuntime
from kubeactors.kubelet.runtimes.table import RuntimeTable, Shared
from kubeactors.message import Recipient

Images: TypeAlias = Mapping[str, "Image | Behaviour"]
"""By image name: an `async def` or a `Program` to run, or the behaviour of simulated containers."""


class Workloads(msgspec.Struct, frozen=True):
    """The images with behaviours or programs of their own, the directory of volumes, and the coroutines' platform."""

    images: Images
    directory: Path
    platform: PlatformFactory

    def behaviours(self) -> dict[str, Behaviour]:
        """The images of simulated containers with a behaviour of their own."""
        return {name: one for name, one in self.images.items() if isinstance(one, Behaviour)}

    def programs(self) -> Programs:
        """The images of coroutines."""
        return Programs({name: one for name, one in self.images.items() if not isinstance(one, Behaviour)})


class RuntimeFactory:
    """Makes the container runtime of each machine.

    Args:
        workloads: None if all containers are simulated with the default behaviour.
        host: the parent of coroutines; None without workloads.
    """

    def __init__(self, workloads: Workloads | None, host: Recipient[HostMessage] | None) -> None:
        self._behaviours = workloads.behaviours() if workloads is not None else {}
        self._shared = Shared()
        self._coroutines: Coroutines | None = None
        if workloads is not None and host is not None:
            self._coroutines = Coroutines(workloads.programs(), host, workloads.directory)

    def make(self, pod_cidr: str, behaviour: Behaviour) -> RuntimeTable:
        """A runtime without containers."""
        runtime = self._runtime(pod_cidr, behaviour)
        runtime.shared = self._shared
        return runtime

    def _runtime(self, pod_cidr: str, behaviour: Behaviour) -> RuntimeTable:
        if self._coroutines is None:
            return SimulatedRuntime(pod_cidr, behaviour)
        return CoroutineRuntime(pod_cidr, self._coroutines, behaviour, self._behaviours)
