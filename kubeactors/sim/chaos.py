"""Chaos: arms the faults of a plan at their times, counts those that fire, and heals them all."""

from collections.abc import Callable
from functools import partial
from typing import cast

import msgspec

from kubeactors.actor.cell import Cell
from kubeactors.actor.kernel import Kernel
from kubeactors.actor.supervision import SECOND
from kubeactors.apimachinery.requests import WatchClosed
from kubeactors.apiserver.messages import CompactHistory
from kubeactors.cluster.machines import PowerOff, PowerOn
from kubeactors.kubelet import Kubelet
from kubeactors.kubelet.runtimes.simulated import SimulatedRuntime
from kubeactors.sim import faults
from kubeactors.sim.faults import AnyFault, OwnFault
from kubeactors.sim.network import STORE, Network, Rule, disconnect
from kubeactors.sim.rules import (
    EXPIRED,
    THROTTLED,
    Break,
    CrashAfter,
    Cut,
    Lag,
    LoseReply,
    Refuse,
    Repeat,
    Stale,
    Touch,
)
from kubeactors.sim.steps import kind_of
from kubeactors.sim.workload import AnyAction, DeleteNode
from kubeactors.sim.world import World

MANAGER, SCHEDULER, SERVER, MACHINES = "controller-manager", "scheduler", "apiserver", "machines"
OPERATOR = "operator"
"""The component of an operator that is tested."""
CRASH_WINDOW_SECONDS = 30.0
"""How long a fault that waits for a write stays armed."""
SLOW_START_SECONDS = 20.0
TROUBLES: dict[faults.Trouble, dict[str, object]] = {
    "crash": {"run_seconds": 0.2, "exit_code": 1},
    "out-of-memory": {"run_seconds": 0.2, "exit_code": 137},
    "no-image": {"pull_error": "no such image"},
}


class SimulatedCrash(Exception):
    """A component crashes because the plan says so."""


class Chaos:
    """The faults of one run.

    Args:
        kernel: of the simulation.
        network: where rules take effect.
        world: is told when nodes are not calm, and who is concerned by a fault.
        plane: the name of the control plane in the supervision tree.
        user: does what people do when something is broken.
    """

    def __init__(
        self, kernel: Kernel, network: Network, world: World, plane: str, user: Callable[[AnyAction], object]
    ) -> None:
        self._kernel = kernel
        self._network = network
        self._world = world
        self._plane = plane
        self._user = user
        self._without_power: dict[str, int] = {}
        self.fired: dict[str, int] = {}
        """How often each kind of fault took effect."""
        self.on_fired: Callable[[AnyFault], object] = lambda _: None
        """Is told whenever one takes effect."""
        self.own: Callable[[OwnFault], tuple[AnyFault, ...]] = lambda _: ()
        """What a fault consists of that the author of an operator has declared."""

    def arm(self, fault: AnyFault | OwnFault, start: int) -> None:
        """Let the fault happen at its time, counted from `start`."""
        until = start + int(fault.heals_at * SECOND)
        if isinstance(fault, OwnFault):
            self._kernel.at(start + int(fault.at * SECOND), partial(self._begin_own, fault))
            return
        self._kernel.at(start + int(fault.at * SECOND), partial(self._begin, fault, until))

    def _begin(self, fault: AnyFault, until: int) -> None:  # noqa: C901, PLR0912 -- one case for each fault
        fired = partial(self._count, fault)
        self._world.disturb(concerned(fault), until)
        match fault:
            case faults.NodePowerLoss():
                self._cut_power(fault, fault.node, fault.seconds)
            case faults.ZonePowerLoss():
                for node in self._machines():
                    self._world.disturb(node, until)
                    self._cut_power(fault, node, fault.seconds)
            case faults.NodeReplaced():
                self._cut_power(fault, fault.node, fault.seconds)
                self._after(fault.seconds / 2, partial(self._user, DeleteNode(at=0, node=fault.node)))
            case faults.NodeRemoved():
                self._cut_power(fault, fault.node, None)
                self._user(DeleteNode(at=0, node=fault.node))
            case faults.KubeletRestart():
                self._crash(fault, MACHINES, fault.node)
            case faults.ApiServerRestart():
                self._crash(fault, SERVER)
            case faults.StoreRestart():
                self._crash(fault, STORE)
            case faults.ManagerRestart():
                self._crash(fault, MANAGER)
            case faults.SchedulerRestart():
                self._crash(fault, SCHEDULER)
            case faults.ControllerCrash():
                self._crash_between_writes(fault)
            case faults.FailOver():
                self._after(fault.after, partial(self._fail_over, fault, self._world.revision))
            case faults.Stall():
                self._stall(fault)
            case faults.SlowStarts():
                self._behave(fault, {"start_seconds": SLOW_START_SECONDS})
            case faults.BadStarts():
                self._behave(fault, TROUBLES[fault.how])
            case faults.Compaction():
                self._compact(fault)
            case _:
                self._rule(*rule_of(fault, fired))

    def _begin_own(self, fault: OwnFault) -> None:
        """A fault that was declared consists of others, which begin now or later."""
        parts = self.own(fault)
        if parts:
            self.fired[fault.name] = self.fired.get(fault.name, 0) + 1
        for part in parts:
            self.arm(part, self._kernel.now)

    def _count(self, fault: AnyFault) -> None:
        kind = kind_of(fault)
        self.fired[kind] = self.fired.get(kind, 0) + 1
        self.on_fired(fault)

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

    def _crash_between_writes(self, fault: faults.ControllerCrash) -> None:
        component = fault.component
        controller = self._find(component, fault.controller)
        if controller is not None:
            path = (component,) if fault.process else (component, fault.controller)
            crash = partial(self._crash, fault, *path)
            self._rule(component, CrashAfter(controller, fault.writes, crash), CRASH_WINDOW_SECONDS)

    def _fail_over(self, fault: faults.FailOver, revision: int) -> None:
        self._rule(fault.component, Stale(revision, fault.resource), fault.seconds)
        self._crash(fault, *_path(fault.component))

    def _find(self, *path: str) -> Cell | None:
        cell: Cell | None = self._kernel.root
        for name in (self._plane, *path):
            cell = (cell.children or {}).get(name) if cell is not None else None
        return cell

    # Slowness.

    def _stall(self, fault: faults.Stall) -> None:
        cell = self._find(*_path(fault.component))
        if cell is not None and fault.actor:
            cell = (cell.children or {}).get(fault.actor)
        if cell is not None:
            self._count(fault)
            self._network.stall(cell)
            self._after(fault.seconds, partial(self._network.unstall, cell))

    def _behave(self, fault: faults.SlowStarts | faults.BadStarts, changes: dict[str, object]) -> None:
        runtime = self._runtime(fault.node)
        if runtime is not None:
            self._count(fault)
            before = runtime._behaviour  # noqa: SLF001 -- chaos reaches inside
            runtime._behaviour = msgspec.structs.replace(before, **changes)  # noqa: SLF001 -- the same
            self._after(fault.seconds, partial(setattr, runtime, "_behaviour", before))

    def _runtime(self, node: str) -> SimulatedRuntime | None:
        cell = self._find(MACHINES, node)
        kubelet = cast("object", cell.actor) if cell is not None else None
        runtime = kubelet._runtime if isinstance(kubelet, Kubelet) else None  # noqa: SLF001 -- chaos reaches inside
        return runtime if isinstance(runtime, SimulatedRuntime) else None

    def _compact(self, fault: faults.Compaction) -> None:
        server = self._find(SERVER)
        if server is None:
            return
        self._count(fault)
        server.tell(CompactHistory())  # notes the revision
        server.tell(CompactHistory())  # compacts up to it
        for subscriber, stream in self._network.streams_of(fault.component):
            disconnect(stream, subscriber, WatchClosed(stream.request.watch, EXPIRED))

    # Power.

    def _machines(self) -> list[str]:
        machines = self._find(MACHINES)
        children = (machines.children or {}) if machines is not None else {}
        return [str(name) for name, cell in children.items() if isinstance(cast("object", cell.actor), Kubelet)]

    def _cut_power(self, fault: AnyFault, node: str, seconds: float | None) -> None:
        """Without `seconds` it stays off."""
        machines = self._find(MACHINES)
        if machines is None:
            return
        self._count(fault)
        self._without_power[node] = self._without_power.get(node, 0) + 1
        self._world.calm = False
        machines.tell(PowerOff((node,)))
        if seconds is not None:
            self._after(seconds, partial(self._restore_power, node))

    def _restore_power(self, node: str) -> None:
        machines = self._find(MACHINES)
        self._without_power[node] -= 1
        if not self._without_power[node]:
            del self._without_power[node]
            self._world.calm = not self._without_power
            if machines is not None:
                machines.tell(PowerOn((node,)))


