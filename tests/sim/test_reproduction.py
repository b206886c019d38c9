"""Findings must be reproducible: if one is not, that is reported, with the message at which two runs diverge."""

import json
import math
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import cast

import pytest

from kubeactors.cli.errors import UsageError
from kubeactors.cli.main import app
from kubeactors.sim.campaigns.campaign import Runs, shrunk_if_reproducible
from kubeactors.sim.campaigns.finding import Finding
from kubeactors.sim.campaigns.reproduction import NotReproducible, check_reproducible, parted
from kubeactors.sim.judge import Violation
from kubeactors.sim.operators.fuzzing import Fuzz
from kubeactors.sim.plan import Plan, decode
from kubeactors.sim.simulation import Outcome
from tests.sim import campaign_of_moody
from tests.sim.campaign_of_shops import careless

HERE = Path(campaign_of_moody.__file__)


def run(*arguments: str) -> object:
    found: object = app()(list(arguments), exit_on_error=False, print_error=False)
    return found


def campaign_of(test: Callable[[], None]) -> Fuzz:
    return cast("Fuzz", test.__dict__["fuzz"])


def first_of(campaign: Fuzz) -> Finding:
    (finding,) = campaign.look().findings
    return finding


def test_a_failure_that_the_seed_decides_is_reproducible() -> None:
    campaign = campaign_of(careless)
    check_reproducible(first_of(campaign), campaign.simulation)


def test_an_address_in_a_message_is_no_difference() -> None:
    """By priorities, controllers subscribe by messages that name objects in memory."""
    campaign = campaign_of(careless)
    plan = first_of(campaign).plan.with_order("priorities")
    violation = campaign.simulation(plan).run().violations[0]
    check_reproducible(Finding(violation=violation, plan=plan), campaign.simulation)


def test_an_operator_with_state_across_runs_is_reported_with_where_two_runs_diverge() -> None:
    campaign = campaign_of(campaign_of_moody.of_moods)
    with pytest.raises(NotReproducible, match="state that a module or a class keeps") as told:
        check_reproducible(first_of(campaign), campaign.simulation)
    assert told.value.parting.startswith("two runs of this plan diverge at message ")


def test_a_different_violation_in_a_second_run_is_not_reproducible() -> None:
    campaign = campaign_of(careless)
    found = first_of(campaign)
    other = Violation(
        invariant="cluster-quiesces", at=found.violation.at, revision=1, message="something is still written"
    )
    with pytest.raises(NotReproducible, match="identical and violate shops_have_their_pods, unlike the run"):
        check_reproducible(Finding(violation=other, plan=found.plan), campaign.simulation)


def test_a_failure_only_during_shrinking_is_not_reproducible_and_keeps_its_plan() -> None:
    campaign = campaign_of(careless)
    found, runs = first_of(campaign), count()

    def once(plan: Plan, /, *, deadline: float = math.inf) -> Outcome:
        return campaign.run_plan(plan if not next(runs) else plan.with_steps(()), deadline=deadline)

    with pytest.raises(NotReproducible, match="has failed once, and does not the next time") as told:
        shrunk_if_reproducible(found, Runs(once, campaign.recorded_order, campaign.simulation))
    assert told.value.finding.violation == found.violation


def test_long_messages_are_shown_from_where_they_differ() -> None:
    one, other = f"{'a' * 1000}b{'c' * 1000}", f"{'a' * 1000}d{'c' * 1000}"
    told = parted([one], [other])
    assert len(told) < 800
    assert " ... " in told
    assert f"{'a' * 40}b{'c' * 119} ..." in told
    assert parted([one, other], [one]).endswith('", the other ends before it')


def test_a_test_of_a_non_reproducible_operator_says_so_and_keeps_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotReproducible, match=r"not reproducible: reconcile-does-not-raise: at .*not today") as told:
        campaign_of_moody.of_moods()
    (note,) = told.value.__notes__
    (replay,) = (tmp_path / "kubeactors-fuzz").iterdir()
    assert note == f"the plan is in kubeactors-fuzz/{replay.name}"
    assert decode(replay.read_text(encoding="utf-8")).plan == told.value.finding.plan


def test_a_campaign_continues_and_reports_non_reproducible_failures_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--scenarios", "3", "--workers", "1", "--report", str(tmp_path), "--output", "json")
    with pytest.raises(UsageError, match=r"is not reproducible: two runs of this plan diverge at message"):
        run("fuzz", "--operator", f"{HERE}:of_moods", *options)
    told = json.loads(capsys.readouterr().out)
    assert told["scenarios"] == 3
    assert told["violations"] == []
    first = told["not_reproducible"][0]
    assert first["invariant"] == "reconcile-does-not-raise"
    assert "# not reproducible: two runs of this plan diverge" in Path(first["replay_file"]).read_text(encoding="utf-8")


def test_an_error_of_the_operator_ends_a_campaign_and_keeps_earlier_findings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--scenarios", "100", "--workers", "1", "--report", str(tmp_path), "--output", "json")
    with pytest.raises(UsageError, match=r"^this cannot be asked for$"):
        run("fuzz", "--operator", f"{HERE}:of_mistakes", *options)
    told = json.loads(capsys.readouterr().out)
    assert 0 < told["scenarios"] < 100
    assert "no shops" in told["violations"][0]["message"]
    assert Path(told["violations"][0]["replay_file"]).exists()
