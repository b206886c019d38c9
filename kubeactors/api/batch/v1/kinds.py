"""The kinds of Jobs and CronJobs."""

from kubeactors.api.batch.v1 import validation
from kubeactors.api.batch.v1.cronjob import CronJob
from kubeactors.api.batch.v1.defaults import default_cron_job, default_job
from kubeactors.api.batch.v1.job import Job, job_fields
from kubeactors.apimachinery.scheme import Kind

KINDS = (
    Kind(
        type=CronJob,
        group="batch",
        kind="CronJob",
        resource="cronjobs",
        singular="cronjob",
        short_names=("cj",),
        categories=("all",),
        subresources=("status",),
        default=default_cron_job,
        validate=validation.validate_cron_job,
        validate_update=validation.validate_cron_job_update,
        warn=validation.warn_of_cron_job,
    ),
    Kind(
        type=Job,
        group="batch",
        kind="Job",
        resource="jobs",
        singular="job",
        categories=("all",),
        subresources=("status",),
        default=default_job,
        validate=validation.validate_job,
        validate_update=validation.validate_job_update,
        validate_status_update=validation.validate_job_status,
        warn=validation.warn_of_job,
        fields=job_fields,
    ),
)
