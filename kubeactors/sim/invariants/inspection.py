"""How invariants compare caches with the store, and what pods say of why they go."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping

from kubeactors.actor.supervision import SECOND
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import HasMeta, TypedObject
from kubeactors.client.informer import SILENCE_SECONDS
from kubeactors.sim.invariants.invariant import title
from kubeactors.sim.world import Commit, World

Key = tuple[str, str]

RETRIED_SECONDS = 30.0
RETRIED = int(RETRIED_SECONDS * SECOND)
UNDISTURBED = int((SILENCE_SECONDS + RETRIED_SECONDS) * SECOND)
"""So long after a fault a component knows again what there is: that a watch is dead is noticed by its silence."""
EVICTED, CONDEMNED = "DeletionByTaintManager", "DeletionByPodGC"
PREEMPTED = "PreemptionByScheduler"


def informed_at(world: World, *components: str) -> int:
    """When these know again what there is: soon after a fault, but if a watch may be dead, only when they notice its silence."""
    faults = world.faults
    return max(faults.disturbed_until(*components) + RETRIED, faults.deafened_until(*components) + UNDISTURBED)


def is_evicted(value: TypedObject | None) -> bool:
    """Whether a pod says that it goes because of a taint."""
    return isinstance(value, Pod) and any(one.reason == EVICTED for one in value.status.conditions)


def is_preempted(value: TypedObject | None) -> bool:
    """Whether a pod says that it goes to make room for one that is more urgent."""
    return isinstance(value, Pod) and any(one.reason == PREEMPTED for one in value.status.conditions)


def is_condemned(value: TypedObject | None) -> bool:
    """Whether a pod says that it is removed because its node is gone."""
    return isinstance(value, Pod) and any(one.reason == CONDEMNED for one in value.status.conditions)


def key_of(value: HasMeta) -> Key:
    """What an object is known by within its kind."""
    return value.metadata.namespace, value.metadata.name


def commit_behind(world: World, written: TypedObject) -> Commit | None:
    """The commit of a write that was answered with this object; None if it has changed nothing that the world knows."""
    revision, log = int(written.metadata.resource_version or 0), world.log_of(type(written))
    index = bisect_left(log, revision, key=lambda one: one.revision)
    return log[index] if index < len(log) and log[index].revision == revision else None


def differences(world: World, type_: type[TypedObject], cached: Mapping[Key, TypedObject], where: str) -> Iterator[str]:
    """In what a cache of all objects of a kind differs from the store."""
    real = {key_of(one): one for one in world.of(type_).values()}
    for key, one in real.items():
        if key not in cached:
            yield f"{where} lacks {title(one)}"
        elif cached[key].metadata.resource_version != one.metadata.resource_version:
            versions = (cached[key].metadata.resource_version, one.metadata.resource_version)
            yield f"{where} has {title(one)} at {versions[0]}, the store at {versions[1]}"
    for key, one in cached.items():
        if key not in real:
            yield f"{where} has {title(one)}, which is gone"
