"""Validation of CronJobs.

Source: pkg/apis/batch/validation/validation.go, pkg/registry/batch/cronjob/strategy.go (v1.36).
"""

import re
from collections.abc import Iterator
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from kubeactors.api.batch.v1 import schedule
from kubeactors.api.batch.v1.cronjob import ALLOW, FORBID, REPLACE, CronJob, CronJobSpec
from kubeactors.api.batch.v1.job import JobTemplateSpec
from kubeactors.api.batch.v1.validation.jobs import validate_job_spec, warn_of_job_spec
from kubeactors.api.validation import validate_count, validate_one_of
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, invalid, not_supported, required

MAX_NAME = 52
"""Names of jobs have eleven more characters, and must be DNS labels."""

_ZONE_PART = re.compile(r"[A-Za-z.\-_0-9+]{1,14}")
_NAME = (
    "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
    "a DNS label is recommended: "
)


def validate_cron_job(cron_job: CronJob) -> Iterator[FieldError]:
    """The schedule and the template are valid."""
    yield from _validate_spec(cron_job.spec, None)
    name = cron_job.metadata.name
    if len(name) > MAX_NAME:
        yield invalid("metadata.name", name, f"must be no more than {MAX_NAME} characters")


def validate_cron_job_update(new: CronJob, old: CronJob) -> Iterator[FieldError]:
    """As for a new one, except for an unchanged name and time zone."""
    yield from _validate_spec(new.spec, old.spec)


def warn_of_cron_job(new: CronJob, old: CronJob | None) -> Iterator[str]:
    """A name that is not a valid host name; and the warnings about the template."""
    if old is None and (wrong := names.dns1123_label(new.metadata.name)):
        yield f"{_NAME}[{' '.join(wrong)}]"
    if old is None or new.spec != old.spec:
        yield from warn_of_job_spec(new.spec.job_template.spec, "spec.jobTemplate.spec")
    if "TZ" in new.spec.schedule:
        site = "https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/"
        yield f"CRON_TZ or TZ used in spec.schedule is not officially supported, see {site} for more details"


def _validate_spec(spec: CronJobSpec, old: CronJobSpec | None) -> Iterator[FieldError]:
    if not spec.schedule:
        yield required("spec.schedule")
    else:
        yield from _validate_schedule(spec, old)
    yield from validate_count(spec.starting_deadline_seconds, "spec.startingDeadlineSeconds")
    if spec.time_zone is not None and (old is None or old.time_zone != spec.time_zone):
        yield from _validate_zone(spec.time_zone, "spec.timeZone")
    yield from validate_one_of(spec.concurrency_policy, "spec.concurrencyPolicy", (ALLOW, FORBID, REPLACE))
    yield from _validate_template(spec.job_template, "spec.jobTemplate")
    yield from validate_count(spec.successful_jobs_history_limit, "spec.successfulJobsHistoryLimit")
    yield from validate_count(spec.failed_jobs_history_limit, "spec.failedJobsHistoryLimit")


def _validate_schedule(spec: CronJobSpec, old: CronJobSpec | None) -> Iterator[FieldError]:
    text = spec.schedule
    zoned = old is not None and "TZ" in old.schedule
    try:
        schedule.parse(schedule.without_zone(text))
    except schedule.ScheduleError as error:
        yield invalid("spec.schedule", text, str(error))
    if "TZ" not in text:
        return
    if not zoned:
        yield invalid("spec.schedule", text, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")
    elif spec.time_zone is not None:
        yield invalid("spec.schedule", text, "cannot use both timeZone field and TZ or CRON_TZ in schedule")


def _validate_zone(zone: str, path: str) -> Iterator[FieldError]:
    """A name of the time zone database.

    >>> [one.message for one in _validate_zone("Middle/Earth", "spec.timeZone")]
    ['Invalid value: "Middle/Earth": unknown time zone Middle/Earth']
    """
    if not zone:
        yield invalid(path, zone, "timeZone must be nil or non-empty string")
        return
    if any(part in (".", "..") or part[:1] == "-" or not _ZONE_PART.fullmatch(part) for part in zone.split("/")):
        yield invalid(path, zone, f"unknown time zone {zone}")
        return
    if zone.lower() == "local":
        zones = "https://www.iana.org/time-zones"
        yield invalid(path, zone, f"timeZone must be an explicit time zone as defined in {zones}")
    if zone == "Local":  # which Go knows
        return
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield invalid(path, zone, f"unknown time zone {zone}")


def _validate_template(template: JobTemplateSpec, path: str) -> Iterator[FieldError]:
    """A template has no selector, because that of a job is generated."""
    yield from validate_job_spec(template.spec, f"{path}.spec")
    if template.spec.selector is not None:
        yield invalid(f"{path}.spec.selector", template.spec.selector, "`selector` will be auto-generated")
    if template.spec.manual_selector:
        yield not_supported(f"{path}.spec.manualSelector", True, ("nil", "false"))
