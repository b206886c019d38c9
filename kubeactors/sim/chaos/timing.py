"""Actors and processes that stall, are slow, or have a skewed clock."""

from functools import partial

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.sim.chaos.effects import Effects
from kubeactors.sim.chaos.faults import ClockSkew, Pause, SlowActor, Stall, TimingFault
from kubeactors.sim.chaos.rules.links import Refuse
from kubeactors.sim.processes import kind_of_process

WAKING_SECONDS = 0.01
"""For so long after a pause only the leader electors run."""


def begin(effects: Effects, fault: TimingFault) -> None:
    """Begin the fault; it heals by itself."""
    match fault:
        case Stall():
            _stall(effects, fault)
        case SlowActor():
            _slow_down(effects, fault)
        case Pause():
            _pause(effects, fault)
        case ClockSkew():
            _skew(effects, fault)


def _stall(effects: Effects, fault: Stall) -> None:
    cell = effects.processes.actor(fault.component, fault.actor)
    if cell is not None:
        effects.count(fault)
        effects.network.stall(cell)
        effects.after(fault.seconds, partial(effects.network.unstall, cell))


def _slow_down(effects: Effects, fault: SlowActor) -> None:
    cell = effects.processes.actor(fault.component, fault.actor)
    if cell is None or effects.network.is_stalled(cell):
        return
    end, delay = effects.kernel.now + int(fault.seconds * SECOND), fault.delay_seconds

    def tick() -> None:
        if effects.kernel.now >= end:
            effects.network.unstall(cell)
        else:
            effects.network.let_one_through(cell)
            effects.after(delay, tick)

    effects.count(fault)
    effects.network.stall(cell)
    effects.after(delay, tick)


def _pause(effects: Effects, fault: Pause) -> None:
    """When the process resumes, its leader electors run first: no actor may act for a leader that has been replaced."""
    name, paused = fault.component, effects.processes.actors(fault.component)
    if not paused or name in effects.world.faults.paused:
        return

    def go_on() -> None:
        del effects.world.faults.paused[name]
        for cell in paused:
            effects.network.unstall(cell)

    def wake() -> None:
        for cell in effects.processes.tenures(name):
            effects.network.unstall(cell)
        effects.after(WAKING_SECONDS, go_on)

    effects.count(fault)
    effects.world.faults.paused[name] = None
    for cell in paused:
        effects.network.stall(cell)
    effects.rule(name, Refuse(bool), fault.seconds + WAKING_SECONDS)
    effects.after(fault.seconds, wake)


def _skew(effects: Effects, fault: ClockSkew) -> None:
    ahead = int(fault.ahead_seconds * SECOND)
    cells = effects.processes.actors(fault.component)
    for cell in cells:
        cell.ensure_cold().skew += ahead
        effects.after(fault.seconds, partial(_set_back, cell, ahead))
    if cells:
        effects.world.faults.skew(kind_of_process(fault.component))
        effects.count(fault)


def _set_back(cell: Cell, ahead: int) -> None:
    cell.ensure_cold().skew -= ahead
