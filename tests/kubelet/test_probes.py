"""When probes are asked, and what their answers come to."""

from kubeactors.api.core.v1 import Probe
from kubeactors.kubelet.probes import LIVENESS, READINESS, SECOND, STARTUP, ProbeWorker
from kubeactors.kubelet.runtimes import ProbeResult

GOOD, BAD = ProbeResult(success=True), ProbeResult(success=False)
PROBE = Probe(initial_delay_seconds=5, period_seconds=10, success_threshold=2, failure_threshold=3)


def test_a_probe_is_first_asked_after_its_delay() -> None:
    worker = ProbeWorker(READINESS, PROBE, SECOND)
    assert (worker.is_due(6 * SECOND - 1), worker.is_due(6 * SECOND)) == (False, True)


def test_readiness_needs_enough_successes_and_is_lost_after_enough_failures() -> None:
    worker = ProbeWorker(READINESS, PROBE, 0)
    held: list[bool] = []
    for answer in (GOOD, BAD, GOOD, GOOD, BAD, BAD, BAD):
        worker.take(answer, 0)
        held.append(worker.holds)
    assert held == [False, False, False, True, True, True, False]


def test_liveness_holds_until_it_fails() -> None:
    worker = ProbeWorker(LIVENESS, PROBE, 0)
    assert worker.holds
    for _ in range(3):
        worker.take(BAD, 0)
    assert (worker.holds, worker.has_failed) == (False, True)


def test_a_startup_probe_that_succeeded_is_not_asked_again() -> None:
    worker = ProbeWorker(STARTUP, Probe(period_seconds=10), 0)
    worker.take(GOOD, 0)
    assert worker.holds
    assert worker.next_at is None


def test_an_answer_that_stays_as_it_is_needs_no_more_questions() -> None:
    worker = ProbeWorker(READINESS, PROBE, 0)
    steady = ProbeResult(success=True, steady=True)
    worker.take(steady, 5 * SECOND)
    assert (worker.holds, worker.is_due(15 * SECOND)) == (False, True)
    worker.take(steady, 15 * SECOND)
    assert (worker.holds, worker.is_due(1000 * SECOND)) == (True, False)
