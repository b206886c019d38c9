"""Chaos: arms the faults of a plan at their times, counts those that take effect, and heals them all."""

from collections.abc import Callable
from functools import partial

from kubeactors.actor.kernel import Kernel
from kubeactors.actor.supervision import SECOND
from kubeactors.sim.chaos import crashes, links, store, timing, watches
from kubeactors.sim.chaos.containers import Containers
from kubeactors.sim.chaos.disk import Disk
from kubeactors.sim.chaos.effects import Effects
from kubeactors.sim.chaos.faults import (
    AnyFault,
    ContainerFault,
    CrashFault,
    LinkFault,
    MachineFault,
    ObjectFault,
    OwnFault,
    StaleRestart,
    TimingFault,
    WatchFault,
    WriteFault,
)
from kubeactors.sim.chaos.machines import Machines
from kubeactors.sim.chaos.objects import Objects
from kubeactors.sim.chaos.targets import affected_component, harm
from kubeactors.sim.chaos.writes import Writes
from kubeactors.sim.network import Network
from kubeactors.sim.processes import ELECTED
from kubeactors.sim.workload import AnyAction
from kubeactors.sim.world import World


class Chaos:
    """The faults of one run.

    Args:
        kernel: of the simulation.
        network: where message rules are installed.
        world: is told which components a fault affects.
        plane: the name of the control plane in the supervision tree.
        disk: the store's.
        user: performs the user actions that belong to a fault, such as deleting the Node of a dead machine.
    """

    def __init__(  # noqa: PLR0913, PLR0917 -- made in one place, by the simulation
        self,
        kernel: Kernel,
        network: Network,
        world: World,
        plane: str,
        disk: Disk,
        user: Callable[[AnyAction], object],
    ) -> None:
        self._kernel = kernel
        self._world = world
        self._disk = disk
        self._effects = Effects(kernel, network, world, plane)
        self._machines = Machines(self._effects, user)
        self._writes = Writes(self._effects, user)
        self._containers = Containers(self._effects)
        self._objects = Objects(self._effects)
        self.fired: dict[str, int] = self._effects.fired
        """How often each kind of fault took effect."""
        self.own: Callable[[OwnFault], tuple[AnyFault, ...]] = lambda _: ()
        """The built-in faults that a fault declared by the author of an operator consists of."""

    def report_to(self, listener: Callable[[AnyFault], object]) -> None:
        """Call the listener whenever a fault takes effect."""
        self._effects.on_fired = listener

    def arm(self, fault: AnyFault | OwnFault, start: int) -> None:
        """Begin the fault at its time, counted from `start` (virtual nanoseconds)."""
        if isinstance(fault, OwnFault):
            begin = partial(self._begin_own, fault)
        else:
            begin = partial(self._begin, fault, start + int(fault.heals_at * SECOND))
        self._kernel.at(start + int(fault.at * SECOND), begin)

    def restart_controllers(self) -> None:
        """Crash the leading controller manager and scheduler; supervisors restart them. Not counted as a fault."""
        for kind in ELECTED:
            self._effects.restart(self._effects.processes.leader(kind))

    def _begin_own(self, fault: OwnFault) -> None:
        """Expand a declared fault into built-in ones, which begin now or later."""
        parts = self.own(fault)
        if parts:
            self.fired[fault.name] = self.fired.get(fault.name, 0) + 1
        for part in parts:
            self.arm(part, self._kernel.now)

    def _begin(self, fault: AnyFault, until: int) -> None:
        """Resolve the target node and leader now; for a stale restart, when the component crashes."""
        fault = fault if isinstance(fault, StaleRestart) else self._effects.at_the_hot_node(fault)
        self._world.faults.affect(
            affected_component(fault),
            until,
            since=self._kernel.now,
            harm=harm(fault),
        )
        self._do(self._effects.processes.at_the_leader(fault))

    def _do(self, fault: AnyFault) -> None:
        if isinstance(fault, MachineFault):
            self._machines.begin(fault)
        elif isinstance(fault, CrashFault):
            crashes.begin(self._effects, fault)
        elif isinstance(fault, TimingFault):
            timing.begin(self._effects, fault)
        elif isinstance(fault, WatchFault):
            watches.begin(self._effects, fault)
        elif isinstance(fault, WriteFault):
            self._writes.begin(fault)
        elif isinstance(fault, LinkFault):
            links.begin(self._effects, fault)
        elif isinstance(fault, ContainerFault):
            self._containers.begin(fault)
        elif isinstance(fault, ObjectFault):
            self._objects.begin(fault)
        else:
            store.begin(self._effects, self._disk, fault)
