"""Validation of the status of Jobs and its transitions.

Most rules look only at what has changed, so that a status that was odd before does not block others.

Source: pkg/apis/batch/validation/validation.go, pkg/registry/batch/job/strategy.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.batch.v1 import indexes
from kubeactors.api.batch.v1.job import (
    COMPLETE,
    FAILED,
    FAILURE_TARGET,
    SUCCESS_CRITERIA_MET,
    SUSPENDED,
    Job,
    has_condition,
    is_finished,
    is_indexed,
)
from kubeactors.api.batch.v1.validation.policies import senseless
from kubeactors.api.validation import validate_count
from kubeactors.apimachinery.field import FieldError, duplicate, invalid, required

_CONDITIONS = "status.conditions"


def validate_job_status(new: Job, old: Job) -> Iterator[FieldError]:
    """Counts and conditions are consistent, and a finished job stays finished."""
    yield from _validate_counts(new)
    yield from _validate_conditions(new)
    yield from _validate_times(new, old)
    yield from _validate_end(new, old)
    yield from _validate_indexes(new, old)
    yield from _validate_change(new, old)


def _validate_counts(job: Job) -> Iterator[FieldError]:
    status = job.status
    yield from validate_count(status.active, "status.active")
    yield from validate_count(status.succeeded, "status.succeeded")
    yield from validate_count(status.failed, "status.failed")
    yield from validate_count(status.ready, "status.ready")
    yield from validate_count(status.terminating, "status.terminating")
    uncounted, seen = status.uncounted_terminated_pods, dict[str, None]()
    if uncounted is None:
        return
    for name, uids in (("succeeded", uncounted.succeeded), ("failed", uncounted.failed)):
        for i, uid in enumerate(uids):
            path = f"status.uncountedTerminatedPods.{name}[{i}]"
            if not uid:
                yield invalid(path, uid, "must not be empty")
            elif uid in seen:
                yield duplicate(path, uid)
            seen[uid] = None


def _validate_conditions(job: Job) -> Iterator[FieldError]:
    complete, failed = has_condition(job, COMPLETE), has_condition(job, FAILED)
    target, met = has_condition(job, FAILURE_TARGET), has_condition(job, SUCCESS_CRITERIA_MET)
    if complete and failed:
        yield senseless(_CONDITIONS, "cannot set Complete=True and Failed=true conditions")
    if complete and target:
        yield senseless(_CONDITIONS, "cannot set Complete=True and FailureTarget=true conditions")
    if failed and not target:
        yield senseless(_CONDITIONS, "cannot set Failed=True condition without the FailureTarget=true condition")
    if complete and not met:
        why = "cannot set Complete=True condition without the SuccessCriteriaMet=true condition"
        yield senseless(_CONDITIONS, why)
    if met and failed:
        yield senseless(_CONDITIONS, "cannot set SuccessCriteriaMet=True and Failed=true conditions")
    if met and target:
        yield senseless(_CONDITIONS, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions")


def _validate_times(new: Job, old: Job) -> Iterator[FieldError]:
    start, end = new.status.start_time, new.status.completion_time
    if (start, end) != (old.status.start_time, old.status.completion_time) and start and end and end < start:
        yield invalid("status.completionTime", end, "completionTime cannot be set before startTime")
    if end != old.status.completion_time or has_condition(new, COMPLETE) != has_condition(old, COMPLETE):
        if end is not None and not has_condition(new, COMPLETE):
            why = "cannot set completionTime when there is no Complete=True condition"
            yield invalid("status.completionTime", end, why)
        if end is None and has_condition(new, COMPLETE):
            yield required("status.completionTime", "completionTime is required for Complete jobs")
    if end is not None and old.status.completion_time not in (None, end):
        yield invalid("status.completionTime", end, "completionTime cannot be mutated")
    resumes = has_condition(old, SUSPENDED) and start is not None
    if old.status.start_time not in (None, start) and not new.spec.suspend and not resumes:
        yield required("status.startTime", "startTime cannot be removed for unsuspended job")


def _validate_end(new: Job, old: Job) -> Iterator[FieldError]:
    """A finished job has no active or uncounted pods."""
    if not is_finished(new):
        return
    status, before, now = new.status, old.status, not is_finished(old)
    if status.active > 0 and (now or status.active != before.active):
        yield invalid("status.active", status.active, "active>0 is invalid for finished job")
    idle = new.spec.suspend and new.spec.completions == 0
    if status.start_time is None and not idle and (now or before.start_time is not None):
        yield required("status.startTime", "startTime is required for finished job")
    uncounted, changed = status.uncounted_terminated_pods, now or status != before
    if changed and uncounted is not None and (uncounted.succeeded or uncounted.failed):
        why = "uncountedTerminatedPods needs to be empty for finished job"
        yield invalid("status.uncountedTerminatedPods", uncounted, why)
    if (status.terminating or 0) > 0 and (now or status.terminating != before.terminating):
        yield invalid("status.terminating", status.terminating, "terminating>0 is invalid for finished job")


def _validate_indexes(new: Job, old: Job) -> Iterator[FieldError]:
    spec, completed, failed = new.spec, new.status.completed_indexes, new.status.failed_indexes
    completions = spec.completions
    if completed != old.status.completed_indexes:
        if completions is not None:
            yield from _validate_text(completed, completions, "completedIndexes")
        if completed and not is_indexed(spec):
            why = "cannot set non-empty completedIndexes when non-indexed completion mode"
            yield invalid("status.completedIndexes", completed, why)
    if failed is None:
        return
    if failed != old.status.failed_indexes:
        if completions is not None and spec.backoff_limit_per_index is not None:
            yield from _validate_text(failed, completions, "failedIndexes")
        if spec.backoff_limit_per_index is None:
            why = "cannot set non-null failedIndexes when backoffLimitPerIndex is null"
            yield invalid("status.failedIndexes", failed, why)
    if completions is not None and (failed, completed) != (old.status.failed_indexes, old.status.completed_indexes):
        shared = indexes.overlap(completed, failed, completions)
        if shared is not None:
            why = f"failedIndexes and completedIndexes overlap at index: {shared}"
            yield invalid("status.failedIndexes", failed, why)


def _validate_text(text: str, completions: int, name: str) -> Iterator[FieldError]:
    try:
        indexes.check(text, completions)
    except indexes.IndexesError as error:
        yield invalid(f"status.{name}", text, f"error parsing {name}: {error}")


def _validate_change(new: Job, old: Job) -> Iterator[FieldError]:
    for type_ in (FAILED, COMPLETE, FAILURE_TARGET):
        if has_condition(old, type_) and not has_condition(new, type_):
            yield senseless(_CONDITIONS, f"cannot disable the terminal {type_}=True condition")
    if new.status.failed < old.status.failed:
        yield invalid("status.failed", new.status.failed, "cannot decrease the failed counter")
    elastic = is_indexed(new.spec) and new.spec.completions == new.spec.parallelism
    if new.status.succeeded < old.status.succeeded and not elastic:
        yield invalid("status.succeeded", new.status.succeeded, "cannot decrease the succeeded counter")
    if has_condition(old, SUCCESS_CRITERIA_MET) and not has_condition(new, SUCCESS_CRITERIA_MET):
        yield senseless(_CONDITIONS, "cannot disable the SuccessCriteriaMet=True condition")
