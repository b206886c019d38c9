"""Jobs and CronJobs."""

from msgspec.structs import replace

from kubeactors.api.batch.v1 import CronJob, CronJobSpec, Job, JobSpec, JobTemplateSpec
from kubeactors.api.batch.v1.job import (
    PodFailurePolicy,
    PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyOnPodConditionsPattern,
    PodFailurePolicyRule,
    SuccessPolicy,
    SuccessPolicyRule,
)
from kubeactors.kubelet.runtimes.behaviour import DOMAIN
from kubeactors.sim.users.manifests.names import metadata_of
from kubeactors.sim.users.manifests.pods import pod_spec, template_of
from kubeactors.sim.workload import CreateCronJob, CreateJob


def job_of(action: CreateJob) -> Job:
    """The Job that the action creates."""
    base = pod_spec("1")
    early = SuccessPolicy(rules=(SuccessPolicyRule(succeeded_indexes="0"),))
    end = f"sleep {action.run_seconds:g}; " if action.run_seconds else ""
    container = replace(base.containers[0], command=("sh", "-c", f"{end}exit {action.exit_code}"))
    pods = replace(base, containers=(container,), restart_policy="Never")
    spec = JobSpec(
        suspend=action.suspended,
        ttl_seconds_after_finished=action.ttl_seconds,
        active_deadline_seconds=action.deadline_seconds,
        backoff_limit_per_index=action.backoff_limit_per_index,
        max_failed_indexes=action.max_failed_indexes,
        success_policy=early if action.succeeds_early else None,
        pod_replacement_policy="Failed" if action.replaces_late or action.policy else None,
        pod_failure_policy=_failure_policy(action),
        completions=action.completions,
        parallelism=action.parallelism,
        backoff_limit=None if action.backoff_limit_per_index is not None else action.backoff_limit,
        completion_mode="Indexed" if action.indexed else "NonIndexed",
        template=template_of(action.name, pods, trait=action.trait),
    )
    return Job(metadata=metadata_of(action.name), spec=spec)


def _failure_policy(action: CreateJob) -> PodFailurePolicy | None:
    if not action.policy:
        return None
    if action.policy == "Ignore":
        driven_off = PodFailurePolicyOnPodConditionsPattern(type="DisruptionTarget", status="True")
        return PodFailurePolicy(rules=(PodFailurePolicyRule(action="Ignore", on_pod_conditions=(driven_off,)),))
    codes = PodFailurePolicyOnExitCodesRequirement(operator="NotIn", values=(0,))
    return PodFailurePolicy(rules=(PodFailurePolicyRule(action=action.policy, on_exit_codes=codes),))


def cron_job_of(action: CreateCronJob) -> CronJob:
    """The CronJob that the action creates."""
    annotations = {f"{DOMAIN}run-seconds": str(action.run_seconds)}
    template = template_of(action.name, replace(pod_spec("1"), restart_policy="Never"), annotations)
    spec = CronJobSpec(
        schedule="* * * * *",
        concurrency_policy=action.concurrency,
        successful_jobs_history_limit=action.history,
        job_template=JobTemplateSpec(spec=JobSpec(template=template)),
    )
    return CronJob(metadata=metadata_of(action.name), spec=spec)
