"""The table printers of Jobs and CronJobs.

Source: pkg/printers/internalversion/printers.go (v1.36).
"""

from kubeactors.api.batch.v1.cronjob import CronJob
from kubeactors.api.batch.v1.job import (
    COMPLETE,
    FAILED,
    FAILURE_TARGET,
    SUCCESS_CRITERIA_MET,
    SUSPENDED,
    Job,
    has_condition,
)
from kubeactors.api.printers.table import (
    AGE,
    CONTAINERS,
    IMAGES,
    NAME,
    NONE,
    SELECTOR,
    Cells,
    Column,
    Printer,
    age,
    container_cells,
    since,
)
from kubeactors.apimachinery.labels import format_selector
from kubeactors.apimachinery.time import human_duration, parse_time


def job_cells(job: Job, now_ns: int) -> Cells:
    """All cells of a Job's row."""
    return (
        job.metadata.name,
        job_state(job),
        completions(job),
        _duration(job, now_ns),
        age(job.metadata, now_ns),
        *container_cells(job.spec.template.spec.containers),
        format_selector(job.spec.selector),
    )


def job_state(job: Job) -> str:
    """The state of a job in one word.

    >>> job_state(Job())
    'Running'
    """
    for end in (COMPLETE, FAILED):
        if has_condition(job, end):
            return end
    if job.metadata.deletion_timestamp is not None:
        return "Terminating"
    for state in (SUSPENDED, FAILURE_TARGET, SUCCESS_CRITERIA_MET):
        if has_condition(job, state):
            return state
    return "Running"


def completions(job: Job) -> str:
    """The number of succeeded pods, out of the completions.

    >>> completions(Job())
    '0/1'
    """
    done, spec = job.status.succeeded, job.spec
    if spec.completions is not None:
        return f"{done}/{spec.completions}"
    return f"{done}/1 of {spec.parallelism}" if (spec.parallelism or 0) > 1 else f"{done}/1"


def cron_job_cells(cron_job: CronJob, now_ns: int) -> Cells:
    """All cells of a CronJob's row."""
    spec, status = cron_job.spec, cron_job.status
    template = spec.job_template.spec
    return (
        cron_job.metadata.name,
        spec.schedule,
        NONE if spec.time_zone is None else spec.time_zone,
        "<unset>" if spec.suspend is None else str(spec.suspend),
        len(status.active),
        since(status.last_schedule_time, now_ns) if status.last_schedule_time else NONE,
        age(cron_job.metadata, now_ns),
        *container_cells(template.template.spec.containers),
        format_selector(template.selector),
    )


def _duration(job: Job, now_ns: int) -> str:
    start, end = job.status.start_time, job.status.completion_time
    if not start:
        return ""
    return human_duration((parse_time(end) if end else now_ns) - parse_time(start))


JOB = Printer(
    columns=(
        NAME,
        Column(name="Status", description="The state of the job."),
        Column(name="Completions", description="The numbers of succeeded and of required pods."),
        Column(name="Duration", description="The duration of the job so far, or until it finished."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ),
    cells=job_cells,
)
CRON_JOB = Printer(
    columns=(
        NAME,
        Column(name="Schedule", description="The schedule in cron format."),
        Column(name="Timezone", description="The time zone of the schedule."),
        Column(name="Suspend", description="Whether subsequent jobs are suspended."),
        Column(name="Active", type="integer", description="The number of active jobs."),
        Column(name="Last Schedule", description="How long ago a job was last scheduled."),
        AGE,
        CONTAINERS,
        IMAGES,
        SELECTOR,
    ),
    cells=cron_job_cells,
)
