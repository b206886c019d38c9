"""A clock that is hours back for a moment keeps no controller waiting for hours."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from kubeactors.api.apps.v1 import Deployment, DeploymentCondition, DeploymentSpec, DeploymentStatus
from kubeactors.api.batch.v1 import CronJob, CronJobSpec, CronJobStatus, Job, JobCondition, JobSpec, JobStatus
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.time import SECOND, format_time
from kubeactors.controllers.cronjob.plan import seconds_to_next
from kubeactors.controllers.cronjob.times import times_of
from kubeactors.controllers.deployment import status
from kubeactors.controllers.job import survey
from kubeactors.controllers.ttl_after_finished import seconds_to_live

NOW = datetime(2026, 1, 1, 5, tzinfo=UTC)
HOURS = timedelta(hours=5)
SINCE = format_time(int(NOW.timestamp()) * SECOND)


def rollout(now: int) -> float | None:
    update = DeploymentCondition(type=status.PROGRESSING, status="True", reason=status.UPDATED, last_update_time=SINCE)
    found = Deployment(
        spec=DeploymentSpec(replicas=3, progress_deadline_seconds=30), status=DeploymentStatus(conditions=(update,))
    )
    return status.seconds_to_deadline(found, found.status, now)


def active_job(now: int) -> float | None:
    found = Job(spec=JobSpec(active_deadline_seconds=30), status=JobStatus(start_time=SINCE))
    return survey.seconds_to_deadline(survey.View(job=found, now=now))


def finished_job(now: int) -> float | None:
    complete = JobCondition(type="Complete", status="True", last_transition_time=SINCE)
    found = Job(spec=JobSpec(ttl_seconds_after_finished=30), status=JobStatus(conditions=(complete,)))
    return seconds_to_live(found, now)


def cron_job(now: int) -> float | None:
    spec = CronJobSpec(schedule="* * * * *")
    found = CronJob(
        metadata=ObjectMeta(creation_timestamp=SINCE), spec=spec, status=CronJobStatus(last_schedule_time=SINCE)
    )
    return seconds_to_next(found, times_of(spec), datetime.fromtimestamp(now // SECOND, UTC))


@pytest.mark.parametrize(
    ("wait", "most"), [(rollout, 31.0), (active_job, 30.0), (finished_job, 30.0), (cron_job, 60.1)]
)
def test_no_delay_exceeds_the_period_that_it_is_part_of(wait: Callable[[int], float | None], most: float) -> None:
    for ahead in (timedelta(), -HOURS):
        assert wait(int((NOW + ahead).timestamp()) * SECOND) == most
