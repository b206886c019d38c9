"""Deterministic simulation: a whole control plane in virtual time, with fault injection and invariants.

    simulation.py   one run of a plan                 plan.py         a plan, and its text: the replay file
    spec.py         the cluster of a plan             time_limit.py   limits that allow for delays
    workload/       user actions, as data             steps.py        the base classes of steps
    user.py users/  the user who performs them        chaos/          fault injection
    network.py      every message passes here         processes.py    processes, actors, leaders
    webhooks.py     servers of admission webhooks     tree.py         the supervision tree, from outside
    world.py        the contents of the store         intents.py      what users intend for objects
    disturbances.py which components faults affect, and until when
    invariants/     what must hold                    judge.py        shows them what happens
    bounds/         what workloads are judged by      livelock.py     work that creates more work without end
    activity.py     writes other than heartbeats      mistakes.py     errors of test authors
    grammar/        how plans are drawn               strategies.py   the same for hypothesis
    search/         the order of deliveries           shrinking/      the smallest plan that still fails
    campaigns/      many runs                         trace.py        a line for each message
    explain/        causes and pages of failures      operators/      operators under test
    recordings/     workloads that users bring along   former_names.py names that old replays use

Who sends to it: the commands `fuzz` and `replay`, and tests. What it sends: requests as a user, delayed and duplicated
messages, crashes. All choices come from the plan and its seed.
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
