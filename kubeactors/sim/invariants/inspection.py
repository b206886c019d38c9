"""What invariants share: when a component is up to date again, why a pod was deleted, how a cache differs from the store."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping

from kubeactors.actor.supervision import SECOND
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.meta import HasMeta, TypedObject
from kubeactors.client.informer import SILENCE_SECONDS
from kubeactors.sim.disturbances import RETRIED_SECONDS
from kubeactors.sim.invariants.invariant import title
from kubeactors.sim.processes import ELECTED
from kubeactors.sim.world import Commit, World

Key = tuple[str, str]

UNDISTURBED = int((SILENCE_SECONDS + RETRIED_SECONDS) * SECOND)
"""How long after a fault a component may have a stale view: a dead watch is noticed only by its silence."""
HANDED_OVER = 35 * SECOND
"""How long after a fault of the servers another instance may still take over from a leader that could not renew its Lease."""
EVICTED, CONDEMNED = "DeletionByTaintManager", "DeletionByPodGC"
PREEMPTED = "PreemptionByScheduler"


def informed_at(world: World, *components: str) -> int:
    """When these components are up to date again: soon after a fault, or once they have noticed that a watch is dead."""
    faults = world.faults
    return max(faults.reconnected_by(*components), faults.watches_impaired_until(*components) + UNDISTURBED)


def remembers_since(world: World, *components: str) -> int:
    """Since when these components remember what they do: a restarted one, or the next leader, begins anew."""
    return world.faults.affected_until(*components) + HANDED_OVER


def prompt_from(world: World, *components: str) -> int:
    """When these components act within seconds again: soon after a fault, or once they have noticed that a watch is dead."""
    faults = world.faults
    return max(faults.prompt_from(*components), faults.watches_impaired_until(*components) + UNDISTURBED)


def is_evicted(value: TypedObject | None) -> bool:
    """Whether a pod's DisruptionTarget condition names a taint as the reason."""
    return isinstance(value, Pod) and any(one.reason == EVICTED for one in value.status.conditions)


def is_preempted(value: TypedObject | None) -> bool:
    """Whether a pod's DisruptionTarget condition names preemption as the reason."""
    return isinstance(value, Pod) and any(one.reason == PREEMPTED for one in value.status.conditions)


def is_lost_with_node(value: TypedObject | None) -> bool:
    """Whether a pod's DisruptionTarget condition says that its node no longer exists."""
    return isinstance(value, Pod) and any(one.reason == CONDEMNED for one in value.status.conditions)


def has_said(world: World, pod: Pod, check: Callable[[Pod], bool]) -> bool:
    """Whether a check holds of a pod; if the clock of a component was wrong, whether it held of any state of the pod.

    The disruption controller clears a condition DisruptionTarget that is older than two minutes, so one that a clock has
    dated back goes at once, before the pod is deleted.

    Source: syncStalePodDisruption in pkg/controller/disruption/disruption.go (v1.36).
    """
    if check(pod):
        return True
    states = world.history_of(Pod, *key_of(pod)) if any(map(world.faults.has_skewed, ELECTED)) else ()
    return any(
        isinstance(one.new, Pod) and one.new.metadata.uid == pod.metadata.uid and check(one.new) for one in states
    )


def key_of(value: HasMeta) -> Key:
    """An object's namespace and name."""
    return value.metadata.namespace, value.metadata.name


def commit_behind(world: World, written: TypedObject) -> Commit | None:
    """The commit of the write that returned this object; None if it changed nothing, or nothing that `world` records."""
    revision, log = int(written.metadata.resource_version or 0), world.log_of(type(written))
    index = bisect_left(log, revision, key=lambda one: one.revision)
    return log[index] if index < len(log) and log[index].revision == revision else None


def differences(world: World, type_: type[TypedObject], cached: Mapping[Key, TypedObject], where: str) -> Iterator[str]:
    """The differences between the store and a cache of all objects of a kind."""
    real = {key_of(one): one for one in world.of(type_).values()}
    for key, one in real.items():
        if key not in cached:
            yield f"{where}: {title(one)} is missing from the cache, but is in the store"
        elif cached[key].metadata.resource_version != one.metadata.resource_version:
            versions = (cached[key].metadata.resource_version, one.metadata.resource_version)
            yield f"{where}: {title(one)} is cached at revision {versions[0]}, but is at {versions[1]} in the store"
    for key, one in cached.items():
        if key not in real:
            yield f"{where}: {title(one)} is cached, but is not in the store"
