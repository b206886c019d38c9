"""What a job has, what it needs, and whether it has come to its end.

`survey` counts, `plan` says which pods to create and to delete, and `conclude` what that makes of the job. All look at
nothing but what they are given. `tracking.py` then counts the pods that have ended.

Source: pkg/controller/job/job_controller.go, syncJob and manageJob (v1.36).
"""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec.structs import replace

from kubeactors.api.batch.v1 import Job, JobCondition, JobStatus, UncountedTerminatedPods
from kubeactors.api.batch.v1.indexes import Indexes, of, parse
from kubeactors.api.batch.v1.job import (
    COMPLETE,
    FAIL_INDEX,
    FAILED,
    FAILURE_TARGET,
    SUCCESS_CRITERIA_MET,
    SUSPENDED,
    is_indexed,
)
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.time import format_time, parse_time
from kubeactors.controllers import conditions
from kubeactors.controllers import pods as common
from kubeactors.controllers.clocks import seconds_left
from kubeactors.controllers.job.backoff import Record, finish_time, remaining_seconds
from kubeactors.controllers.job.pods import (
    UNKNOWN_INDEX,
    Wanted,
    has_failed,
    ignored_index_failures,
    index_failures,
    index_of,
    is_terminating,
    is_tracked,
    only_failed_are_replaced,
    to_remove,
)
from kubeactors.controllers.job.policies import judge, success

BURST = 500
"""At most so many pods are created or deleted in one go."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What is known: the job, and those of its pods that are not settled.

    `released` are the uids of pods that the job has let go, though the pods may not show it yet; `awaited` says that
    pods which were created or deleted do not show yet; `now` is unix time in nanoseconds.
    """

    job: Job
    pods: tuple[Pod, ...] = ()
    released: Mapping[str, None] = {}
    awaited: bool = False
    now: int = 0

    def holds(self, pod: Pod) -> bool:
        """Whether the pod is kept by the job's finalizer."""
        return is_tracked(pod) and pod.metadata.uid not in self.released


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """The pods counted. `delayed` holds, by index, the failed pod that the next one of its index replaces."""

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


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to do. `delete` keeps the finalizers until the pods are counted; `discard` are pods that never will be."""

    delete: tuple[Pod, ...] = ()
    discard: tuple[Pod, ...] = ()
    create: tuple[Wanted, ...] = ()
    manages: bool = False
    """Whether the number of pods could be looked after at all."""
    wait_seconds: float = 0.0


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """What has been done of a plan: how many pods there are now."""

    active: int
    ready: int
    terminating: int
    deleted_all: bool = True


class Conclusion(msgspec.Struct, frozen=True, kw_only=True):
    """The status before any pod is counted, how the job is about to end, and what people are told."""

    status: JobStatus
    ending: JobCondition | None = None
    events: tuple[tuple[str, str], ...] = ()


def survey(view: View) -> Survey:
    """Count."""
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


def plan(view: View, found: Survey, backoff: Record) -> Plan:
    """Decide; `backoff` says how often pods have failed of late."""
    job = view.job
    if found.ending is not None:
        return Plan(delete=found.active)
    if view.awaited or job.metadata.deletion_timestamp is not None:
        return Plan()
    untracked = {pod.metadata.uid: pod for pod in found.active if not view.holds(pod)}
    if job.spec.suspend:
        return Plan(discard=to_remove(job, found.active, untracked, len(found.active)), manages=True)
    wanted = _wanted_active(job, found)
    surplus = to_remove(job, found.active, untracked, max(len(found.active) - wanted, 0))
    if surplus:
        return Plan(discard=surplus[:BURST], manages=True)
    waited_for = found.terminating if only_failed_are_replaced(job) else 0
    missing = min(wanted - waited_for - len(found.active), BURST)
    if missing <= 0:
        return Plan(manages=True)
    if job.spec.backoff_limit_per_index is not None:
        return _plan_indexes(view, found, missing)
    wait = backoff.remaining_seconds(view.now)
    if wait > 0:
        return Plan(manages=True, wait_seconds=wait)
    if not is_indexed(job.spec):
        return Plan(manages=True, create=(Wanted(),) * missing)
    return Plan(manages=True, create=tuple(Wanted(index=one) for one in _pending(view, found, missing)))


def conclude(view: View, found: Survey, planned: Plan, deed: Deed) -> Conclusion:
    """What has been done, seen from the job."""
    job, now = view.job, view.now
    status = replace(
        job.status,
        active=deed.active,
        ready=deed.ready,
        terminating=deed.terminating,
        start_time=start_time(view),
        uncounted_terminated_pods=job.status.uncounted_terminated_pods or UncountedTerminatedPods(),
    )
    if found.ending is not None:
        sure = deed.deleted_all and not view.awaited
        return _ended(view, status, found.ending) if sure else Conclusion(status=status)
    if deed.active == 0 and not view.awaited and _is_complete(job, found):
        message = "Reached expected number of succeeded pods"
        met = condition(SUCCESS_CRITERIA_MET, "True", "CompletionsReached", message, now)
        return _ended(view, status, met)
    return _with_suspension(job, status, now) if planned.manages else Conclusion(status=status)


def _ended(view: View, status: JobStatus, ending: JobCondition) -> Conclusion:
    """What ends has begun, though it may have been suspended before that was said: else the server would refuse it.

    Only a suspended job that wants nothing ends without.
    """
    spec = view.job.spec
    if status.start_time is None and not (spec.suspend and spec.completions == 0):
        status = replace(status, start_time=format_time(view.now))
    return Conclusion(status=status, ending=ending)


def condition(type_: str, status: str, reason: str, message: str, now: int) -> JobCondition:
    """A condition that was found, and has changed, now."""
    time = format_time(now)
    return JobCondition(
        type=type_, status=status, last_probe_time=time, last_transition_time=time, reason=reason, message=message
    )


def with_condition(status: JobStatus, new: JobCondition) -> JobStatus:
    """The status with this condition where it was before, or at the end. One that is not true need not be said."""
    old = conditions.find(status.conditions, new.type)
    if old is None:
        return status if new.status == "False" else replace(status, conditions=(*status.conditions, new))
    if (old.status, old.reason, old.message) == (new.status, new.reason, new.message):
        return status
    return replace(status, conditions=tuple(new if one is old else one for one in status.conditions))


def start_time(view: View) -> str | None:
    """Since when the job has been active; a suspended one does not begin."""
    started = view.job.status.start_time
    return started if started or view.job.spec.suspend else format_time(view.now)


def seconds_to_deadline(view: View) -> float | None:
    """How long the job may still be active; None if it may be for ever, or is suspended."""
    deadline, started = view.job.spec.active_deadline_seconds, start_time(view)
    if deadline is None or started is None or view.job.spec.suspend:
        return None
    return seconds_left(parse_time(started), deadline, view.now)


def _is_valid(job: Job, pod: Pod) -> bool:
    return not is_indexed(job.spec) or 0 <= index_of(pod) < (job.spec.completions or 0)


def _is_complete(job: Job, found: Survey) -> bool:
    """Without a number of completions one success is enough, when all pods have come to an end."""
    completions = job.spec.completions
    return found.succeeded > 0 if completions is None else found.succeeded >= completions


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
    # A pod that goes and the one in its place may both come to an end: an index has either failed or been completed.
    failures = [index_of(pod) for pod in valid if _fails_index(job, pod)]
    failed = before.union(of(one for one in failures if one not in completed))
    return replace(found, failed_indexes=failed, delayed=_delayed(view, found.active, completed, failed))


def _fails_index(job: Job, pod: Pod) -> bool:
    """Whether there will be no further pod of this one's index."""
    if not has_failed(pod, job):
        return False
    verdict = judge(job.spec.pod_failure_policy, pod)
    if verdict.action == FAIL_INDEX:
        return True
    return verdict.counts and index_failures(pod) >= (job.spec.backoff_limit_per_index or 0)


