"""Decides which Jobs of a CronJob are active, which are deleted, and whether another one is due.

Source: pkg/controller/cronjob/{cronjob_controllerv2,utils}.go (v1.36).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec.structs import replace

from kubeactors.api.batch.v1 import CronJob, CronJobStatus, Job
from kubeactors.api.batch.v1.cronjob import FORBID, REPLACE
from kubeactors.api.batch.v1.job import COMPLETE, FAILED, has_condition, is_finished
from kubeactors.api.batch.v1.schedule import ScheduleError
from kubeactors.api.core.v1 import ObjectReference
from kubeactors.apimachinery.field import quoted
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.time import SECOND, format_time, parse_time
from kubeactors.client import controller_reference
from kubeactors.controllers.cronjob.times import MANY_MISSED, Times, latest, times_of

SCHEDULED_AT = "batch.kubernetes.io/cronjob-scheduled-timestamp"
"""Annotation of a Job: its scheduled time."""
DELAY = timedelta(milliseconds=100)
"""A Job is created this long after it is due, to tolerate small clock differences."""


class Event(msgspec.Struct, frozen=True):
    """An event to record."""

    reason: str
    message: str
    warning: bool = False


class View(msgspec.Struct, frozen=True, kw_only=True):
    """The input of a sync: the CronJob, its Jobs, and those active ones that are known not to exist.

    `now` is Unix time in nanoseconds.
    """

    cron_job: CronJob
    jobs: tuple[Job, ...] = ()
    missing: Mapping[str, None] = {}
    now: int = 0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to do: delete the `replaced` and `outdated` Jobs, create the one `due`, write the status, record events."""

    status: CronJobStatus
    outdated: tuple[Job, ...] = ()
    replaced: tuple[ObjectReference, ...] = ()
    due: datetime | None = None
    events: tuple[Event, ...] = ()
    wait_seconds: float | None = None


class _Due(msgspec.Struct, frozen=True, kw_only=True):
    """When a Job is due and which ones it replaces; or why none is, and when to check again."""

    at: datetime | None = None
    replaced: tuple[ObjectReference, ...] = ()
    events: tuple[Event, ...] = ()
    wait_seconds: float | None = None


def lost(cron_job: CronJob, jobs: tuple[Job, ...]) -> tuple[ObjectReference, ...]:
    """The active Jobs that the cache does not show. They may be gone, or the cache may be stale."""
    known = {one.metadata.uid for one in jobs}
    return tuple(one for one in cron_job.status.active if one.uid not in known)


def plan(view: View) -> Plan:
    """Decide what this sync does."""
    status, events = _tracked_status(view)
    outdated = _outdated(view)
    if view.cron_job.metadata.deletion_timestamp is not None:
        return Plan(status=status, events=events, outdated=outdated)
    due = _due(view, status)
    return Plan(
        status=status,
        outdated=outdated,
        replaced=due.replaced,
        due=due.at,
        events=(*events, *due.events),
        wait_seconds=due.wait_seconds,
    )


def job_of(cron_job: CronJob, due: datetime) -> Job:
    """The Job for a scheduled time. Its name follows from the time, so there can be only one."""
    template = cron_job.spec.job_template
    zone = ZoneInfo(cron_job.spec.time_zone) if cron_job.spec.time_zone else UTC
    time = due.astimezone(zone).isoformat(timespec="seconds").replace("+00:00", "Z")
    metadata = ObjectMeta(
        name=name_of(cron_job, due),
        namespace=cron_job.metadata.namespace,
        labels=template.metadata.labels,
        annotations={**template.metadata.annotations, SCHEDULED_AT: time},
        owner_references=(controller_reference(cron_job),),
    )
    return Job(metadata=metadata, spec=template.spec)


def name_of(cron_job: CronJob, due: datetime) -> str:
    """The name of the Job for a scheduled time, by the minute."""
    return f"{cron_job.metadata.name}-{int(due.timestamp()) // 60}"


def started(status: CronJobStatus, job: Job, due: datetime, replaced: tuple[ObjectReference, ...]) -> CronJobStatus:
    """The status with a Job that was just created."""
    gone = {one.uid: None for one in replaced}
    left = tuple(one for one in status.active if one.uid not in gone and one.uid != job.metadata.uid)
    time = format_time(int(due.timestamp()) * SECOND)
    return replace(status, active=(*left, reference_to(job)), last_schedule_time=time)


def reference_to(job: Job) -> ObjectReference:
    """The entry of a Job in the list of active ones."""
    metadata = job.metadata
    return ObjectReference(
        kind=job.kind,
        namespace=metadata.namespace,
        name=metadata.name,
        uid=metadata.uid,
        api_version=job.api_version,
        resource_version=metadata.resource_version,
    )


def seconds_to_next(cron_job: CronJob, times: Times, now: datetime) -> float | None:
    """The time until the next run. A last run that was recorded by a clock ahead of ours does not delay it."""
    try:
        last, missed = latest(times, _earliest(cron_job), now)
    except ScheduleError:
        last, missed = now, 0
    if last is None:
        last = now if missed else _earliest(cron_job)
    following = times.after(min(last, now))
    return None if following is None else max((following + DELAY - now).total_seconds(), 0.0)


