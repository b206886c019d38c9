"""When probes run, and what their results amount to."""

from kubeactors.api.core.v1 import Probe
from kubeactors.kubelet.probes import LIVENESS, READINESS, SECOND, STARTUP, ProbeWorker
from kubeactors.kubelet.runtimes import ProbeResult

GOOD, BAD = ProbeResult(success=True), ProbeResult(success=False)
PROBE = Probe(initial_delay_seconds=5, period_seconds=10, success_threshold=2, failure_threshold=3)


def test_a_probe_first_runs_after_its_initial_delay() -> None:
    worker = ProbeWorker(READINESS, PROBE, SECOND)
    assert (worker.is_due(6 * SECOND - 1), worker.is_due(6 * SECOND)) == (False, True)


def test_readiness_follows_the_success_and_failure_thresholds() -> None:
    worker = ProbeWorker(READINESS, PROBE, 0)
    held: list[bool] = []
    for answer in (GOOD, BAD, GOOD, GOOD, BAD, BAD, BAD):
        worker.take(answer, 0)
        held.append(worker.holds)
    assert held == [False, False, False, True, True, True, False]


def test_a_container_is_live_until_its_failure_threshold_is_reached() -> None:
    worker = ProbeWorker(LIVENESS, PROBE, 0)
    assert worker.holds
    for _ in range(3):
        worker.take(BAD, 0)
    assert (worker.holds, worker.has_failed) == (False, True)


def test_a_startup_probe_stops_once_it_has_succeeded() -> None:
    worker = ProbeWorker(STARTUP, Probe(period_seconds=10), 0)
    worker.take(GOOD, 0)
    assert worker.holds
    assert worker.next_at is None


def test_a_probe_whose_result_cannot_change_needs_no_timer() -> None:
    worker = ProbeWorker(READINESS, PROBE, 0)
    steady = ProbeResult(success=True, steady=True)
    worker.take(steady, 5 * SECOND)
    assert (worker.holds, worker.is_due(15 * SECOND)) == (False, True)
    worker.take(steady, 15 * SECOND)
    assert (worker.holds, worker.is_due(1000 * SECOND)) == (True, False)
