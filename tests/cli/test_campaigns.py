"""Campaigns of `kubeactors fuzz`: workers, resuming, causes, Ctrl-C, invalid options."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from msgspec import structs

from kubeactors.cli import fuzz as command
from kubeactors.cli.errors import UsageError
from kubeactors.cli.main import app
from kubeactors.sim.campaigns.batches import Batch, Found, Job, jobs, run_job, scenarios_of
from kubeactors.sim.campaigns.causes import Shrunk, by_cause, merged, wording
from kubeactors.sim.campaigns.finding import Finding
from kubeactors.sim.campaigns.ledger import Ledger, LedgerError, load
from kubeactors.sim.campaigns.workers import WorkersFailed, here, in_processes, on_ray
from kubeactors.sim.chaos.faults import WatchBreak, WatchLag
from kubeactors.sim.grammar import generate
from kubeactors.sim.judge import Violation
from kubeactors.sim.plan import Plan, decode, encode
from kubeactors.sim.workload import CreateDeployment, OwnAction

JOB = Job(first=40, count=3, kinds=("watch-lag",))
SHOP = f"{Path(__file__).parents[1] / 'sim' / 'campaign_of_shops.py'}:careless"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Tests that run in the background of a script ignore Ctrl-C, and so would their child processes."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def run(*arguments: str) -> object:
    found: object = app()(list(arguments), exit_on_error=False, print_error=False)
    return found


def found(seed: int, message: str, *steps: WatchLag | WatchBreak | CreateDeployment) -> Found:
    violation = Violation(invariant="surge-bound", at=1.0, revision=2, message=message)
    return Found(seed=seed, violation=violation, plan=encode(Plan(seed=seed, steps=steps)))


def test_a_campaign_is_the_same_with_any_number_of_workers() -> None:
    pieces = list(jobs(JOB, size=1))
    alone = list(here(iter(pieces)))
    assert [one.first for one in alone] == [40, 41, 42]
    assert list(in_processes(iter(pieces), 2)) == alone


def test_failures_with_the_same_wording_have_one_cause() -> None:
    assert wording('pod "default/web-1" is on node-1') == "pod ? is on ?"
    one, other, third = found(1, 'pod "a" is late'), found(2, 'pod "b" is late'), found(3, "no pod is there")
    assert [cause.seeds for cause in by_cause([one, other, third])] == [(1, 2), (3,)]


def test_shrunk_plans_with_the_same_kinds_of_steps_have_one_cause() -> None:
    def shrunk(one: Found) -> Shrunk:
        return Shrunk(finding=Finding(violation=one.violation, plan=decode(one.plan).plan), seeds=(one.seed,))

    lag = WatchLag(at=1.0, component="scheduler", resource="pods", seconds=1.0)
    create = CreateDeployment(at=0.0, name="web", replicas=1)
    broken = WatchBreak(at=1.0, component="scheduler", resource="pods", seconds=1.0)
    causes = merged([shrunk(found(1, "a", lag, create)), shrunk(found(2, "b", lag)), shrunk(found(3, "a", broken))])
    assert [(one.seeds, len(one.finding.plan.steps)) for one in causes] == [((1, 2), 1), ((3,), 1)]


def test_a_campaign_resumes_where_it_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--seed", "40", "--fault", "watch-lag", "--workers", "1", "--report", str(tmp_path), "--output", "json")
    assert run("fuzz", "--scenarios", "1", *options) == 0
    assert run("fuzz", "--scenarios", "3", "--resume", *options) == 0
    whole = json.loads(capsys.readouterr().out.splitlines()[-1])
    ledger = Ledger(job=JOB)
    for one in here(jobs(JOB)):
        ledger.add(one)
    assert (whole["scenarios"], whole["faults"]) == (3, ledger.faults)
    assert whole["virtual_seconds"] == pytest.approx(ledger.virtual_seconds)
    with pytest.raises(UsageError, match="is of a campaign with different seeds: 40, now 41"):
        run("fuzz", "--resume", "--report", str(tmp_path), "--seed", "41", "--fault", "watch-lag")
    with pytest.raises(UsageError, match="name it with --report"):
        run("fuzz", "--resume")


def test_a_ledger_of_another_version_is_not_resumed(tmp_path: Path) -> None:
    Ledger(job=JOB, version="0.0.0").save(tmp_path)
    with pytest.raises(LedgerError, match=r"is of version 0\.0\.0, this is "):
        load(tmp_path, JOB)
    with pytest.raises(LedgerError, match="there is no campaign to resume"):
        load(tmp_path / "nowhere", JOB)


def test_an_operator_is_fuzzed_by_workers_and_each_cause_gets_a_replay_and_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "SHRINK_SECONDS", 1.0)
    options = ("--operator", SHOP, "--scenarios", "5", "--workers", "2", "--report", str(tmp_path), "--output", "json")
    assert run("fuzz", *options) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["scenarios"] == 5
    first = told["violations"][0]
    assert first["invariant"] == "shops_have_their_pods"
    assert len(first["seeds"]) >= 1
    assert Path(first["page"]).read_text(encoding="utf-8").startswith("<!doctype html>")
    assert decode(Path(first["replay_file"]).read_text(encoding="utf-8")).operator == SHOP
    assert run("replay", first["replay_file"]) == 1


@pytest.fixture
def campaign(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A long campaign with two workers, which has saved its first scenarios."""
    options = ["--operator", SHOP, "--seconds", "600", "--workers", "2", "--report", str(tmp_path), "--output", "json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "kubeactors", "fuzz", *options], stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        while not (tmp_path / "campaign.json").exists():
            assert process.poll() is None
            time.sleep(0.05)  # noqa: TID251 -- another process
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_keeps_what_was_found(campaign: "subprocess.Popen[bytes]") -> None:
    os.killpg(campaign.pid, signal.SIGINT)
    out, _ = campaign.communicate(timeout=60)
    assert campaign.returncode == 130
    told = json.loads(out)
    assert told["scenarios"] >= 4
    assert told["violations"]


def test_workers_end_when_their_parent_is_killed(campaign: "subprocess.Popen[bytes]") -> None:
    campaign.kill()
    campaign.communicate(timeout=60)  # a surviving worker would keep the output open


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_during_shrinking_keeps_the_best_so_far_and_a_second_one_interrupts() -> None:
    before = signal.getsignal(signal.SIGINT)
    with command.until_interrupted() as go_on:
        assert go_on()
        signal.raise_signal(signal.SIGINT)
        assert not go_on()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_missing_ray_is_reported_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(WorkersFailed, match="pip install 'kubeactors\\[ray\\]'"):
        next(on_ray(jobs(JOB), "local"))


def test_a_campaign_is_the_same_on_ray() -> None:
    pytest.importorskip("ray")
    assert list(on_ray(jobs(JOB, size=2), "local")) == list(here(jobs(JOB, size=2)))


def test_a_batch_is_decided_by_its_seeds() -> None:
    one = run_job(Job(first=40, count=1, kinds=("watch-lag",)))
    assert isinstance(one, Batch)
    assert (one.first, one.scenarios, list(one.faults), one.found) == (40, 1, ["watch-lag"], ())


def test_plans_and_clusters_have_the_requested_size() -> None:
    made = scenarios_of(Job(first=3, count=1, length=6, nodes=5)).generate(3)
    assert made == generate(3, nodes=5, length=6)
    assert made.nodes == 5
    assert len(made.steps) > len(generate(3).steps)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--length", "0"), "--length must be at least 1"),
        (("--nodes", "0"), "--nodes must be at least 1"),
        (("--operator", SHOP, "--nodes", "5"), "are set where it is declared"),
    ],
)
def test_an_invalid_size_is_rejected(options: tuple[str, ...], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        run("fuzz", *options)


def test_a_campaign_is_not_resumed_with_another_length(tmp_path: Path) -> None:
    Ledger(job=JOB).save(tmp_path)
    with pytest.raises(LedgerError, match="is of a campaign with different length: 1, now 6"):
        load(tmp_path, structs.replace(JOB, length=6))


OF_ANOTHER_VERSION = (
    encode(Plan(steps=(CreateDeployment(at=0.0, name="web", replicas=1),)))
    .replace('"version":"', '"version":"9.')
    .replace('"replicas":1', '"replicas":1,"mood":"good"')
)


def test_a_replay_of_another_version_runs_without_its_unknown_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.jsonl"
    path.write_text(OF_ANOTHER_VERSION, encoding="utf-8")
    assert run("replay", str(path), "--until", "1") == 0
    said = capsys.readouterr().err
    assert "trying anyway, without unknown parts: field mood of create-deployment in line 2" in said


def test_a_replay_with_unknown_steps_does_not_count_as_fixed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plan.jsonl"
    path.write_text(OF_ANOTHER_VERSION + '{"kind":"earthquake","at":1.0}\n', encoding="utf-8")
    with pytest.raises(UsageError, match=r"whether it still fails is unknown: .* step earthquake in line 3$"):
        run("replay", str(path), "--until", "1")
    assert capsys.readouterr().out == ""


def test_a_replay_that_fails_even_without_its_unknown_steps_has_failed(tmp_path: Path) -> None:
    fails = encode(Plan(steps=(OwnAction(at=1.0, name="order", arguments={"shop": "a", "pods": 3}),)), operator=SHOP)
    path = tmp_path / "plan.jsonl"
    path.write_text(
        fails.replace('"version":"', '"version":"9.') + '{"kind":"earthquake","at":1.0}\n', encoding="utf-8"
    )
    assert run("replay", str(path)) == 1
