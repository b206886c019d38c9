"""A CronJob starts a job at each time of its schedule, and knows what became of them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from kubeactors.api.batch.v1 import CronJob, CronJobSpec, Job, JobSpec, JobTemplateSpec
from kubeactors.api.batch.v1.schedule import ScheduleError, parse
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.apimachinery.time import SECOND
from kubeactors.controllers.cronjob.plan import View, job_of, plan
from kubeactors.controllers.cronjob.times import Times, latest
from tests.controllers.jobs import end, template
from tests.controllers.plane import Plane, meta


def cron_job(schedule: str = "* * * * *", **fields: object) -> CronJob:
    spec = CronJobSpec(schedule=schedule, job_template=JobTemplateSpec(spec=JobSpec(template=template())))
    return CronJob(metadata=meta("tick"), spec=replace(spec, **fields))


def jobs(plane: Plane) -> list[str]:
    return sorted(one.metadata.name for one in plane.list(Job))


def reasons(plane: Plane) -> list[str]:
    return [reason for reason, _ in plane.events("tick")]


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("text", "zone", "after", "wanted"),
    [
        ("*/20 * * * *", "UTC", at(2026, 1, 1, 0, 45), at(2026, 1, 1, 1)),
        ("0 0 29 2 *", "UTC", at(2026, 1, 1), at(2028, 2, 29)),
        ("0 0 13 * fri", "UTC", at(2026, 1, 1), at(2026, 1, 2)),  # either day is enough
        ("0 0 */16 * mon", "UTC", at(2026, 1, 2), at(2026, 1, 5)),  # a star with a step is no star
        ("@daily", "America/New_York", at(2026, 1, 1, 12), at(2026, 1, 2, 5)),
        ("@every 1h30m", "UTC", at(2026, 1, 1, 0, 0, 7), at(2026, 1, 1, 1, 30, 7)),
        # 02:30 does not exist on the day on which clocks go forward, and exists twice when they go back.
        ("30 2 * * *", "Europe/Berlin", at(2026, 3, 28, 12), at(2026, 3, 30, 0, 30)),
        ("30 2 * * *", "Europe/Berlin", at(2026, 10, 25, 0, 30), at(2026, 10, 25, 1, 30)),
    ],
)
def test_the_next_time_is_found_in_the_time_zone(text: str, zone: str, after: datetime, wanted: datetime) -> None:
    assert Times(parse(text), ZoneInfo(zone)).after(after) == wanted


def test_an_impossible_schedule_has_no_next_time() -> None:
    with pytest.raises(ScheduleError, match="less than 1 second"):
        latest(Times(parse("0 0 31 2 *")), at(2026, 1, 1), at(2026, 1, 2))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty spec string"),
        ("@often", "unrecognized descriptor: @often"),
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("5-3 * * * *", "beginning of range (5) beyond end of range (3): 5-3"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'),
    ],
)
def test_an_invalid_schedule_is_rejected_with_the_original_message(text: str, why: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse(text)
    assert str(caught.value) == why


def test_missed_times_are_counted_and_only_the_last_is_due() -> None:
    assert latest(Times(parse("0 * * * *")), at(2026, 1, 1), at(2026, 1, 1, 5, 30)) == (at(2026, 1, 1, 5), 5)


def test_a_job_is_created_when_it_is_due_and_tracked_until_it_finishes(control_plane: Plane) -> None:
    made = control_plane.create(cron_job())
    control_plane.sim.run(61.0)
    (job,) = control_plane.list(Job)
    assert job.metadata.name == f"tick-{1_767_225_660 // 60}"
    assert job.metadata.annotations == {"batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-01-01T00:01:00Z"}
    assert [one.uid for one in job.metadata.owner_references] == [made.metadata.uid]
    status = control_plane.get(CronJob, "tick").status
    assert [one.name for one in status.active] == [job.metadata.name]
    assert status.last_schedule_time == "2026-01-01T00:01:00Z"
    end(control_plane)
    control_plane.sim.run(1.0)
    status = control_plane.get(CronJob, "tick").status
    assert status.active == ()
    assert status.last_successful_time == control_plane.get(Job, job.metadata.name).status.completion_time
    assert reasons(control_plane) == ["SuccessfulCreate", "SawCompletedJob"]


def test_jobs_may_overlap_unless_that_is_forbidden(control_plane: Plane) -> None:
    control_plane.create(cron_job())
    forbidding = cron_job(concurrency_policy="Forbid")
    control_plane.create(replace(forbidding, metadata=meta("alone")))
    control_plane.sim.run(185.0)
    names = jobs(control_plane)
    assert sum(name.startswith("tick-") for name in names) == 3
    assert sum(name.startswith("alone-") for name in names) == 1
    assert "JobAlreadyActive" in [reason for reason, _ in control_plane.events("alone")]


def test_an_active_job_can_be_replaced(control_plane: Plane) -> None:
    control_plane.create(cron_job(concurrency_policy="Replace"))
    control_plane.sim.run(61.0)
    before = jobs(control_plane)
    control_plane.sim.run(61.0)
    control_plane.tick()
    assert len(jobs(control_plane)) == 1
    assert jobs(control_plane) != before
    active = control_plane.get(CronJob, "tick").status.active
    assert [one.name for one in active] == jobs(control_plane)


def test_finished_jobs_beyond_the_history_limits_are_deleted(control_plane: Plane) -> None:
    control_plane.create(cron_job(successful_jobs_history_limit=1))
    for _ in range(3):
        control_plane.sim.run(60.0)
        end(control_plane)
    control_plane.tick()
    assert len(jobs(control_plane)) == 1
    assert len(control_plane.list(Pod)) == 1


def test_a_suspended_cron_job_creates_nothing_and_on_resume_only_the_last_missed_job(control_plane: Plane) -> None:
    made = control_plane.create(cron_job(suspend=True))
    control_plane.sim.run(600.0)
    assert jobs(control_plane) == []
    control_plane.change(made, lambda one: replace(one, spec=replace(one.spec, suspend=False)))
    control_plane.sim.run(1.0)
    assert len(jobs(control_plane)) == 1


def test_a_job_past_its_starting_deadline_is_not_created(control_plane: Plane) -> None:
    made = control_plane.create(cron_job("0 * * * *", suspend=True, starting_deadline_seconds=100))
    control_plane.sim.run(3600.0 + 300.0)
    control_plane.change(made, lambda one: replace(one, spec=replace(one.spec, suspend=False)))
    control_plane.sim.run(5.0)
    assert jobs(control_plane) == []


def test_a_schedule_without_times_is_reported_and_causes_no_hot_loop(control_plane: Plane) -> None:
    control_plane.create(cron_job("0 0 31 2 *"))
    control_plane.sim.run(3600.0)
    assert reasons(control_plane) == ["InvalidSchedule"]


def test_a_restart_of_the_controller_creates_no_second_job(control_plane: Plane) -> None:
    control_plane.create(cron_job())
    control_plane.sim.run(60.09)
    for _ in range(20):
        control_plane.sim.run(0.002)
        control_plane.sim.crash(control_plane.child("controllers/cronjob"), RuntimeError("cut off"))
        control_plane.sim.run(0.2)
    assert len(jobs(control_plane)) == 1
    assert [one.name for one in control_plane.get(CronJob, "tick").status.active] == jobs(control_plane)


@pytest.mark.parametrize("policy", ["Forbid", "Replace"])
def test_a_due_job_that_the_status_lacks_is_not_created_again(policy: str) -> None:
    due = at(2026, 1, 1, 0, 1)
    found = cron_job(concurrency_policy=policy)
    found = replace(found, metadata=replace(found.metadata, creation_timestamp="2026-01-01T00:00:30Z"))
    now = int(due.timestamp()) * SECOND
    planned = plan(View(cron_job=found, jobs=(job_of(found, due),), now=now))
    assert (planned.due, planned.replaced) == (due, ())


def test_labels_of_the_template_are_those_of_the_job(control_plane: Plane) -> None:
    made = cron_job()
    labelled = replace(made.spec.job_template, metadata=ObjectMeta(labels={"app": "tick"}))
    control_plane.create(replace(made, spec=replace(made.spec, job_template=labelled)))
    control_plane.sim.run(61.0)
    assert control_plane.list(Job)[0].metadata.labels["app"] == "tick"
