"""Shipped bugs: the replay of each must fail with its mutant, and pass without it."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from kubeactors.sim import Plan
from kubeactors.sim.plan import decode
from tests.quality.corpus import CORPUS, Row
from tests.quality.search import search

REPLAYS = Path(__file__).parent / "replays"
FOUND = [row for row in CORPUS if (REPLAYS / f"{row.name}.jsonl").exists()]
EASY = ("collisions_are_not_counted", "unknown_owners_are_absent", "resumed_watches_miss_one")
"""Found within a few seconds: they test the search itself. `python -m benchmarks.quality` searches for all."""
SECONDS = 60.0
OTHER_SCHEDULES = 12


def fails(row: Row, plan: Plan) -> str:
    """The violation of a plan, under its own schedule or a few others, as an unrelated change may have shifted the order."""
    for seed in (plan.seed, *range(OTHER_SCHEDULES)):
        violations = row.run(replace(plan, seed=seed)).violations
        if violations:
            return violations[0].invariant
    return ""


@pytest.mark.parametrize("row", FOUND, ids=lambda row: row.name)
def test_the_replay_of_a_shipped_bug_fails_with_its_mutant_and_passes_without(row: Row) -> None:
    replay = decode((REPLAYS / f"{row.name}.jsonl").read_text(encoding="utf-8"))
    with row.mutant():
        assert fails(row, replay.plan) == replay.invariant
    with row.twin():
        assert row.run(replay.plan).violations == ()


@pytest.mark.parametrize("name", EASY)
def test_an_unguided_search_finds_a_shipped_bug_and_shrinks_it(name: str) -> None:
    (row,) = [one for one in CORPUS if one.name == name]
    finding = search(row, SECONDS).finding
    assert finding is not None
    assert len(finding.plan.steps) <= 6


def test_every_replay_belongs_to_a_row() -> None:
    assert sorted(path.stem for path in REPLAYS.glob("*.jsonl")) == sorted(row.name for row in FOUND)
    assert len({row.name for row in CORPUS}) == len(CORPUS)
