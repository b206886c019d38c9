"""`kubeactors bench` as users drive it: scenarios, bad input, reports, comparisons, Ctrl-C."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_up import said

TIMEOUT_SECONDS = 120

SMALL = """
nodes:
  - {name: small, count: 4, cpu: 8, memory: 16Gi, racks: 2}
  - {name: gpu, count: 1, racks: 0, cpu: 64, memory: 256Gi, labels: {kind: gpu}, resources: {nvidia.com/gpu: 2}}
clockwork: {heartbeatSeconds: 0.2, leaseDurationSeconds: 1, nodeMonitorGraceSeconds: 1, evictedNodesPerSecond: 50}
steps:
  - create: {name: web, count: 2, replicas: 10, tolerationSeconds: 0}
  - create: {kind: StatefulSet, name: db, replicas: 2, template: {spec: {nodeSelector: {kind: gpu}}}}
  - create: {kind: Job, name: batch, replicas: 5}
  - update: {name: web}
  - scale: {name: web, replicas: 12}
  - churn: {name: churn, perSecond: 50, seconds: 0.5, keep: 10}
  - powerOff: {racks: [rack-1], patienceSeconds: 20}
  - powerOn: {}
"""


def bench(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "kubeactors", "bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False)


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


def test_a_scenario_runs_step_by_step(scenario: Path) -> None:
    done = bench(str(scenario), "--output", "json")
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    assert (result["scenario"], result["nodes"], result["complete"]) == ("small", 5, True)
    assert [(one["action"], one["complete"]) for one in result["steps"]] == [
        (action, True) for action in ("create", "create", "create", "update", "scale", "churn", "powerOff", "powerOn")
    ]
    pods = [one["pods"] for one in result["steps"]]
    assert pods[:3] == [20, 2, 5]
    assert pods[3] >= 20
    assert pods[4:6] == [4, 25]
    assert {"create", "delete", "get", "list", "patch"} <= result["api_latency_seconds"].keys()
    assert len(result["startup_percentiles"]) == 101
    assert result["samples"][-1]["running"] == result["pods"] == sum(pods)


def test_a_pipe_sees_tables_and_nothing_else(scenario: Path) -> None:
    done = bench(str(scenario))
    assert (done.returncode, done.stderr) == (0, "")
    assert "kubeactors bench: small" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nodez: []", 'nodez: unknown key; did you mean "nodes"?'),
        ("nodes: [{cpus: 3}]", 'nodes[0].cpus: unknown key; did you mean "cpu"?'),
        ("steps: [{chrun: {}}]", 'steps[0].chrun: unknown key; did you mean "churn"?'),
        ("steps: [{create: {name: web, per_second: 1}}]", "steps[0].create.per_second: unknown key; known are "),
        (
            "steps: [{create: {name: a, kind: Deploymnt}}]",
            'steps[0].create.kind: "Deploymnt" is not known; did you mean ',
        ),
        ("nodes: [{count: 0}]", "nodes[0].count: expected `int` >= 1"),
        ("nodes: [{taints: [{key: a, efect: b}]}]", 'nodes[0].taints[0].efect: unknown key; did you mean "effect"?'),
        ("nodes: [{}]\nnodes: [{}]", "yaml: unmarshal errors: line 2: key "),
        ("nodes: [", "yaml: line 2: did not find expected node content"),
        ("nodes: [{}]", "steps: a scenario needs at least one step"),
        ("steps: [{pause: {seconds: 1}}]", "nodes: a scenario needs at least one node"),
    ],
)
def test_an_invalid_scenario_is_reported_in_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    code, error = said("bench", str(path))
    assert (code, error.count("\n")) == (2, 1)
    assert error.startswith(f"kubeactors: {path}: {sentence}")


def test_unschedulable_pods_are_reported_with_the_schedulers_message(tmp_path: Path) -> None:
    path = tmp_path / "picky.yaml"
    path.write_text(
        "nodes: [{}]\n"
        "steps:\n"
        "  - create: {name: fits, replicas: 3}\n"
        "  - create: {name: picky, patienceSeconds: 0.5, template: {spec: {nodeSelector: {disk: ssd}}}}\n"
    )
    done = bench(str(path), "--output", "json")
    result = json.loads(done.stdout)
    assert (done.returncode, result["pods"], result["complete"]) == (1, 3, False)
    assert "0 of 1 pods of picky run; the scheduler says: 0/1 nodes are available" in done.stderr
    assert "didn't match Pod's node affinity/selector" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_rejection_by_the_api_server_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "refused.yaml"
    path.write_text('nodes: [{}]\nsteps: [{create: {kind: Pod, name: a, image: ""}}]')
    code, error = said("bench", str(path))
    assert (code, error) == (
        1,
        'kubeactors: create 1 pods a: Pod "a-1" is invalid: spec.containers[0].image: Required value\n',
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nowhere.yaml",), "nowhere.yaml: No such file or directory; the built-in ones are "),
        (("tour", "--nodes", "3"), "the scenario sets the numbers of nodes and pods"),
        (("--nodes", "0"), "--nodes and --pods must be at least 1"),
        (("--report", "nowhere/page.html"), "nowhere is not a directory; the report cannot be written there"),
        (("--compare", "pyproject.toml"), "pyproject.toml is not a result of `bench --output json`"),
        (("tour", "--compare", "pyproject.toml"), "--compare runs nothing; leave out the scenario"),
    ],
)
def test_contradictory_options_are_rejected(arguments: tuple[str, ...], sentence: str) -> None:
    code, error = said("bench", *arguments)
    assert (code, error.count("\n")) == (2, 1)
    assert error.startswith(f"kubeactors: {sentence}")


def test_runs_are_compared_in_one_page_that_needs_nothing_else(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(bench("--nodes", "3", "--pods", "30", "--output", "json").stdout)
    page = tmp_path / "page.html"
    done = bench("--compare", str(tmp_path / "a.json"), str(tmp_path / "b.json"), "--report", str(page))
    assert (done.returncode, done.stderr) == (0, "")
    assert "(1)" in done.stdout
    assert "(2)" in done.stdout
    text = page.read_text(encoding="utf-8")
    assert text.count("plotly.js v") == 1
    found = re.search(r'<script type="application/json" id="figures">(.*?)</script>', text)
    assert found is not None
    figures = json.loads(found[1])
    assert [trace["name"] for trace in figures[0]["traces"]] == ["3 nodes, 30 pods (1)", "3 nodes, 30 pods (2)"]
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", text.replace(_library(text), ""))


def _library(text: str) -> str:
    return text[text.index("<script>") : text.index("</script>")]


@pytest.mark.skipif(sys.platform != "linux", reason="a terminal of its own")
def test_a_terminal_shows_progress_and_ctrl_c_prints_what_was_measured(tmp_path: Path) -> None:
    path = tmp_path / "long.yaml"
    path.write_text(
        "nodes: [{count: 5}]\nsteps: [{create: {kind: Pod, name: first, count: 50}}, {pause: {seconds: 60}}]"
    )
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "kubeactors", "bench", str(path), "--output", "json"]
    with os.fdopen(ours, "rb", buffering=0) as terminal:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, text=True)
        os.close(theirs)  # reading fails, and does not wait, when the process has ended
        shown = b""
        while b"50 of 50 pods done" not in shown:
            shown += terminal.read(4096)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    result = json.loads(output)
    assert (process.returncode, result["interrupted"], result["complete"], result["pods"]) == (130, True, False, 50)
    assert [(one["action"], one["complete"]) for one in result["steps"]] == [("create", True), ("pause", False)]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer of CPU time")
def test_a_profile_is_a_flame_graph_folded_stacks_and_messages(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = bench("--nodes", "5", "--pods", "300", "--profile", "--report", str(page), "--output", "json")
    result = json.loads(done.stdout)
    folded = page.with_suffix(".folded")
    assert (done.returncode, done.stderr) == (
        0,
        f"kubeactors: the flame graph is in {page}, its stacks are in {folded}\n",
    )
    stacks = [line.rpartition(" ") for line in folded.read_text().splitlines()]
    assert any("kubeactors.actor.crank._crank" in stack for stack, _, _ in stacks)
    assert sum(int(count) for _, _, count in stacks) == sum(result["stacks"].values())
    assert '"type": "icicle"' in page.read_text(encoding="utf-8")
    counts = {(one["actor"], one["message"]): one["count"] for one in result["messages"]}
    assert counts["Store", "Txn"] >= 300
    assert counts["ApiServer", "Create"] >= 600  # pods and bindings
