"""The pods of a job: what a new one looks like, what an existing one counts as, and which is removed first.

Source: pkg/controller/job/{job_controller,indexed_job_utils}.go, pkg/controller/controller_utils.go (v1.36).
"""

from collections.abc import Iterable, Mapping
from hashlib import blake2s

import msgspec
from msgspec.structs import replace

from kubeactors.api.batch.v1 import Job
from kubeactors.api.batch.v1.job import (
    COMPLETION_INDEX,
    FAILED_ONLY,
    IGNORED_INDEX_FAILURES,
    INDEX_FAILURES,
    TRACKING_FINALIZER,
    is_indexed,
)
from kubeactors.api.core.v1 import Container, EnvVar, EnvVarSource, ObjectFieldSelector, Pod, PodSpec
from kubeactors.apimachinery import names
from kubeactors.apimachinery.meta import ObjectMeta, OwnerReference
from kubeactors.apimachinery.time import parse_time
from kubeactors.controllers.pods import FAILED, SUCCEEDED, is_ready, ready_time, restarts

UNKNOWN_INDEX = -1
INDEX_VARIABLE = "JOB_COMPLETION_INDEX"
SUFFIX = 5
"""Length of the suffix of a pod's name."""

_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A pod to create: its index, and how often that index has failed before."""

    index: int = UNKNOWN_INDEX
    failures: int | None = None
    ignored_failures: int = 0


def is_tracked(pod: Pod) -> bool:
    """Whether the job still has to count the pod."""
    return TRACKING_FINALIZER in pod.metadata.finalizers


def is_settled(pod: Pod) -> bool:
    """Whether the pod has finished and been counted: the job need not look at it again."""
    return pod.status.phase in (SUCCEEDED, FAILED) and not is_tracked(pod)


def is_terminating(pod: Pod) -> bool:
    """Whether the pod is being deleted and has not finished."""
    return pod.metadata.deletion_timestamp is not None and pod.status.phase not in (SUCCEEDED, FAILED)


def only_failed_are_replaced(job: Job) -> bool:
    """Whether a terminating pod is replaced only once it has failed."""
    return job.spec.pod_replacement_policy == FAILED_ONLY or job.spec.pod_failure_policy is not None


def has_failed(pod: Pod, job: Job) -> bool:
    """Whether the pod counts as failed: it has failed, or it is terminating and the job does not wait for it."""
    if pod.status.phase == FAILED:
        return True
    return is_terminating(pod) and not only_failed_are_replaced(job)


def index_of(pod: Pod) -> int:
    """The index of a pod; `UNKNOWN_INDEX` if it has none.

    >>> index_of(Pod(metadata=ObjectMeta(annotations={COMPLETION_INDEX: "7"}))), index_of(Pod())
    (7, -1)
    """
    return _number(pod.metadata.annotations.get(COMPLETION_INDEX, ""), UNKNOWN_INDEX)


def index_failures(pod: Pod) -> int:
    """How many counted failures its index had before this pod."""
    return _number(pod.metadata.annotations.get(INDEX_FAILURES, ""), 0)


def ignored_index_failures(pod: Pod) -> int:
    """How many ignored failures its index had before this pod."""
    return _number(pod.metadata.annotations.get(IGNORED_INDEX_FAILURES, ""), 0)


def base_of(job: Job, index: int) -> str:
    """The prefix of a pod's name; a long job name is cut to make room for the index.

    >>> base_of(Job(metadata=ObjectMeta(name="pi")), 3)
    'pi-3-'
    """
    end = "-" if index == UNKNOWN_INDEX else f"-{index}-"
    return job.metadata.name[: names.MAX_LABEL - SUFFIX - len(end)] + end


def name_of(job: Job, index: int, attempt: int) -> str:
    """The name of a pod. It looks random, but is a function of the job and the attempt.

    A controller that repeats an attempt, because its cache is stale or it was replaced in between, gets AlreadyExists.
    Kubernetes draws names at random, and may then create one pod too many.

    >>> job = Job(metadata=ObjectMeta(name="pi", uid="1"))
    >>> name_of(job, 3, 0) == name_of(job, 3, 0) != name_of(job, 3, 1)
    True
    """
    digest = blake2s(f"{job.metadata.uid}/{index}/{attempt}".encode(), digest_size=SUFFIX).digest()
    letters = names.ALPHANUMERICS
    return base_of(job, index) + "".join(letters[byte % len(letters)] for byte in digest)


class Template:
    """Makes the pods of a job. They share one spec, which is validated and defaulted once, unless they are indexed."""

    def __init__(self, job: Job, references: tuple[OwnerReference, ...]) -> None:
        self._job = job
        self._references = references
        template = job.spec.template
        self._spec = with_index_variable(template.spec) if is_indexed(job.spec) else template.spec
        own = tuple(one for one in template.metadata.finalizers if one != TRACKING_FINALIZER)
        self._finalizers = (*own, TRACKING_FINALIZER)

    def pod(self, wanted: Wanted, name: str) -> Pod:
        """A new pod of this name."""
        job, template = self._job, self._job.spec.template.metadata
        labels, annotations, spec = template.labels, template.annotations, self._spec
        if wanted.index != UNKNOWN_INDEX:
            labels = {**labels, COMPLETION_INDEX: str(wanted.index)}
            annotations = {**annotations, **_index_annotations(wanted)}
            spec = replace(spec, hostname=f"{job.metadata.name}-{wanted.index}")
        metadata = ObjectMeta(
            name=name,
            generate_name=base_of(job, wanted.index),
            namespace=job.metadata.namespace,
            labels=labels,
            annotations=annotations,
            finalizers=self._finalizers,
            owner_references=self._references,
        )
        return Pod(metadata=metadata, spec=spec)


def with_index_variable(spec: PodSpec) -> PodSpec:
    """The spec with the completion index in the environment of each container that does not set it itself."""
    return replace(
        spec,
        containers=tuple(map(_with_variable, spec.containers)),
        init_containers=tuple(map(_with_variable, spec.init_containers)),
    )


def pods_to_remove(job: Job, active: Iterable[Pod], untracked: Mapping[str, Pod], at_least: int) -> tuple[Pod, ...]:
    """The active pods to remove: untracked ones, duplicates of an index, and more until there are `at_least` as many.

    `untracked` are those without finalizer, by UID, which can never be counted: their deletion was interrupted.
    """
    doomed = [pod for pod in active if pod.metadata.uid in untracked]
    left = sorted((pod for pod in active if pod.metadata.uid not in untracked), key=_sort_key)
    if is_indexed(job.spec):
        doomed, left = _without_duplicates(job, doomed, left)
    missing = max(at_least - len(doomed), 0)
    return (*doomed, *left[:missing])


def _without_duplicates(job: Job, doomed: list[Pod], left: list[Pod]) -> tuple[list[Pod], list[Pod]]:
    best: dict[int, Pod] = {}
    for pod in left:  # the best of each index is the last
        index = index_of(pod)
        if index != UNKNOWN_INDEX and index < (job.spec.completions or 0):
            best[index] = pod
    kept = {pod.metadata.uid: pod for pod in best.values()}
    surplus = [pod for pod in left if pod.metadata.uid not in kept]
    return [*doomed, *surplus], [pod for pod in left if pod.metadata.uid in kept]


def _sort_key(pod: Pod) -> tuple[object, ...]:
    """Sort key: unassigned, pending, unready, recently ready, often restarted and young pods come first."""
    since, created = ready_time(pod), pod.metadata.creation_timestamp
    ready = is_ready(pod)
    return (
        bool(pod.spec.node_name),
        _PHASES.get(pod.status.phase, 0),
        ready,
        -parse_time(since) if ready and since else 0,
        -restarts(pod),
        -parse_time(created) if created else 0,
        pod.metadata.uid,
    )


def _index_annotations(wanted: Wanted) -> dict[str, str]:
    found = {COMPLETION_INDEX: str(wanted.index)}
    if wanted.failures is not None:
        found[INDEX_FAILURES] = str(wanted.failures)
        if wanted.ignored_failures:
            found[IGNORED_INDEX_FAILURES] = str(wanted.ignored_failures)
    return found


def _with_variable(container: Container) -> Container:
    if any(one.name == INDEX_VARIABLE for one in container.env):
        return container
    source = ObjectFieldSelector(api_version="v1", field_path=f"metadata.labels['{COMPLETION_INDEX}']")
    variable = EnvVar(name=INDEX_VARIABLE, value_from=EnvVarSource(field_ref=source))
    return replace(container, env=(*container.env, variable))


def _number(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdecimal() and int(text) < 2**31 else default
