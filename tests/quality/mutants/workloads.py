"""Deployments, ReplicaSets, DaemonSets, Jobs."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import TypeVar
from unittest.mock import patch

from msgspec.structs import replace

from kubeactors.api.apps.v1 import Deployment, ReplicaSet
from kubeactors.api.batch.v1 import Job
from kubeactors.api.core.v1 import Pod, PodTemplateSpec
from kubeactors.apimachinery.hashing import template_hash
from kubeactors.apimachinery.labels import Selector, of_object
from kubeactors.apimachinery.meta import DeleteOptions, HasMeta, LabelSelector, TypedObject
from kubeactors.client import Client
from kubeactors.controllers import adoption, podcontrol
from kubeactors.controllers.deployment import controller as deployment
from kubeactors.controllers.deployment import plan as deployment_plan
from kubeactors.controllers.deployment import sizes
from kubeactors.controllers.deployment.revisions import HASH_LABEL, by_creation
from kubeactors.controllers.job import survey as job_survey
from kubeactors.controllers.job.backoff import NO_FAILURES, Record
from kubeactors.controllers.job.controller import JobController
from kubeactors.controllers.job.plan import Conclusion
from kubeactors.controllers.job.podcontrol import PodControl
from kubeactors.controllers.job.pods import name_of
from kubeactors.controllers.job.survey import Survey, View
from kubeactors.controllers.job.tracking import Tracking, counted
from kubeactors.controllers.podautoscaler import calculator
from kubeactors.controllers.podautoscaler.calculator import Situation
from kubeactors.controllers.replicaset import controller as replicaset
from kubeactors.controllers.statefulset import plan as stateful_plan

T = TypeVar("T", bound=TypedObject)


def scale_down_by_name() -> AbstractContextManager[object]:
    """A scale-down deletes a pod that was released from its ReplicaSet meanwhile."""

    def as_seen(_pod: Pod) -> DeleteOptions:
        return DeleteOptions()

    return patch.object(podcontrol, "as_seen", as_seen)


def plain_pods_are_adopted() -> AbstractContextManager[object]:
    """A ReplicaSet adopts orphan pods by the users' labels, without the pod template hash."""

    def loose(selector: LabelSelector) -> Selector:
        labels = {key: value for key, value in selector.match_labels.items() if key != HASH_LABEL}
        return of_object(replace(selector, match_labels=labels))

    return patch.object(replicaset, "of_object", loose)


def adoption_by_one_that_goes() -> AbstractContextManager[object]:
    """A terminating Deployment adopts a ReplicaSet that was just orphaned, which is then deleted with it."""

    async def check_alive(_client: Client, _owner: TypedObject) -> None:
        return

    def claimed(owner: HasMeta, selector: Selector, candidates: Iterable[T]) -> adoption.Claim[T]:
        alive = replace(owner.metadata, deletion_timestamp=None)
        return adoption.claim(TypedObject(metadata=alive), selector, candidates)

    stack = ExitStack()
    stack.enter_context(patch.object(adoption, "check_alive", check_alive))
    stack.enter_context(patch.object(deployment, "claim", claimed))
    return stack


def availability_by_hearsay() -> AbstractContextManager[object]:
    """A rollout counts pods as available that their ReplicaSet is already deleting."""

    def available(self: deployment_plan._Rollout) -> int:
        return sum(one.status.available_replicas for one in self.all)

    return patch.object(deployment_plan._Rollout, "_available", available)


def _poor_hash(_template: PodTemplateSpec, collisions: int | None) -> str:
    return f"hash{collisions or 0}"


def hashes_collide() -> AbstractContextManager[object]:
    """Not a bug: all templates have the same hash until collisions are counted. The preparation for the next mutant."""
    return patch.object(deployment_plan, "template_hash", _poor_hash)


def collisions_are_not_counted() -> AbstractContextManager[object]:
    """A template whose hash is taken conflicts forever: the rollout is stuck."""

    async def avoid_collision(_self: deployment.DeploymentController, _found: Deployment) -> None:
        return

    stack = ExitStack()
    stack.enter_context(hashes_collide())
    stack.enter_context(patch.object(deployment.DeploymentController, "_avoid_collision", avoid_collision))
    return stack


def surge_counts_wishes() -> AbstractContextManager[object]:
    """The desired replicas of ReplicaSets count against the surge, not their pods: terminating pods exceed it."""

    def room(found: Deployment, replica_sets: Iterable[ReplicaSet]) -> int:
        return max(sizes.wanted(found) + sizes.max_surge(found) - sizes.total_size(replica_sets), 0)

    return patch.object(sizes, "room", room)