def rule_of(  # noqa: C901 -- one case for each fault
    fault: AnyFault, fired: Callable[[], object]
) -> tuple[str, Rule, float]:
    """What a fault of the network does: to whose messages, what, and for how many seconds."""
    match fault:
        case faults.WatchLag():
            return fault.component, Lag(fault.resource, fired), fault.seconds
        case faults.WatchBreak():
            return fault.component, Break(fault.resource, fired), fault.seconds
        case faults.WatchExpired():
            return fault.component, Break(fault.resource, fired, EXPIRED), fault.seconds
        case faults.WatchRepeat():
            return fault.component, Repeat(fault.resource, fired), fault.seconds
        case faults.StoreLag():
            return STORE, Lag("", fired), fault.seconds
        case faults.Conflicts():
            return fault.component, Touch(fault.resource, fault.count, fired), CRASH_WINDOW_SECONDS
        case faults.ReplyLost():
            rule = LoseReply(fault.resource, fault.skip, fired, silent=fault.silent)
            return fault.component, rule, CRASH_WINDOW_SECONDS
        case faults.Unavailable():
            return fault.component, Refuse(fired), fault.seconds
        case faults.Throttled():
            return fault.component, Refuse(fired, THROTTLED), fault.seconds
        case faults.Partition():
            return fault.component, Cut(fault.direction, fired), fault.seconds
        case _:
            raise ValueError(f"{kind_of(fault)} is no fault of the network")


def _path(component: str) -> tuple[str, ...]:
    """Where a component stands below the control plane."""
    return (component,) if component.startswith((MANAGER, SCHEDULER, OPERATOR)) else (MACHINES, component)


def concerned(fault: AnyFault) -> str:
    """Which component a fault is about; empty for all nodes.

    >>> concerned(faults.StoreLag(at=0, seconds=1)), concerned(faults.KubeletRestart(at=0, node="node-1"))
    ('store', 'node-1')
    """
    match fault:
        case faults.NodePowerLoss() | faults.NodeReplaced() | faults.NodeRemoved():
            return fault.node
        case faults.KubeletRestart() | faults.SlowStarts() | faults.BadStarts():
            return fault.node
        case faults.ApiServerRestart():
            return SERVER
        case faults.StoreRestart() | faults.StoreLag():
            return STORE
        case faults.ManagerRestart():
            return MANAGER
        case faults.SchedulerRestart():
            return SCHEDULER
        case faults.ZonePowerLoss():
            return ""
        case _:
            return fault.component
