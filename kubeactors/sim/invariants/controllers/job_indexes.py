"""Invariant of indexed jobs: the completed and failed indexes follow from the indexes' pods."""

from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.api.batch.v1 import Job
from kubeactors.api.batch.v1.job import COMPLETION_INDEX, TRACKING_FINALIZER
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ApiRequest, Delete
from kubeactors.client import controller_of
from kubeactors.sim.invariants.controllers.deadlines import ENDING
from kubeactors.sim.invariants.invariant import Invariant, RequestInvariant, title
from kubeactors.sim.invariants.requests import PODS, controller_name
from kubeactors.sim.network import Asked
from kubeactors.sim.world import Commit, World

JOB = "job"
"""The name of the job controller."""
FAIL_JOB = "FailJob"
"""The action of a rule by which one failure fails the whole job."""


class _Tries:
    """The pods of a job, by index."""

    __slots__ = ("counted", "ended", "stopped", "succeeded")

    def __init__(self) -> None:
        self.succeeded: dict[int, None] = {}
        self.counted: Counter[int] = Counter()
        """How many failures count against each index for certain. The newest pod of an index carries the count, so it is lost
        when that is deleted because the job is suspended (getPodsWithDelayedDeletionPerIndex in indexed_job_utils.go)."""
        self.ended: dict[int, dict[str, None]] = {}
        """The uids of failed and terminating pods: many jobs count the latter as failed."""
        self.stopped: dict[int, dict[str, None]] = {}
        """The uids of pods that the job controller deleted. A job that ends deletes its pods, and reports the end once all are
        terminating; if one of these writes is rejected, the next status may count the terminating pods as failed."""

    def failures(self, index: int, *, stopped: bool) -> int:
        """How many pods of an index have failed or may count as failed; with `stopped`, including those that the job deleted."""
        ended = self.ended.get(index, {})
        return len(ended | self.stopped.get(index, {}) if stopped else ended)

    def may_end(self, job: Job) -> bool:
        """Whether the job may be ending, and so deleting its pods, before its status says so.

        Source: syncJob in pkg/controller/job/job_controller.go (v1.36).
        """
        spec, needed = job.spec, _needed(job)
        failed = sum(1 for one in self.ended.values() if len(one) >= needed)
        rules = spec.pod_failure_policy.rules or () if spec.pod_failure_policy is not None else ()
        return (
            (spec.max_failed_indexes is not None and failed > spec.max_failed_indexes)
            or (spec.backoff_limit is not None and sum(map(len, self.ended.values())) > spec.backoff_limit)
            or spec.active_deadline_seconds is not None
            or spec.success_policy is not None
            or any(one.action == FAIL_JOB for one in rules)
        )