def scaling_in_a_rollout_leaves_some_over() -> AbstractContextManager[object]:
    """Each ReplicaSet gets its share, rounded down, and the remainder is not distributed."""

    def proportional(found: Deployment, replica_sets: Iterable[ReplicaSet]) -> dict[str, int]:
        active = sizes.active(replica_sets)
        goal, before = sizes.wanted(found) + sizes.max_surge(found), max(sizes.total_size(active), 1)
        return {one.metadata.name: sizes.size(one) * goal // before for one in active}

    return patch.object(sizes, "proportional_sizes", proportional)


# Stateful sets.


def the_one_that_is_waited_for_blocks_all() -> AbstractContextManager[object]:
    """While a pod is not ready, a stateful set does nothing else: a deleted pod before it is not recreated."""
    genuine = stateful_plan._Members.turns

    def turns(self: stateful_plan._Members) -> Iterator[stateful_plan.Turn]:
        for ordinal, pod in self._wanted if self._ordered else ():
            if pod is not None and self._is_unavailable(pod):
                return self._sync_replica(ordinal, pod)
        return genuine(self)

    return patch.object(stateful_plan._Members, "turns", turns)


# Jobs.


def pods_are_counted_after_they_were_let_go() -> AbstractContextManager[object]:
    """A job removes the finalizer of a pod before its status lists the pod: after a crash in between, the pod is not counted."""

    async def count(self: JobController, view: View, concluded: Conclusion, tracking: Tracking, record: Record) -> None:
        job, uid = view.job, view.job.metadata.uid
        free, _ = await self._pod_control.release_finalizers(uid, tracking.release)
        released = dict.fromkeys(pod.metadata.uid for pod in free)
        held = {pod.metadata.uid: None for pod in view.pods if view.holds(pod) and pod.metadata.uid not in released}
        self._records[uid] = record
        await genuine(self, replace(view, job=await self._write(job, counted(tracking.status, held))), concluded,
                      replace(tracking, status=counted(tracking.status, held), release=()), record)  # fmt: skip

    genuine = JobController._count
    return patch.object(JobController, "_count", count)


def pods_of_jobs_have_random_names() -> AbstractContextManager[object]:
    """A job controller that has restarted, or whose cache lags, creates pods that it has created before."""
    numbers = iter(range(1_000_000, 10_000_000))

    def next_name(_self: PodControl, job: Job, index: int, _used: dict[str, None]) -> str:
        return name_of(job, index, next(numbers))

    def view_of(self: JobController, uid: str) -> None:
        self._pod_control.expectations.forget(uid)

    genuine = JobController._view

    async def view(self: JobController, job: Job) -> View:
        view_of(self, job.metadata.uid)
        return await genuine(self, job)

    stack = ExitStack()
    stack.enter_context(patch.object(PodControl, "_next_name", next_name))
    stack.enter_context(patch.object(JobController, "_view", view))
    return stack


def failures_are_forgotten() -> AbstractContextManager[object]:
    """Only failures that are in the status count against the backoff limit; those just found are replaced first, at once."""
    genuine = job_survey._failures

    def failures(view: View, found: Survey) -> Iterable[tuple[str, str]]:
        return genuine(view, replace(found, failed=view.job.status.failed))

    def after(_self: Record, _succeeded: Iterable[Pod], _failed: Iterable[Pod]) -> Record:
        return NO_FAILURES

    stack = ExitStack()
    stack.enter_context(patch.object(job_survey, "_failures", failures))
    stack.enter_context(patch.object(Record, "after", after))
    return stack


# Versions.


def revisions_are_known_by_their_hash() -> AbstractContextManager[object]:
    """A deployment recognizes its new ReplicaSet by the template hash alone: one more default in pods creates another one."""

    def find_new(found: Deployment, replica_sets: Iterable[ReplicaSet]) -> ReplicaSet | None:
        counts = (None, *range((found.status.collision_count or 0) + 1))
        hashes = [template_hash(found.spec.template, count) for count in counts]
        known = (one for one in replica_sets if one.metadata.labels.get(HASH_LABEL) in hashes)
        return min(known, key=by_creation, default=None)

    return patch.object(deployment_plan, "find_new", find_new)


# Autoscalers.


def pods_that_come_and_go_are_counted() -> AbstractContextManager[object]:
    """An autoscaler counts every pod that has metrics, including those that are not ready yet or are terminating."""

    def grouped(situation: Situation) -> calculator._Groups:
        names = [pod.metadata.name for pod in situation.pods]
        ready = tuple(name for name in names if name in situation.metrics)
        missing = tuple(name for name in names if name not in situation.metrics)
        return calculator._Groups(ready=ready, unready=(), missing=missing)

    return patch.object(calculator, "_grouped", grouped)
