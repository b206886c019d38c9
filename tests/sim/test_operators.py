"""Fuzzing of operators: findings, messages, rejected declarations."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import anyio
import pytest
from hypothesis import strategies as st
from msgspec.structs import replace

from kubeactors.actor import ForeignAwait, ForeignCall
from kubeactors.api.core.v1 import ConfigMap, Pod, Secret
from kubeactors.api.policy.v1 import PodDisruptionBudget
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.unstructured import type_of_kind
from kubeactors.cli.errors import UsageError
from kubeactors.cli.main import app
from kubeactors.client import Client, split_key
from kubeactors.sim import ClusterView, FuzzFailed, OperatorClient, OperatorError, fuzz
from kubeactors.sim.campaigns.campaign import UnknownName
from kubeactors.sim.chaos.faults import HOT_NODE, AnyFault, DelayedWrite, OwnFault, StaleRestart, WatchLag
from kubeactors.sim.invariants import RAISES
from kubeactors.sim.judge import InvariantFailed
from kubeactors.sim.operators.client import Misuse
from kubeactors.sim.operators.declared import Drawing
from kubeactors.sim.operators.fuzzing import Fuzz, Test
from kubeactors.sim.operators.operator import Act, Break
from kubeactors.sim.plan import Plan, decode, encode
from kubeactors.sim.search import TAPE
from kubeactors.sim.workload import OwnAction
from tests.quality.databases import FUZZ as DATABASES
from tests.sim.shops import add_pods, close, keep_pods, order, shops_have_their_pods

ACTIONS: dict[Act, Drawing] = {
    order: {"shop": st.sampled_from(["a", "b"]), "pods": st.integers(0, 3)},
    close: {"shop": st.sampled_from(["a", "b"])},
}
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
SCRIPT = """
from kubeactors.api.core.v1 import ConfigMap
from kubeactors.sim import fuzz
from tests.quality.databases import FUZZ as DATABASES
from tests.sim.shops import keep_pods, order

def two(source):
    return {"shop": "a", "pods": source.integer(1, 2)}

@fuzz(keep_pods, watches="configmaps", owns="pods", actions={order: two}, kinds=[], scenarios=1)
def test_nothing_is_ordered(cluster):
    assert not cluster.find(ConfigMap, "a"), "there is a shop"
"""

careless = fuzz(add_pods, watches="configmaps", owns="pods", actions=ACTIONS, scenarios=20)(shops_have_their_pods)
careful = fuzz(keep_pods, watches=ConfigMap, owns=[Pod], actions=ACTIONS, scenarios=8)(shops_have_their_pods)


def campaign_of(test: Test) -> Fuzz:
    found: object = test.__dict__["fuzz"]
    assert isinstance(found, Fuzz)
    return found


def one_order(pods: int = 2) -> Plan:
    return Plan(steps=(OwnAction(at=1.0, name="order", arguments={"shop": "a", "pods": pods}),))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Replay files are written to a directory of the test's own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_correct_operator_passes() -> None:
    careful()


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> FuzzFailed:
    """The failure of the careless operator's campaign."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("careless"))
        with pytest.raises(FuzzFailed) as caught:
            careless()
        caught.value.replay, caught.value.page = caught.value.replay.absolute(), caught.value.page.absolute()
    return caught.value


