"""The replays of all fixed failures and of all false alarms pass, and still reach what they are about."""

from pathlib import Path

import pytest

from kubeactors.sim import Simulation
from kubeactors.sim.plan import decode
from kubeactors.sim.steps import kind_of

FAILURES, ALARMS = (sorted((Path(__file__).parent / directory).glob("*.jsonl")) for directory in ("replays", "alarms"))


@pytest.mark.parametrize("path", [*FAILURES, *ALARMS], ids=lambda path: path.stem)
def test_a_fixed_failure_does_not_come_back(path: Path) -> None:
    """Each file lists the faults and actions that must take effect; without a list all of its faults must."""
    found = decode(path.read_text(encoding="utf-8"))
    outcome = Simulation(found.plan).run()
    assert outcome.violations == ()
    expected = found.happened or tuple(map(kind_of, found.plan.faults))
    assert [kind for kind in expected if kind not in outcome.happened] == []


def test_there_are_replays() -> None:
    assert FAILURES
    assert ALARMS
