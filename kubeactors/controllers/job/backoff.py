"""How long a job backs off before it replaces failed pods.

Source: pkg/controller/job/backoff_utils.go (v1.36).
"""

from collections.abc import Iterable

import msgspec

from kubeactors.api.core.v1 import ContainerStatus, Pod
from kubeactors.api.core.v1.resources import is_sidecar
from kubeactors.apimachinery.time import SECOND, parse_time
from kubeactors.controllers.clocks import seconds_left
from kubeactors.controllers.pods import READY, condition

FIRST_SECONDS, MAX_SECONDS = 10, 600
"""The delay after the first failure, which doubles with each further one, and its upper limit."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """How many pods have failed since the last success, and when the last of them did (Unix nanoseconds)."""

    failures: int = 0
    last: int = 0

    def after(self, succeeded: Iterable[Pod], failed: Iterable[Pod]) -> "Record":
        """The record after these pods have finished, too."""
        successes, failures = [*map(finish_time, succeeded)], [*map(finish_time, failed)]
        if not successes:
            return Record(failures=self.failures + len(failures), last=max(failures)) if failures else self
        later = [one for one in failures if one > max(successes)]
        return Record(failures=len(later), last=max(later)) if later else NO_FAILURES

    def remaining_seconds(self, now: int) -> float:
        """The rest of the delay."""
        return remaining_seconds(self.failures, self.last, now)


NO_FAILURES = Record()


def remaining_seconds(failures: int, last: int, now: int) -> float:
    """The rest of the delay after this many failures, the last of them at `last`.

    It never exceeds the whole delay, even if `last` is in the future because the clock was set back.

    >>> remaining_seconds(0, 0, 0), remaining_seconds(3, 0, 5 * SECOND), remaining_seconds(20, 0, 0)
    (0.0, 35.0, 600.0)
    >>> remaining_seconds(1, 5 * 3600 * SECOND, 0)
    10.0
    """
    if failures == 0:
        return 0.0
    return seconds_left(last, min(FIRST_SECONDS << min(failures - 1, 10), MAX_SECONDS), now)


def finish_time(pod: Pod) -> int:
    """When the pod finished: the best estimate that its status allows."""
    metadata = pod.metadata
    found = _of_containers(pod) or _of_condition(pod)
    if found:
        return parse_time(found)
    if metadata.deletion_timestamp:
        return parse_time(metadata.deletion_timestamp) - (metadata.deletion_grace_period_seconds or 0) * SECOND
    return parse_time(metadata.creation_timestamp) if metadata.creation_timestamp else 0


def _of_containers(pod: Pod) -> str:
    """When the last container terminated, sidecars included, which outlive the others; empty if one still runs."""
    sidecars = [one.name for one in pod.spec.init_containers if is_sidecar(one)]
    beside = (one for one in pod.status.init_container_statuses if one.name in sidecars)
    ends = [_end_of(one) for one in (*pod.status.container_statuses, *beside)]
    return max(ends, default="") if all(ends) else ""


def _end_of(status: ContainerStatus) -> str:
    ended = status.state.terminated
    return ended.finished_at or "" if ended is not None else ""


def _of_condition(pod: Pod) -> str:
    found = condition(pod, READY)
    return found.last_transition_time or "" if found is not None and found.status == "False" else ""
