"""Validation of Jobs; CronJobs share `validate_job_spec`.

Source: pkg/apis/batch/validation/validation.go, pkg/registry/batch/job/strategy.go, pkg/api/job/warnings.go (v1.36).
"""

import re
from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.api.batch.v1.job import (
    CONTROLLER_UID,
    FAILED_ONLY,
    INDEXED,
    JOB_NAME,
    LEGACY_CONTROLLER_UID,
    LEGACY_JOB_NAME,
    NON_INDEXED,
    SUSPENDED,
    TERMINATING_OR_FAILED,
    Job,
    JobSpec,
    has_condition,
    is_indexed,
)
from kubeactors.api.batch.v1.validation.policies import validate_pod_failure_policy, validate_success_policy
from kubeactors.api.core.v1.advice import warn_of_pod_template
from kubeactors.api.core.v1.affinity import Affinity
from kubeactors.api.core.v1.container import Container
from kubeactors.api.core.v1.pod import PodTemplateSpec
from kubeactors.api.core.v1.podspec import PodSpec
from kubeactors.api.core.v1.validation import validate_pod_template_spec
from kubeactors.api.validation import validate_count
from kubeactors.apimachinery import labels, names
from kubeactors.apimachinery.field import FieldError, invalid, not_supported, required, too_long
from kubeactors.apimachinery.objectmeta import validate_immutable

MAX_PARALLELISM = MAX_FAILED_INDEXES = MANY_COMPLETIONS = 100_000
MAX_PARALLELISM_OF_MANY = MAX_FAILED_INDEXES_OF_MANY = 10_000
"""Limits of an indexed job with a back-off limit per index and more than `MANY_COMPLETIONS`."""
MAX_MANAGED_BY = 63

_NEEDS_INDEXED = "requires indexed completion mode"
_HOSTNAME = (
    "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; "
    "a DNS label is recommended: "
)
_TOO_MANY_INDEXES = (
    "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might "
    "not be able to track completedIndexes when a big number of indexes fail"
)
_HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"


def validate_job(job: Job) -> Iterator[FieldError]:
    """The selector matches its own pods only, and counts are consistent."""
    spec = job.spec
    if not spec.manual_selector and spec.selector is not None:
        yield from _validate_generated_selector(job)
    yield from _validate_selecting_spec(spec)
    if is_indexed(spec) and spec.completions and spec.completions > 0:
        hostname = f"{job.metadata.name}-{spec.completions - 1}"
        if names.dns1123_label(hostname):
            why = f"will not able to create pod with invalid DNS label: {hostname}"
            yield invalid("metadata.name", job.metadata.name, why)


def validate_job_update(new: Job, old: Job) -> Iterator[FieldError]:
    """The template is immutable, except for scheduling constraints of a suspended job."""
    yield from validate_job(new)
    yield from _validate_selecting_spec(new.spec)
    yield from _validate_completions(new.spec, old.spec)
    yield from validate_immutable(new.spec.selector, old.spec.selector, "spec.selector")
    yield from _validate_template_update(new, old)
    spec, before = new.spec, old.spec
    yield from validate_immutable(spec.completion_mode, before.completion_mode, "spec.completionMode")
    yield from validate_immutable(spec.pod_failure_policy, before.pod_failure_policy, "spec.podFailurePolicy")
    yield from validate_immutable(
        spec.backoff_limit_per_index, before.backoff_limit_per_index, "spec.backoffLimitPerIndex"
    )
    yield from validate_immutable(spec.managed_by, before.managed_by, "spec.managedBy")
    yield from validate_immutable(spec.success_policy, before.success_policy, "spec.successPolicy")


def warn_of_job(new: Job, old: Job | None) -> Iterator[str]:
    """A name that is not a valid host name; many indexes; and the warnings about the template."""
    if old is None and (wrong := names.dns1123_label(new.metadata.name)):
        yield f"{_HOSTNAME}[{' '.join(wrong)}]"
    if old is None or new.spec != old.spec:
        yield from warn_of_job_spec(new.spec, "spec")


def warn_of_job_spec(spec: JobSpec, path: str) -> Iterator[str]:
    """Warnings about a job spec and its template."""
    if (
        is_indexed(spec)
        and (spec.completions or 0) > MANY_COMPLETIONS
        and (spec.parallelism or 0) > MAX_PARALLELISM_OF_MANY
    ):
        yield f"{path}: {_TOO_MANY_INDEXES}"
    yield from warn_of_pod_template(spec.template, f"{path}.template")


