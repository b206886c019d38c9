"""`kubeactors replay FILE --kubeconfig`: the user actions of a plan on a running cluster."""

import json
from pathlib import Path

import pytest

from kubeactors.cli.errors import UsageError
from kubeactors.cli.main import app
from kubeactors.sim.chaos.faults import ZonePowerLoss
from kubeactors.sim.plan import Plan, encode
from kubeactors.sim.workload import (
    CreateDeployment,
    CreateStatefulSet,
    DeleteDeployment,
    DeletePod,
    Drain,
    OwnAction,
    RelabelPod,
    Roll,
    Scale,
    Undo,
)
from tests.kubectl.conftest import ready, stop, up

SHOP = f"{Path(__file__).parents[1] / 'sim' / 'campaign_of_shops.py'}:careless"
WIDGETS = """
from kubeactors.sim import fuzz

async def reconcile(client, key): ...

@fuzz(reconcile, watches="widgets", crds={
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {
        "group": "example.com",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "kind": "Widget"},
        "versions": [{
            "name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}},
        }],
    },
})
def test_widgets(cluster): ...
"""
PLAN = Plan(
    steps=(
        CreateDeployment(at=0.0, name="web", replicas=2),
        CreateStatefulSet(at=0.1, name="db", replicas=1),
        ZonePowerLoss(at=0.2, seconds=100.0),
        Scale(at=1.0, name="web", replicas=3),
        Roll(at=1.1, name="web", image="2"),
        OwnAction(at=1.2, name="order", arguments={"shop": "a", "pods": 2}),
        RelabelPod(at=1.5, name="web"),
        DeletePod(at=1.6, name="web"),
        Undo(at=1.8, name="web"),
        Drain(at=2.0, node="node-1"),
        Scale(at=2.1, name="nobody", replicas=1),
        DeleteDeployment(at=2.2, name="web", propagation="Foreground"),
        Scale(at=60.0, name="db", replicas=2),
    )
)


def run(*arguments: str) -> object:
    found: object = app()(list(arguments), exit_on_error=False, print_error=False)
    return found


def of_custom_kinds(directory: Path) -> Path:
    """A replay of an operator with custom kinds, which the cluster must define."""
    operator, replay = directory / "widgets.py", directory / "widgets.jsonl"
    operator.write_text(WIDGETS, encoding="utf-8")
    replay.write_text(encode(Plan(), operator=f"{operator}:test_widgets"), encoding="utf-8")
    return replay


def test_the_user_actions_of_a_plan_are_performed_on_a_running_cluster(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replay = tmp_path / "plan.jsonl"
    replay.write_text(encode(PLAN, operator=SHOP), encoding="utf-8")
    process = up("--in-memory", "--kubeconfig", str(tmp_path / "kubeconfig"))
    try:
        kubeconfig = ready(process)["kubeconfig"]
        code = run("replay", str(replay), "--kubeconfig", kubeconfig, "--until", "5", "--output", "json")
        done = json.loads(capsys.readouterr().out)
        with pytest.raises(UsageError, match=r"does not define widgets\.example\.com; apply the manifests of `crds`"):
            run("replay", str(of_custom_kinds(tmp_path)), "--kubeconfig", kubeconfig)
    finally:
        assert stop(process) == 0
    assert [one["action"].split()[2] for one in done if one["refused"]] == ["scale"]
    refused = next(one for one in done if one["refused"])
    assert (refused["lost"], code) == (True, 0)
    assert 'deployments.apps "nobody" not found' in refused["refused"]
    assert len(done) == 11


def test_a_missing_cluster_is_reported_in_one_sentence(tmp_path: Path) -> None:
    replay, kubeconfig = tmp_path / "plan.jsonl", tmp_path / "kubeconfig"
    replay.write_text(encode(PLAN, operator=SHOP), encoding="utf-8")
    kubeconfig.write_text(
        "{current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}], "
        "clusters: [{name: a, cluster: {server: 'https://127.0.0.1:1'}}], users: [{name: a, user: {}}]}"
    )
    with pytest.raises(UsageError, match="no API server answers"):
        run("replay", str(replay), "--kubeconfig", str(kubeconfig))
