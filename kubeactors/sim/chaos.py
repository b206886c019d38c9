"""Chaos: arms the faults of a plan at their times, counts those that fire, and heals them all."""

from collections.abc import Callable
from functools import partial

from kubeactors.actor.cell import Cell
from kubeactors.actor.kernel import Kernel
from kubeactors.actor.supervision import SECOND
from kubeactors.cluster.machines import PowerOff, PowerOn
from kubeactors.sim.faults import (
    AnyFault,
    ApiServerRestart,
    Conflicts,
    ControllerCrash,
    KubeletRestart,
    ManagerRestart,
    NodePowerLoss,
    Partition,
    ReplyLost,
    SchedulerRestart,
    StoreLag,
    StoreRestart,
    Unavailable,
    WatchBreak,
    WatchExpired,
    WatchLag,
    WatchRepeat,
)
from kubeactors.sim.network import STORE, Network, Rule
from kubeactors.sim.rules import EXPIRED, Break, CrashAfter, Cut, Lag, LoseReply, Refuse, Repeat, Touch
from kubeactors.sim.steps import kind_of
from kubeactors.sim.world import World

MANAGER, SCHEDULER, SERVER = "controller-manager", "scheduler", "apiserver"
CRASH_WINDOW_SECONDS = 30.0
"""How long a fault that waits for a write stays armed."""


class SimulatedCrash(Exception):
    """A component crashes because the plan says so."""


class Chaos:
    """The faults of one run.

    Args:
        kernel: of the simulation.
        network: where rules take effect.
        world: is told when nodes are not calm.
        plane: the name of the control plane in the supervision tree.
    """

    def __init__(self, kernel: Kernel, network: Network, world: World, plane: str) -> None:
        self._kernel = kernel
        self._network = network
        self._world = world
        self._plane = plane
        self._without_power: dict[str, int] = {}
        self.fired: dict[str, int] = {}
        """How often each kind of fault took effect."""

    def arm(self, fault: AnyFault, start: int) -> None:
        """Let the fault happen at its time, counted from `start`."""
        self._kernel.at(start + int(fault.at * SECOND), partial(self._begin, fault))

    def _begin(self, fault: AnyFault) -> None:  # noqa: C901, PLR0912 -- one line for each fault
        fired = partial(self._count, fault)
        match fault:
            case NodePowerLoss():
                self._cut_power(fault)
            case KubeletRestart():
                self._crash(fault, "machines", fault.node)
            case ApiServerRestart():
                self._crash(fault, SERVER)
            case StoreRestart():
                self._crash(fault, STORE)
            case ManagerRestart():
                self._crash(fault, MANAGER)
            case SchedulerRestart():
                self._crash(fault, SCHEDULER)
            case ControllerCrash():
                self._crash_between_writes(fault)
            case WatchLag():
                self._rule(fault.component, Lag(fault.resource, fired), fault.seconds)
            case WatchBreak():
                self._rule(fault.component, Break(fault.resource, fired), fault.seconds)
            case WatchExpired():
                self._rule(fault.component, Break(fault.resource, fired, EXPIRED), fault.seconds)
            case WatchRepeat():
                self._rule(fault.component, Repeat(fault.resource, fired), fault.seconds)
            case StoreLag():
                self._rule(STORE, Lag("", fired), fault.seconds)
            case Conflicts():
                self._rule(fault.component, Touch(fault.resource, fault.count, fired), CRASH_WINDOW_SECONDS)
            case ReplyLost():
                rule = LoseReply(fault.resource, fault.skip, fired, silent=fault.silent)
                self._rule(fault.component, rule, CRASH_WINDOW_SECONDS)
            case Unavailable():
                self._rule(fault.component, Refuse(fired), fault.seconds)
            case Partition():
                self._rule(fault.component, Cut(fault.direction, fired), fault.seconds)

    def _count(self, fault: AnyFault) -> None:
        kind = kind_of(fault)
        self.fired[kind] = self.fired.get(kind, 0) + 1

    def _after(self, seconds: float, action: Callable[[], object]) -> None:
        self._kernel.at(self._kernel.now + int(seconds * SECOND), action)

    def _rule(self, component: str, rule: Rule, seconds: float) -> None:
        def heal() -> None:
            self._network.remove(component, rule)
            rule.heal()

        self._network.add(component, rule)
        self._after(seconds, heal)

    # Crashes.

    def _crash(self, fault: AnyFault, *path: str) -> None:
        cell = self._find(*path)
        if cell is not None and cell.actor is not None:
            self._count(fault)
            self._kernel.failed(cell, SimulatedCrash(kind_of(fault)))

    def _crash_between_writes(self, fault: ControllerCrash) -> None:
        controller = self._find(MANAGER, fault.controller)
        if controller is not None:
            path = (MANAGER,) if fault.process else (MANAGER, fault.controller)
            crash = partial(self._crash, fault, *path)
            self._rule(MANAGER, CrashAfter(controller, fault.writes, crash), CRASH_WINDOW_SECONDS)

    def _find(self, *path: str) -> Cell | None:
        cell: Cell | None = self._kernel.root
        for name in (self._plane, *path):
            cell = (cell.children or {}).get(name) if cell is not None else None
        return cell

    # Power.

    def _cut_power(self, fault: NodePowerLoss) -> None:
        machines = self._find("machines")
        if machines is None:
            return
        self._count(fault)
        self._without_power[fault.node] = self._without_power.get(fault.node, 0) + 1
        self._world.calm = False
        machines.tell(PowerOff((fault.node,)))
        self._after(fault.seconds, partial(self._restore_power, fault.node))

    def _restore_power(self, node: str) -> None:
        machines = self._find("machines")
        self._without_power[node] -= 1
        if not self._without_power[node]:
            del self._without_power[node]
            self._world.calm = not self._without_power
            if machines is not None:
                machines.tell(PowerOn((node,)))
