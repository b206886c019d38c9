"""Deterministic simulation: a whole control plane in virtual time, broken on purpose, and judged.

    simulation.py   one run of a plan                 plan.py         a plan, and its text: the replay file
    workload/       what users do, as data            faults.py       what breaks, as data
    user.py users/  the user who does it              chaos.py        arms faults, heals them
    network.py      every message passes here         rules.py        what network faults do to messages
    processes.py    who runs where, and who leads     crash.py        what a component raises that crashes
    skew.py         what versions of the API server differ in
    troubles.py     how containers start meanwhile
    network_faults.py  which of these a fault is    concern.py      whom a fault is about
    power.py        the power of machines             corruption.py   which fields go wrong, and how
    spoiler.py      writes what is wrong
    disk.py         the store's disk                  world.py        the truth: what the store has committed
    invariants/     what must hold                    judge.py        shows them what happens
    pace.py         how much goes on, and when nobody can be at work any more
    grammar/        what plans may consist of         strategies.py   the same for hypothesis
    search/         in which order things happen
    campaign.py     many runs                         shrink.py       the smallest plan that still fails
    guesses.py      small parts of a plan that may fail alone        likeness.py    whether two failures are one
    rollouts.py     room.py     placement.py     goals.py     the bounds that workloads are judged by, and what they want
    operators/      other people's operators, in the simulator
    trace.py        every message, for people         garbage.py      what a run leaves

Who sends to it: the commands `fuzz` and `replay`, and tests. What it sends: requests as a user, messages that were
delayed or repeated, crashes. All choices come from the plan and its seed.
"""

from kubeactors.sim.operators import ClusterView, FuzzFailed, OperatorClient, OperatorError, fuzz
from kubeactors.sim.plan import Plan, PlanError
from kubeactors.sim.simulation import Outcome, Simulation

__all__ = [
    "ClusterView",
    "FuzzFailed",
    "OperatorClient",
    "OperatorError",
    "Outcome",
    "Plan",
    "PlanError",
    "Simulation",
    "fuzz",
]
