"""Chaos: arms the faults of a plan at their times, counts those that fire, and heals them all."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar, cast

import msgspec

from kubeactors.actor.cell import Cell
from kubeactors.actor.kernel import Kernel
from kubeactors.actor.supervision import SECOND
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import (
    ApiRequest,
    WatchClosed,
)
from kubeactors.apiserver import ApiServer
from kubeactors.apiserver.messages import CompactHistory
from kubeactors.kubelet import Kubelet
from kubeactors.kubelet.runtimes.curves import Curve
from kubeactors.kubelet.runtimes.simulated import SimulatedRuntime
from kubeactors.sim.chaos import faults
from kubeactors.sim.chaos.concern import concerned, hinders
from kubeactors.sim.chaos.crash import SimulatedCrash
from kubeactors.sim.chaos.disk import Disk
from kubeactors.sim.chaos.faults import AnyFault, OwnFault
from kubeactors.sim.chaos.meddling import meddled, taken_away
from kubeactors.sim.chaos.network_faults import rule_of
from kubeactors.sim.chaos.power import PowerSupply
from kubeactors.sim.chaos.rules.links import REFUSALS, Newer, Refuse
from kubeactors.sim.chaos.rules.watches import EXPIRED, Break, Stale
from kubeactors.sim.chaos.rules.writes import CrashAfter, DelayReply, Hold, Vanish
from kubeactors.sim.chaos.spoiler import Spoiler
from kubeactors.sim.chaos.troubles import Troubles
from kubeactors.sim.network import STORE, TO_STORE, Network, Rule, disconnect
from kubeactors.sim.processes import ELECTED, MACHINES, MANAGER, SCHEDULER, SERVER, Processes
from kubeactors.sim.steps import Fault, kind_of
from kubeactors.sim.workload import AnyAction, DeleteNode
from kubeactors.sim.world import World
from kubeactors.storage.messages import StoreWatchCancelled, WatchCancel

F = TypeVar("F", bound=Fault)

CRASH_WINDOW_SECONDS = 30.0
"""How long a fault that waits for a write stays armed."""
SLOW_START_SECONDS = 20.0
STOPPED_SECONDS = 0.1
"""So long after it has lost its power a machine does not begin to register again."""
LAST_WORDS_SECONDS = 15.0
"""So late a request that a machine has sent may still make its Node anew. Clouds look every 5 s for who has gone."""
WAKING_SECONDS = 0.01
"""So long after a pause those who notice it act alone."""
TROUBLES: dict[faults.Trouble, dict[str, object]] = {
    "crash": {"run_seconds": 0.2, "exit_code": 1},
    "out-of-memory": {"run_seconds": 0.2, "exit_code": 137},
    "no-image": {"pull_error": "no such image"},
}


class Chaos:
    """The faults of one run.

    Args:
        kernel: of the simulation.
        network: where rules take effect.
        world: is told when nodes are not calm, and who is concerned by a fault.
        plane: the name of the control plane in the supervision tree.
        disk: the store's.
        user: does what people do when something is broken.
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
        self._network = network
        self._world = world
        self._disk = disk
        self._user = user
        self._processes = Processes(kernel.root, plane)
        self._find = self._processes.find
        self._power = PowerSupply(kernel, world, partial(self._find, MACHINES))
        self._troubles = Troubles()
        self._spoiler = Spoiler(world, self._find, self._after)
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

    def _begin(self, fault: AnyFault, until: int) -> None:  # noqa: C901, PLR0912, PLR0915 -- one case for each fault
        fault = fault if isinstance(fault, faults.FailOver) else self._at_the_hot_node(fault)
        self._world.disturb(concerned(fault), until, hinders=hinders(fault))
        fault = self._processes.at_the_leader(fault)
        fired = partial(self._count, fault)
        match fault:
            case faults.NodePowerLoss():
                self._cut_power(fault, (fault.node,), fault.seconds)
            case faults.ZonePowerLoss():
                self._cut_power(fault, tuple(self._processes.machines()), fault.seconds)
            case faults.RackPowerLoss():
                self._cut_power(fault, fault.nodes, fault.seconds)
            case faults.NodeReplaced():
                self._cut_power(fault, (fault.node,), fault.seconds)
                self._after(fault.deleted_at - fault.at, partial(self._user, DeleteNode(at=0, node=fault.node)))
            case faults.NodeRemoved():
                self._cut_power(fault, (fault.node,), None)
                for seconds in (STOPPED_SECONDS, LAST_WORDS_SECONDS):
                    self._after(seconds, partial(self._user, DeleteNode(at=0, node=fault.node)))
            case faults.KubeletRestart():
                self._crash(fault, MACHINES, fault.node)
            case faults.ApiServerRestart():
                self._crash(fault, SERVER)
            case faults.StoreRestart():
                self._crash(fault, STORE)
            case faults.ManagerRestart():
                self._crash(fault, self._processes.leader(MANAGER))
            case faults.SchedulerRestart():
                self._crash(fault, self._processes.leader(SCHEDULER))
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
            case faults.FailingProbes():
                self._behave(fault, {fault.probe: _failing(fault)})
            case faults.Pause():
                self._pause(fault)
            case faults.SlowActor():
                self._slow_down(fault)
            case faults.ClockSkew():
                self._skew(fault)
            case faults.VersionSkew():
                self._upgrade(fault)
            case faults.StatusLost():
                self._spoiler.lose_status(fault, fired)
            case faults.FieldSpoilt():
                self._spoiler.spoil(fault, fired)
            case faults.MailboxOverflow():
                self._fill_mailboxes(fault)
            case faults.Overload():
                self._overload(fault)
            case faults.DiskFull():
                self._fill_disk(fault)
            case faults.TornWrite():
                self._after(CRASH_WINDOW_SECONDS, self._disk.tear(fault.how, fired))
            case faults.StoreLeaderChange():
                self._change_store_leader(fault)
            case faults.SlowReplies():
                late = DelayReply(fault.resource, fired, partial(self._after, fault.delay_seconds))
                self._rule(fault.component, late, fault.seconds)
            case faults.LateWrite():
                late_write = Hold(fault, partial(self._meanwhile, fault), self._after)
                self._rule(fault.component, late_write, CRASH_WINDOW_SECONDS)
            case faults.Unseen():
                vanish = Vanish(fault, partial(self._hide, fault), partial(self._take_away, fault))
                self._rule(fault.component, vanish, CRASH_WINDOW_SECONDS)
            case faults.Compaction():
                self._compact(fault)
            case _:
                self._rule(*rule_of(fault, fired, CRASH_WINDOW_SECONDS))

    def _begin_own(self, fault: OwnFault) -> None:
        """A fault that was declared consists of others, which begin now or later."""
        parts = self.own(fault)
        if parts:
            self.fired[fault.name] = self.fired.get(fault.name, 0) + 1
        for part in parts:
            self.arm(part, self._kernel.now)

    def _count(self, fault: AnyFault) -> None:
        """It takes effect now, which may be long after it was armed: that is when it concerns somebody."""
        kind = kind_of(fault)
        self._world.disturb(concerned(fault), self._kernel.now, hinders=hinders(fault))
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

    def restart_controllers(self) -> None:
        """The controller manager and the scheduler that lead crash, and are started again. That counts as no fault."""
        for kind in ELECTED:
            self._restart(self._processes.leader(kind))

    def _restart(self, process: str) -> None:
        cell = self._processes.process(process)
        if cell is not None and cell.actor is not None:
            self._kernel.failed(cell, SimulatedCrash("restart"))

    def _crash(self, fault: AnyFault, *path: str) -> None:
        self._crash_cell(fault, self._find(*path))

    def _crash_cell(self, fault: AnyFault, cell: Cell | None) -> None:
        if cell is not None and cell.actor is not None:
            self._count(fault)
            self._kernel.failed(cell, SimulatedCrash(kind_of(fault)))

    def _crash_between_writes(self, fault: faults.ControllerCrash) -> None:
        name = fault.component
        controller = self._processes.actor(name, fault.controller)
        if controller is not None:
            cell = self._processes.process(name) if fault.process else controller
            crash = partial(self._crash_cell, fault, cell)
            self._rule(name, CrashAfter(controller, fault.writes, crash), CRASH_WINDOW_SECONDS)

    def _at_the_hot_node(self, fault: F) -> F:
        """The same fault; if it is about the hot node, about the node that this is now."""
        for field in ("component", "node"):
            if getattr(fault, field, "") == faults.HOT_NODE:
                node = self._world.hot_node or next(self._processes.machines(), "")
                return msgspec.structs.replace(fault, **{field: node})
        return fault

    def _fail_over(self, fault: faults.FailOver, revision: int) -> None:
        fault = self._at_the_hot_node(fault)
        self._world.disturb(concerned(fault), self._kernel.now + int(fault.seconds * SECOND))
        self._rule(fault.component, Stale(revision, fault.resource), fault.seconds)
        self._crash_cell(fault, self._processes.process(fault.component))

    def _upgrade(self, fault: faults.VersionSkew) -> None:
        """What it has read of one version it forgets before it reads of the other."""
        self._rule(fault.component, Newer(), fault.seconds)
        self._crash_cell(fault, self._processes.process(fault.component))
        self._after(fault.seconds, partial(self._restart, fault.component))

    # Slowness.

    def _stall(self, fault: faults.Stall) -> None:
        cell = self._processes.actor(fault.component, fault.actor)
        if cell is not None:
            self._count(fault)
            self._network.stall(cell)
            self._after(fault.seconds, partial(self._network.unstall, cell))

    def _slow_down(self, fault: faults.SlowActor) -> None:
        cell = self._processes.actor(fault.component, fault.actor)
        if cell is None or self._network.is_stalled(cell):
            return
        end, delay = self._kernel.now + int(fault.seconds * SECOND), fault.delay_seconds

        def tick() -> None:
            if self._kernel.now >= end:
                self._network.unstall(cell)
            else:
                self._network.let_one_through(cell)
                self._after(delay, tick)

        self._count(fault)
        self._network.stall(cell)
        self._after(delay, tick)

    def _pause(self, fault: faults.Pause) -> None:
        """When it goes on, those come first who notice that it has stood still: nobody acts for a leader that was."""
        name, paused = fault.component, self._processes.actors(fault.component)
        if not paused or name in self._world.paused:
            return

        def go_on() -> None:
            del self._world.paused[name]
            for cell in paused:
                self._network.unstall(cell)

        def wake() -> None:
            for cell in self._processes.tenures(name):
                self._network.unstall(cell)
            self._after(WAKING_SECONDS, go_on)

        self._count(fault)
        self._world.paused[name] = None
        for cell in paused:
            self._network.stall(cell)
        self._rule(name, Refuse(bool), fault.seconds + WAKING_SECONDS)
        self._after(fault.seconds, wake)

    def _skew(self, fault: faults.ClockSkew) -> None:
        ahead = int(fault.ahead_seconds * SECOND)
        cells = self._processes.actors(fault.component)
        for cell in cells:
            cell.own.skew += ahead
            self._after(fault.seconds, partial(_set_back, cell, ahead))
        if cells:
            self._count(fault)

    def _fill_mailboxes(self, fault: faults.MailboxOverflow) -> None:
        for subscriber, stream in self._network.streams_of(fault.component):
            if stream.resource == fault.resource and subscriber.capacity:
                self._count(fault)
                self._after(fault.seconds, partial(setattr, subscriber, "capacity", subscriber.capacity))
                subscriber.capacity = 0

    def _overload(self, fault: faults.Overload) -> None:
        fired = partial(self._count, fault)
        for name in self._processes.clients():
            self._rule(name, Refuse(fired, REFUSALS[fault.answer]), fault.seconds)

    def _meanwhile(self, fault: faults.LateWrite, write: ApiRequest[object]) -> None:
        """A user does something while a write, or its reply, is under way."""
        self._count(fault)
        self._world.disturb(concerned(fault), self._kernel.now + int(fault.seconds * SECOND))
        how = fault.meanwhile
        action = meddled(write, how, is_done=fault.leg == "reply") if how is not None else None
        if action is not None:
            self._user(action)

    def _hide(self, fault: faults.Unseen, resource: str) -> None:
        self._rule(fault.component, Break(resource, partial(self._count, fault), EXPIRED), fault.seconds)

    def _take_away(self, fault: faults.Unseen, written: TypedObject) -> None:
        """A user deletes what a component has just written."""
        self._world.disturb(concerned(fault), self._kernel.now + int(fault.seconds * SECOND))
        action = taken_away(written)
        if action is not None:
            self._user(action)

    # The store.

    def _fill_disk(self, fault: faults.DiskFull) -> None:
        self._disk.on_refused = partial(self._count, fault)
        self._disk.fill()
        self._after(fault.seconds, self._disk.free)

    def _change_store_leader(self, fault: faults.StoreLeaderChange) -> None:
        server, store = self._find(SERVER), self._find(STORE)
        actor = cast("object", server.actor) if server is not None else None
        if server is not None and store is not None and isinstance(actor, ApiServer):
            watch = actor._store_watch  # noqa: SLF001 -- chaos reaches inside
            store.tell(WatchCancel(subscriber=server, watch=watch))
            server.tell(StoreWatchCancelled(watch=watch))
            self._rule(TO_STORE, Refuse(partial(self._count, fault)), fault.seconds)

    # Containers.

    def _behave(
        self, fault: faults.SlowStarts | faults.BadStarts | faults.FailingProbes, changes: dict[str, object]
    ) -> None:
        runtime = self._runtime(fault.node)
        if runtime is not None:
            self._count(fault)
            self._troubles.begin(runtime, changes)
            self._after(fault.seconds, partial(self._troubles.end, runtime, changes))

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

    def _cut_power(self, fault: AnyFault, nodes: tuple[str, ...], seconds: float | None) -> None:
        if self._power.cut(nodes, seconds):
            self._count(fault)


def _failing(fault: faults.FailingProbes) -> Curve[bool]:
    begin, end = int(fault.after * SECOND), int(fault.seconds * SECOND)
    well = ((0, True),) if begin else ()
    return Curve((*well, (begin, False), (max(end, begin + 1), True)))


def _set_back(cell: Cell, ahead: int) -> None:
    cell.own.skew -= ahead
