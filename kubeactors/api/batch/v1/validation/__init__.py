"""Validation of Jobs and CronJobs.

Source: pkg/apis/batch/validation/validation.go, pkg/registry/batch/{job,cronjob}/strategy.go (v1.36).
"""

from kubeactors.api.batch.v1.validation.cronjobs import (
    validate_cron_job,
    validate_cron_job_update,
    warn_of_cron_job,
)
from kubeactors.api.batch.v1.validation.jobs import validate_job, validate_job_update, warn_of_job
from kubeactors.api.batch.v1.validation.status import validate_job_status

__all__ = [
    "validate_cron_job",
    "validate_cron_job_update",
    "validate_job",
    "validate_job_status",
    "validate_job_update",
    "warn_of_cron_job",
    "warn_of_job",
]
