"""Invariants of what is due at a time: it happens in time, though no event wakes the controller.

A missed timer leaves no trace once all is quiet, because another event has triggered the work by then, only later.
"""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.api.batch.v1 import CronJob, Job
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.time import parse_time
from kubeactors.client import controller_of
from kubeactors.controllers.cronjob.plan import SCHEDULED_AT
from kubeactors.sim.bounds.goals import has_ended
from kubeactors.sim.bounds.rollouts import is_active
from kubeactors.sim.invariants.inspection import prompt_from
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.tree import is_held_up
from kubeactors.sim.world import Commit, World

MANAGER = "controller-manager"
LATE = 5 * SECOND
"""Tolerance for an action that is due: times in objects have whole seconds, and writes take a while."""
SCHEDULE, PERIOD = "* * * * *", 60 * SECOND
"""The schedule that is judged, which all drawn cron jobs have: once a minute."""
ENDING = ("FailureTarget", "SuccessCriteriaMet")
"""Conditions of a job that ends once its pods have terminated."""


class JobDeadlinesAreEnforced(Invariant):
    """A job is stopped when its `activeDeadlineSeconds` are over, unless its controller is disturbed."""

    name: ClassVar[str] = "job-deadlines-are-enforced"

    def looked(self) -> Iterator[str]:
        """Check each running job with a deadline."""
        now, wall = self.root.kernel.now, self.root.kernel.wall
        for job in self.world.of(Job).values():
            seconds, begun = job.spec.active_deadline_seconds, job.status.start_time
            if seconds is None or begun is None or job.spec.suspend or not _runs(job):
                continue
            late = parse_time(begun) + seconds * SECOND + LATE < wall + now
            if late and not is_disturbed(self.world, self.root, now):
                yield f"{title(job)} still runs, though it started at {begun} and its activeDeadlineSeconds are {seconds}"


class JobParallelismIsEnforced(Invariant):
    """A job with more active pods than its parallelism deletes the surplus soon, unless its controller is disturbed.

    Source: manageJob in pkg/controller/job/job_controller.go (v1.36).
    """

    name: ClassVar[str] = "job-parallelism-is-enforced"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._since: dict[str, int] = {}
        """By uid: since when a job has surplus pods."""

    def looked(self) -> Iterator[str]:
        """Count the active pods of each running job."""
        now = self.root.kernel.now
        overfull = {job.metadata.uid: job for job in self.world.of(Job).values() if self._surplus(job) > 0}
        self._since = {uid: self._since.get(uid, now) for uid in overfull}
        for uid, job in overfull.items():
            if self._since[uid] + 2 * LATE <= now and not is_disturbed(self.world, self.root, now):
                yield f"{title(job)} has {self._surplus(job)} more active pods than its parallelism, and does not delete them"

    def _surplus(self, job: Job) -> int:
        most = 0 if job.spec.suspend else 1 if job.spec.parallelism is None else job.spec.parallelism
        pods = self.world.controlled_by(job.metadata.uid).values() if _runs(job) else ()
        return sum(1 for one in pods if isinstance(one, Pod) and is_active(one)) - most


def _runs(job: Job) -> bool:
    ending = any(one.type in ENDING and one.status == "True" for one in job.status.conditions)
    return not ending and not has_ended(job) and job.metadata.deletion_timestamp is None


class CronJobsRunOnSchedule(Invariant):
    """A cron job that is due every minute creates its jobs, unless its controller is disturbed.

    Or it is suspended, or forbids concurrent jobs and one still runs.
    """

    name: ClassVar[str] = "cron-jobs-run-on-schedule"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (CronJob, Job)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._since: dict[str, int] = {}
        """By uid of cron job: when its spec last changed (virtual nanoseconds)."""
        self._made: dict[tuple[str, int], None] = {}
        """The created jobs: the uid of their cron job, and their schedule time (unix nanoseconds)."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Follow specs and created jobs."""
        old, new = commit.old, commit.new
        if isinstance(new, CronJob) and (not isinstance(old, CronJob) or old.spec != new.spec):
            self._since[new.metadata.uid] = self.root.kernel.now
        elif isinstance(new, Job) and old is None:
            owner, due = controller_of(new.metadata), new.metadata.annotations.get(SCHEDULED_AT)
            if owner is not None and due is not None:
                self._made[owner.uid, parse_time(due)] = None
        yield from ()

    def looked(self) -> Iterator[str]:
        """Check each cron job soon after its schedule time."""
        kernel = self.root.kernel
        wall = kernel.wall + kernel.now
        due = wall - wall % PERIOD
        if not self._since or wall < due + LATE:
            return
        for one in self.world.of(CronJob).values():
            uid = one.metadata.uid
            late = self._since[uid] + SECOND < due - kernel.wall and (uid, due) not in self._made and self._is_free(one)
            if late and not is_disturbed(self.world, self.root, due - kernel.wall):
                yield f"{title(one)} has created no job for its schedule time {(wall - due) / SECOND:g} s ago"

    def _is_free(self, found: CronJob) -> bool:
        """Whether nothing keeps it from creating a job; one of its jobs may have finished after the schedule time."""
        jobs = (one for one in self.world.controlled_by(found.metadata.uid).values() if isinstance(one, Job))
        alone = found.spec.concurrency_policy == "Forbid"
        return not (
            found.spec.suspend
            or found.spec.schedule != SCHEDULE
            or found.metadata.deletion_timestamp is not None
            or (alone and next(jobs, None) is not None)
        )


def is_disturbed(world: World, root: Cell, now: int) -> bool:
    """Whether a fault affected the controllers of late, or some component still backs off."""
    return prompt_from(world, MANAGER) > now or is_held_up(root)


INVARIANTS: tuple[type[Invariant], ...] = (
    JobDeadlinesAreEnforced,
    JobParallelismIsEnforced,
    CronJobsRunOnSchedule,
)
