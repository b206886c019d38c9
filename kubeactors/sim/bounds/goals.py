"""Convergence: how a cluster still differs from the users' specs, once controllers have had time to act."""

from collections.abc import Iterable, Iterator

from kubeactors.api.apps.v1 import DaemonSet, Deployment, ReplicaSet, StatefulSet
from kubeactors.api.batch.v1 import Job
from kubeactors.api.core.v1 import (
    Namespace,
    Node,
    PersistentVolumeClaim,
    Pod,
    PodTemplateSpec,
    ReplicationController,
    Service,
)
from kubeactors.api.core.v1.placement import NO_EXECUTE
from kubeactors.api.core.v1.resourcequota import ResourceQuota
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of, key_of
from kubeactors.controllers.persistentvolume.protection import claims_of
from kubeactors.sim.bounds.capacity import is_ours
from kubeactors.sim.bounds.placement import Search
from kubeactors.sim.bounds.rollouts import Replicas, has_caught_up, is_active, is_initialized, is_ready, numbers, wanted
from kubeactors.sim.users.manifests import NAMESPACE, joined_by, service_to
from kubeactors.sim.world import World

REVISION_LABEL = "controller-revision-hash"


def unconverged(world: World) -> Iterator[str]:
    """One message for each object that has not converged."""
    for node in world.of(Node).values():
        if is_ours(node) and not is_healthy(node):
            yield f"node {node.metadata.name} is not ready"
    for deployment in world.of(Deployment).values():
        yield from _of_deployment(world, deployment)
    for stateful_set in world.of(StatefulSet).values():
        yield from _of_stateful_set(world, stateful_set)
    keepers: tuple[Replicas, ...] = (*world.of(ReplicationController).values(), *world.of(ReplicaSet).values())
    for keeper in keepers:
        yield from _of_replicas(world, keeper)
    for daemon_set in world.of(DaemonSet).values():
        yield from _of_daemon_set(world, daemon_set)
    for job in world.of(Job).values():
        yield from _of_job(world, job)
    for namespace in world.of(Namespace).values():
        yield from _of_namespace(namespace)


def updated_and_ready(world: World) -> int:
    """How many pods of the newest template are ready: the progress of all rollouts, which a livelock does not increase."""
    deployments = world.of(Deployment).values()
    newest = [
        one
        for deployment in deployments
        for one in world.sets_of(deployment.metadata.uid)
        if _is_newest(deployment, one)
    ]
    replaced = sum(is_ready(pod) for one in newest for pod in world.pods_of(one))
    return replaced + sum(
        is_ready(pod) and pod.metadata.labels.get(REVISION_LABEL) == found.status.update_revision
        for found in world.of(StatefulSet).values()
        for pod in _pods_of(world, found)
    )


def _is_newest(deployment: Deployment, one: ReplicaSet) -> bool:
    return one.spec.template.spec == deployment.spec.template.spec


def _of_namespace(found: Namespace) -> Iterator[str]:
    if found.metadata.deletion_timestamp is not None:
        yield f"namespace {found.metadata.name} is still being deleted"


def is_healthy(node: Node) -> bool:
    """Whether it is ready and has no NoExecute taint."""
    return not any(one.effect == NO_EXECUTE for one in node.spec.taints) and any(
        one.type == "Ready" and one.status == "True" for one in node.status.conditions
    )


def _of_deployment(world: World, deployment: Deployment) -> Iterator[str]:
    name, status = deployment.metadata.name, deployment.status
    sets = tuple(world.sets_of(deployment.metadata.uid))
    pods = [pod for one in sets for pod in world.pods_of(one) if is_active(pod)]
    goal = sum(map(wanted, sets)) if deployment.spec.paused else wanted(deployment)
    if deployment.metadata.deletion_timestamp is not None:
        yield f"deployment {name} is still being deleted"
    elif not has_caught_up(deployment) or not all(map(has_caught_up, sets)):
        yield f"deployment {name}: a controller has not observed its newest spec"
    elif _cannot_converge(world, pods):
        return
    elif len(pods) != goal or not all(map(is_ready, pods)):
        yield f"deployment {name} has {_counted(pods)}, but wants {goal}"
    elif not deployment.spec.paused and sum(1 for one in sets if wanted(one)) > 1:
        yield f"deployment {name} still has pods of several templates"
    elif status.ready_replicas != len(pods) or status.replicas != len(pods):
        yield (
            f"deployment {name} reports {status.ready_replicas} of {status.replicas} replicas as ready, "
            f"but {len(pods)} of {len(pods)} are"
        )


def _of_stateful_set(world: World, found: StatefulSet) -> Iterator[str]:
    name, status, goal = found.metadata.name, found.status, wanted(found)
    pods = [pod for pod in _pods_of(world, found) if is_active(pod)]
    if found.metadata.deletion_timestamp is not None:
        if not waits_for_others(world, found):
            yield f"stateful set {name} is still being deleted"
    elif not has_caught_up(found):
        yield f"stateful set {name}: its controller has not observed its newest spec"
    elif _cannot_converge(world, pods):
        return
    elif sorted(pod.metadata.name for pod in pods) != sorted(f"{name}-{number}" for number in numbers(found)):
        yield f"stateful set {name} has the pods {sorted(pod.metadata.name for pod in pods)}, but wants {goal}"
    elif not all(map(is_ready, pods)):
        yield f"stateful set {name} has {_counted(pods)}, but wants {goal}"
    elif any(
        pod.metadata.labels.get(REVISION_LABEL) != status.update_revision or not _runs(pod, found.spec.template)
        for pod in pods
        if _is_updated_by_rollout(found, pod)
    ):
        yield f"stateful set {name} still has pods of several templates"
    elif status.ready_replicas != goal or status.replicas != goal:
        yield (
            f"stateful set {name} reports {status.ready_replicas} of {status.replicas} replicas as ready, "
            f"but {goal} of {goal} are"
        )


