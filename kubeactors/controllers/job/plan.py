"""Decides which pods a job creates and deletes: pure functions.

`plan` decides on the basis of a survey (`survey.py`); after that was carried out, `conclude` derives the status and the
way the job ends, and `tracking.py` counts the finished pods.

Source: pkg/controller/job/job_controller.go, syncJob and manageJob (v1.36).
"""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from kubeactors.api.batch.v1 import Job, JobCondition, JobStatus, UncountedTerminatedPods
from kubeactors.api.batch.v1.indexes import of
from kubeactors.api.batch.v1.job import (
    COMPLETE,
    FAILED,
    SUCCESS_CRITERIA_MET,
    SUSPENDED,
    is_indexed,
)
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.time import format_time
from kubeactors.controllers import conditions
from kubeactors.controllers.job.backoff import Record, finish_time, remaining_seconds
from kubeactors.controllers.job.pods import (
    UNKNOWN_INDEX,
    Wanted,
    ignored_index_failures,
    index_failures,
    index_of,
    is_terminating,
    only_failed_are_replaced,
    pods_to_remove,
)
from kubeactors.controllers.job.policies import judge
from kubeactors.controllers.job.survey import Survey, View, condition, start_time

BURST = 500
"""At most this many pods are created or deleted in one sync."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to do. Pods to `delete` keep their finalizers until they are counted; those to `discard` never will be."""

    delete: tuple[Pod, ...] = ()
    discard: tuple[Pod, ...] = ()
    create: tuple[Wanted, ...] = ()
    manages: bool = False
    """Whether this sync manages the number of pods at all."""
    wait_seconds: float = 0.0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What was done of a plan: how many pods there are now."""

    active: int
    ready: int
    terminating: int
    deleted_all: bool = True


class Conclusion(msgspec.Struct, frozen=True, kw_only=True):
    """The status before any pod is counted, the condition that announces the job's end, and the events to record."""

    status: JobStatus
    ending: JobCondition | None = None
    events: tuple[tuple[str, str], ...] = ()


def plan(view: View, found: Survey, backoff: Record) -> Plan:
    """Decide; `backoff` is the record of recent failures."""
    job = view.job
    if found.ending is not None:
        return Plan(delete=found.active)
    if view.awaited or job.metadata.deletion_timestamp is not None:
        return Plan()
    untracked = {pod.metadata.uid: pod for pod in found.active if not view.holds(pod)}
    if job.spec.suspend:
        return Plan(discard=pods_to_remove(job, found.active, untracked, len(found.active)), manages=True)
    wanted = _wanted_active(job, found)
    surplus = pods_to_remove(job, found.active, untracked, max(len(found.active) - wanted, 0))
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


def conclude(view: View, found: Survey, planned: Plan, outcome: Outcome) -> Conclusion:
    """The status that follows from what was done."""
    job, now = view.job, view.now
    status = replace(
        job.status,
        active=outcome.active,
        ready=outcome.ready,
        terminating=outcome.terminating,
        start_time=start_time(view),
        uncounted_terminated_pods=job.status.uncounted_terminated_pods or UncountedTerminatedPods(),
    )
    if found.ending is not None:
        sure = outcome.deleted_all and not view.awaited
        return _ended(view, status, found.ending) if sure else Conclusion(status=status)
    if outcome.active == 0 and not view.awaited and _is_complete(job, found):
        message = "Reached expected number of succeeded pods"
        met = condition(SUCCESS_CRITERIA_MET, "True", "CompletionsReached", message, now)
        return _ended(view, status, met)
    return _with_suspension(job, status, now) if planned.manages else Conclusion(status=status)


def _ended(view: View, status: JobStatus, ending: JobCondition) -> Conclusion:
    """The job ends. It must have a start time, or the API server would reject its end.

    A job suspended before its first status write may have none. Only a suspended job of 0 completions ends without one.
    """
    spec = view.job.spec
    if status.start_time is None and not (spec.suspend and spec.completions == 0):
        status = replace(status, start_time=format_time(view.now))
    return Conclusion(status=status, ending=ending)


def with_condition(status: JobStatus, new: JobCondition) -> JobStatus:
    """The status with this condition, in its former place or at the end. A new condition that is False is left out."""
    old = conditions.find(status.conditions, new.type)
    if old is None:
        return status if new.status == "False" else replace(status, conditions=(*status.conditions, new))
    if (old.status, old.reason, old.message) == (new.status, new.reason, new.message):
        return status
    return replace(status, conditions=tuple(new if one is old else one for one in status.conditions))


def _is_complete(job: Job, found: Survey) -> bool:
    """Whether enough pods have succeeded. Without `completions` one is enough (once all pods have finished)."""
    completions = job.spec.completions
    return found.succeeded > 0 if completions is None else found.succeeded >= completions


def _wanted_active(job: Job, found: Survey) -> int:
    parallelism, completions = job.spec.parallelism or 0, job.spec.completions
    if completions is None:
        return len(found.active) if found.succeeded > 0 else parallelism
    return max(min(completions - found.succeeded, parallelism), 0)


def _pending(view: View, found: Survey, most: int) -> Iterator[int]:
    """The lowest indexes that need a pod and have none."""
    taken = [index_of(pod) for pod in found.active]
    if only_failed_are_replaced(view.job):
        taken += [index_of(pod) for pod in view.pods if is_terminating(pod)]
    busy = found.completed.union(of(one for one in taken if one != UNKNOWN_INDEX))
    if found.failed_indexes is not None:
        busy = busy.union(found.failed_indexes)
    pending = busy.missing(view.job.spec.completions or 0)
    return (one for one, _ in zip(pending, range(most), strict=False))


def _plan_indexes(view: View, found: Survey, most: int) -> Plan:
    """Each index backs off on its own; the job is requeued when the first delay is over."""
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
    # activeDeadlineSeconds starts anew.
    return Conclusion(status=replace(new, start_time=format_time(now)), events=(("Resumed", "Job resumed"),))


def final(ending: JobCondition, now: int) -> JobCondition:
    """The terminal condition (Complete or Failed) for the one that announced it."""
    type_ = COMPLETE if ending.type == SUCCESS_CRITERIA_MET else FAILED
    return condition(type_, "True", ending.reason, ending.message, now)
