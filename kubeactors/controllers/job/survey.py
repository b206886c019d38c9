"""Assesses a job: counts its pods and finds out whether it ends. Pure functions.

Source: pkg/controller/job/job_controller.go, syncJob (v1.36).
"""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec.structs import replace

from kubeactors.api.batch.v1 import Job, JobCondition, UncountedTerminatedPods
from kubeactors.api.batch.v1.indexes import Indexes, of, parse
from kubeactors.api.batch.v1.job import (
    FAIL_INDEX,
    FAILURE_TARGET,
    SUCCESS_CRITERIA_MET,
    is_indexed,
)
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.time import format_time, parse_time
from kubeactors.controllers import conditions
from kubeactors.controllers import pods as common
from kubeactors.controllers.clocks import seconds_left
from kubeactors.controllers.job.backoff import finish_time
from kubeactors.controllers.job.pods import (
    has_failed,
    ignored_index_failures,
    index_failures,
    index_of,
    is_terminating,
    is_tracked,
)
from kubeactors.controllers.job.policies import judge, success


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The input of a sync: the job and its unsettled pods.

    `released` are the UIDs of pods whose finalizer has been removed, even if the pods still show it; `awaited` says
    that creations or deletions are not visible yet; `now` is Unix time in nanoseconds.
    """

    job: Job
    pods: tuple[Pod, ...] = ()
    released: Mapping[str, None] = {}
    awaited: bool = False
    now: int = 0

    def holds(self, pod: Pod) -> bool:
        """Whether the job's finalizer still holds the pod."""
        return is_tracked(pod) and pod.metadata.uid not in self.released


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """The pods, counted. `delayed` is, by index, the last failed pod, which the next pod of the index will replace."""

    active: tuple[Pod, ...]
    ready: int
    terminating: int
    succeeded: int
    failed: int
    new_succeeded: tuple[Pod, ...]
    new_failed: tuple[Pod, ...]
    counted_indexes: Indexes = Indexes()
    completed: Indexes = Indexes()
    failed_indexes: Indexes | None = None
    delayed: Mapping[int, Pod] = {}
    ending: JobCondition | None = None


def survey(view: View) -> Survey:
    """Count the pods, and find out whether the job ends."""
    job, pods = view.job, view.pods
    active = tuple(filter(common.is_active, pods))
    uncounted = job.status.uncounted_terminated_pods or UncountedTerminatedPods()
    known = dict.fromkeys((*uncounted.succeeded, *uncounted.failed))
    fresh = [pod for pod in pods if view.holds(pod) and pod.metadata.uid not in known and _is_valid(job, pod)]
    new_succeeded = tuple(pod for pod in fresh if pod.status.phase == common.SUCCEEDED)
    new_failed = tuple(pod for pod in fresh if has_failed(pod, job))
    counting = sum(judge(job.spec.pod_failure_policy, pod).counts for pod in new_failed)
    found = Survey(
        active=active,
        ready=sum(map(common.is_ready, active)),
        terminating=sum(map(is_terminating, pods)),
        succeeded=job.status.succeeded + len(new_succeeded) + len(uncounted.succeeded),
        failed=job.status.failed + counting + len(uncounted.failed),
        new_succeeded=new_succeeded,
        new_failed=new_failed,
    )
    if is_indexed(job.spec):
        found = _with_indexes(view, found)
    return replace(found, ending=_ending(view, found))


def start_time(view: View) -> str | None:
    """When the job started: now, if it has no start time and is not suspended."""
    started = view.job.status.start_time
    return started if started or view.job.spec.suspend else format_time(view.now)


def seconds_to_deadline(view: View) -> float | None:
    """How long the job may still be active; None if there is no deadline or it is suspended."""
    deadline, started = view.job.spec.active_deadline_seconds, start_time(view)
    if deadline is None or started is None or view.job.spec.suspend:
        return None
    return seconds_left(parse_time(started), deadline, view.now)


def condition(type_: str, status: str, reason: str, message: str, now: int) -> JobCondition:
    """A condition that was probed, and changed, now."""
    time = format_time(now)
    return JobCondition(
        type=type_, status=status, last_probe_time=time, last_transition_time=time, reason=reason, message=message
    )


