"""`kubeactors fuzz` and `kubeactors replay`, as users type them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from kubeactors.cli.errors import UsageError
from kubeactors.cli.main import app
from kubeactors.sim import Plan
from kubeactors.sim.chaos.faults import SlowStarts
from kubeactors.sim.plan import ACTION_KINDS, encode
from kubeactors.sim.workload import CreateJob
from tests.quality.mutants.workloads import surge_counts_wishes

PLAN = Plan(
    seed=3,
    steps=(
        CreateJob(at=0.0, name="batch", completions=2, parallelism=2),
        SlowStarts(at=0.0, node="node-1", seconds=1.0),
    ),
)

GUESTBOOK = Path(__file__).parents[1] / "manifests" / "guestbook.yaml"
TO_JSON = ("--output", "json")
ENDLESS = """
apiVersion: batch/v1
kind: Job
metadata: {name: endless}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox, command: [sleep, "99999"]}]}}}
"""


def run(*arguments: str) -> int:
    """What the command exits with; a `UsageError` is exit 2 with its text."""
    code: object = app()(list(arguments), exit_on_error=False, print_error=False)
    return code if isinstance(code, int) else 0


@pytest.fixture
def replay_file(tmp_path: Path) -> Path:
    path = tmp_path / "plan.jsonl"
    path.write_text(encode(PLAN, "cluster-quiesces"), encoding="utf-8")
    return path


def test_a_replay_reports_faults_and_whether_it_failed_again(
    replay_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("replay", str(replay_file), "--output", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["reproduced"], told["violations"], told["faults"]) == (False, [], {"slow-starts": 1})


def test_a_replay_whose_faults_no_longer_take_effect_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.jsonl"
    path.write_text(encode(PLAN, happened=("create-job", "slow-starts", "watch-lag")), encoding="utf-8")
    assert run("replay", str(path)) == 0
    told = capsys.readouterr()
    assert told.out.endswith("plan.jsonl: no violation\n")
    assert told.err.endswith("these took effect when the file was written, and do not now: watch-lag\n")


def test_a_replay_stops_at_the_given_time_and_prints_every_message(
    replay_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("replay", str(replay_file), "--until", "5", "--trace", "--output", "json") == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["virtual_seconds"] == 5.0
    lines = told.err.splitlines()
    assert [line.split()[0] for line in lines] == [str(number) for number in range(1, len(lines) + 1)]
    assert all(len(line) <= 400 for line in lines)


def test_a_replay_shows_objects_when_it_stops(replay_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("replay", str(replay_file), "--until", "60", "--get", "jobs", "--get", "job/batch") == 0
    _, table, text = capsys.readouterr().out.split("\n\n")
    assert [line.split()[:3] for line in table.splitlines()] == [
        ["NAME", "STATUS", "COMPLETIONS"],
        ["batch", "Complete", "2/2"],
    ]
    assert yaml.safe_load(text)["status"]["succeeded"] == 2


def test_a_request_for_a_missing_object_names_existing_ones(replay_file: Path) -> None:
    with pytest.raises(UsageError, match="node/nowhere is not there; there are nodes/node-"):
        run("replay", str(replay_file), "--until", "1", "--get", "node/nowhere")
    with pytest.raises(UsageError, match="--get prints text"):
        run("replay", str(replay_file), "--get", "pods", "--output", "json")


def test_a_replay_pauses_before_the_given_message(
    replay_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paused: list[int] = []
    monkeypatch.setattr("builtins.breakpoint", lambda: paused.append(len(capsys.readouterr().err.splitlines())))
    assert run("replay", str(replay_file), "--trace", "--pause-at", "7", "--until", "1") == 0
    assert paused == [7]


@pytest.mark.parametrize("typed", ["q\n", "s\n" * 9 + "exit\n", ""], ids=["quit", "exit in a handler", "end of input"])
def test_quitting_the_debugger_ends_the_run(replay_file: Path, typed: str) -> None:
    command = [sys.executable, "-m", "kubeactors", "replay", str(replay_file), "--pause-at", "7"]
    ended = subprocess.run(command, input=typed, capture_output=True, text=True, check=False, timeout=60)
    told = "kubeactors: the run was ended in the debugger before its outcome was known\n"
    assert (ended.returncode, ended.stderr) == (130, told)
    assert "no violation" not in ended.stdout


INTERRUPTED_IN_AN_IMPORT = """
import signal, sys

module = sys.argv[1]

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupting())
from kubeactors.cli import main
sys.argv[1:] = ["fuzz"]
main()
"""


@pytest.mark.parametrize("module", ["cyclopts", "kubeactors.sim"])
def test_ctrl_c_is_handled_before_all_modules_are_imported(module: str) -> None:
    command = [sys.executable, "-c", INTERRUPTED_IN_AN_IMPORT, module]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "kubeactors: interrupted before it was done\n")


def test_an_unknown_step_names_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "plan.jsonl"
    path.write_text(encode(PLAN).replace("slow-starts", "slow-stops"), encoding="utf-8")
    with pytest.raises(UsageError, match=r"no step is of kind 'slow-stops'; there are .*slow-starts"):
        run("replay", str(path))


def test_a_replay_of_another_version_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "plan.jsonl"
    path.write_text(encode(PLAN).replace('"version":"', '"version":"0.0.'), encoding="utf-8")
    assert run("replay", str(path), "--until", "1") == 0
    assert "trying anyway" in capsys.readouterr().err


@pytest.mark.parametrize(("option", "known"), [("--fault", "watch-lag"), ("--invariant", "surge-bound")])
def test_an_unknown_name_lists_the_known_ones(option: str, known: str) -> None:
    with pytest.raises(UsageError, match=f"is named 'nonsense'; there are .*{known}"):
        run("fuzz", option, "nonsense", "--scenarios", "1")


def test_a_campaign_lists_faults_and_actions_that_never_had_an_effect(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("fuzz", "--scenarios", "1", "--report", str(tmp_path / "found")) == 0
    lines = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines() if ": " in line)
    assert lines["faults that never did"]
    did = [one.rpartition(" ")[0] for one in lines["user actions with an effect"].split(", ")]
    never = [one.split(" (")[0] for one in lines["user actions without"].split(", ")]
    assert did
    assert sorted((*did, *never)) == sorted(ACTION_KINDS)


def test_a_manifest_of_ones_own_is_fuzzed_and_its_replay_fails_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with surge_counts_wishes():
        assert run("fuzz", "--workload", str(GUESTBOOK), "--scenarios", "2", *TO_JSON, "--report", str(tmp_path)) == 1
        told = json.loads(capsys.readouterr().out)
        (first, *_) = told["violations"]
        assert told["actions"]["apply deployments"] >= 6
        assert first["events"] <= 3
        assert run("replay", first["replay_file"], *TO_JSON) == 1
    assert json.loads(capsys.readouterr().out)["violations"][0]["invariant"] == first["invariant"]
    assert run("replay", first["replay_file"], *TO_JSON) == 0


def test_a_workload_without_rest_is_rejected(tmp_path: Path) -> None:
    """Here a Job that runs for a day: no scenario would become quiet."""
    path = tmp_path / "endless.yaml"
    path.write_text(ENDLESS)
    with pytest.raises(UsageError, match="this workload does not come to rest, even without faults: "):
        run("fuzz", "--workload", str(path), "--scenarios", "1", "--report", str(tmp_path))


def test_a_workload_and_an_operator_exclude_one_another(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--workload replaces what is drawn; leave out --operator and --length"):
        run("fuzz", "--workload", str(GUESTBOOK), "--length", "2", "--report", str(tmp_path))
