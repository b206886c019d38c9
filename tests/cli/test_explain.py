"""`kubeactors explain-scheduling` against a running cluster."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_up import said
from tests.kubectl.conftest import find_kubectl, ready, stop, up

BIG = {"spec": {"containers": [{"name": "big", "image": "x", "resources": {"requests": {"cpu": "100"}}}]}}


@pytest.fixture
def kubeconfig() -> Iterator[str]:
    process = up("--in-memory", "--nodes", "2")
    yield ready(process)["kubeconfig"]
    assert stop(process) == 0


def kubectl(kubeconfig: str, *arguments: str) -> None:
    command = [find_kubectl(), f"--kubeconfig={kubeconfig}", *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def explained(kubeconfig: str, pod: str, *more: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "kubeactors", "explain-scheduling", pod, "--kubeconfig", kubeconfig, *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout


def test_a_pod_that_fits_nowhere_and_one_that_runs_are_explained(kubeconfig: str, tmp_path: Path) -> None:
    kubectl(kubeconfig, "run", "big", "--image=x", f"--overrides={json.dumps(BIG)}")
    kubectl(kubeconfig, "run", "small", "--image=x")
    kubectl(kubeconfig, "wait", "--for=condition=Ready", "pod/small", "--timeout=30s")

    code, text = explained(kubeconfig, "big")
    assert code == 1
    assert "pod default/big: 0/2 nodes are available: 2 Insufficient cpu." in text
    assert text.count("NodeResourcesFit: Insufficient cpu") == 2

    code, text = explained(kubeconfig, "small", "--output", "json")
    found = json.loads(text)
    assert (code, found["pod"], found["message"], len(found["nodes"])) == (0, "default/small", "", 2)
    assert found["node"] in {one["node"] for one in found["nodes"]}
    assert {one["total"] for one in found["nodes"]} == {sum(found["nodes"][0]["scores"].values())}

    config = tmp_path / "scheduler.yaml"
    config.write_text(
        "{apiVersion: kubescheduler.config.k8s.io/v1, kind: KubeSchedulerConfiguration, podMaxBackoffSeconds: 0}"
    )
    code, error = said("explain-scheduling", "big", "--kubeconfig", kubeconfig, "--scheduler-config", str(config))
    assert (code, "podMaxBackoffSeconds: Invalid value: 0" in error) == (2, True)
    code, error = said("explain-scheduling", "nobody", "-n", "kube-system", "--kubeconfig", kubeconfig)
    assert (code, error) == (2, 'kubeactors: there is no pod "nobody" in the namespace "kube-system"\n')


def test_an_unusable_kubeconfig_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text("{current-context: a, contexts: [{name: a, context: {cluster: b}}]}")
    code, error = said("explain-scheduling", "p", "--kubeconfig", str(path))
    assert (code, error.startswith(f"kubeactors: {path}: not a usable kubeconfig")) == (2, True)