def validate_job_spec(spec: JobSpec, path: str) -> Iterator[FieldError]:
    """Everything but the selector, which a template does not have."""
    yield from validate_count(spec.parallelism, f"{path}.parallelism")
    yield from validate_count(spec.completions, f"{path}.completions")
    yield from validate_count(spec.active_deadline_seconds, f"{path}.activeDeadlineSeconds")
    yield from validate_count(spec.backoff_limit, f"{path}.backoffLimit")
    yield from validate_count(spec.ttl_seconds_after_finished, f"{path}.ttlSecondsAfterFinished")
    yield from validate_count(spec.backoff_limit_per_index, f"{path}.backoffLimitPerIndex")
    yield from validate_count(spec.max_failed_indexes, f"{path}.maxFailedIndexes")
    if spec.max_failed_indexes is not None and spec.backoff_limit_per_index is None:
        yield required(f"{path}.backoffLimitPerIndex", "when maxFailedIndexes is specified")
    yield from _validate_managed_by(spec.managed_by, f"{path}.managedBy")
    yield from _validate_completion_mode(spec, path)
    yield from _validate_policies(spec, path)
    yield from validate_pod_template_spec(spec.template, f"{path}.template")
    yield from _validate_restart_policy(spec, f"{path}.template.spec.restartPolicy")


def _validate_selecting_spec(spec: JobSpec) -> Iterator[FieldError]:
    yield from validate_job_spec(spec, "spec")
    if spec.selector is None:
        yield required("spec.selector")
    else:
        yield from labels.validate_selector(spec.selector, "spec.selector")
    given = spec.template.metadata.labels
    try:
        matches = labels.of_object(spec.selector).matches(given)
    except labels.SelectorError:
        return
    if not matches:
        yield invalid("spec.template.metadata.labels", given or None, "`selector` does not match template `labels`")


def _validate_generated_selector(job: Job) -> Iterator[FieldError]:
    """Generated labels are those of the job."""
    name, uid = job.metadata.name, job.metadata.uid
    wanted = {LEGACY_CONTROLLER_UID: uid, LEGACY_JOB_NAME: name, CONTROLLER_UID: uid, JOB_NAME: name}
    if not uid:
        yield required("metadata.uid")
    given = job.spec.template.metadata.labels
    for key, value in wanted.items():
        path = f"spec.template.metadata.labels[{key}]"
        if key not in given:
            yield required(path, f"must be '{value}'")
        elif given[key] != value:
            yield invalid(path, given, f"must be '{value}'")
    try:
        selects = labels.of_object(job.spec.selector).matches(wanted)
    except labels.SelectorError:
        return
    if not selects:
        yield invalid("spec.selector", job.spec.selector, "`selector` not auto-generated")


def _validate_managed_by(value: str | None, path: str) -> Iterator[FieldError]:
    if value is None:
        return
    yield from _validate_domain_prefixed(value, path)
    if len(value) > MAX_MANAGED_BY:
        yield too_long(path, MAX_MANAGED_BY)


def _validate_domain_prefixed(value: str, path: str) -> Iterator[FieldError]:
    """A name such as `example.com/mine`.

    >>> [str(one) for one in _validate_domain_prefixed("mine", "spec.managedBy")]
    ['spec.managedBy: Invalid value: "mine": must be a domain-prefixed path (such as "acme.io/foo")']
    """
    host, _, rest = value.partition("/")
    if not value:
        yield required(path)
    elif not host or not rest:
        yield invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')
    else:
        for message in names.dns1123_subdomain(host):
            yield invalid(path, host, message)
        if re.fullmatch(_HTTP_PATH, rest) is None:
            yield invalid(path, rest, names.must_match("Invalid path", _HTTP_PATH))


def _validate_completion_mode(spec: JobSpec, path: str) -> Iterator[FieldError]:
    mode = spec.completion_mode
    if mode not in (None, NON_INDEXED, INDEXED):
        yield not_supported(f"{path}.completionMode", mode, (NON_INDEXED, INDEXED))
    if mode == INDEXED:
        yield from _validate_indexed(spec, path)
    elif mode in (None, NON_INDEXED):
        if spec.backoff_limit_per_index is not None:
            yield invalid(f"{path}.backoffLimitPerIndex", spec.backoff_limit_per_index, _NEEDS_INDEXED)
        if spec.max_failed_indexes is not None:
            yield invalid(f"{path}.maxFailedIndexes", spec.max_failed_indexes, _NEEDS_INDEXED)


def _validate_indexed(spec: JobSpec, path: str) -> Iterator[FieldError]:
    completions, most, failed = spec.completions, spec.parallelism or 0, spec.max_failed_indexes or 0
    if completions is None:
        yield required(f"{path}.completions", f"when completion mode is {INDEXED}")
    if most > MAX_PARALLELISM:
        limit = f"must be less than or equal to {MAX_PARALLELISM} when completion mode is {INDEXED}"
        yield invalid(f"{path}.parallelism", most, limit)
    if completions is not None and failed > completions:
        yield invalid(f"{path}.maxFailedIndexes", failed, "must be less than or equal to completions")
    if failed > MAX_FAILED_INDEXES:
        yield invalid(f"{path}.maxFailedIndexes", failed, f"must be less than or equal to {MAX_FAILED_INDEXES}")
    if (completions or 0) > MANY_COMPLETIONS and spec.backoff_limit_per_index is not None:
        yield from _validate_many(spec, path)


