"""CronJob: creates Jobs by a schedule.

Source: api/batch/v1/types.go (v1.36).
"""

from kubeactors.api.batch.v1.job import JobTemplateSpec
from kubeactors.api.core.v1.references import ObjectReference
from kubeactors.apimachinery.meta import Object, Time, TypedObject, always

ALLOW, FORBID, REPLACE = "Allow", "Forbid", "Replace"
"""Concurrency policies: what to do when a job is due while another still runs."""


class CronJobSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The schedule, the template, and how many finished jobs to keep."""

    schedule: str = always("")
    time_zone: str | None = None
    starting_deadline_seconds: int | None = None
    concurrency_policy: str = ""
    suspend: bool | None = None
    job_template: JobTemplateSpec = always(JobTemplateSpec())
    successful_jobs_history_limit: int | None = None
    failed_jobs_history_limit: int | None = None


class CronJobStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The active jobs, and the times when one was last scheduled and last succeeded."""

    active: tuple[ObjectReference, ...] = ()
    last_schedule_time: Time | None = None
    last_successful_time: Time | None = None


class CronJob(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Creates a Job at each time of its schedule."""

    api_version: str = "batch/v1"
    kind: str = "CronJob"
    spec: CronJobSpec = always(CronJobSpec())
    status: CronJobStatus = always(CronJobStatus())
