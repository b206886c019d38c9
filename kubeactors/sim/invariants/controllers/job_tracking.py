"""Invariant of the finalizers by which jobs count each of their pods."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.api.batch.v1 import Job
from kubeactors.api.batch.v1.job import TRACKING_FINALIZER, is_indexed
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of
from kubeactors.sim.bounds.goals import has_ended
from kubeactors.sim.bounds.rollouts import FINISHED
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.world import Commit, World


class FinishedPodsAreCountedFirst(Invariant):
    """A finished pod of a running job keeps its finalizer until the job's status lists it in `uncountedTerminatedPods`.

    Without the finalizer the pod may be gone before it is counted, and the job then runs another one in its place. Indexed
    jobs are exempt, as they list completed indexes instead.

    Source: "Jobs: job tracking with finalizers" in Kubernetes' documentation; trackJobStatusAndRemoveFinalizers in
    pkg/controller/job/job_controller.go (v1.36).
    """

    name: ClassVar[str] = "finished-pods-are-counted-first"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (Pod, Job)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._listed: dict[str, None] = {}
        """The uids of all pods that were ever listed."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Note listed pods; check each finalizer that is removed."""
        old, new = commit.old, commit.new
        if isinstance(new, Job):
            listed = new.status.uncounted_terminated_pods
            if listed is not None:
                self._listed |= dict.fromkeys((*listed.succeeded, *listed.failed))
        elif isinstance(old, Pod) and isinstance(new, Pod) and _loses_finalizer(old, new) and self._is_uncounted(old):
            yield f"{title(old)} was released, but its job has not counted it"

    def _is_uncounted(self, pod: Pod) -> bool:
        owner = controller_of(pod.metadata)
        job = self.world.by_uid.get(owner.uid) if owner is not None else None
        if not isinstance(job, Job) or is_indexed(job.spec) or pod.metadata.uid in self._listed:
            return False
        if has_ended(job) or job.metadata.deletion_timestamp is not None:
            return False
        by_users = pod.metadata.uid in self.world.intents.user_managed
        return not by_users and not self.world.faults.is_corrupted(job.metadata.uid)


def _loses_finalizer(old: Pod, new: Pod) -> bool:
    kept = (TRACKING_FINALIZER in one.metadata.finalizers for one in (old, new))
    return old.status.phase in FINISHED and [*kept] == [True, False]


INVARIANTS: tuple[type[Invariant], ...] = (FinishedPodsAreCountedFirst,)
