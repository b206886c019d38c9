"""Crashes: the supervisor restarts the component, with empty memory and perhaps served by another API server."""

from functools import partial

from kubeactors.sim.chaos.effects import ARMED_SECONDS, Effects
from kubeactors.sim.chaos.faults import (
    ApiServerRestart,
    ControllerCrash,
    CrashFault,
    KubeletRestart,
    ManagerRestart,
    SchedulerRestart,
    StaleRestart,
    StoreRestart,
    VersionSkew,
)
from kubeactors.sim.chaos.rules.links import Newer
from kubeactors.sim.chaos.rules.watches import Stale
from kubeactors.sim.chaos.rules.writes import CrashAfter
from kubeactors.sim.network import STORE
from kubeactors.sim.processes import MACHINES, MANAGER, SCHEDULER, SERVER


def begin(effects: Effects, fault: CrashFault) -> None:
    """Begin the fault; it heals by itself."""
    processes = effects.processes
    match fault:
        case KubeletRestart():
            effects.crash(fault, processes.find(MACHINES, fault.node))
        case ApiServerRestart():
            effects.crash(fault, processes.find(SERVER))
        case StoreRestart():
            effects.crash(fault, processes.find(STORE))
        case ManagerRestart():
            effects.crash(fault, processes.find(processes.leader(MANAGER)))
        case SchedulerRestart():
            effects.crash(fault, processes.find(processes.leader(SCHEDULER)))
        case ControllerCrash():
            _crash_between_writes(effects, fault)
        case StaleRestart():
            effects.after(fault.after, partial(_stale_restart, effects, fault, effects.world.revision))
        case VersionSkew():
            _upgrade(effects, fault)


def _crash_between_writes(effects: Effects, fault: ControllerCrash) -> None:
    name = fault.component
    controller = effects.processes.actor(name, fault.controller)
    if controller is not None:
        cell = effects.processes.process(name) if fault.process else controller
        crash = partial(effects.crash, fault, cell)
        effects.rule(name, CrashAfter(controller, fault.writes, crash), ARMED_SECONDS)


def _stale_restart(effects: Effects, fault: StaleRestart, revision: int) -> None:
    fault = effects.at_the_hot_node(fault)
    effects.concern(fault, fault.seconds)
    effects.rule(fault.component, Stale(revision, fault.resource), fault.seconds)
    effects.crash(fault, effects.processes.process(fault.component))


def _upgrade(effects: Effects, fault: VersionSkew) -> None:
    """The component restarts at both changes of version, so that it never mixes objects read from the two."""
    effects.rule(fault.component, Newer(), fault.seconds)
    effects.crash(fault, effects.processes.process(fault.component))
    effects.after(fault.seconds, partial(effects.restart, fault.component))