def _tracked_status(view: View) -> tuple[CronJobStatus, tuple[Event, ...]]:
    """The status without the Jobs that have finished or are gone."""
    status = view.cron_job.status
    active = {one.uid: one for one in status.active}
    successful = status.last_successful_time
    events: list[Event] = []
    for job in view.jobs:
        name, known = job.metadata.name, job.metadata.uid in active
        if not is_finished(job):
            if not known:
                message = f"Saw a job that the controller did not create or forgot: {name}"
                events.append(Event("UnexpectedJob", message, warning=True))
            continue
        if known:
            del active[job.metadata.uid]
            state = COMPLETE if has_condition(job, COMPLETE) else FAILED
            events.append(Event("SawCompletedJob", f"Saw completed job: {name}, condition: {state}"))
        if has_condition(job, COMPLETE) and job.status.completion_time:
            successful = max(successful or "", job.status.completion_time)
    missing = [uid for uid in active if uid in view.missing]
    events += (Event("MissingJob", f"Active job went missing: {active.pop(uid).name}") for uid in missing)
    return replace(status, active=tuple(active.values()), last_successful_time=successful), tuple(events)


def _unknown(view: View) -> tuple[ObjectReference, ...]:
    """The unfinished Jobs that are not in the list of active ones."""
    known = {one.uid for one in view.cron_job.status.active}
    return tuple(reference_to(job) for job in view.jobs if not is_finished(job) and job.metadata.uid not in known)


def _outdated(view: View) -> tuple[Job, ...]:
    """The oldest successful and the oldest failed Jobs beyond the history limits."""
    spec = view.cron_job.spec
    limits = ((COMPLETE, spec.successful_jobs_history_limit), (FAILED, spec.failed_jobs_history_limit))
    found: list[Job] = []
    for state, limit in limits:
        if limit is not None:
            ended = [job for job in view.jobs if has_condition(job, state) and not job.metadata.deletion_timestamp]
            ended.sort(key=lambda job: (job.status.start_time or "~", job.metadata.name))
            found += ended[: max(len(ended) - limit, 0)]
    return tuple(found)


def _due(view: View, status: CronJobStatus) -> _Due:
    """Whether a Job is due now. A Job for the same time that the status lacks neither blocks it nor is replaced."""
    spec, now = view.cron_job.spec, _time(view.now)
    try:
        times = times_of(spec)
    except (ZoneInfoNotFoundError, ValueError) as error:
        return _unreadable(view.cron_job, error)
    if spec.suspend:
        return _Due()
    try:
        at, missed = latest(times, _deadline(view.cron_job, now), now)
    except ScheduleError as error:
        message = f"invalid schedule: {spec.schedule} : {error}"
        return _Due(events=(Event("InvalidSchedule", message, warning=True),))
    wait = seconds_to_next(view.cron_job, times, now)
    if at is None:
        return _Due(wait_seconds=wait)
    events: tuple[Event, ...] = ()
    if missed > MANY_MISSED:
        message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
        events = (Event("TooManyMissedTimes", message, warning=True),)
    deadline = spec.starting_deadline_seconds
    if deadline is not None and at + timedelta(seconds=deadline) < now:
        message = f"Missed scheduled time to start a job: {at:%a, %d %b %Y %H:%M:%S} UTC"
        return _Due(events=(*events, Event("MissSchedule", message, warning=True)), wait_seconds=wait)
    name, last = name_of(view.cron_job, at), view.cron_job.status.last_schedule_time
    if any(one.name == name for one in status.active) or (last and _time(parse_time(last)) == at):
        return _Due(wait_seconds=wait)
    others = tuple(one for one in (*status.active, *_unknown(view)) if one.name != name)
    if spec.concurrency_policy == FORBID and others:
        message = "Not starting job because prior execution is running and concurrency policy is Forbid"
        return _Due(events=(*events, Event("JobAlreadyActive", message)), wait_seconds=wait)
    return _Due(at=at, replaced=others if spec.concurrency_policy == REPLACE else (), events=events)


def _unreadable(cron_job: CronJob, error: Exception) -> _Due:
    """The schedule or time zone is invalid: do not check again before it is changed."""
    spec = cron_job.spec
    if isinstance(error, ScheduleError):
        message = f"unparseable schedule: {quoted(spec.schedule)} : {error}"
        return _Due(events=(Event("UnparseableSchedule", message, warning=True),))
    message = f"invalid timeZone: {quoted(spec.time_zone or '')}: unknown time zone {spec.time_zone}"
    return _Due(events=(Event("UnknownTimeZone", message, warning=True),))


def _earliest(cron_job: CronJob) -> datetime:
    """The time before which missed runs no longer matter."""
    since = cron_job.status.last_schedule_time or cron_job.metadata.creation_timestamp
    return _time(parse_time(since) if since else 0)


def _deadline(cron_job: CronJob, now: datetime) -> datetime:
    """The same, also considering the starting deadline."""
    earliest, seconds = _earliest(cron_job), cron_job.spec.starting_deadline_seconds
    return earliest if seconds is None else max(earliest, now - timedelta(seconds=seconds))


def _time(unix_ns: int) -> datetime:
    return datetime.fromtimestamp(unix_ns // SECOND, UTC) + timedelta(microseconds=unix_ns % SECOND // 1000)
