"""Machines that lose their power: several faults may cut it at the same time, and it is back when all of them are over."""

from collections.abc import Callable
from functools import partial

from kubeactors.actor.supervision import SECOND
from kubeactors.cluster.machines import PowerOff, PowerOn
from kubeactors.sim.chaos.effects import Effects
from kubeactors.sim.chaos.faults import (
    MachineFault,
    NodePowerLoss,
    NodeRemoved,
    NodeReplaced,
    RackPowerLoss,
    ZonePowerLoss,
)
from kubeactors.sim.processes import MACHINES
from kubeactors.sim.workload import AnyAction, DeleteNode

STOPPED_SECONDS = 0.1
"""So long after it has lost its power a machine does not begin to register again."""
LAST_WORDS_SECONDS = 15.0
"""So late a request that a machine has sent may still make its Node anew. Clouds look every 5 s for who has gone."""


class Machines:
    """Cuts their power, and gives it back.

    Args:
        effects: what faults do.
        user: deletes the Nodes of machines that are gone for good.
    """

    def __init__(self, effects: Effects, user: Callable[[AnyAction], object]) -> None:
        self._effects = effects
        self._user = user
        self._without: dict[str, int] = {}
        """How many faults have cut the power of a node."""

    def begin(self, fault: MachineFault) -> None:
        """Let it happen, until it heals."""
        match fault:
            case NodePowerLoss():
                self._cut(fault, (fault.node,), fault.seconds)
            case RackPowerLoss():
                self._cut(fault, fault.nodes, fault.seconds)
            case ZonePowerLoss():
                self._cut(fault, tuple(self._effects.processes.machines()), fault.seconds)
            case NodeReplaced():
                self._cut(fault, (fault.node,), fault.seconds)
                self._delete(fault.node, fault.deleted_at - fault.at)
            case NodeRemoved():
                self._cut(fault, (fault.node,), None)
                for seconds in (STOPPED_SECONDS, LAST_WORDS_SECONDS):
                    self._delete(fault.node, seconds)

    def _delete(self, node: str, seconds: float) -> None:
        self._effects.after(seconds, partial(self._user, DeleteNode(at=0, node=node)))

    def _cut(self, fault: MachineFault, nodes: tuple[str, ...], seconds: float | None) -> None:
        """For so long; without `seconds` it stays off."""
        machines, world, now = self._effects.processes.find(MACHINES), self._effects.world, self._effects.kernel.now
        if machines is None or not nodes:
            return
        world.faults.calm = False
        for node in nodes:
            self._without[node] = self._without.get(node, 0) + 1
            world.faults.dark.setdefault(node, now)
            if seconds is not None:
                world.faults.disturb(node, now + int(seconds * SECOND))
                self._effects.after(seconds, partial(self._restore, node))
        machines.tell(PowerOff(nodes))
        self._effects.count(fault)

    def _restore(self, node: str) -> None:
        machines, world = self._effects.processes.find(MACHINES), self._effects.world
        self._without[node] -= 1
        if not self._without[node]:
            del self._without[node]
            world.faults.dark.pop(node, None)
            world.faults.calm = not self._without
            if machines is not None:
                machines.tell(PowerOn((node,)))
