"""Creates, deletes and releases the pods of jobs, and remembers the writes that the cache does not show yet.

To release a pod is to remove the job's tracking finalizer from it.

Source: pkg/controller/job/{job_controller,tracking_utils}.go, pkg/controller/controller_utils.go (v1.36).
"""

from collections.abc import Awaitable, Iterable
from typing import NamedTuple

from kubeactors.api.batch.v1 import Job
from kubeactors.api.batch.v1.job import TRACKING_FINALIZER
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import DeleteOptions, Preconditions
from kubeactors.apimachinery.requests import Result
from kubeactors.apimachinery.status import (
    AlreadyExists,
    Conflict,
    Invalid,
    NotFound,
    ServiceUnavailable,
    StatusError,
    Timeout,
)
from kubeactors.client import (
    Change,
    Client,
    EventRecorder,
    Expectations,
    Lister,
    controller_reference,
    is_controlled_by,
    is_namespace_terminating,
    key_of,
    revision_of,
)
from kubeactors.controllers.job.pods import UNKNOWN_INDEX, Template, Wanted, is_tracked, name_of

FIRST_BATCH = 1
"""Slow start: one pod is tried first, since what rejects it would reject the others, too."""


class Done(NamedTuple):
    """The pods for which a batch of writes succeeded, and the errors of the rest."""

    pods: list[Pod]
    failures: list[StatusError]


