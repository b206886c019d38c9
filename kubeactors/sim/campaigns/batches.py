"""Batches: some seeds of a campaign, run anywhere, with a small result.

The result of a batch depends on its seeds alone, so that of a campaign does not depend on the number of workers.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import msgspec

from kubeactors.sim.campaigns.campaign import (
    Runs,
    Tally,
    known_invariants,
    recorded_order,
    run_plan,
    shrunk_if_reproducible,
)
from kubeactors.sim.campaigns.finding import Finding
from kubeactors.sim.grammar import generate
from kubeactors.sim.judge import Violation
from kubeactors.sim.operators.fuzzing import fuzz_at
from kubeactors.sim.plan import ACTION_KINDS, FAULT_KINDS, Plan, decode, encode
from kubeactors.sim.recordings import drawing
from kubeactors.sim.simulation import Simulation
from kubeactors.sim.workload import UserAction

BATCH = 4
"""Seeds per batch: few, so that all workers are busy to the end, and progress is smooth."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Some seeds of a campaign."""

    first: int
    count: int
    kinds: tuple[str, ...] = FAULT_KINDS
    invariants: tuple[str, ...] = ()
    """Their names; all if empty."""
    strategy: str = ""
    """The search strategy; by seed if empty."""
    operator: str = ""
    """The place of the operator under test; empty for the control plane itself."""
    length: int = 1
    """The length of plans, as a multiple of the usual one. Does not apply to operators."""
    nodes: int = 3
    """The number of nodes. Does not apply to operators."""
    workload: tuple[UserAction, ...] = ()
    """What users do, instead of what the grammar draws; their actions, in the order of time."""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario that failed: its seed, the violation, and its plan as text."""

    seed: int
    violation: Violation
    plan: str

    @property
    def finding(self) -> Finding:
        """The same, ready to be shrunk."""
        return Finding(violation=self.violation, plan=decode(self.plan).plan)


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a job."""

    first: int
    scenarios: int
    virtual_seconds: float
    faults: dict[str, int]
    actions: dict[str, int]
    """How often each kind of user action had an effect."""
    in_vain: dict[str, int]
    """How often each kind had none."""
    found: tuple[Found, ...]


class Scenarios(NamedTuple):
    """How the scenarios of a campaign are generated and run."""

    kinds: tuple[str, ...]
    actions: tuple[str, ...]
    generate: Callable[[int], Plan]
    runs: Runs


def scenarios_of(job: Job) -> Scenarios:
    """The scenarios of a job.

    Raises:
        NotFound: its operator cannot be imported.
    """
    if job.operator:
        campaign = fuzz_at(job.operator)
        made = _in_order(campaign.generate, job.strategy)
        return Scenarios(campaign.operator.fault_kinds, campaign.operator.action_kinds, made, campaign.runs)
    judges = known_invariants(job.invariants)
    runs = Runs(partial(run_plan, invariants=judges), recorded_order, partial(Simulation, invariants=judges))
    if job.workload:
        around = partial(drawing.generate, job.workload, kinds=job.kinds, nodes=job.nodes)
        return Scenarios(job.kinds, (), _in_order(around, job.strategy), runs)
    made = _in_order(partial(generate, kinds=job.kinds, nodes=job.nodes, length=job.length), job.strategy)
    return Scenarios(job.kinds, ACTION_KINDS, made, runs)


def _in_order(made: Callable[[int], Plan], strategy: str) -> Callable[[int], Plan]:
    return (lambda seed: made(seed).with_order(strategy)) if strategy else made


def run_job(job: Job) -> Batch:
    """Run the scenarios of a job, one after the other.

    Raises:
        Mistake, ForeignError: the code under test, or a check, is wrong.
    """
    made = scenarios_of(job)
    tally = Tally(faults=dict.fromkeys(made.kinds, 0), actions=dict.fromkeys(made.actions, 0))
    for seed in range(job.first, job.first + job.count):
        plan = made.generate(seed)
        tally.add(plan, made.runs.run(plan))
    return Batch(
        first=job.first,
        scenarios=tally.scenarios,
        virtual_seconds=tally.virtual_seconds,
        faults=tally.faults,
        actions=tally.actions,
        in_vain=tally.in_vain,
        found=tuple(
            Found(seed=one.plan.seed, violation=one.violation, plan=encode(one.plan)) for one in tally.findings
        ),
    )


def shrink_found(
    job: Job, found: Found, go_on: Callable[[], bool], improved: Callable[[Plan], object] = lambda _: None
) -> Finding:
    """Shrink a failure in the time that there is.

    Raises:
        NotReproducible: as in `shrunk_if_reproducible`.
    """
    return shrunk_if_reproducible(found.finding, scenarios_of(job).runs, go_on=go_on, improved=improved)


def jobs(whole: Job, *, size: int = BATCH) -> Iterator[Job]:
    """Split a campaign into batches, in the order of seeds; endless if its `count` is 0.

    >>> [(one.first, one.count) for one in jobs(Job(first=7, count=6), size=4)]
    [(7, 4), (11, 2)]
    """
    first, last = whole.first, whole.first + whole.count
    while not whole.count or first < last:
        count = min(size, last - first) if whole.count else size
        yield msgspec.structs.replace(whole, first=first, count=count)
        first += count


def run_encoded(job: bytes) -> bytes:
    """`run_job` for other processes and machines."""
    return msgspec.json.encode(run_job(msgspec.json.decode(job, type=Job)))


def decoded(batch: bytes) -> Batch:
    """The result of `run_encoded`."""
    return msgspec.json.decode(batch, type=Batch)