def _runs(pod: Pod, template: PodTemplateSpec) -> bool:
    """Whether the pod's containers have the template's images."""
    return [one.image for one in pod.spec.containers] == [one.image for one in template.spec.containers]


def waits_for_others(world: World, found: StatefulSet) -> bool:
    """Whether its deletion waits for a claim that an active pod of another owner uses."""
    uid, pods = found.metadata.uid, filter(is_active, world.of(Pod).values())
    used = dict.fromkeys(key for pod in pods for key in claims_of(pod))
    return any(
        key_of(claim) in used
        for claim in world.of(PersistentVolumeClaim).values()
        if any(one.uid == uid for one in claim.metadata.owner_references)
    )


def _of_replicas(world: World, found: Replicas) -> Iterator[str]:
    """Check a ReplicaSet or ReplicationController, unless it has an owner: `_of_deployment` checks that."""
    if controller_of(found.metadata) is not None:
        return
    name, goal = f"{found.kind} {found.metadata.name}", wanted(found)
    pods = [pod for pod in world.pods_of(found) if is_active(pod)]
    if found.metadata.deletion_timestamp is not None:
        yield f"{name} is still being deleted"
    elif not has_caught_up(found):
        yield f"{name}: its controller has not observed its newest spec"
    elif not _cannot_converge(world, pods) and (len(pods) != goal or not all(map(is_ready, pods))):
        yield f"{name} has {_counted(pods)}, but wants {goal}"


def waits_for_deleted_service(world: World, pod: Pod) -> bool:
    """Whether its init container waits for a service that a user has deleted."""
    first = joined_by(pod)
    if not first or first == pod.metadata.name or is_initialized(pod):
        return False
    return world.find(Service, service_to(first), pod.metadata.namespace) is None


def _is_updated_by_rollout(found: StatefulSet, pod: Pod) -> bool:
    """Whether the partition of the rolling update includes it."""
    rolling = found.spec.update_strategy.rolling_update
    return int(pod.metadata.name.rpartition("-")[2]) >= ((rolling.partition if rolling is not None else 0) or 0)


def _of_daemon_set(world: World, found: DaemonSet) -> Iterator[str]:
    name = found.metadata.name
    pods = [pod for pod in _pods_of(world, found) if is_active(pod)]
    nodes = sorted(node.metadata.name for node in world.of(Node).values() if is_ours(node))
    if found.metadata.deletion_timestamp is not None:
        yield f"daemon set {name} is still being deleted"
    elif not has_caught_up(found):
        yield f"daemon set {name}: its controller has not observed its newest spec"
    elif _cannot_converge(world, pods):
        return
    elif sorted(pod.spec.node_name for pod in pods) != nodes or not all(map(is_ready, pods)):
        yield f"daemon set {name} has {_counted(pods)}, on {sorted(pod.spec.node_name for pod in pods)}, but wants {nodes}"
    elif found.status.number_ready != len(nodes):
        yield f"daemon set {name} reports {found.status.number_ready} pods as ready, but {len(nodes)} are"
    elif found.status.updated_number_scheduled != len(nodes):
        yield f"daemon set {name} has {found.status.updated_number_scheduled} updated pods, but wants {len(nodes)}"
    elif not all(_runs(pod, found.spec.template) for pod in pods):
        yield f"daemon set {name} still has pods of several templates"


def _of_job(world: World, job: Job) -> Iterator[str]:
    name = job.metadata.name
    if job.metadata.deletion_timestamp is not None:
        yield f"job {name} is still being deleted"
        return
    pods = [pod for pod in _pods_of(world, job) if is_active(pod)]
    ended = has_ended(job)
    if job.spec.suspend and not ended:
        if pods:
            yield f"job {name} is suspended, but has {_counted(pods)}"
    elif not ended and not _cannot_converge(world, pods):
        yield f"job {name} has not finished: {job.status.succeeded} pods succeeded, {job.status.failed} failed"
    elif ended and pods:
        yield f"job {name} has finished, but its pod {pods[0].metadata.name} is still active"


def has_ended(job: Job) -> bool:
    """Whether it is complete, or has failed."""
    return any(one.type in ("Complete", "Failed") and one.status == "True" for one in job.status.conditions)


def _pods_of(world: World, owner: TypedObject) -> Iterator[Pod]:
    return (one for one in world.controlled_by(owner.metadata.uid).values() if isinstance(one, Pod))


def _counted(pods: Iterable[Pod]) -> str:
    found = list(pods)
    late = next((f" and {one.metadata.name} not" for one in found if not is_ready(one)), "")
    return f"{len(found)} pods, {sum(map(is_ready, found))} of them ready{late}"


def _cannot_converge(world: World, pods: list[Pod]) -> bool:
    """Whether it cannot converge: a pending pod fits no node, a quota rejects pods, or a pod waits for a deleted service."""
    return _has_quota(world) or any(_fits_nowhere(world, pod) or waits_for_deleted_service(world, pod) for pod in pods)


def _fits_nowhere(world: World, pod: Pod) -> bool:
    if pod.spec.node_name:
        return False
    return not any(map(Search(world, pod).takes, world.of(Node).values()))


def _has_quota(world: World) -> bool:
    """Whether a quota may have rejected a pod: controllers then back off, up to 16 minutes between retries."""
    return any(one.current.metadata.namespace == NAMESPACE for one in world.log.get(ResourceQuota, ()))
