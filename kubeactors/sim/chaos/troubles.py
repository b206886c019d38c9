"""What troubles the containers of a node while a fault lasts; several may, and each ends alone."""

from collections.abc import Mapping

from msgspec.structs import replace

from kubeactors.kubelet.runtimes import Behaviour
from kubeactors.kubelet.runtimes.simulated import SimulatedRuntime

Changes = Mapping[str, object]
"""Fields of a `Behaviour`, with their values for the time being."""


class Troubles:
    """Changes how containers start, and back."""

    def __init__(self) -> None:
        self._usual: dict[SimulatedRuntime, Behaviour] = {}
        self._now: dict[SimulatedRuntime, list[Changes]] = {}

    def begin(self, runtime: SimulatedRuntime, changes: Changes) -> None:
        """From now on containers start so; of several troubles with one field the latest counts."""
        self._usual.setdefault(runtime, runtime._behaviour)  # noqa: SLF001 -- chaos reaches inside
        self._now.setdefault(runtime, []).append(changes)
        self._apply(runtime)

    def end(self, runtime: SimulatedRuntime, changes: Changes) -> None:
        """This trouble is over; others go on."""
        self._now[runtime].remove(changes)
        self._apply(runtime)

    def _apply(self, runtime: SimulatedRuntime) -> None:
        changes = {name: value for one in self._now[runtime] for name, value in one.items()}
        runtime._behaviour = replace(self._usual[runtime], **changes)  # noqa: SLF001 -- the same
