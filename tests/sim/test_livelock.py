"""Who makes work out of work is stopped soon, and told of; who has much to do, or is told old news, is not."""

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


def test_pods_that_are_refused_and_made_again_without_end_are_told_of() -> None:
    with ended_pods_take_room():
        outcome = Simulation(FULL, ()).run()
    (violation,) = outcome.violations
    assert violation.invariant == NO_LIVELOCK
    assert "/cluster/controller-manager/replicaset asked" in violation.message
    assert 'times: Create pods "web-' in violation.message
    assert outcome.messages < 2 * allowance_of(FULL)
    assert Simulation(FULL).run().violations == ()


def test_an_operator_that_writes_because_it_has_written_is_told_of() -> None:
    wishes = {"shop": st.just("a"), "pods": st.integers(1, 3)}

    @fuzz(count, watches="configmaps", actions={order: wishes}, kinds=[], scenarios=1)
    def test_it_counts(cluster: ClusterView) -> None:
        assert cluster.list(ConfigMap)

    with pytest.raises(FuzzFailed, match=NO_LIVELOCK) as failed:
        test_it_counts()
    assert 'times: Update configmaps "a"' in failed.value.finding.violation.message


def test_a_run_in_which_somebody_goes_round_because_he_lags_ends_without_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def in_doubt(_: ReplicaSetController, __: str) -> bool:
        """He trusts a cache that the server contradicts."""
        return False

    monkeypatch.setattr(ReplicaSetController, "in_doubt", in_doubt)
    text = (REPLAYS / "no-component-fails-30154.jsonl").read_text(encoding="utf-8")
    simulation = Simulation(decode(text).plan, ())  # whoever judges what he is answered has a word for it
    assert simulation.run().violations == ()
    assert simulation.livelock.is_inconclusive


def test_who_doubts_a_cache_that_the_server_contradicts_does_not_go_round() -> None:
    simulation = Simulation(decode((REPLAYS / "no-component-fails-30154.jsonl").read_text(encoding="utf-8")).plan)
    assert simulation.run().violations == ()
    assert not simulation.livelock.is_inconclusive


def test_large_plans_may_do_more_at_once() -> None:
    creations = tuple(workload.CreateDeployment(at=0.0, name=f"web{number}", replicas=100) for number in range(50))
    assert allowance_of(Plan(nodes=500, steps=creations)) > 500_000
