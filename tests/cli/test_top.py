"""`kubeactors top`, against a running `kubeactors up`."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kubectl.conftest import ready, stop, up


def top(*arguments: str, interval: str = "0.1") -> tuple[int, str, str]:
    command = [sys.executable, "-m", "kubeactors", "top", "--interval", interval, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    process = up("--in-memory", "--nodes", "1", "--kubeconfig", str(tmp_path_factory.mktemp("top") / "kubeconfig"))
    yield ready(process)["kubeconfig"]
    assert stop(process) == 0


def test_in_a_pipe_it_prints_one_sample(kubeconfig: str) -> None:
    code, shown, error = top("--kubeconfig", kubeconfig, "--sort", "name")
    lines = shown.splitlines()
    assert (code, error) == (0, "")
    assert "messages/s" in lines[0]
    assert lines[1].split() == ["ACTOR", "COUNT", "MSG/S", "BUSY", "MAILBOX", "WAITING", "HANDLED", "RESTARTS"]
    assert {"ApiServer", "Kubelet", "Scheduler", "Store"} <= {line.split()[0] for line in lines[2:]}


def test_json_has_a_row_for_each_actor(kubeconfig: str) -> None:
    code, shown, _ = top("--kubeconfig", kubeconfig, "--by", "actor", "--output", "json")
    view = json.loads(shown)
    assert code == 0
    assert len(view["rows"]) == view["actors"]
    (store,) = [row for row in view["rows"] if row["name"] == "/cluster/store"]
    assert store["handled"] > 0


def test_only_an_administrator_may_use_it(kubeconfig: str, tmp_path: Path) -> None:
    nobody = tmp_path / "kubeconfig"
    kept = [line for line in Path(kubeconfig).read_text(encoding="utf-8").splitlines() if "client-" not in line]
    nobody.write_text("\n".join(kept).replace("user:", "user: {}", 1), encoding="utf-8")
    code, shown, error = top("--kubeconfig", str(nobody))
    assert (code, shown) == (2, "")
    assert error.rstrip().endswith("/debug/actors was rejected with 403 Forbidden")


def test_usage_errors_are_reported(tmp_path: Path) -> None:
    code, _, error = top("--kubeconfig", str(tmp_path / "none"))
    assert (code, error.count("\n")) == (2, 1)
    assert "not a usable kubeconfig" in error
    code, _, error = top(interval="0")
    assert (code, error) == (2, "kubeactors: --interval 0: the seconds between two samples must be positive\n")