def _delayed(view: View, active: tuple[Pod, ...], completed: Indexes, failed: Indexes) -> dict[int, Pod]:
    """The last failed pod of each index that waits for another one: it knows how often the index has failed."""
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
    """How the job will end once its pods are gone: it is decided already, or it is now."""
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
    """Why the job fails, the first reason first."""
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
    """Containers that are started again in their pod count too, as long as the pod runs."""
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


def _wanted_active(job: Job, found: Survey) -> int:
    parallelism, completions = job.spec.parallelism or 0, job.spec.completions
    if completions is None:
        return len(found.active) if found.succeeded > 0 else parallelism
    return max(min(completions - found.succeeded, parallelism), 0)


def _pending(view: View, found: Survey, most: int) -> Iterator[int]:
    """The first indexes that have no pod and need one."""
    taken = [index_of(pod) for pod in found.active]
    if only_failed_are_replaced(view.job):
        taken += [index_of(pod) for pod in view.pods if is_terminating(pod)]
    busy = found.completed.union(of(one for one in taken if one != UNKNOWN_INDEX))
    if found.failed_indexes is not None:
        busy = busy.union(found.failed_indexes)
    pending = busy.missing(view.job.spec.completions or 0)
    return (one for one, _ in zip(pending, range(most), strict=False))


def _plan_indexes(view: View, found: Survey, most: int) -> Plan:
    """Each index waits for itself after a failure; if all wait, the job is looked at when the first has."""
    create: list[Wanted] = []
    waits: list[float] = []
    for index in _pending(view, found, most):
        last = found.delayed.get(index)
        wait = 0.0 if last is None else _index_wait(last, view.now)
        if wait:
            waits.append(wait)
        else:
            create.append(_successor(view.job, index, last))
    return Plan(manages=True, create=tuple(create), wait_seconds=min(waits, default=0.0))


def _index_wait(last: Pod, now: int) -> float:
    return remaining_seconds(index_failures(last) + ignored_index_failures(last) + 1, finish_time(last), now)


def _successor(job: Job, index: int, last: Pod | None) -> Wanted:
    if last is None:
        return Wanted(index=index, failures=0)
    counts = judge(job.spec.pod_failure_policy, last).counts
    return Wanted(
        index=index,
        failures=index_failures(last) + counts,
        ignored_failures=ignored_index_failures(last) + (not counts),
    )


def _with_suspension(job: Job, status: JobStatus, now: int) -> Conclusion:
    if job.spec.suspend:
        new = with_condition(status, condition(SUSPENDED, "True", "JobSuspended", "Job suspended", now))
        return Conclusion(status=new, events=(("Suspended", "Job suspended"),) if new is not status else ())
    new = with_condition(status, condition(SUSPENDED, "False", "JobResumed", "Job resumed", now))
    if new is status:
        return Conclusion(status=status)
    # The time for which a job may be active begins anew.
    return Conclusion(status=replace(new, start_time=format_time(now)), events=(("Resumed", "Job resumed"),))


def final(ending: JobCondition, now: int) -> JobCondition:
    """The condition that ends the job, for the one that announced it."""
    type_ = COMPLETE if ending.type == SUCCESS_CRITERIA_MET else FAILED
    return condition(type_, "True", ending.reason, ending.message, now)
