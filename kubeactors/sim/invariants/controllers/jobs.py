"""Invariants of jobs and cron jobs: how many pods and jobs they create, and when."""

from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.batch.v1 import CronJob, Job, UncountedTerminatedPods
from kubeactors.api.batch.v1.job import TRACKING_FINALIZER
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.time import parse_time
from kubeactors.client import controller_of
from kubeactors.controllers.cronjob.plan import SCHEDULED_AT
from kubeactors.controllers.pods import READY
from kubeactors.sim.bounds.rollouts import is_active
from kubeactors.sim.disturbances import LONG_AGO
from kubeactors.sim.invariants.inspection import remembers_since
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.world import Commit, World

MANAGER = "controller-manager"


GIVEN_UP = ("Failed", "FailureTarget")
"""Conditions of a failed job, all of whose active pods count as failed."""


class _Record:
    """The pods of a job, by uid."""

    __slots__ = ("created", "disturbed", "failed", "going", "ignored", "parallelism", "succeeded")

    def __init__(self) -> None:
        self.created: dict[str, None] = {}
        self.succeeded: dict[str, None] = {}
        self.failed: dict[str, None] = {}
        self.going: dict[str, None] = {}
        """Pods that were deleted, or began to terminate, while active. Most jobs count these as failed."""
        self.ignored: dict[str, None] = {}
        """Failed pods that the job's pod failure policy ignores."""
        self.parallelism = 0
        """The highest parallelism so far, as its controller may not have seen a lower one yet."""
        self.disturbed = False
        """Whether an active pod was deleted or released: then the number of pods that the job needs is unknown."""


class JobCountsAreExact(Invariant):
    """A job creates no more pods than it needs, counts only finished pods, and completes after enough successes.

    The number of pods is judged as long as no active pod was deleted, lost its owner, or was released by a suspended job.
    """

    name: ClassVar[str] = "job-counts-are-exact"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod, Job)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._records: dict[str, _Record] = {}

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow pods; check each that is created, and each job that completes."""
        current = commit.current
        if isinstance(current, Job):
            record = self._records.setdefault(current.metadata.uid, _Record())
            record.parallelism = max(record.parallelism, _parallelism(current))
            if commit.old is not None and commit.new is not None:
                yield from self._job(commit.old, current)
        elif isinstance(current, Pod):
            yield from self._pod(commit, current)

    def _job(self, old: TypedObject, job: Job) -> Iterator[str]:
        yield from self._counts(job)
        if not is_complete(job) or (isinstance(old, Job) and is_complete(old)):
            return
        completions, record = _needed(job), self._records.get(job.metadata.uid, _Record())
        if len(record.succeeded) < completions:
            yield f"{title(job)} is complete, but only {len(record.succeeded)} of {completions} pods have succeeded"

    def _counts(self, job: Job) -> Iterator[str]:
        """A job that has not failed counts each pod once, and only finished or terminating ones."""
        record, status = self._records.get(job.metadata.uid, _Record()), job.status
        named = status.uncounted_terminated_pods or UncountedTerminatedPods()
        if self.world.faults.is_corrupted(job.metadata.uid):
            return
        well, badly = status.succeeded + len(named.succeeded), status.failed + len(named.failed)
        if well > len(record.succeeded):
            yield f"{title(job)} counts {well} succeeded pods, but only {len(record.succeeded)} have succeeded"
        given_up = any(one.type in GIVEN_UP and one.status == "True" for one in status.conditions)
        ended = record.failed | record.going
        if not given_up and badly > len(ended):
            yield f"{title(job)} counts {badly} failed pods, but only {len(ended)} have failed"

    def _pod(self, commit: Commit, pod: Pod) -> Iterator[str]:
        reference = controller_of(pod.metadata)
        job = self.world.by_uid.get(reference.uid) if reference is not None else None
        if not isinstance(job, Job):
            return
        record = self._records.setdefault(job.metadata.uid, _Record())
        uid, phase = pod.metadata.uid, pod.status.phase
        if phase == "Succeeded":
            # A pod without it was released before, because its job was suspended.
            if _is_tracked(pod):
                record.succeeded[uid] = None
        elif phase == "Failed":
            record.failed[uid] = None
            if _is_ignored(job, pod):
                record.ignored[uid] = None
        elif commit.new is None or pod.metadata.deletion_timestamp is not None:
            record.disturbed = True
            record.going[uid] = None
        elif isinstance(commit.old, Pod) and _is_tracked(commit.old) and not _is_tracked(pod):
            record.disturbed = True
        if commit.old is None:
            record.created[uid] = None
            if not record.disturbed and not self.world.faults.is_corrupted(job.metadata.uid):
                yield from self._created(job, record)

    def _created(self, job: Job, record: _Record) -> Iterator[str]:
        spec = job.spec
        active = sum(
            1 for one in self.world.controlled_by(job.metadata.uid).values() if isinstance(one, Pod) and is_active(one)
        )
        parallelism = record.parallelism
        if active > parallelism:
            yield f"{title(job)} has {active} active pods, but its parallelism is {parallelism}"
        if spec.completions is not None and active + len(record.succeeded) > spec.completions:
            done = len(record.succeeded)
            yield f"{title(job)} has {active} active pods and {done} succeeded ones, but needs only {spec.completions}"
        most = parallelism + (6 if spec.backoff_limit is None else spec.backoff_limit) + len(record.ignored)
        if not record.succeeded and len(record.created) > most:
            yield f"{title(job)} has created {len(record.created)} pods without a success, but may create only {most}"


def _parallelism(job: Job) -> int:
    return 1 if job.spec.parallelism is None else job.spec.parallelism


def _is_tracked(pod: Pod) -> bool:
    """Whether its job still tracks it: a suspended job removes the finalizer."""
    return TRACKING_FINALIZER in pod.metadata.finalizers


def _is_ignored(job: Job, pod: Pod) -> bool:
    """Whether the pod failure policy ignores a failure; only rules that the grammar draws are evaluated."""
    policy = job.spec.pod_failure_policy
    ignored = [
        pattern.type
        for rule in (policy.rules or () if policy is not None else ())
        if rule.action == "Ignore"
        for pattern in rule.on_pod_conditions
    ]
    return any(one.type in ignored and one.status == "True" for one in pod.status.conditions)


def _needed(job: Job) -> int:
    """How many pods must have succeeded for completion; 1 with a success policy."""
    completions = job.spec.completions
    return 1 if completions is None or (completions and job.spec.success_policy is not None) else completions


PATIENCE = 7 * SECOND
"""A job's shortest back-off: 10 s from the end of the pod's container, which may be reported later."""


class JobsBackOff(Invariant):
    """A job creates no pod until its back-off after the last failed pod is over.

    The back-off starts when the pod's containers ended; if that is unknown, when it became unready or began to terminate,
    even if that is long ago. A job's first pods are exempt: one of them may have been deleted, and so have failed, before
    the next one is created. Only the controller's memory counts failures, so it must be undisturbed.

    Source: getFinishedTime, getNewFinishedPods and newBackoffRecord in pkg/controller/job/backoff_utils.go (v1.36).
    """

    name: ClassVar[str] = "jobs-back-off"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._failed: dict[str, int] = {}
        """By uid of job: when its last failed pod ended; `LONG_AGO` once a pod has succeeded."""
        self._created: Counter[str] = Counter()
        """By uid of job: the number of pods created."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow failures; check each pod that is created."""
        pod, now = commit.new, self.root.kernel.now
        reference = controller_of(pod.metadata) if isinstance(pod, Pod) else None
        job = self.world.by_uid.get(reference.uid) if reference is not None else None
        if not isinstance(pod, Pod) or not isinstance(job, Job) or job.spec.backoff_limit_per_index is not None:
            return
        uid = job.metadata.uid
        if pod.status.phase == "Succeeded":
            self._failed[uid] = LONG_AGO
        elif pod.status.phase == "Failed" and _phase(commit.old) != "Failed" and _is_tracked(pod):
            if self._failed.get(uid) != LONG_AGO:
                self._failed[uid] = min(_end(pod) - self.root.kernel.wall, now)  # the clock of its node may be ahead
        elif commit.old is None:
            self._created[uid] += 1
            since = now - self._failed.get(uid, LONG_AGO)
            told = self._created[uid] > _at_once(job) and remembers_since(self.world, MANAGER) + PATIENCE < now
            if told and since < PATIENCE:
                yield f"{title(job)} created {title(pod)} only {since / SECOND:.1f} s after another pod failed"


