"""The state of a probe: when it is due, and its result after thresholds. Pure.

Source: pkg/kubelet/prober/worker.go (v1.36).
"""

from kubeactors.api.core.v1 import Probe
from kubeactors.kubelet.runtimes import ProbeResult

SECOND = 1_000_000_000
STARTUP, READINESS, LIVENESS = "Startup", "Readiness", "Liveness"


class ProbeWorker:
    """A probe of a running container. It succeeds after enough consecutive successes, and fails after enough failures.

    Args:
        kind: Startup, Readiness or Liveness. A liveness probe counts as successful at first; the others do not.
        probe: the probe's spec.
        started_at: when the container started, in Unix nanoseconds.
    """

    __slots__ = ("_failures", "_successes", "holds", "is_asked", "kind", "next_at", "probe")

    def __init__(self, kind: str, probe: Probe, started_at: int) -> None:
        self.kind: str = kind
        self.probe: Probe = probe
        self.holds: bool = kind == LIVENESS
        self.next_at: int | None = started_at + probe.initial_delay_seconds * SECOND
        """When to probe next; None if the result is final, or a probe is in flight."""
        self.is_asked: bool = False
        """Note that a probe is in flight."""
        self._successes = 0
        self._failures = 0

    def is_due(self, now: int) -> bool:
        """Whether it is time to probe."""
        return self.is_asked or (self.next_at is not None and self.next_at <= now)

    def wait(self) -> None:
        """Note that a probe is in flight."""
        self.is_asked = True
        self.next_at = None

    def take(self, result: ProbeResult, now: int) -> None:
        """Count a result."""
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
        """Stop probing, since the container will be restarted; the result is kept."""
        self.is_asked = False
        self.next_at = None
        self._failures = 0

    @property
    def has_failed(self) -> bool:
        """Whether it has failed as often as the failure threshold says."""
        return self._failures >= max(self.probe.failure_threshold, 1)
