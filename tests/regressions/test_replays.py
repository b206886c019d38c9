"""Every failure that was ever found and mended: its replay must stay silent."""

from pathlib import Path

import pytest

from kubeactors.sim import Simulation
from kubeactors.sim.plan import decode

REPLAYS = sorted((Path(__file__).parent / "replays").glob("*.jsonl"))


@pytest.mark.parametrize("path", REPLAYS, ids=lambda path: path.stem)
def test_a_failure_that_was_mended_does_not_come_back(path: Path) -> None:
    found = decode(path.read_text(encoding="utf-8"))
    assert Simulation(found.plan).run().violations == ()


def test_there_are_replays() -> None:
    assert REPLAYS
