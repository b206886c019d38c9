"""The power of machines: several faults may cut it at the same time, and it is back when all of them are over."""

from collections.abc import Callable
from functools import partial

from kubeactors.actor.cell import Cell
from kubeactors.actor.kernel import Kernel
from kubeactors.actor.supervision import SECOND
from kubeactors.cluster.machines import PowerOff, PowerOn
from kubeactors.sim.world import World


class PowerSupply:
    """Cuts it, and gives it back.

    Args:
        kernel: of the simulation.
        world: is told who is without.
        machines: finds those whose power it is.
    """

    def __init__(self, kernel: Kernel, world: World, machines: Callable[[], Cell | None]) -> None:
        self._kernel = kernel
        self._world = world
        self._machines = machines
        self._without: dict[str, int] = {}
        """How many faults have cut the power of a node."""

    def cut(self, nodes: tuple[str, ...], seconds: float | None) -> bool:
        """For so long; without `seconds` it stays off. False if there is nothing to cut."""
        machines = self._machines()
        if machines is None or not nodes:
            return False
        self._world.calm = False
        for node in nodes:
            self._without[node] = self._without.get(node, 0) + 1
            self._world.dark.setdefault(node, self._kernel.now)
            if seconds is not None:
                end = self._kernel.now + int(seconds * SECOND)
                self._world.disturb(node, end)
                self._kernel.at(end, partial(self._restore, node))
        machines.tell(PowerOff(nodes))
        return True

    def _restore(self, node: str) -> None:
        machines = self._machines()
        self._without[node] -= 1
        if not self._without[node]:
            del self._without[node]
            self._world.dark.pop(node, None)
            self._world.calm = not self._without
            if machines is not None:
                machines.tell(PowerOn((node,)))
