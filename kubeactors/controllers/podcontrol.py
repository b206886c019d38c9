"""Creates and deletes the pods of owners, maintains the expectations for that, and records events.

Source: pkg/controller/controller_utils.go, RealPodControl and ControllerExpectations (v1.36).
"""

from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import DeleteOptions, Preconditions, TypedObject
from kubeactors.apimachinery.requests import Result
from kubeactors.apimachinery.status import Conflict, NotFound, StatusError
from kubeactors.client import (
    Client,
    Controller,
    EventRecorder,
    Expectations,
    Lister,
    is_ambiguous,
    is_namespace_terminating,
    key_of,
    revision_of,
)

T = TypeVar("T", bound=TypedObject)

RETRY_SECONDS = 0.02
"""How soon an owner is requeued after the precondition of a deletion failed."""


class Deleted(NamedTuple):
    """The outcome of deletions: pods that are being deleted, pods for which that is unknown, and the errors."""

    going: list[Pod]
    doubtful: list[Pod]
    refusals: list[StatusError]


class PodControl:
    """Writes pods for a controller. `expectations` are keyed by the UID of the owner; `pods` is the cache."""

    def __init__(
        self,
        controller: Controller,
        client: Client,
        recorder: EventRecorder,
        expectations: Expectations,
        pods: Lister[Pod],
    ) -> None:
        self._controller = controller
        self._client = client
        self._recorder = recorder
        self._expectations = expectations
        self._pods = pods

    @property
    def _now(self) -> int:
        return self._controller.ctx.now

    async def create(self, owner: TypedObject, pods: Sequence[Pod]) -> list[StatusError]:
        """Create pods concurrently. Returns the errors."""
        uid = owner.metadata.uid
        for pod in pods:
            self._expectations.expect_creation(uid, key_of(pod), self._now)
        refusals: list[StatusError] = []
        for pod, reply in [(pod, self._client.submit_create(pod)) for pod in pods]:
            try:
                created = (await reply).object
            except StatusError as error:
                self._on_create_error(owner, pod, error)
                refusals.append(error)
            else:
                self._expectations.creation_acknowledged(uid, key_of(pod), revision_of(created.metadata))
                self._recorder.normal(owner, "SuccessfulCreate", f"Created pod: {pod.metadata.name}")
        return refusals

    def _on_create_error(self, owner: TypedObject, pod: Pod, error: StatusError) -> None:
        uid = owner.metadata.uid
        if is_ambiguous(error):
            self._expectations.doubt(uid, self._now)
        else:
            self._expectations.creation_observed(uid, key_of(pod))
        if not is_namespace_terminating(error):
            self._recorder.warning(owner, "FailedCreate", f"Error creating: {error}")

    async def delete(self, owner: TypedObject, pods: Sequence[Pod]) -> Deleted:
        """Request deletion of exactly these pods, on the condition that they are as they were seen."""
        for pod in pods:
            self._expectations.expect_deletion(owner.metadata.uid, pod.metadata.uid, self._now)
        done = Deleted([], [], [])
        for pod, reply in [(pod, self._client.submit_delete(pod, as_seen(pod))) for pod in pods]:
            try:
                if await self._deleted(owner, pod, reply):
                    done.going.append(pod)
            except StatusError as error:
                done.refusals.append(error)
                if is_ambiguous(error):
                    done.doubtful.append(pod)
        return done

    async def _deleted(self, owner: TypedObject, pod: Pod, reply: Awaitable[object]) -> bool:
        """Await the reply. Returns whether the pod is being deleted."""
        uid = owner.metadata.uid
        try:
            gone = await reply
        except (NotFound, Conflict) as error:
            # It is gone, or has changed since it was chosen and may not even be ours: choose again.
            self._expectations.deletion_observed(uid, pod.metadata.uid)
            self._doubt_stale_cache(uid, pod)
            self._controller.enqueue_after(key_of(owner), RETRY_SECONDS)
            return isinstance(error, NotFound)
        except StatusError as error:
            if is_ambiguous(error):
                self._expectations.doubt(uid, self._now)
            else:
                self._expectations.deletion_observed(uid, pod.metadata.uid)
                self._recorder.warning(owner, "FailedDelete", f"Error deleting: {error}")
            raise
        else:
            if isinstance(gone, Result):
                self._expectations.deletion_acknowledged(uid, pod.metadata.uid, revision_of(gone.object.metadata))
            self._recorder.normal(owner, "SuccessfulDelete", f"Deleted pod: {pod.metadata.name}")
            return True

    def _doubt_stale_cache(self, uid: str, pod: Pod) -> None:
        """If the cache still shows the pod as it was, the same pod would be chosen again: require a live read."""
        cached = self._pods.by_key(key_of(pod))
        if cached is not None and cached.metadata.resource_version == pod.metadata.resource_version:
            self._expectations.doubt(uid, self._now)


@contextmanager
def while_there(owner: T, owners: Lister[T], forget: Callable[[str], object]) -> Generator[None]:
    """A block that acts for an owner. If the owner is deleted meanwhile, `forget` is called with its UID at the end.

    The deletion is seen while the block awaits a reply; what the block remembers after that would never be dropped.
    """
    try:
        yield
    finally:
        cached = owners.by_key(key_of(owner))
        if cached is None or cached.metadata.uid != owner.metadata.uid:
            forget(owner.metadata.uid)


def as_seen(pod: Pod) -> DeleteOptions:
    """Preconditions: exactly this pod, unchanged. It may have been orphaned (kubernetes/kubernetes#138818)."""
    metadata = pod.metadata
    return DeleteOptions(preconditions=Preconditions(uid=metadata.uid, resource_version=metadata.resource_version))
