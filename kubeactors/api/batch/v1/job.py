"""Job: runs pods to completion.

Source: api/batch/v1/types.go (v1.36).
"""

from typing import Annotated

from kubeactors.api.core.v1.pod import PodTemplateSpec
from kubeactors.apimachinery.meta import (
    ATOMIC,
    LIST_SET,
    LabelSelector,
    Object,
    ObjectMeta,
    Time,
    TypedObject,
    always,
    merge_by,
)

NON_INDEXED, INDEXED = "NonIndexed", "Indexed"
"""Completion modes: pods are interchangeable, or each has an index."""

FAIL_JOB, FAIL_INDEX, IGNORE, COUNT = "FailJob", "FailIndex", "Ignore", "Count"
"""The actions of a pod failure policy rule."""

TERMINATING_OR_FAILED, FAILED_ONLY = "TerminatingOrFailed", "Failed"
"""When a pod is replaced: as soon as it is terminating, or once it has failed."""

SUSPENDED, COMPLETE, FAILED = "Suspended", "Complete", "Failed"
FAILURE_TARGET, SUCCESS_CRITERIA_MET = "FailureTarget", "SuccessCriteriaMet"
"""Types of conditions. The last two announce how the job will end once its pods have terminated."""

TRACKING_FINALIZER = "batch.kubernetes.io/job-tracking"
"""Retains a pod until the job's status has counted it."""
COMPLETION_INDEX = "batch.kubernetes.io/job-completion-index"
"""Annotation and label of a pod: its index."""
INDEX_FAILURES = "batch.kubernetes.io/job-index-failure-count"
"""Annotation of a pod: how many pods of its index have failed before it."""
IGNORED_INDEX_FAILURES = "batch.kubernetes.io/job-index-ignored-failure-count"
"""Annotation of a pod: how many of these failures do not count."""
JOB_NAME, CONTROLLER_UID = "batch.kubernetes.io/job-name", "batch.kubernetes.io/controller-uid"
LEGACY_JOB_NAME, LEGACY_CONTROLLER_UID = "job-name", "controller-uid"
"""Labels of a pod that identify its job."""
JOB_CONTROLLER = "kubernetes.io/job-controller"
"""The default of `managedBy`."""


class PodFailurePolicyOnExitCodesRequirement(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A requirement on a container's exit code: `operator` is In or NotIn."""

    container_name: str | None = None
    operator: str = always("")
    values: Annotated[tuple[int, ...], LIST_SET] | None = always(None)


class PodFailurePolicyOnPodConditionsPattern(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A condition of a failed pod."""

    type: str = always("")
    status: str = always("")


class PodFailurePolicyRule(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What to do about a failed pod, by its exit codes or its conditions."""

    action: str = always("")
    on_exit_codes: PodFailurePolicyOnExitCodesRequirement | None = None
    on_pod_conditions: tuple[PodFailurePolicyOnPodConditionsPattern, ...] = ()


class PodFailurePolicy(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Rules about failed pods; the first that matches decides."""

    rules: tuple[PodFailurePolicyRule, ...] | None = always(None)


class SuccessPolicyRule(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The indexes, or their number, with which the job succeeds."""

    succeeded_indexes: str | None = None
    succeeded_count: int | None = None


class SuccessPolicy(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Rules, one of which must be met for an indexed Job to succeed before all its indexes have."""

    rules: tuple[SuccessPolicyRule, ...] | None = always(None)


class JobSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The number of completions, the parallelism, and the handling of failures."""

    parallelism: int | None = None
    completions: int | None = None
    active_deadline_seconds: int | None = None
    pod_failure_policy: PodFailurePolicy | None = None
    success_policy: SuccessPolicy | None = None
    backoff_limit: int | None = None
    backoff_limit_per_index: int | None = None
    max_failed_indexes: int | None = None
    selector: LabelSelector | None = None
    manual_selector: bool | None = None
    template: PodTemplateSpec = always(PodTemplateSpec())
    ttl_seconds_after_finished: int | None = None
    completion_mode: str | None = None
    suspend: bool | None = None
    pod_replacement_policy: str | None = None
    managed_by: str | None = None


class JobCondition(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Suspended, FailureTarget, SuccessCriteriaMet, Complete or Failed."""

    type: str = always("")
    status: str = always("")
    last_probe_time: Time | None = always(None)
    last_transition_time: Time | None = always(None)
    reason: str = ""
    message: str = ""


class UncountedTerminatedPods(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The uids of finished pods that are retained by their finalizer and not counted yet."""

    succeeded: Annotated[tuple[str, ...], LIST_SET] = ()
    failed: Annotated[tuple[str, ...], LIST_SET] = ()


class JobStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The progress of the job. Indexes are written as intervals: `1,3-5`."""

    conditions: Annotated[tuple[JobCondition, ...], merge_by("type"), ATOMIC] = ()
    start_time: Time | None = None
    completion_time: Time | None = None
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    terminating: int | None = None
    completed_indexes: str = ""
    failed_indexes: str | None = None
    uncounted_terminated_pods: UncountedTerminatedPods | None = None
    ready: int | None = None


class Job(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Runs pods until a number of them have succeeded."""

    api_version: str = "batch/v1"
    kind: str = "Job"
    spec: JobSpec = always(JobSpec())
    status: JobStatus = always(JobStatus())


class JobTemplateSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The template of a Job."""

    metadata: ObjectMeta = always(ObjectMeta())
    spec: JobSpec = always(JobSpec())


def is_indexed(spec: JobSpec) -> bool:
    """Whether each pod has an index."""
    return spec.completion_mode == INDEXED


def has_condition(job: Job, type_: str) -> bool:
    """Whether a condition is true.

    >>> has_condition(Job(), COMPLETE)
    False
    """
    return any(one.type == type_ and one.status == "True" for one in job.status.conditions)


def is_finished(job: Job) -> bool:
    """Whether the job has succeeded or failed."""
    return any(one.type in (COMPLETE, FAILED) and one.status == "True" for one in job.status.conditions)


def job_fields(job: Job) -> dict[str, str]:
    """The fields that field selectors support.

    Source: pkg/registry/batch/job/strategy.go (v1.36).
    """
    return {"status.successful": str(job.status.succeeded)}
