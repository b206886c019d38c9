"""Deterministic simulation: a whole control plane in virtual time, broken on purpose, and judged.

    simulation.py   one run of a plan                 plan.py         a plan, and its text: the replay file
    spec.py         which cluster it is about         allowance.py    how long something may take
    workload/       what users do, as data            steps.py        what all steps of a plan have
    user.py users/  the user who does it              chaos/          what breaks, and who breaks it
    network.py      every message passes here         processes.py    who runs where, and who leads
    webhooks.py     programs that webhooks ask        tree.py         the supervision tree, from outside
    world.py        the truth: what is committed      intents.py      what users want of objects
    disturbances.py whom faults concern, and how long
    invariants/     what must hold                    judge.py        shows them what happens
    bounds/         what workloads are judged by      pace.py         how much goes on, and whether somebody is at work
    noise.py        what is written by whom           mistakes.py     of who tests, which are no violations
    grammar/        what plans may consist of         strategies.py   the same for hypothesis
    search/         in which order things happen      shrinking/      the smallest plan that still fails
    campaigns/      many runs                         trace.py        every message, for people
    former_names.py names that old replays use
    explain/        the page of a failure, and why    operators/      other people's operators, in the simulator

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
