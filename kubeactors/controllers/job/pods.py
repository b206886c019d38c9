"""The pods of a job: what a new one looks like, what an old one counts as, and which goes first.

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
"""Letters at the end of a pod's name."""

_PHASES = {"Pending": 0, "Unknown": 1, "Running": 2}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A pod to create: with which index, and how often that index has failed before."""

    index: int = UNKNOWN_INDEX
    failures: int | None = None
    ignored_failures: int = 0


def is_tracked(pod: Pod) -> bool:
    """Whether the job still has to count the pod."""
    return TRACKING_FINALIZER in pod.metadata.finalizers


def is_settled(pod: Pod) -> bool:
    """Whether the pod has ended and was counted: the job need not look at it again."""
    return pod.status.phase in (SUCCEEDED, FAILED) and not is_tracked(pod)


def is_terminating(pod: Pod) -> bool:
    """Whether the pod is going and still runs."""
    return pod.metadata.deletion_timestamp is not None and pod.status.phase not in (SUCCEEDED, FAILED)


def only_failed_are_replaced(job: Job) -> bool:
    """Whether a pod that is going is waited for before there is another one."""
    return job.spec.pod_replacement_policy == FAILED_ONLY or job.spec.pod_failure_policy is not None


def has_failed(pod: Pod, job: Job) -> bool:
    """Whether the pod counts as failed: it has, or it is going and will never succeed."""
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
    """How many failures its index had before this pod that do not count."""
    return _number(pod.metadata.annotations.get(IGNORED_INDEX_FAILURES, ""), 0)


def base_of(job: Job, index: int) -> str:
    """How the names of pods begin; the end of a long name makes room for the index.

    >>> base_of(Job(metadata=ObjectMeta(name="pi")), 3)
    'pi-3-'
    """
    end = "-" if index == UNKNOWN_INDEX else f"-{index}-"
    return job.metadata.name[: names.MAX_LABEL - SUFFIX - len(end)] + end


def name_of(job: Job, index: int, attempt: int) -> str:
    """The name of a pod. It looks random, but follows from the job and the attempt.

    So whoever makes the same attempt twice, because he has forgotten the first or was replaced in between, is told
    that the pod exists. Kubernetes draws names at random, and then may have a pod too many.

    >>> job = Job(metadata=ObjectMeta(name="pi", uid="1"))
    >>> name_of(job, 3, 0) == name_of(job, 3, 0) != name_of(job, 3, 1)
    True
    """
    digest = blake2s(f"{job.metadata.uid}/{index}/{attempt}".encode(), digest_size=SUFFIX).digest()
    letters = names.ALPHANUMERICS
    return base_of(job, index) + "".join(letters[byte % len(letters)] for byte in digest)


class Template:
    """Makes pods of a job. All pods without an index share one spec, which is validated and defaulted once."""

    def __init__(self, job: Job, references: tuple[OwnerReference, ...]) -> None:
        self._job = job
        self._references = references
        template = job.spec.template
        self._spec = with_index_variable(template.spec) if is_indexed(job.spec) else template.spec
        own = tuple(one for one in template.metadata.finalizers if one != TRACKING_FINALIZER)
        self._finalizers = (*own, TRACKING_FINALIZER)

    def pod(self, wanted: Wanted, name: str) -> Pod:
        """A new pod of that name."""
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
    """The spec with the index in the environment of each container that does not set it itself."""
    return replace(
        spec,
        containers=tuple(map(_with_variable, spec.containers)),
        init_containers=tuple(map(_with_variable, spec.init_containers)),
    )


def to_remove(job: Job, active: Iterable[Pod], untracked: Mapping[str, Pod], at_least: int) -> tuple[Pod, ...]:
    """Active pods that must go: those that can never be counted, of those with one index all but one, and more.

    `untracked` are those without finalizer, by uid: their deletion has been begun, and was cut off.
    """
    doomed = [pod for pod in active if pod.metadata.uid in untracked]
    left = sorted((pod for pod in active if pod.metadata.uid not in untracked), key=_worth)
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


def _worth(pod: Pod) -> tuple[object, ...]:
    """The least comes first: unassigned, pending, not ready, ready for a short time, often restarted, young."""
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
