"""What faults of all families use: timers, counters, network rules, crashes."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import msgspec

from kubeactors.actor.cell import Cell
from kubeactors.actor.kernel import Kernel
from kubeactors.actor.supervision import SECOND
from kubeactors.sim.chaos.crash import SimulatedCrash
from kubeactors.sim.chaos.faults import HOT_NODE, AnyFault
from kubeactors.sim.chaos.targets import affected_component, harm
from kubeactors.sim.network import Network, Rule
from kubeactors.sim.processes import Processes
from kubeactors.sim.steps import Fault, kind_of
from kubeactors.sim.world import World

F = TypeVar("F", bound=Fault)

ARMED_SECONDS = 30.0
"""How long a fault that waits for a write stays armed."""


class Effects:
    """The means by which faults act on the simulated cluster.

    Args:
        kernel: of the simulation.
        network: where message rules are installed.
        world: is told which components a fault affects.
        plane: the name of the control plane in the supervision tree.
    """

    def __init__(self, kernel: Kernel, network: Network, world: World, plane: str) -> None:
        self.kernel = kernel
        self.network = network
        self.world = world
        self.processes: Processes = Processes(kernel.root, plane)
        self.fired: dict[str, int] = {}
        """How often each kind of fault took effect."""
        self.on_fired: Callable[[AnyFault], object] = lambda _: None
        """Called whenever a fault takes effect."""

    def count(self, fault: AnyFault) -> None:
        """The fault takes effect now, perhaps long after it was armed: only now does it affect its component."""
        self.concern(fault, 0.0)
        kind = kind_of(fault)
        self.fired[kind] = self.fired.get(kind, 0) + 1
        self.on_fired(fault)

    def concern(self, fault: AnyFault, seconds: float) -> None:
        """The fault affects its component from now on for so long."""
        now = self.kernel.now
        self.world.faults.affect(
            affected_component(fault),
            now + int(seconds * SECOND),
            since=now,
            harm=harm(fault),
        )

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        """Call the action later, in virtual time."""
        self.kernel.at(self.kernel.now + int(seconds * SECOND), action)

    def rule(self, component: str, rule: Rule, seconds: float) -> None:
        """Install a rule for the messages of a component, for so long."""

        def heal() -> None:
            self.network.remove(component, rule)
            rule.heal()

        self.network.add(component, rule)
        self.after(seconds, heal)

    def crash(self, fault: AnyFault, cell: Cell | None) -> None:
        """Crash an actor, if it is running; its supervisor restarts it."""
        if cell is not None and cell.actor is not None:
            self.count(fault)
            self.kernel.actor_failed(cell, SimulatedCrash(kind_of(fault)))

    def restart(self, process: str) -> None:
        """Crash a process; its supervisor restarts it. Not counted as a fault."""
        cell = self.processes.process(process)
        if cell is not None and cell.actor is not None:
            self.kernel.actor_failed(cell, SimulatedCrash("restart"))

    def counting(self, fault: AnyFault) -> Callable[[], None]:
        """The callback for the moment when the fault takes effect."""
        return partial(self.count, fault)

    def at_the_hot_node(self, fault: F) -> F:
        """The same fault; if it targets `hot-node`, with the name of the node that this is now."""
        for field in ("component", "node"):
            if getattr(fault, field, "") == HOT_NODE:
                node = self.world.hot_node or next(self.processes.machines(), "")
                return msgspec.structs.replace(fault, **{field: node})
        return fault
