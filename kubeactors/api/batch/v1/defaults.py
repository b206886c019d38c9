"""Defaults of Jobs and CronJobs.

Source: pkg/apis/batch/v1/{defaults,zz_generated.defaults}.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.batch.v1.cronjob import ALLOW, CronJob
from kubeactors.api.batch.v1.job import (
    FAILED_ONLY,
    NON_INDEXED,
    TERMINATING_OR_FAILED,
    Job,
    JobSpec,
    PodFailurePolicy,
    PodFailurePolicyOnPodConditionsPattern,
    PodFailurePolicyRule,
)
from kubeactors.api.core.v1.defaults import default_pod_template_spec
from kubeactors.api.core.v1.defaults.common import each, filled, optional

BACKOFF_LIMIT = 6
UNLIMITED = 2**31 - 1
SUCCESSFUL_JOBS, FAILED_JOBS = 3, 1
"""The default numbers of finished jobs to keep."""


def default_job(job: Job) -> Job:
    """One completion, parallelism 1, and a back-off limit of six.

    >>> spec = default_job(Job()).spec
    >>> spec.completions, spec.parallelism, spec.backoff_limit
    (1, 1, 6)
    """
    spec = _template_defaults(job.spec)
    alone = spec.completions is None and spec.parallelism is None
    limit = BACKOFF_LIMIT if spec.backoff_limit_per_index is None else UNLIMITED
    policy = TERMINATING_OR_FAILED if spec.pod_failure_policy is None else FAILED_ONLY
    spec = filled(
        spec,
        completions=1 if alone else spec.completions,
        parallelism=1 if spec.parallelism is None else spec.parallelism,
        backoff_limit=limit if spec.backoff_limit is None else spec.backoff_limit,
        completion_mode=NON_INDEXED if spec.completion_mode is None else spec.completion_mode,
        suspend=bool(spec.suspend),
        pod_replacement_policy=policy if spec.pod_replacement_policy is None else spec.pod_replacement_policy,
        manual_selector=bool(spec.manual_selector),
    )
    return with_labels_of_template(filled(job, spec=spec))


def with_labels_of_template(job: Job) -> Job:
    """A Job without labels gets those of its template."""
    labels = job.spec.template.metadata.labels
    if job.metadata.labels or not labels:
        return job
    return replace(job, metadata=replace(job.metadata, labels=labels))


def default_cron_job(cron_job: CronJob) -> CronJob:
    """Jobs may overlap; three successful ones and one failed one are kept."""
    spec = cron_job.spec
    template = filled(spec.job_template, spec=_template_defaults(spec.job_template.spec))
    successful, failed = spec.successful_jobs_history_limit, spec.failed_jobs_history_limit
    spec = filled(
        spec,
        concurrency_policy=spec.concurrency_policy or ALLOW,
        suspend=bool(spec.suspend),
        successful_jobs_history_limit=SUCCESSFUL_JOBS if successful is None else successful,
        failed_jobs_history_limit=FAILED_JOBS if failed is None else failed,
        job_template=template,
    )
    return filled(cron_job, spec=spec)


def _template_defaults(spec: JobSpec) -> JobSpec:
    """The defaults of a Job's parts, which apply to job templates too."""
    return filled(
        spec,
        template=default_pod_template_spec(spec.template),
        pod_failure_policy=optional(spec.pod_failure_policy, _default_policy),
    )


def _default_policy(policy: PodFailurePolicy) -> PodFailurePolicy:
    return filled(policy, rules=optional(policy.rules, lambda rules: each(rules, _default_rule)))


def _default_rule(rule: PodFailurePolicyRule) -> PodFailurePolicyRule:
    return filled(rule, on_pod_conditions=each(rule.on_pod_conditions, _default_pattern))


def _default_pattern(pattern: PodFailurePolicyOnPodConditionsPattern) -> PodFailurePolicyOnPodConditionsPattern:
    return pattern if pattern.status else replace(pattern, status="True")
