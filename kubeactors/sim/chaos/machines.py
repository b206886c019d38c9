"""Machines that lose power. Outages may overlap: a machine is back when all of its outages are over."""

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
"""A machine that was on its way to register when it lost power has stopped doing so after this time."""
LAST_WORDS_SECONDS = 15.0
"""A late request from the machine may recreate its Node until then. Clouds check every 5 s for machines that are gone."""


class Machines:
    """Switches machines off and on.

    Args:
        effects: see `Effects`.
        user: deletes the Nodes of machines that are gone for good.
    """

    def __init__(self, effects: Effects, user: Callable[[AnyAction], object]) -> None:
        self._effects = effects
        self._user = user
        self._without: dict[str, int] = {}
        """How many outages each node without power has."""

    def begin(self, fault: MachineFault) -> None:
        """Begin the fault; it heals by itself."""
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
        """Cut the power for so long; for good without `seconds`."""
        machines, world, now = self._effects.processes.find(MACHINES), self._effects.world, self._effects.kernel.now
        if machines is None or not nodes:
            return
        world.faults.calm = False
        for node in nodes:
            self._without[node] = self._without.get(node, 0) + 1
            world.faults.powered_off.setdefault(node, now)
            if seconds is not None:
                world.faults.affect(node, now + int(seconds * SECOND), since=now)
                self._effects.after(seconds, partial(self._restore, node))
        machines.tell(PowerOff(nodes))
        self._effects.count(fault)

    def _restore(self, node: str) -> None:
        machines, world = self._effects.processes.find(MACHINES), self._effects.world
        self._without[node] -= 1
        if not self._without[node]:
            del self._without[node]
            world.faults.powered_off.pop(node, None)
            world.faults.calm = not self._without
            if machines is not None:
                machines.tell(PowerOn((node,)))