class JobIndexesAreAccountedFor(RequestInvariant):
    """An index is completed if a pod of it succeeded, fails when its back-off limit is exceeded, and then gets no more pods.

    It fails earlier only if a rule of the pod failure policy says so.

    Source: "Backoff limit per index" in Kubernetes' documentation of jobs; KEP-3850; calculateSucceededIndexes and
    isIndexFailed in pkg/controller/job/indexed_job_utils.go (v1.36).
    """

    name: ClassVar[str] = "job-indexes-are-accounted-for"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod, Job)
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Delete,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._tries: dict[str, _Tries] = {}
        """By uid of job."""
        self._stopped: dict[str, None] = {}
        """The uids of pods that the job controller deleted before they failed."""

    def asked(self, asked: Asked) -> None:
        """Note the pods that the job controller deletes."""
        request = asked.request
        if isinstance(request, Delete) and request.resource.resource == PODS and controller_name(asked.sender) == JOB:
            pod = self.world.find(Pod, request.name, request.namespace)
            if pod is not None and pod.metadata.deletion_timestamp is None:
                self._stopped[pod.metadata.uid] = None

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow pods; check each changed status of a job, and each pod that is created."""
        current = commit.current
        if isinstance(current, Job):
            if commit.new is not None and current.spec.suspend and current.metadata.uid in self._tries:
                self._tries[current.metadata.uid].counted.clear()
            if isinstance(commit.old, Job) and isinstance(commit.new, Job):
                yield from self._said(commit.old, commit.new)
        elif isinstance(current, Pod) and COMPLETION_INDEX in current.metadata.annotations:
            reference = controller_of(current.metadata)
            job = self.world.by_uid.get(reference.uid) if reference is not None else None
            if isinstance(job, Job) and not self.world.faults.is_corrupted(job.metadata.uid):
                yield from self._pod(commit, current, job)

    def _pod(self, commit: Commit, pod: Pod, job: Job) -> Iterator[str]:
        tries = self._tries.setdefault(job.metadata.uid, _Tries())
        index = int(pod.metadata.annotations[COMPLETION_INDEX])
        most = job.spec.backoff_limit_per_index
        if commit.old is None and most is not None and tries.counted[index] > most:
            yield (
                f"{title(job)} created {title(pod)}, though {tries.counted[index]} pods of its index have failed, "
                f"and backoffLimitPerIndex is {most}"
            )
        phase, uid = pod.status.phase, pod.metadata.uid
        if phase == "Succeeded":
            tries.succeeded[index] = None
        elif phase == "Failed" or _goes(commit):
            stopped = phase != "Failed" and uid in self._stopped
            (tries.stopped if stopped else tries.ended).setdefault(index, {})[uid] = None
        if phase == "Failed" and _has_only_now(commit.old) and _counts(job, pod):
            tries.counted[index] += 1

    def _said(self, old: Job, new: Job) -> Iterator[str]:
        before, after = old.status, new.status
        if (before.completed_indexes, before.failed_indexes) == (after.completed_indexes, after.failed_indexes):
            return
        if _is_ending(old) or self.world.faults.is_corrupted(new.metadata.uid):
            return  # pods deleted because the job ends may count as failed
        tries = self._tries.get(new.metadata.uid, _Tries())
        completed, failed = indexes(after.completed_indexes), indexes(after.failed_indexes or "")
        for one in completed:
            if one not in tries.succeeded:
                yield f"{title(new)} lists index {one} as completed, but no pod of it has succeeded"
        needed = _needed(new)
        stopped = tries.may_end(new)
        for one in failed:
            there = tries.failures(one, stopped=stopped)
            if there < needed:
                yield f"{title(new)} lists index {one} as failed, but of its pods {there} failed, and {needed} must"
        for one in completed:
            if one in failed:
                yield f"{title(new)} lists index {one} both as completed and as failed"


def indexes(text: str) -> dict[int, None]:
    """The indexes in a status, in order.

    >>> list(indexes("1,3-5")), list(indexes(""))
    ([1, 3, 4, 5], [])
    """
    ends = (part.partition("-") for part in text.split(",") if part)
    return {one: None for first, _, last in ends for one in range(int(first), int(last or first) + 1)}


def _needed(job: Job) -> int:
    """How many pods of an index must fail before it fails; 1 if a rule of the pod failure policy may fail it at once."""
    rules = job.spec.pod_failure_policy.rules or () if job.spec.pod_failure_policy is not None else ()
    at_once = any(one.action == "FailIndex" for one in rules)
    return 1 if at_once else (job.spec.backoff_limit_per_index or 0) + 1


def _goes(commit: Commit) -> bool:
    return commit.new is None or commit.new.metadata.deletion_timestamp is not None


def _is_ending(job: Job) -> bool:
    return any(one.type in ENDING and one.status == "True" for one in job.status.conditions)


def _has_only_now(old: TypedObject | None) -> bool:
    return not isinstance(old, Pod) or old.status.phase != "Failed"


def _counts(job: Job, pod: Pod) -> bool:
    """Whether a failure counts for certain: the job tracks the pod, and has no pod failure policy."""
    return TRACKING_FINALIZER in pod.metadata.finalizers and job.spec.pod_failure_policy is None


INVARIANTS: tuple[type[Invariant], ...] = (JobIndexesAreAccountedFor,)