def _with_indexes(view: View, found: Survey) -> Survey:
    job = view.job
    completions = job.spec.completions or 0
    counted = parse(job.status.completed_indexes, completions)
    valid = [pod for pod in view.pods if is_tracked(pod) and _is_valid(job, pod)]
    before = parse(job.status.failed_indexes or "", completions)
    successes = [index_of(pod) for pod in valid if pod.status.phase == common.SUCCEEDED]
    completed = counted.union(of(one for one in successes if one not in before))
    found = replace(found, counted_indexes=counted, completed=completed, succeeded=completed.total)
    if job.spec.backoff_limit_per_index is None:
        return found
    # A terminating pod and its replacement may both finish: an index has either failed or completed, not both.
    failures = [index_of(pod) for pod in valid if _fails_index(job, pod)]
    failed = before.union(of(one for one in failures if one not in completed))
    return replace(found, failed_indexes=failed, delayed=_delayed(view, found.active, completed, failed))


def _is_valid(job: Job, pod: Pod) -> bool:
    return not is_indexed(job.spec) or 0 <= index_of(pod) < (job.spec.completions or 0)


def _fails_index(job: Job, pod: Pod) -> bool:
    """Whether this pod's failure fails its index."""
    if not has_failed(pod, job):
        return False
    verdict = judge(job.spec.pod_failure_policy, pod)
    if verdict.action == FAIL_INDEX:
        return True
    return verdict.counts and index_failures(pod) >= (job.spec.backoff_limit_per_index or 0)


def _delayed(view: View, active: tuple[Pod, ...], completed: Indexes, failed: Indexes) -> dict[int, Pod]:
    """The last failed pod of each index that is to be retried: its annotations say how often the index has failed."""
    job, running = view.job, dict.fromkeys(map(index_of, active))
    found: dict[int, Pod] = {}
    for pod in view.pods:
        index = index_of(pod)
        if not (view.holds(pod) and _is_valid(job, pod) and has_failed(pod, job)):
            continue
        if index in completed or index in failed or index in running:
            continue
        other = found.get(index)
        if other is None or _order(other) <= _order(pod):
            found[index] = pod
    return found


def _order(pod: Pod) -> tuple[int, int]:
    return index_failures(pod) + ignored_index_failures(pod), finish_time(pod)


def _ending(view: View, found: Survey) -> JobCondition | None:
    """The condition with which the job ends once its pods are gone, decided now or before; None if it does not end."""
    job, now = view.job, view.now
    met = conditions.find(job.status.conditions, SUCCESS_CRITERIA_MET)
    if met is not None and met.status == "True":
        return met
    target = conditions.find(job.status.conditions, FAILURE_TARGET)
    if target is not None and target.status == "True":
        return target
    for reason, message in _failures(view, found):
        return condition(FAILURE_TARGET, "True", reason, message, now)
    if is_indexed(job.spec):
        message = success(job.spec.success_policy, job.spec.completions or 0, found.completed)
        if message:
            return condition(SUCCESS_CRITERIA_MET, "True", "SuccessPolicy", message, now)
    return None


def _failures(view: View, found: Survey) -> Iterator[tuple[str, str]]:
    """The reasons and messages for which the job fails, in order of precedence."""
    job, spec = view.job, view.job.spec
    if spec.pod_failure_policy is not None:
        for pod in view.pods:
            if has_failed(pod, job) and (message := judge(spec.pod_failure_policy, pod).message):
                yield "PodFailurePolicy", message
    if found.failed > (spec.backoff_limit or 0) or _restarted_too_often(view):
        yield "BackoffLimitExceeded", "Job has reached the specified backoff limit"
    if seconds_to_deadline(view) == 0:
        yield "DeadlineExceeded", "Job was active longer than specified deadline"
    if found.failed_indexes is not None:
        yield from _failed_indexes(
            spec.completions or 0, spec.max_failed_indexes, found.failed_indexes, found.completed
        )


def _failed_indexes(
    completions: int, most: int | None, failed: Indexes, completed: Indexes
) -> Iterator[tuple[str, str]]:
    if most is not None and failed.total > most:
        yield "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes"
    elif failed and failed.total + completed.total >= completions:
        yield "FailedIndexes", "Job has failed indexes"


def _restarted_too_often(view: View) -> bool:
    """With restartPolicy OnFailure, restarts of containers count against the backoff limit."""
    spec = view.job.spec
    if spec.template.spec.restart_policy != "OnFailure":
        return False
    restarts = sum(
        status.restart_count
        for pod in view.pods
        if pod.status.phase in (common.RUNNING, common.PENDING)
        for status in (*pod.status.init_container_statuses, *pod.status.container_statuses)
    )
    return restarts > 0 if not spec.backoff_limit else restarts >= spec.backoff_limit