def _validate_many(spec: JobSpec, path: str) -> Iterator[FieldError]:
    most, failed = spec.parallelism or 0, spec.max_failed_indexes
    above = f"when completions are above {MANY_COMPLETIONS} and used with backoff limit per index"
    if failed is None:
        yield required(f"{path}.maxFailedIndexes", f"must be specified when completions is above {MANY_COMPLETIONS}")
    if most > MAX_PARALLELISM_OF_MANY:
        limit = f"must be less than or equal to {MAX_PARALLELISM_OF_MANY} {above}"
        yield invalid(f"{path}.parallelism", most, limit)
    if failed is not None and failed > MAX_FAILED_INDEXES_OF_MANY:
        limit = f"must be less than or equal to {MAX_FAILED_INDEXES_OF_MANY} {above}"
        yield invalid(f"{path}.maxFailedIndexes", failed, limit)


def _validate_policies(spec: JobSpec, path: str) -> Iterator[FieldError]:
    if spec.pod_failure_policy is not None:
        yield from validate_pod_failure_policy(spec, f"{path}.podFailurePolicy")
    if spec.success_policy is not None:
        if is_indexed(spec):
            yield from validate_success_policy(spec, f"{path}.successPolicy")
        else:
            yield invalid(f"{path}.successPolicy", spec.success_policy, _NEEDS_INDEXED)
    replacement = spec.pod_replacement_policy
    known = (FAILED_ONLY, TERMINATING_OR_FAILED) if spec.pod_failure_policy is None else (FAILED_ONLY,)
    if replacement is not None and replacement not in known:
        yield not_supported(f"{path}.podReplacementPolicy", replacement, known)


def _validate_restart_policy(spec: JobSpec, path: str) -> Iterator[FieldError]:
    policy = spec.template.spec.restart_policy
    if policy in ("", "Always"):
        yield required(path, 'valid values: "OnFailure", "Never"')
    elif policy not in ("OnFailure", "Never"):
        yield not_supported(path, policy, ("OnFailure", "Never"))
    elif spec.pod_failure_policy is not None and policy != "Never":
        yield invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')


def _validate_completions(new: JobSpec, old: JobSpec) -> Iterator[FieldError]:
    """An indexed job is elastic if its parallelism equals its completions."""
    if not is_indexed(new):
        yield from validate_immutable(new.completions, old.completions, "spec.completions")
    elif new.completions not in (old.completions, None, new.parallelism):
        yield invalid("spec.completions", new.completions, "can only be modified in tandem with spec.parallelism")


def _validate_template_update(new: Job, old: Job) -> Iterator[FieldError]:
    template, before = new.spec.template, old.spec.template
    if old.spec.suspend and (old.status.start_time is None or has_condition(old, SUSPENDED)):
        before = _with_changes_allowed(before, template)
    yield from validate_immutable(template.metadata, before.metadata, "spec.template.metadata")
    yield from validate_immutable(template.spec, before.spec, "spec.template.spec")


def _with_changes_allowed(old: PodTemplateSpec, new: PodTemplateSpec) -> PodTemplateSpec:
    """The old template with the fields of the new one that are mutable while no pod runs."""
    metadata = replace(old.metadata, labels=new.metadata.labels, annotations=new.metadata.annotations)
    spec = replace(
        old.spec,
        affinity=_affinity(old.spec, new.spec),
        node_selector=new.spec.node_selector,
        tolerations=new.spec.tolerations,
        scheduling_gates=new.spec.scheduling_gates,
        containers=_sized(old.spec.containers, new.spec.containers),
        init_containers=_sized(old.spec.init_containers, new.spec.init_containers),
    )
    return replace(old, metadata=metadata, spec=spec)


def _affinity(old: PodSpec, new: PodSpec) -> Affinity | None:
    """The old affinity to pods with the new one to nodes."""
    found = replace(
        old.affinity or Affinity(), node_affinity=None if new.affinity is None else new.affinity.node_affinity
    )
    return None if new.affinity is None and found == Affinity() else found


def _sized(old: tuple[Container, ...], new: tuple[Container, ...]) -> tuple[Container, ...]:
    """The old containers with the resources of the new ones."""
    if len(old) != len(new):
        return old
    return tuple(replace(one, resources=other.resources) for one, other in zip(old, new, strict=True))
