"""Jobs and CronJobs: what they have when they do not say, and what they must fulfil."""

import pytest
from msgspec.structs import replace

from kubeactors.api.batch.v1 import CronJob, CronJobSpec, Job, JobCondition, JobSpec, JobStatus, SuccessPolicy
from kubeactors.api.batch.v1.defaults import default_cron_job, default_job
from kubeactors.api.batch.v1.validation import validate_cron_job, validate_job, validate_job_status, validate_job_update
from kubeactors.api.core.v1 import Container, PodSpec, PodTemplateSpec
from kubeactors.api.printers.jobs import completions, job_state
from kubeactors.apimachinery.meta import LabelSelector, ObjectMeta
from kubeactors.apiserver.registry.jobs import with_generated_selector

TEMPLATE = PodTemplateSpec(spec=PodSpec(containers=(Container(name="c", image="x"),), restart_policy="Never"))


def job(**fields: object) -> Job:
    made = default_job(Job(metadata=ObjectMeta(name="pi", uid="1"), spec=replace(JobSpec(template=TEMPLATE), **fields)))
    return with_generated_selector(made)


def errors(value: Job) -> list[str]:
    return [str(one) for one in validate_job(value)]


def test_the_generated_selector_finds_the_pods_of_this_job_only() -> None:
    made = job()
    assert made.spec.selector == LabelSelector(match_labels={"batch.kubernetes.io/controller-uid": "1"})
    assert errors(made) == []
    foreign = replace(TEMPLATE, metadata=ObjectMeta(labels={"job-name": "other"}))
    found = errors(job(template=foreign))
    assert found[0].startswith("spec.template.metadata.labels[job-name]: Invalid value")


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"completion_mode": "Indexed", "completions": None, "parallelism": 2},
         "spec.completions: Required value: when completion mode is Indexed"),
        ({"max_failed_indexes": 1, "completion_mode": "Indexed", "completions": 3},
         "spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified"),
        ({"success_policy": SuccessPolicy(rules=()), "completion_mode": "Indexed", "completions": 3},
         ("spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is "
         "specified")),
        ({"managed_by": "a/" + "b" * 70}, "spec.managedBy: Too long: may not be more than 63 bytes"),
        ({"pod_replacement_policy": "Never"},
         'spec.podReplacementPolicy: Unsupported value: "Never": supported values: "Failed", "TerminatingOrFailed"'),
    ],
)  # fmt: skip
def test_a_job_that_makes_no_sense_is_refused(fields: dict[str, object], wanted: str) -> None:
    assert wanted in errors(job(**fields))


def test_a_job_may_be_placed_elsewhere_only_while_it_is_suspended() -> None:
    def placed(one: Job) -> Job:
        spec = replace(one.spec.template.spec, node_selector={"disk": "fast"})
        return replace(one, spec=replace(one.spec, template=replace(one.spec.template, spec=spec)))

    suspended, active = job(suspend=True), job()
    assert list(validate_job_update(placed(suspended), suspended)) == []
    (error,) = validate_job_update(placed(active), active)
    assert (error.field, error.message[-18:]) == ("spec.template.spec", "field is immutable")


def test_an_indexed_job_grows_only_together_with_its_parallelism() -> None:
    small = job(completion_mode="Indexed", completions=3, parallelism=3)
    grown = replace(small, spec=replace(small.spec, completions=5))
    (error,) = validate_job_update(grown, small)
    assert error.message.endswith("can only be modified in tandem with spec.parallelism")
    assert list(validate_job_update(replace(grown, spec=replace(grown.spec, parallelism=5)), small)) == []


def test_an_end_stays_the_end() -> None:
    def condition(type_: str) -> JobCondition:
        return JobCondition(type=type_, status="True")

    old = replace(job(), status=JobStatus(conditions=(condition("FailureTarget"), condition("Failed")), failed=2))
    new = replace(old, status=JobStatus(failed=1))
    assert [str(one) for one in validate_job_status(new, old)] == [
        "status.conditions: Invalid value: cannot disable the terminal Failed=True condition",
        "status.conditions: Invalid value: cannot disable the terminal FailureTarget=True condition",
        "status.failed: Invalid value: 1: cannot decrease the failed counter",
    ]


def test_a_cron_job_keeps_three_jobs_that_were_done_well_and_one_that_was_not() -> None:
    spec = default_cron_job(CronJob(spec=CronJobSpec(schedule="@daily"))).spec
    limits = spec.successful_jobs_history_limit, spec.failed_jobs_history_limit
    assert (*limits, spec.concurrency_policy, spec.suspend) == (3, 1, "Allow", False)


def test_the_zone_of_the_machine_is_no_zone_for_a_cluster() -> None:
    cron = default_cron_job(CronJob(spec=CronJobSpec(schedule="@daily", time_zone="Local")))
    assert [str(one) for one in validate_cron_job(cron) if one.field == "spec.timeZone"] == [
        (
            'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone as defined in '
            "https://www.iana.org/time-zones"
        )
    ]


@pytest.mark.parametrize("zone", ["Middle/Earth", "../etc/passwd", "", "Local"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    cron = default_cron_job(CronJob(spec=CronJobSpec(schedule="@daily", time_zone=zone)))
    assert any(one.field == "spec.timeZone" for one in validate_cron_job(cron))


def test_a_table_shows_how_far_a_job_is() -> None:
    assert completions(job(completions=5)) == "0/5"
    assert completions(job(parallelism=3)) == "0/1 of 3"
    assert job_state(replace(job(), metadata=ObjectMeta(deletion_timestamp="2026-01-01T00:00:00Z"))) == "Terminating"
