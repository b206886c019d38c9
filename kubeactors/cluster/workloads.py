"""What runs on the machines: simulated containers, and coroutines of this process."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import msgspec

from kubeactors.kubelet.runtimes import Behaviour
from kubeactors.kubelet.runtimes.coroutine import CoroutineRuntime, Coroutines
from kubeactors.kubelet.runtimes.host import HostMessage, PlatformFactory
from kubeactors.kubelet.runtimes.programs import Image, Programs
from kubeactors.kubelet.runtimes.simulated import SimulatedRuntime
from kubeactors.kubelet.runtimes.table import RuntimeTable
from kubeactors.message import Recipient

Images: TypeAlias = Mapping[str, "Image | Behaviour"]
"""By name: an `async def` or a `Program` to run, or how a simulated container of the image behaves."""


class Workloads(msgspec.Struct, frozen=True):
    """Which images are more than simulated by default, where volumes are, and what coroutines see of the world."""

    images: Images
    directory: Path
    platform: PlatformFactory

    def behaviours(self) -> dict[str, Behaviour]:
        """The images that are simulated in a way of their own."""
        return {name: one for name, one in self.images.items() if isinstance(one, Behaviour)}

    def programs(self) -> Programs:
        """The images that are coroutines."""
        return Programs({name: one for name, one in self.images.items() if not isinstance(one, Behaviour)})


class RuntimeFactory:
    """Makes the runtime of each machine.

    Args:
        workloads: None where everything is simulated by default.
        host: below which coroutines run; None without workloads.
    """

    def __init__(self, workloads: Workloads | None, host: Recipient[HostMessage] | None) -> None:
        self._behaviours = workloads.behaviours() if workloads is not None else {}
        self._coroutines: Coroutines | None = None
        if workloads is not None and host is not None:
            self._coroutines = Coroutines(workloads.programs(), host, workloads.directory)

    def make(self, pod_cidr: str, behaviour: Behaviour) -> RuntimeTable:
        """A runtime without any containers."""
        if self._coroutines is None:
            return SimulatedRuntime(pod_cidr, behaviour)
        return CoroutineRuntime(pod_cidr, self._coroutines, behaviour, self._behaviours)
