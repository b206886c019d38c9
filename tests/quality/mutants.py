"""Bugs that Kubernetes shipped, brought back into our components one at a time.

Each is a patch of a component, in force while the context lasts. Numbers are of kubernetes/kubernetes.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack
from typing import TypeVar
from unittest.mock import patch

from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.labels import Selector
from kubeactors.apimachinery.meta import DeleteOptions, HasMeta, TypedObject
from kubeactors.client import Client, Expectations, Overlay
from kubeactors.client.expectations import Standing
from kubeactors.controllers import adoption, endpoints
from kubeactors.controllers.deployment import controller as deployment
from kubeactors.controllers.deployment import plan as deployment_plan
from kubeactors.controllers.replicaset import controller as replicaset
from kubeactors.kubelet.kubelet import Kubelet
from kubeactors.scheduler.scheduler import Scheduler

T = TypeVar("T", bound=TypedObject)
Mutant = Callable[[], AbstractContextManager[object]]


def expectations_expire() -> AbstractContextManager[object]:
    """#129795: after five minutes the ReplicaSet controller believes its cache, however old that is."""
    genuine = Expectations.standing

    def standing(self: Expectations, key: str, now: int, seen: int = 0) -> Standing:
        found = genuine(self, key, now, seen)
        record = self._records.get(key)
        if found is Standing.DOUBTED and record is not None and not record.doubted:
            del self._records[key]
            return Standing.MET
        return found

    return patch.object(Expectations, "standing", standing)


def expectations_are_dropped() -> AbstractContextManager[object]:
    """The ReplicaSet controller does not remember what it has just created."""

    def standing(_self: Expectations, _key: str, _now: int, _seen: int = 0) -> Standing:
        return Standing.MET

    return patch.object(Expectations, "standing", standing)


def scale_down_by_name() -> AbstractContextManager[object]:
    """#138818: a scale-down deletes a pod that was taken out of its ReplicaSet meanwhile."""

    def as_seen(_pod: Pod) -> DeleteOptions:
        return DeleteOptions()

    return patch.object(replicaset, "_as_seen", as_seen)


def adoption_by_one_that_goes() -> AbstractContextManager[object]:
    """#42639: a deployment that is going takes back a ReplicaSet that was just orphaned, and with it into its grave."""

    async def check_alive(_client: Client, _owner: TypedObject) -> None:
        return

    def claimed(owner: HasMeta, selector: Selector, candidates: Iterable[T]) -> adoption.Claim[T]:
        alive = replace(owner.metadata, deletion_timestamp=None)
        return adoption.claim(TypedObject(metadata=alive), selector, candidates)

    stack = ExitStack()
    stack.enter_context(patch.object(adoption, "_check_alive", check_alive))
    stack.enter_context(patch.object(deployment, "claim", claimed))
    return stack


def endpoints_seem_equal() -> AbstractContextManager[object]:
    """#125638: pods that come and go while the cache of endpoints lags seem to change nothing."""

    class Blind(Overlay[T]):
        def newest(self, key: str, cached: T | None) -> T | None:
            return cached

    return patch.object(endpoints, "Overlay", Blind)


def writes_outlive_their_objects() -> AbstractContextManager[object]:
    """#124224: the reply to a write puts an object back into the cache that has been deleted already."""

    def ahead(self: Overlay[T], key: str) -> T | None:
        return self._written.get(key)

    return patch.object(Overlay, "_ahead", ahead)


def kubelet_deletes_by_name() -> AbstractContextManager[object]:
    """#79147: a kubelet deletes the new pod that has the name of the one whose containers have ended."""

    async def delete(self: Kubelet, pod: Pod) -> None:
        options = DeleteOptions(grace_period_seconds=0)
        await self._client.delete(Pod, pod.metadata.name, pod.metadata.namespace, options=options)
        self._deleted[pod.metadata.uid] = None

    return patch.object(Kubelet, "_delete", delete)


def nobody_wakes_pods() -> AbstractContextManager[object]:
    """#72122, #120413: a pod that waits for room is not woken when some is made."""

    def pod_left(self: Scheduler, pod: Pod) -> None:
        self.queue.delete(pod.metadata.uid)
        self.cache.remove_pod(pod.metadata.uid)

    return patch.object(Scheduler, "_pod_left", pod_left)


def availability_by_hearsay() -> AbstractContextManager[object]:
    """A rollout believes that pods are available which their ReplicaSet was told to delete before."""

    def available(self: deployment_plan._Rollout) -> int:
        return sum(one.status.available_replicas for one in self.all)

    return patch.object(deployment_plan._Rollout, "_available", available)


MUTANTS: dict[str, tuple[Mutant, str]] = {
    "expectations-expire": (expectations_expire, "surge-bound"),
    "expectations-are-dropped": (expectations_are_dropped, "surge-bound"),
    "scale-down-by-name": (scale_down_by_name, "nothing-free-is-deleted"),
    "adoption-by-one-that-goes": (adoption_by_one_that_goes, "nothing-free-is-deleted"),
    "endpoints-seem-equal": (endpoints_seem_equal, "endpoints-equal-ready-pods"),
    "writes-outlive-their-objects": (writes_outlive_their_objects, "endpoints-equal-ready-pods"),
    "kubelet-deletes-by-name": (kubelet_deletes_by_name, "nothing-free-is-deleted"),
    "nobody-wakes-pods": (nobody_wakes_pods, "converged"),
    "availability-by-hearsay": (availability_by_hearsay, "availability-bound"),
}
"""Each mutant, and the invariant that it violates."""
