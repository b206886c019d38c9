"""How many scenarios does the fuzzer run per second, and how large may a cluster be in virtual time?"""

import anyio

from benchmarks.cluster.question import Figure, Figures, Question, Stopwatch
from kubeactors.sim import Outcome, Plan, Simulation, workload
from kubeactors.sim.campaigns.campaign import Tally, run_plan, scenarios
from kubeactors.sim.campaigns.garbage import collected_once
from kubeactors.sim.chaos import faults
from kubeactors.sim.grammar import MOST_FAULTS, Seeded
from kubeactors.sim.grammar.faults import Aim, Faults
from kubeactors.sim.plan import FAULT_KINDS, in_order
from kubeactors.sim.search import strategy_of

SCENARIOS = 100
TEN_MINUTES, HOUR = 600.0, 3600.0
NODES = ("node-1", "node-2", "node-3")
KINDS = ("Deployment", "StatefulSet", "DaemonSet")
MANAGER = "controller-manager"

TWENTY_PODS = (
    workload.CreateDeployment(at=0.0, name="web", replicas=12),
    workload.CreateStatefulSet(at=0.1, name="db", replicas=5),
    workload.CreateDaemonSet(at=0.2, name="agent"),
    workload.Roll(at=60.0, name="web", image="2"),
    workload.Scale(at=120.0, name="web", replicas=8),
    workload.DeletePod(at=180.0, name="db"),
    workload.RollWorkload(at=240.0, of="StatefulSet", name="db", image="2"),
    workload.Drain(at=300.0, node="node-1"),
    workload.Uncordon(at=360.0, node="node-1"),
    workload.Scale(at=420.0, name="web", replicas=12),
)
"""The user actions within ten minutes on three nodes."""


def of_ten_minutes(seed: int) -> Plan:
    """Twenty pods on three nodes, changed now and then; the seed decides the faults."""
    times = [step.at for step in TWENTY_PODS]
    broken = Faults(Aim(Seeded(seed), NODES, KINDS), FAULT_KINDS).some(MOST_FAULTS, times)
    return Plan(seed=seed, steps=in_order([*TWENTY_PODS, *broken])).with_order(strategy_of(seed))


async def usual(scale: float) -> Figures:
    """The plans of the first seeds, as `kubeactors fuzz` draws them, each until the cluster is quiet."""
    count, tally = max(int(SCENARIOS * scale), 1), Tally()
    with Stopwatch() as watch:
        for plan in scenarios(1):
            if tally.scenarios >= count:
                break
            tally.add(plan, run_plan(plan))
    await anyio.lowlevel.checkpoint()
    return (
        Figure(name="scenarios a second of CPU", value=count / watch.cpu, unit="/s"),
        Figure(name="virtual seconds a scenario", value=tally.virtual_seconds / count, unit="s"),
        Figure(name="virtual seconds a second of CPU", value=tally.virtual_seconds / watch.cpu, unit="x"),
    )


async def long(scale: float) -> Figures:
    """Twenty pods on three nodes for ten virtual minutes, with faults: one process on one core."""
    count = max(int(SCENARIOS * scale / 4), 1)
    with Stopwatch() as watch:
        outcomes = [_ten_minutes(seed) for seed in range(count)]
    await anyio.lowlevel.checkpoint()
    return (
        Figure(name="scenarios a second of CPU", value=count / watch.cpu, unit="/s", at_least=50),
        Figure(name="faults that fired in each", value=sum(map(_fired, outcomes)) / count, unit=""),
        Figure(name="revisions of the store in each", value=sum(one.revision for one in outcomes) / count, unit=""),
        Figure(name="scenarios that failed", value=sum(bool(one.violations) for one in outcomes), unit=""),
    )


def _ten_minutes(seed: int) -> Outcome:
    with collected_once():
        return Simulation(of_ten_minutes(seed)).run(TEN_MINUTES)


def _fired(outcome: Outcome) -> int:
    return sum(outcome.faults.values())


def of_an_hour(nodes: int, pods: int) -> Plan:
    """Deployments of a hundred pods each, user actions on them, and a fault every few minutes."""
    steps = [
        workload.CreateDeployment(at=0.5 * number, name=f"web{number}", replicas=100) for number in range(pods // 100)
    ]
    broken = (
        workload.Roll(at=600.0, name="web0", image="2"),
        faults.WatchLag(at=600.0, component=MANAGER, resource="pods", seconds=3.0),
        faults.NodePowerLoss(at=1200.0, node="node-2", seconds=90.0),
        faults.ManagerRestart(at=1500.0),
        faults.SchedulerRestart(at=1800.0),
        workload.Scale(at=2100.0, name="web1", replicas=50),
        faults.WatchExpired(at=2400.0, component=MANAGER, resource="pods", seconds=3.0),
        faults.KubeletRestart(at=2700.0, node="node-3"),
        faults.ApiServerRestart(at=3000.0),
    )
    return Plan(seed=1, nodes=nodes, pods_per_node=20, steps=in_order([*steps, *broken]))


async def large(scale: float) -> Figures:
    """5,000 pods on 500 nodes for a virtual hour, with faults."""
    plan = of_an_hour(max(int(500 * scale), 20), max(int(50 * scale), 2) * 100)
    with Stopwatch() as watch:
        outcome = Simulation(plan).run(HOUR)
    await anyio.lowlevel.checkpoint()
    return (
        Figure(name="seconds of CPU", value=watch.cpu, unit="s", at_most=180),
        Figure(name="faults that fired", value=_fired(outcome), unit="", at_least=7),
        Figure(name="revisions of the store", value=outcome.revision, unit=""),
        Figure(name="violations", value=len(outcome.violations), unit=""),
    )


QUESTIONS = (
    Question(name="fuzz", text="the fuzzer, as `kubeactors fuzz` runs it", answer=usual),
    Question(name="fuzz-long", text="3 nodes, 20 pods, 10 virtual minutes, with faults", answer=long),
    Question(name="fuzz-large", text="500 nodes, 5,000 pods, a virtual hour, with faults", answer=large),
)
