"""`kubeactors up`: what it promises to scripts, and what it says of bad input."""

import json
import socket
import subprocess
import sys
from pathlib import Path

from tests.kubectl.conftest import ready, stop, up


def said(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "kubeactors", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


def test_up_writes_a_private_kubeconfig_says_ready_and_stops_cleanly(tmp_path: Path) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    process = up("--in-memory", "--kubeconfig", str(kubeconfig))
    line = ready(process)
    mode = kubeconfig.stat().st_mode & 0o777
    assert stop(process) == 0
    assert (line["event"], line["kubeconfig"], mode) == ("ready", str(kubeconfig), 0o600)
    assert line["server"].startswith("https://127.0.0.1:")


def test_state_is_there_after_a_restart(tmp_path: Path) -> None:
    revisions: list[int] = []
    for _ in range(2):
        process = up("--data-dir", str(tmp_path), "--nodes", "1")
        ready(process)
        assert stop(process) == 0
        revisions.append((tmp_path / "store.db").stat().st_size)
    assert all(revisions)


def test_a_port_in_use_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, error = said("up", "--in-memory", "--port", str(taken.getsockname()[1]))
    assert code == 2
    assert "somebody else listens there" in error
    assert "Traceback" not in error


def test_a_data_dir_in_use_is_said(tmp_path: Path) -> None:
    process = up("--data-dir", str(tmp_path), "--nodes", "1")
    ready(process)
    code, error = said("up", "--data-dir", str(tmp_path), "--port", "0")
    assert stop(process) == 0
    assert (code, "Traceback" in error) == (2, False)
    assert error.count("\n") == 1


def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"somebody's diary")
    code, error = said("up", "--data-dir", str(tmp_path), "--port", "0")
    assert (code, "Traceback" in error) == (2, False)
    assert (tmp_path / "store.db").read_bytes() == b"somebody's diary"


def test_contradictions_are_said() -> None:
    assert said("up", "--in-memory", "--data-dir", "x")[0] == 2
    assert said("up", "--nodes", "-1")[0] == 2
    assert said("up", "--nodes", "three")[0] == 2


def test_bench_prints_one_object() -> None:
    command = [sys.executable, "-m", "kubeactors", "bench", "--nodes", "5", "--pods", "50", "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    result = json.loads(done.stdout)
    assert (result["nodes"], result["pods"], result["complete"]) == (5, 50, True)
    assert {"seconds", "pods_per_second", "startup_latency_seconds", "peak_rss_bytes"} <= result.keys()
    assert result["startup_latency_seconds"].keys() == {"p50", "p90", "p99"}


def test_the_demo_runs_to_its_end_in_a_pipe() -> None:
    command = [sys.executable, "-m", "kubeactors", "demo"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "their pods run elsewhere" in done.stdout
    assert "\x1b" not in done.stdout