def test_a_bug_is_found_shrunk_and_reported(failed: FuzzFailed) -> None:
    story, finding = str(failed), failed.finding
    assert finding.violation.invariant == "shops_have_their_pods"
    assert len(finding.plan.steps) <= 3
    assert story.startswith("shops_have_their_pods: ")
    assert "order(" in story
    assert "by operator/reconciler, #" in story
    assert story.endswith(f"reproduce: kubeactors replay kubeactors-fuzz/{failed.replay.name}")
    assert failed.page.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_replay_names_the_operator_and_the_command_runs_it_again(
    failed: FuzzFailed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert decode(failed.replay.read_text()).operator == f"{__name__}:careless"
    code: object = app()(["replay", str(failed.replay), "--output", "json"], exit_on_error=False)
    assert (code, json.loads(capsys.readouterr().out)["reproduced"]) == (1, True)


def test_a_replay_whose_operator_is_gone_says_so(elsewhere: Path) -> None:
    path = elsewhere / "gone.jsonl"
    path.write_text(encode(one_order(), operator="nowhere_at_all:test"))
    with pytest.raises(UsageError, match=r"nowhere_at_all:test cannot be imported .*PYTHONPATH"):
        app()(["replay", str(path)], exit_on_error=False, print_error=False)


def test_pytest_shows_the_failure_and_a_file_that_is_not_importable_is_found_again(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (elsewhere / "checks").mkdir()
    (elsewhere / "checks" / "test_shop.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "checks/test_shop.py"]
    output = subprocess.run(command, capture_output=True, text=True, check=False, env=ENVIRONMENT).stdout
    replay = "kubeactors-fuzz/test_nothing_is_ordered-0.jsonl"
    assert "test_nothing_is_ordered: there is a shop" in output
    assert "order(" in output
    assert f"reproduce: kubeactors replay {replay}" in output
    assert "1 failed" in output
    assert decode(Path(replay).read_text()).operator == "checks/test_shop.py:test_nothing_is_ordered"
    code: object = app()(["replay", replay], exit_on_error=False)
    assert code == 1
    assert capsys.readouterr().out.startswith("test_nothing_is_ordered: there is a shop")


# What is refused, and whose mistake it is.


@fuzz(watches="configmaps", actions=ACTIONS)
async def sleepy(_client: OperatorClient, _key: str) -> None:
    await anyio.sleep(1)


@fuzz(watches="configmaps", actions=ACTIONS)
async def punctual(_client: OperatorClient, _key: str) -> None:
    time.time()  # noqa: TID251 -- it must not


async def curious(client: OperatorClient, _key: str) -> None:
    client.cached(Secret)


async def broken(_client: OperatorClient, key: str) -> None:
    raise KeyError(key)


async def napping(client: OperatorClient, key: str) -> float | None:
    """Records the time of its first call, and sleeps until it is done."""
    namespace, name = split_key(key)
    if name == "a":
        await client.sleep(2.0)
        await client.patch(ConfigMap, name, {"metadata": {"labels": {"slept": "yes"}}}, namespace)
    return None


def test_a_foreign_await_is_named() -> None:
    with pytest.raises(ForeignAwait, match=r"/cluster/operator/reconciler awaits anyio.*test_operators.py:\d+"):
        campaign_of(sleepy).run_plan(one_order())


def test_reading_the_wall_clock_is_named() -> None:
    with pytest.raises(ForeignCall, match=r"/cluster/operator/reconciler calls time.time\(\).*test_operators.py:\d+"):
        campaign_of(punctual).run_plan(one_order())


def test_reading_a_kind_that_is_not_cached_is_an_error_with_advice() -> None:
    campaign = campaign_of(fuzz(curious, watches="cm", actions=ACTIONS)(shops_have_their_pods))
    with pytest.raises(Misuse, match="Secret is not cached, only ConfigMap"):
        campaign.run_plan(one_order())


def test_an_operator_that_raises_violates_an_invariant_with_the_line() -> None:
    campaign = campaign_of(fuzz(watches="configmaps", actions=ACTIONS)(broken))
    violation = campaign.run_plan(one_order()).violations[0]
    assert violation.invariant == RAISES
    assert "KeyError" in violation.message
    assert "test_operators.py:" in violation.message


def test_an_operator_may_sleep_in_virtual_time() -> None:
    def has_slept(cluster: ClusterView) -> bool:
        shop = cluster.find(ConfigMap, "a")
        return shop is None or shop.metadata.labels.get("slept") == "yes"

    outcome = campaign_of(fuzz(napping, watches="configmaps", actions=ACTIONS)(has_slept)).run_plan(one_order())
    assert outcome.violations == ()


def test_an_invariant_that_raises_is_its_own_error_with_its_name() -> None:
    def mistaken(_cluster: ClusterView) -> None:
        raise ZeroDivisionError

    with pytest.raises(InvariantFailed, match="the invariant mistaken raised ZeroDivisionError"):
        campaign_of(fuzz(keep_pods, watches="configmaps", always=mistaken)(shops_have_their_pods)).run_plan(Plan())


def test_an_action_that_raises_is_its_own_error_with_its_name() -> None:
    async def clumsy(_client: Client) -> None:
        raise ZeroDivisionError

    campaign = campaign_of(fuzz(keep_pods, watches="configmaps", actions=[clumsy])(shops_have_their_pods))
    with pytest.raises(OperatorError, match="the action clumsy raised ZeroDivisionError"):
        campaign.run_plan(Plan(steps=(OwnAction(at=0.0, name="clumsy"),)))


def test_an_invariant_is_checked_after_every_write() -> None:
    def at_most_one(cluster: ClusterView) -> Iterator[str]:
        if len(cluster.list(Pod, "default")) > 1:
            yield f"two pods at {cluster.seconds:g} s"

    campaign = campaign_of(
        fuzz(keep_pods, watches="configmaps", actions=ACTIONS, always=at_most_one)(shops_have_their_pods)
    )
    violations = campaign.run_plan(one_order(pods=2)).violations
    assert [one.invariant for one in violations] == ["at_most_one"]


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(UnknownName, match=r"no fault is named 'flood'; there are .*watch-lag"):
        fuzz(keep_pods, watches="configmaps", kinds=["flood"])(shops_have_their_pods)
    with pytest.raises(UnknownName, match=r"no invariant is named 'luck'; there are .*surge-bound"):
        fuzz(keep_pods, watches="configmaps", also=["luck"])(shops_have_their_pods)
    with pytest.raises(OperatorError, match="'shops' is not a known kind"):
        fuzz(keep_pods, watches="shops")(shops_have_their_pods)


# Faults, and kinds of one's own.


def forgetful(cluster: ClusterView, seconds: float) -> Iterator[AnyFault]:
    """If there is a shop, the operator restarts against a stale API server."""
    if cluster.list(ConfigMap, "default", labels={"shop": "yes"}):
        yield StaleRestart(at=0.1, component="operator", after=0.5, seconds=seconds)
        yield WatchLag(at=0.0, component="operator", resource="pods", seconds=1.0)


def test_a_declared_fault_takes_effect_when_it_finds_its_target() -> None:
    faults: dict[Break, Drawing] = {forgetful: {"seconds": st.sampled_from([2.0, 5.0])}}
    campaign = campaign_of(
        fuzz(keep_pods, watches="configmaps", owns="pods", actions=ACTIONS, faults=faults)(shops_have_their_pods)
    )
    own = OwnFault(at=3.0, name="forgetful", arguments={"seconds": 2.0}, seconds=2.0)
    outcome = campaign.run_plan(Plan(steps=(*one_order().steps, own)))
    assert (outcome.violations, outcome.faults["forgetful"], outcome.faults["stale-restart"]) == ((), 1, 1)
    assert campaign.run_plan(Plan(steps=(own,))).faults == {}
    assert any(isinstance(step, OwnFault) for seed in range(5) for step in campaign.generate(seed).steps)


WIDGETS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
"""
Widget = type_of_kind("example.com/v1", "Widget")


async def finish(client: OperatorClient, key: str) -> None:
    namespace, name = split_key(key)
    widget = await client.find(Widget, name, namespace)
    if widget is not None and widget.at("status", "phase") != "Done":
        await client.update_status(widget.with_field("status", {"phase": "Done"}))


async def build(client: Client) -> None:
    await client.create(Widget(metadata=ObjectMeta(name="w", namespace="default"), fields={"spec": {}}))


@fuzz(finish, watches="widgets", crds=WIDGETS, actions=[build], scenarios=3)
def widgets_are_done(cluster: ClusterView) -> None:
    assert [one.at("status", "phase") for one in cluster.list(Widget)] in ([], ["Done"])


def test_an_operator_may_reconcile_custom_kinds() -> None:
    widgets_are_done()
    campaign = campaign_of(widgets_are_done)
    assert campaign.run_plan(Plan(steps=(OwnAction(at=1.0, name="build"),))).violations == ()


async def presume(client: OperatorClient, key: str) -> None:
    """Assumes that it sees the first shop before there is a second one."""
    if key == "default/a" and await client.find(ConfigMap, "b", "default"):
        raise ValueError("late")


async def order_two(client: Client) -> None:
    await order(client, "a", 1)
    await order(client, "b", 1)


hasty = fuzz(watches="configmaps", actions=[order_two], kinds=[], scenarios=60)(presume)


def test_the_order_of_an_operators_failure_is_shrunk() -> None:
    with pytest.raises(FuzzFailed, match="late") as caught:
        hasty()
    plan = caught.value.finding.plan
    assert plan.schedule == TAPE
    assert any(one.label.startswith("deliver:/cluster/operator/") for one in plan.tape)
    assert len(plan.tape) <= 6  # of some hundreds
    assert campaign_of(hasty).run_plan(plan).violations == (caught.value.finding.violation,)


async def number_shops(client: OperatorClient, key: str) -> None:
    """Each shop gets the next number; concurrent calls may give the same number to two shops."""
    namespace, name = split_key(key)
    shop = client.cached(ConfigMap).get(name, namespace)
    if shop is None or "pods" not in shop.data or "number" in shop.metadata.labels:
        return
    number = cast("int", client.memory.get("number", 0)) + 1
    await client.get(ConfigMap, name, namespace)
    client.memory["number"] = number
    await client.patch(ConfigMap, name, {"metadata": {"labels": {"number": str(number)}}}, namespace)


def numbers_differ(cluster: ClusterView) -> None:
    found = [one.metadata.labels["number"] for one in cluster.list(ConfigMap) if "number" in one.metadata.labels]
    assert len(found) == len(set(found)), f"one number is given twice: {found}"


def test_a_race_between_keys_is_found_with_several_workers() -> None:
    alone, together = (
        campaign_of(
            fuzz(number_shops, watches="configmaps", actions=[order_two], nodes=1, workers=workers)(numbers_differ)
        )
        for workers in (None, 2)
    )
    plan = Plan(nodes=1, steps=(OwnAction(at=1.0, name="order_two"),))
    found = [
        [one.invariant for one in campaign.run_plan(replace(plan, seed=seed)).violations]
        for campaign in (alone, together)
        for seed in range(4)
    ]
    assert found[:4] == [[], [], [], []]
    assert ["numbers_differ"] in found[4:]


def test_an_operator_has_at_least_one_worker() -> None:
    with pytest.raises(OperatorError, match="workers must be at least 1, not 0"):
        fuzz(keep_pods, watches="configmaps", workers=0)(shops_have_their_pods)


def test_the_same_seed_is_the_same_run() -> None:
    campaign = campaign_of(careless)
    assert campaign.run_plan(campaign.generate(3)) == campaign.run_plan(campaign.generate(3))


def test_the_name_of_a_pod_that_an_operator_reuses_is_not_taken() -> None:
    steps = (
        DelayedWrite(at=1.0, component=HOT_NODE, resource="pods", meanwhile="replace", seconds=10.0),
        OwnAction(at=3.8, name="want", arguments={"name": "orders", "members": 4}),
    )
    outcome = DATABASES.run_plan(Plan(seed=1, steps=steps))
    assert outcome.violations == ()
    assert outcome.faults["delayed-write"] == 1


def test_a_campaign_checks_disruption_budgets_only_if_asked_to() -> None:
    plain = campaign_of(fuzz(keep_pods, watches=[ConfigMap, PodDisruptionBudget])(shops_have_their_pods))
    assert plain.operator.resources == ("configmaps", "poddisruptionbudgets")
    assert plain.operator.workload
    assert not campaign_of(careful).operator.workload
