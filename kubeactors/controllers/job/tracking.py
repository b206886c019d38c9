"""Counts finished pods exactly once, whatever fails in between.

A finished pod is first listed in the job's `uncountedTerminatedPods` (`track`); then its finalizer is removed, after
which anyone may delete it; then it is counted and taken off the list (`counted`). The controller may crash between any
two of these steps: its successor finds the pod listed, with or without its finalizer, and continues from there. The
finalizer must not be removed before the status is written, nor the pod counted before its finalizer is removed.

Source: pkg/controller/job/job_controller.go, trackJobStatusAndRemoveFinalizers (v1.36).
"""

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from kubeactors.api.batch.v1 import Job, JobCondition, JobStatus, UncountedTerminatedPods
from kubeactors.api.batch.v1.indexes import of
from kubeactors.api.batch.v1.job import COMPLETE, SUCCESS_CRITERIA_MET, is_indexed
from kubeactors.api.core.v1 import Pod
from kubeactors.controllers import conditions
from kubeactors.controllers.job.plan import Conclusion, final, with_condition
from kubeactors.controllers.job.pods import has_failed, index_of
from kubeactors.controllers.job.policies import judge
from kubeactors.controllers.job.survey import Survey, View
from kubeactors.controllers.pods import SUCCEEDED

MAX_UNCOUNTED = 500
"""At most this many pods are listed as uncounted, which keeps the status small."""


class Tracking(msgspec.Struct, frozen=True, kw_only=True):
    """The status to write first, and the pods to release then; `more` says that others are left for the next sync."""

    status: JobStatus
    release: tuple[Pod, ...] = ()
    more: bool = False


class _Tally:
    """Collects the pods to count."""

    def __init__(self, view: View, found: Survey, concluded: Conclusion, uncounted: UncountedTerminatedPods) -> None:
        self.view, self.found, self.ending = view, found, concluded.ending
        self.succeeded, self.failed = dict.fromkeys(uncounted.succeeded), dict.fromkeys(uncounted.failed)
        self.indexes: dict[int, None] = {}
        self.release: list[Pod] = []

    def __len__(self) -> int:
        return len(self.succeeded) + len(self.failed) + len(self.indexes)

    def add(self, pod: Pod) -> None:
        """Add a pod that still has its finalizer, if it may be released."""
        job, uid = self.view.job, pod.metadata.uid
        failed = has_failed(pod, job)
        if not self._is_releasable(pod, failed=failed):
            return
        self.release.append(pod)
        if pod.status.phase == SUCCEEDED and uid not in self.failed:
            self._succeeded(pod)
        elif (failed or self._is_given_up()) and self._counts(pod):
            self.failed[uid] = None

    def _is_releasable(self, pod: Pod, *, failed: bool) -> bool:
        if self.view.job.metadata.deletion_timestamp is not None or self.ending is not None:
            return True
        if pod.status.phase == SUCCEEDED:
            return True
        return failed and self.found.delayed.get(index_of(pod)) is not pod

    def _is_given_up(self) -> bool:
        """Whether the job fails, and with it the pods that still run."""
        return self.ending is not None and self.ending.type != SUCCESS_CRITERIA_MET

    def _succeeded(self, pod: Pod) -> None:
        if not is_indexed(self.view.job.spec):
            self.succeeded[pod.metadata.uid] = None
        elif index_of(pod) in self.found.completed and index_of(pod) not in self.found.counted_indexes:
            self.indexes[index_of(pod)] = None  # an index is in `completedIndexes` once, so its UID need not be listed

    def _counts(self, pod: Pod) -> bool:
        job = self.view.job
        return self._has_valid_index(pod) and judge(job.spec.pod_failure_policy, pod).counts

    def _has_valid_index(self, pod: Pod) -> bool:
        spec = self.view.job.spec
        return not is_indexed(spec) or 0 <= index_of(pod) < (spec.completions or 0)


def track(view: View, found: Survey, concluded: Conclusion) -> Tracking:
    """List the finished pods in the status as uncounted."""
    job = view.job
    held = [pod for pod in view.pods if view.holds(pod)]
    if is_indexed(job.spec):
        held.sort(key=index_of)
    status = counted(concluded.status, {pod.metadata.uid: None for pod in held})
    uncounted = status.uncounted_terminated_pods or UncountedTerminatedPods()
    tally, more = _Tally(view, found, concluded, uncounted), False
    for pod in held:
        if len(tally) >= MAX_UNCOUNTED:
            more = True
            break
        tally.add(pod)
    named = UncountedTerminatedPods(succeeded=tuple(tally.succeeded), failed=tuple(tally.failed))
    status = replace(status, uncounted_terminated_pods=named)
    if is_indexed(job.spec):
        status = _with_indexes(status, found, tally)
    if concluded.ending is not None and conditions.find(status.conditions, concluded.ending.type) is None:
        status = with_condition(status, concluded.ending)
    return Tracking(status=status, release=tuple(tally.release), more=more)


def counted(status: JobStatus, held: Mapping[str, None]) -> JobStatus:
    """The status after the listed pods that have lost their finalizer (all but `held`) have been counted.

    >>> status = JobStatus(uncounted_terminated_pods=UncountedTerminatedPods(succeeded=("a", "b")))
    >>> now = counted(status, {"b": None})
    >>> now.succeeded, now.uncounted_terminated_pods
    (1, UncountedTerminatedPods(succeeded=('b',), failed=()))
    """
    named = status.uncounted_terminated_pods or UncountedTerminatedPods()
    left = UncountedTerminatedPods(
        succeeded=tuple(uid for uid in named.succeeded if uid in held),
        failed=tuple(uid for uid in named.failed if uid in held),
    )
    return replace(
        status,
        succeeded=status.succeeded + len(named.succeeded) - len(left.succeeded),
        failed=status.failed + len(named.failed) - len(left.failed),
        uncounted_terminated_pods=left,
    )


def finished(job: Job, ending: JobCondition | None, now: int) -> JobStatus | None:
    """The final status of the job; None while pods are still to be counted, or still run.

    It does not complete before its start, which another clock may have written: the API server would reject that.
    """
    status = job.status
    named = status.uncounted_terminated_pods or UncountedTerminatedPods()
    if ending is None or named.succeeded or named.failed or status.terminating:
        return None
    last = final(ending, now)
    status = with_condition(status, last)
    if last.type != COMPLETE:
        return status
    return replace(status, completion_time=max(last.last_transition_time or "", status.start_time or ""))


def _with_indexes(status: JobStatus, found: Survey, tally: _Tally) -> JobStatus:
    completed = found.counted_indexes.union(of(tally.indexes))
    failed = None if found.failed_indexes is None else str(found.failed_indexes)
    return replace(status, succeeded=completed.total, completed_indexes=str(completed), failed_indexes=failed)