class PodControl:
    """Writes pods on behalf of the controller. `expectations` are keyed by the UID of the job."""

    def __init__(self, client: Client, recorder: EventRecorder, pods: Lister[Pod]) -> None:
        self.expectations: Expectations = Expectations()
        self._client = client
        self._recorder = recorder
        self._pods = pods
        self._released: dict[str, dict[str, None]] = {}
        self._taken: dict[str, dict[str, None]] = {}
        """By job, the pod names that are taken by pods of others."""
        self._passed: dict[str, int] = {}
        """By job, how many attempts, from the first on, have a pod in the cache; dropped when one is deleted."""

    def released(self, uid: str) -> dict[str, None]:
        """The UIDs of the job's pods that have been released though the cache still shows their finalizer."""
        return dict(self._released.get(uid, {}))

    def observe(self, change: Change[Pod], uid: str) -> None:
        """Fulfil the expectations that a change of the cache meets."""
        pod, gone = change.current, change.new is None
        if gone or change.old is None:
            self.expectations.creation_observed(uid, change.key)
        if gone or pod.metadata.deletion_timestamp is not None:
            self.expectations.deletion_observed(uid, pod.metadata.uid)
        if gone:
            self._passed.pop(uid, None)
        if gone or not is_tracked(pod):
            self._released.get(uid, {}).pop(pod.metadata.uid, None)

    def forget(self, uid: str) -> None:
        """The job is gone."""
        self.expectations.forget(uid)
        self._released.pop(uid, None)
        self._taken.pop(uid, None)
        self._passed.pop(uid, None)

    async def create(self, job: Job, wanted: tuple[Wanted, ...], now: int) -> Done:
        """Create pods in batches that double in size until one fails."""
        template = Template(job, (controller_reference(job),))
        made, failures, size, following = list[Pod](), list[StatusError](), FIRST_BATCH, dict[int, int]()
        while wanted and not failures:
            batch, wanted = wanted[:size], wanted[size:]
            pods = [template.pod(one, self._next_name(job, one.index, following)) for one in batch]
            done, failures = await self._create_batch(job, pods, now)
            made, size = [*made, *done], size * 2
        return Done(made, failures)

    async def discard(self, job: Job, pods: Iterable[Pod], now: int) -> Done:
        """Delete pods without counting them. They are released first, on the condition that they have not changed."""
        free, failures = await self.release_finalizers(job.metadata.uid, pods, as_seen=True)
        for pod in free:
            self.expectations.expect_deletion(job.metadata.uid, pod.metadata.uid, now)
        gone, refused = await self.delete(job, free, now)
        return Done(gone, [*failures, *refused])

    async def delete(self, job: Job, pods: Iterable[Pod], now: int) -> Done:
        """Request deletion of exactly these pods, by UID."""
        gone, failures = list[Pod](), list[StatusError]()
        for pod, reply in [(pod, self._client.submit_delete(pod, _by_uid(pod))) for pod in pods]:
            try:
                await reply
            except (NotFound, Conflict):
                self.expectations.deletion_observed(job.metadata.uid, pod.metadata.uid)
                gone.append(pod)
            except StatusError as error:
                self._on_delete_error(job, pod, error, now)
                failures.append(error)
            else:
                gone.append(pod)
                self._recorder.normal(job, "SuccessfulDelete", f"Deleted pod: {pod.metadata.name}")
        return Done(gone, failures)

    async def release_finalizers(self, uid: str, pods: Iterable[Pod], *, as_seen: bool = False) -> Done:
        """Release exactly these pods, by UID; with `as_seen` only if they have not changed."""
        wanted, failures = list(pods), list[StatusError]()
        free = [pod for pod in wanted if not is_tracked(pod)]
        held = filter(is_tracked, wanted)
        for pod, reply in [(pod, self._client.submit_patch(pod, _release_patch(pod, as_seen=as_seen))) for pod in held]:
            try:
                await reply
            except (NotFound, Invalid):
                pass  # it is gone, or another pod has its name by now
            except StatusError as error:
                failures.append(error)
                continue
            free.append(pod)
            if self._may_show_finalizer(pod):
                self._released.setdefault(uid, {})[pod.metadata.uid] = None
        return Done(free, failures)

    def _next_name(self, job: Job, index: int, following: dict[int, int]) -> str:
        """The name of the first attempt not made yet; `following` is the next attempt to try, by index."""
        uid = job.metadata.uid
        taken = self._taken.get(uid, {})
        attempt = following[index] if index in following else self._first_attempt(job, index)
        name = name_of(job, index, attempt)
        while name in taken or self._pods.get(name, job.metadata.namespace) is not None:
            attempt += 1
            name = name_of(job, index, attempt)
        if index == UNKNOWN_INDEX and index not in following:
            self._passed[uid] = attempt
        following[index] = attempt + 1
        return name

    def _first_attempt(self, job: Job, index: int) -> int:
        """The attempt to start at: every earlier one has a pod, or had one that was counted."""
        if index != UNKNOWN_INDEX:
            return 0
        return max(job.status.succeeded + job.status.failed, self._passed.get(job.metadata.uid, 0))

    async def _create_batch(self, job: Job, pods: Iterable[Pod], now: int) -> Done:
        made, failures = list[Pod](), list[StatusError]()
        for pod, reply in [(pod, self._submit(job, pod, now)) for pod in pods]:
            try:
                created = await reply
            except AlreadyExists as error:
                if await self._is_own(job, pod):
                    made.append(pod)
                else:
                    failures.append(error)
            except StatusError as error:
                failures += self._on_create_error(job, pod, error, now)
            else:
                made.append(pod)
                self.expectations.creation_acknowledged(
                    job.metadata.uid, key_of(pod), revision_of(created.object.metadata)
                )
                self._recorder.normal(job, "SuccessfulCreate", f"Created pod: {pod.metadata.name}")
        return Done(made, failures)

    def _submit(self, job: Job, pod: Pod, now: int) -> Awaitable[Result]:
        self.expectations.expect_creation(job.metadata.uid, key_of(pod), now)
        return self._client.submit_create(pod)

    async def _is_own(self, job: Job, pod: Pod) -> bool:
        """Whether the existing pod of this name is the job's, created by an earlier sync: the cache will show it."""
        uid = job.metadata.uid
        there = await self._client.find(Pod, pod.metadata.name, pod.metadata.namespace)
        if there is not None and is_controlled_by(there.metadata, uid):
            return True
        self.expectations.creation_observed(uid, key_of(pod))
        if there is not None:
            self._taken.setdefault(uid, {})[pod.metadata.name] = None
        return False

    def _on_create_error(self, job: Job, pod: Pod, error: StatusError, now: int) -> tuple[StatusError, ...]:
        uid = job.metadata.uid
        if isinstance(error, Timeout | ServiceUnavailable):
            self.expectations.doubt(uid, now)
        else:
            self.expectations.creation_observed(uid, key_of(pod))
        if is_namespace_terminating(error):
            return ()
        self._recorder.warning(job, "FailedCreate", f"Error creating: {error}")
        return (error,)

    def _on_delete_error(self, job: Job, pod: Pod, error: StatusError, now: int) -> None:
        if isinstance(error, Timeout | ServiceUnavailable):
            self.expectations.doubt(job.metadata.uid, now)
            return
        self.expectations.deletion_observed(job.metadata.uid, pod.metadata.uid)
        self._recorder.warning(job, "FailedDelete", f"Error deleting: {error}")

    def _may_show_finalizer(self, pod: Pod) -> bool:
        cached = self._pods.get(pod.metadata.name, pod.metadata.namespace)
        return cached is None or (cached.metadata.uid == pod.metadata.uid and is_tracked(cached))


def _release_patch(pod: Pod, *, as_seen: bool) -> dict[str, object]:
    metadata: dict[str, object] = {
        "uid": pod.metadata.uid,
        "$deleteFromPrimitiveList/finalizers": [TRACKING_FINALIZER],
    }
    if as_seen:
        metadata["resourceVersion"] = pod.metadata.resource_version
    return {"metadata": metadata}


def _by_uid(pod: Pod) -> DeleteOptions:
    return DeleteOptions(preconditions=Preconditions(uid=pod.metadata.uid))
