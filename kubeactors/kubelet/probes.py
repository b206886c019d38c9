"""Probes of one container: when to ask, and what the answers come to. Pure.

Source: pkg/kubelet/prober/worker.go (v1.36).
"""

from kubeactors.api.core.v1 import Probe
from kubeactors.kubelet.runtimes import ProbeResult

SECOND = 1_000_000_000
STARTUP, READINESS, LIVENESS = "Startup", "Readiness", "Liveness"


class ProbeWorker:
    """One probe of one running container. It succeeds after enough successes in a row, and fails after enough failures.

    Args:
        kind: Startup, Readiness or Liveness. A liveness probe holds until it fails; the others do not until they succeed.
        probe: what the pod says.
        started_at: when the container started, unix nanoseconds.
    """

    __slots__ = ("_failures", "_successes", "holds", "is_asked", "kind", "next_at", "probe")

    def __init__(self, kind: str, probe: Probe, started_at: int) -> None:
        self.kind: str = kind
        self.probe: Probe = probe
        self.holds: bool = kind == LIVENESS
        self.next_at: int | None = started_at + probe.initial_delay_seconds * SECOND
        """When to ask next; None if the answer will stay as it is, or is on its way."""
        self.is_asked: bool = False
        """The answer is on its way."""
        self._successes = 0
        self._failures = 0

    def is_due(self, now: int) -> bool:
        """Whether it is time to ask."""
        return self.is_asked or (self.next_at is not None and self.next_at <= now)

    def wait(self) -> None:
        """The answer is on its way."""
        self.is_asked = True
        self.next_at = None

    def take(self, result: ProbeResult, now: int) -> None:
        """Count an answer."""
        self.is_asked = False
        self._successes = self._successes + 1 if result.success else 0
        self._failures = 0 if result.success else self._failures + 1
        if self._successes >= max(self.probe.success_threshold, 1):
            self.holds = True
        elif self._failures >= max(self.probe.failure_threshold, 1):
            self.holds = False
        settled = result.steady and result.success == self.holds
        over = self.kind == STARTUP and self.holds
        self.next_at = None if settled or over else now + max(self.probe.period_seconds, 1) * SECOND

    def hold(self) -> None:
        """Ask no more: the container is to be started again. What it has come to stays."""
        self.is_asked = False
        self.next_at = None
        self._failures = 0

    @property
    def has_failed(self) -> bool:
        """Whether it failed often enough to act on."""
        return self._failures >= max(self.probe.failure_threshold, 1)
