"""Livelocks are detected soon; bursts of work, and loops on stale caches, are not livelocks."""

from pathlib import Path

import pytest
from hypothesis import strategies as st
from msgspec.structs import replace

from kubeactors.api.core.v1 import ConfigMap
from kubeactors.client import split_key
from kubeactors.controllers.replicaset.controller import ReplicaSetController
from kubeactors.sim import ClusterView, FuzzFailed, OperatorClient, Plan, Simulation, fuzz, workload
from kubeactors.sim.invariants import NO_LIVELOCK
from kubeactors.sim.livelock import allowance_of
from kubeactors.sim.plan import decode
from tests.quality.mutants.nodes import ended_pods_take_room
from tests.sim.shops import order

REPLAYS = Path(__file__).parents[1] / "regressions" / "replays"
FULL = Plan(
    pods_per_node=4,
    steps=(
        workload.CreateJob(at=0.0, name="once", completions=12, parallelism=12),
        workload.CreateDeployment(at=10.0, name="web", replicas=4),
    ),
)


async def count(client: OperatorClient, key: str) -> None:
    namespace, name = split_key(key)
    shop = client.cached(ConfigMap).get(name, namespace)
    if shop is not None and "pods" in shop.data:
        looked = int(shop.data.get("looked", "0")) + 1
        await client.update(replace(shop, data={**shop.data, "looked": str(looked)}))


def test_endless_recreation_of_rejected_pods_is_a_livelock() -> None:
    with ended_pods_take_room():
        outcome = Simulation(FULL, ()).run()
    (violation,) = outcome.violations
    assert violation.invariant == NO_LIVELOCK
    assert "/cluster/controller-manager/replicaset sent" in violation.message
    assert 'requests: Create pods "web-' in violation.message
    assert outcome.messages < 2 * allowance_of(FULL)
    assert Simulation(FULL).run().violations == ()


def test_an_operator_that_reacts_to_its_own_writes_is_a_livelock() -> None:
    wishes = {"shop": st.just("a"), "pods": st.integers(1, 3)}

    @fuzz(count, watches="configmaps", actions={order: wishes}, kinds=[], scenarios=1)
    def test_it_counts(cluster: ClusterView) -> None:
        assert cluster.list(ConfigMap)

    with pytest.raises(FuzzFailed, match=NO_LIVELOCK) as failed:
        test_it_counts()
    assert 'requests: Update configmaps "a"' in failed.value.finding.violation.message


def test_a_loop_on_a_stale_cache_ends_the_run_without_a_violation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def in_doubt(_: ReplicaSetController, __: str) -> bool:
        """He trusts a cache that the server contradicts."""
        return False

    monkeypatch.setattr(ReplicaSetController, "in_doubt", in_doubt)
    text = (REPLAYS / "no-component-fails-30154.jsonl").read_text(encoding="utf-8")
    simulation = Simulation(decode(text).plan, ())  # other invariants would report it first
    assert simulation.run().violations == ()
    assert simulation.livelock.is_inconclusive


def test_live_reads_that_contradict_the_cache_cause_no_livelock() -> None:
    simulation = Simulation(decode((REPLAYS / "no-component-fails-30154.jsonl").read_text(encoding="utf-8")).plan)
    assert simulation.run().violations == ()
    assert not simulation.livelock.is_inconclusive


def test_large_plans_have_a_larger_allowance() -> None:
    creations = tuple(workload.CreateDeployment(at=0.0, name=f"web{number}", replicas=100) for number in range(50))
    assert allowance_of(Plan(nodes=500, steps=creations)) > 500_000
