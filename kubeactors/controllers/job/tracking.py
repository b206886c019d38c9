"""Counting pods that have ended, each of them once, whatever fails in between.

A pod that has ended is first named in the job's status (`track`); then it loses its finalizer, without which it may be
deleted by anyone; then it is counted and named no more (`counted`). Between any two of these steps the controller may
die: whoever comes next finds the pod named, with or without its finalizer, and goes on from there. The finalizer must
not go before the status is written, and a pod must not be counted before its finalizer has gone.

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
from kubeactors.controllers.job.plan import Conclusion, Survey, View, final, with_condition
from kubeactors.controllers.job.pods import has_failed, index_of
from kubeactors.controllers.job.policies import judge
from kubeactors.controllers.pods import SUCCEEDED

MAX_UNCOUNTED = 500
"""So many pods are named at most, which keeps the status small."""


class Tracking(msgspec.Struct, frozen=True, kw_only=True):
    """The status to write first, the pods to release then; `more` says that there are others left."""

    status: JobStatus
    release: tuple[Pod, ...] = ()
    more: bool = False


class _Tally:
    """Pods that are to be counted, as they are found."""

    def __init__(self, view: View, found: Survey, concluded: Conclusion, uncounted: UncountedTerminatedPods) -> None:
        self.view, self.found, self.ending = view, found, concluded.ending
        self.succeeded, self.failed = dict.fromkeys(uncounted.succeeded), dict.fromkeys(uncounted.failed)
        self.indexes: dict[int, None] = {}
        self.release: list[Pod] = []

    def __len__(self) -> int:
        return len(self.succeeded) + len(self.failed) + len(self.indexes)

    def add(self, pod: Pod) -> None:
        """Take in a pod that the finalizer keeps, if it may go."""
        job, uid = self.view.job, pod.metadata.uid
        failed = has_failed(pod, job)
        if not self._may_go(pod, failed=failed):
            return
        self.release.append(pod)
        if pod.status.phase == SUCCEEDED and uid not in self.failed:
            self._succeeded(pod)
        elif (failed or self._is_given_up()) and self._counts(pod):
            self.failed[uid] = None

    def _may_go(self, pod: Pod, *, failed: bool) -> bool:
        if self.view.job.metadata.deletion_timestamp is not None or self.ending is not None:
            return True
        if pod.status.phase == SUCCEEDED:
            return True
        return failed and self.found.delayed.get(index_of(pod)) is not pod

    def _is_given_up(self) -> bool:
        """Whether whatever still runs of the job has failed with it."""
        return self.ending is not None and self.ending.type != SUCCESS_CRITERIA_MET

    def _succeeded(self, pod: Pod) -> None:
        if not is_indexed(self.view.job.spec):
            self.succeeded[pod.metadata.uid] = None
        elif index_of(pod) in self.found.completed and index_of(pod) not in self.found.counted_indexes:
            self.indexes[index_of(pod)] = None  # the index is enough to count it once

    def _counts(self, pod: Pod) -> bool:
        job = self.view.job
        return self._has_valid_index(pod) and judge(job.spec.pod_failure_policy, pod).counts

    def _has_valid_index(self, pod: Pod) -> bool:
        spec = self.view.job.spec
        return not is_indexed(spec) or 0 <= index_of(pod) < (spec.completions or 0)


def track(view: View, found: Survey, concluded: Conclusion) -> Tracking:
    """Name the pods that have ended in the status."""
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
    """The status after the named pods that no finalizer keeps any more have been counted.

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
    """The status with which the job ends; None as long as it does not: pods are still to be counted, or still run.

    It ends no earlier than it began, which another clock may have said: the server would refuse that.
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