def _at_once(job: Job) -> int:
    """How many pods a job creates at first."""
    parallelism = 1 if job.spec.parallelism is None else job.spec.parallelism
    return parallelism if job.spec.completions is None else min(parallelism, job.spec.completions)


def _end(pod: Pod) -> int:
    """When a pod ended, as far as its status tells, in unix nanoseconds."""
    states = [one.state.terminated for one in pod.status.container_statuses]
    ends = [one.finished_at or "" if one is not None else "" for one in states]
    if ends and all(ends):
        return parse_time(max(ends))
    unready = (one.last_transition_time for one in pod.status.conditions if (one.type, one.status) == (READY, "False"))
    if since := next(unready, None):
        return parse_time(since)
    if pod.metadata.deletion_timestamp is not None:
        return parse_time(pod.metadata.deletion_timestamp) - (pod.metadata.deletion_grace_period_seconds or 0) * SECOND
    return parse_time(pod.metadata.creation_timestamp or "")


def _phase(value: TypedObject | None) -> str:
    return value.status.phase if isinstance(value, Pod) else ""


class CronJobsRunOnce(Invariant):
    """A cron job creates one job for each time of its schedule, not two.

    Unless a user deletes the first one before its status records it: if the reply was lost, the controller never knows.
    """

    name: ClassVar[str] = "cron-jobs-run-once"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Job,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._made: dict[tuple[str, str], TypedObject] = {}
        """By uid and time: the job that was created."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Check each job that is created."""
        job = commit.new
        owner = controller_of(job.metadata) if job is not None and commit.old is None else None
        if job is None or owner is None:
            return
        due = (owner.uid, job.metadata.annotations.get(SCHEDULED_AT, ""))
        first = self._made.get(due)
        if first is not None and (first.metadata.uid not in self.world.intents.user_managed or self._is_noted(*due)):
            yield f"cron job {owner.name} created {title(job)} for {due[1]}, for which it had created {title(first)}"
        self._made[due] = job

    def _is_noted(self, uid: str, due: str) -> bool:
        """Whether the cron job's status records that schedule time, or the cron job is gone."""
        found = self.world.by_uid.get(uid)
        return not isinstance(found, CronJob) or (found.status.last_schedule_time or "") >= due


def is_complete(job: Job) -> bool:
    """Whether its condition Complete is true."""
    return any(one.type == "Complete" and one.status == "True" for one in job.status.conditions)


INVARIANTS: tuple[type[Invariant], ...] = (JobCountsAreExact, JobsBackOff, CronJobsRunOnce)
