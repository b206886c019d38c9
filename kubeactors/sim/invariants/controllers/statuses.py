"""Invariant of statuses: once all is quiet, they agree with the stored objects that they describe.

Computed from the stored objects without the controllers' code, so that a mistake there is not repeated here.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ClassVar

from kubeactors.api.apps.v1 import ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet
from kubeactors.api.autoscaling.v2 import HorizontalPodAutoscaler
from kubeactors.api.batch.v1 import CronJob, Job
from kubeactors.api.core.v1 import Namespace, Node, Pod, ReplicationController
from kubeactors.api.core.v1.affinity import Toleration
from kubeactors.api.core.v1.placement import NO_EXECUTE, NO_SCHEDULE, untolerated
from kubeactors.api.policy.v1 import PodDisruptionBudget
from kubeactors.apimachinery.labels import of_object
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.quantity import milli_value
from kubeactors.client import controller_of, is_controlled_by
from kubeactors.kubelet.runtimes.curves import parse_curve
from kubeactors.sim.bounds.capacity import is_ours, target
from kubeactors.sim.bounds.goals import has_ended
from kubeactors.sim.bounds.rollouts import (
    FINISHED,
    ROLLING,
    Replicas,
    has_caught_up,
    is_active,
    is_ready,
    is_rolling,
    least,
    wanted,
)
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.prompt import PromptInvariant
from kubeactors.sim.users.manifests import LOAD
from kubeactors.sim.world import World

REVISION = "deployment.kubernetes.io/revision"
HISTORY = "deployment.kubernetes.io/revision-history"
HASH = "controller-revision-hash"
KEPT_JOBS = {"Complete": 3, "Failed": 1}
"""The default history limits of cron jobs."""

COMPLETE = "NewReplicaSetAvailable"
REPLICA_FAILURE = "ReplicaFailure"
PATIENT_SECONDS = 20
"""A deployment with a shorter progress deadline has reported it as exceeded by the time all is quiet."""

TOLERATED = (
    *(Toleration(key=f"node.kubernetes.io/{one}", operator="Exists", effect=NO_EXECUTE)
      for one in ("not-ready", "unreachable")),
    *(Toleration(key=f"node.kubernetes.io/{one}", operator="Exists", effect=NO_SCHEDULE)
      for one in ("disk-pressure", "memory-pressure", "pid-pressure", "unschedulable")),
)  # fmt: skip
"""What the pods of every daemon set tolerate."""

TOLERANCE = 0.1
"""The relative deviation from the target utilization that an autoscaler tolerates."""

Said = Iterator[tuple[str, object, object]]
"""For each checked value: its name, the reported value, and the expected one."""
Check = Callable[[World, TypedObject], Said]


class StatusesAreAccurate(PromptInvariant):
    """When all is quiet, statuses agree with the pods and revisions in the store."""

    name: ClassVar[str] = "statuses-are-accurate"
    reads: ClassVar[tuple[type[TypedObject], ...]] = (
        ReplicaSet, ReplicationController, Deployment, StatefulSet, DaemonSet, ControllerRevision, Job, CronJob,
        PodDisruptionBudget, Pod, Node, Namespace
    )  # fmt: skip

    def settled(self) -> Iterator[str]:
        """Check each workload, budget and autoscaler."""
        for _, problem in inaccuracies(self.world, (*PROMPT, *EVENTUAL)):
            yield problem

    def pending(self) -> Iterator[tuple[str, str]]:
        """The values that are soon up to date; not those of objects that wait."""
        for one, problem in inaccuracies(self.world, PROMPT):
            if not _waits(one):
                yield problem, one.metadata.resource_version


def _waits(found: TypedObject) -> bool:
    """Whether its status follows only later: an evicted pod counts as gone for two minutes, though it may stay."""
    if isinstance(found, PodDisruptionBudget):
        return bool(found.status.disrupted_pods)
    return isinstance(found, Deployment | Replicas | StatefulSet | DaemonSet) and found.spec.min_ready_seconds > 0


def inaccuracies(world: World, looks: Iterable[tuple[type[TypedObject], Check]]) -> Iterator[tuple[TypedObject, str]]:
    """Each object with an inaccurate status, and what is wrong."""
    for type_, look in looks:
        for one in world.of(type_).values():
            if not world.is_ending(one):
                for what, said, true in look(world, one):
                    if said != true:
                        yield one, f"{title(one)}: {what} is {said}, but should be {true}"


def _check_generation(found: Deployment | Replicas | StatefulSet | DaemonSet) -> Said:
    yield "observedGeneration", found.status.observed_generation, found.metadata.generation


def _check_replicas(world: World, found: TypedObject) -> Said:
    """The status of a ReplicaSet or a ReplicationController, which does not count terminating pods."""
    assert isinstance(found, Replicas)
    pods, status = [pod for pod in world.pods_of(found) if is_active(pod)], found.status
    labels = found.spec.template.metadata.labels if found.spec.template is not None else {}
    ready = sum(map(is_ready, pods))
    yield from _check_generation(found)
    yield "replicas", status.replicas, len(pods)
    yield "readyReplicas", status.ready_replicas, ready
    yield "availableReplicas", status.available_replicas, ready
    labelled = sum(1 for pod in pods if labels.items() <= pod.metadata.labels.items())
    yield "fullyLabeledReplicas", status.fully_labeled_replicas, labelled
    if isinstance(found, ReplicaSet):
        yield "terminatingReplicas", found.status.terminating_replicas or 0, len(_going(world, found))
        earlier = found.metadata.annotations.get(HISTORY, "")
        yield HISTORY, earlier, _earlier(found) if earlier else ""
    yield REPLICA_FAILURE, _condition(found, REPLICA_FAILURE), "" if len(pods) == wanted(found) else "True"


def _earlier(found: ReplicaSet) -> str:
    """The plausible part of its revision history: revisions before its own, each once, the oldest first.

    Source: SetNewReplicaSetAnnotations in pkg/controller/deployment/util/deployment_util.go (v1.36).
    """
    now = int(found.metadata.annotations.get(REVISION, "0"))
    said = found.metadata.annotations[HISTORY].split(",")
    return ",".join(map(str, sorted({int(one) for one in said if one.isdecimal() and int(one) < now})))


def _check_deployment(world: World, found: TypedObject) -> Said:
    assert isinstance(found, Deployment)
    sets, status = tuple(world.sets_of(found.metadata.uid)), found.status
    pods = [pod for one in sets for pod in world.pods_of(one) if is_active(pod)]
    ready = sum(map(is_ready, pods))
    yield from _check_generation(found)
    yield "replicas", status.replicas, len(pods)
    yield "readyReplicas", status.ready_replicas, ready
    yield "availableReplicas", status.available_replicas, ready
    yield "unavailableReplicas", status.unavailable_replicas, max(sum(map(wanted, sets)) - ready, 0)
    needed = least(found) if found.spec.strategy.type == ROLLING else wanted(found)
    yield "Available", _condition(found, "Available"), "True" if ready >= needed else "False"
    newest = max((one.metadata.annotations.get(REVISION, "0") for one in sets), key=int, default="")
    if not found.spec.paused:
        failing = any(_condition(one, REPLICA_FAILURE) == "True" for one in sets)
        yield REPLICA_FAILURE, _condition(found, REPLICA_FAILURE), "True" if failing else ""
        told = found.metadata.annotations.get(REVISION, "")
        if told or is_rolling(found) or not any(_going(world, one) for one in sets):
            yield REVISION, told, newest  # Recreate first waits for the pods of the ReplicaSets that it has adopted
        rolling = [one for one in sets if one.metadata.annotations.get(REVISION) != newest and wanted(one)]
        if ready == len(pods) == wanted(found) and not rolling:
            yield "updatedReplicas", status.updated_replicas, len(pods)
            yield "Progressing", _condition(found, "Progressing"), "True"
            idle = [one for one in sets if not wanted(one) and one.metadata.annotations.get(REVISION) != newest]
            kept = found.spec.revision_history_limit  # a blocked rollout cleans nothing up
            surplus = max(len(idle) - (10 if kept is None else kept), 0)
            yield "the number of old ReplicaSets beyond its history limit", surplus, 0


def _check_progress(world: World, found: TypedObject) -> Said:
    """An incomplete rollout whose progress deadline has passed reports that."""
    assert isinstance(found, Deployment)
    sets = tuple(world.sets_of(found.metadata.uid))
    pods = [pod for one in sets for pod in world.pods_of(one) if is_active(pod)]
    newest = max((one.metadata.annotations.get(REVISION, "0") for one in sets), key=int, default="")
    rolling = any(one.metadata.annotations.get(REVISION) != newest and wanted(one) for one in sets)
    complete = sum(map(is_ready, pods)) == len(pods) == wanted(found) and not rolling
    if not found.spec.paused and not complete and _is_stuck(found):
        yield "Progressing", _condition(found, "Progressing"), "False"


def _is_stuck(found: Deployment) -> bool:
    """Whether the progress deadline of an incomplete rollout has passed, since all has been quiet for that long.

    The deadline does not run after a complete rollout; and a rollback to an existing ReplicaSet counts as started only with
    its first pod.

    Source: `DeploymentTimedOut` in pkg/controller/deployment/util/deployment_util.go (v1.36).
    """
    deadline, status = found.spec.progress_deadline_seconds, found.status
    reason = next((one.reason for one in status.conditions if one.type == "Progressing"), "")
    was_complete = reason == COMPLETE and (status.updated_replicas or 0) in {0, status.replicas}
    return deadline is not None and deadline <= PATIENT_SECONDS and not was_complete


def _check_revisions(world: World, found: TypedObject) -> Said:
    """Each revision that it has created has a unique number, by which users roll back.

    An adopted one of an earlier owner may appear later, and keeps its number.

    Source: nextRevision in pkg/controller/statefulset/stateful_set_utils.go, constructHistory in
    pkg/controller/daemon/update.go (v1.36).
    """
    uid, owned = found.metadata.uid, world.controlled_by(found.metadata.uid).values()
    news = (commit.current.metadata for commit in world.log_of(ControllerRevision) if commit.old is None)
    made = dict.fromkeys(one.uid for one in news if is_controlled_by(one, uid))
    numbers = sorted(one.revision for one in owned if isinstance(one, ControllerRevision) and one.metadata.uid in made)
    yield "the list of its revision numbers", numbers, sorted(dict.fromkeys(numbers))


def _check_stateful_set(world: World, found: TypedObject) -> Said:
    """Pods that have ended still count until they are gone. Terminating pods may be ready, but are of no revision.

    Source: updateStatus in pkg/controller/statefulset/stateful_set_control.go (v1.36).
    """
    assert isinstance(found, StatefulSet)
    pods, status = _all_pods(world, found), found.status
    ready = sum(1 for pod in pods if pod.status.phase == "Running" and _has_condition(pod, "Ready"))
    yield from _check_generation(found)
    yield "replicas", status.replicas, len(pods)
    yield "readyReplicas", status.ready_replicas, ready
    yield "availableReplicas", status.available_replicas, ready
    staying = (pod for pod in pods if pod.metadata.deletion_timestamp is None)
    updated = sum(1 for pod in staying if pod.metadata.labels.get(HASH) == status.update_revision)
    yield "updatedReplicas", status.updated_replicas, updated
    if updated == ready == len(pods) == wanted(found):
        yield "currentRevision", status.current_revision, status.update_revision
        yield "currentReplicas", status.current_replicas, updated


def _check_daemon_set(world: World, found: TypedObject) -> Said:
    assert isinstance(found, DaemonSet)
    wanted_on = {one.metadata.name: is_ours(one) and _may_host(one, found) for one in world.of(Node).values()}
    there, status = [pod for pod in _firsts(_pods(world, found)) if target(pod) in wanted_on], found.status
    nodes, pods = sum(wanted_on.values()), [pod for pod in there if wanted_on[target(pod)]]
    ready = sum(_has_condition(pod, "Ready") for pod in pods)
    yield from _check_generation(found)
    yield "desiredNumberScheduled", status.desired_number_scheduled, nodes
    yield "currentNumberScheduled", status.current_number_scheduled, len(pods)
    yield "numberReady", status.number_ready, ready
    yield "numberAvailable", status.number_available, ready
    yield "numberUnavailable", status.number_unavailable, nodes - ready
    yield "numberMisscheduled", status.number_misscheduled, len(there) - len(pods)


def _may_host(node: Node, found: DaemonSet) -> bool:
    """Whether the set wants a pod on a node: not if the node has a taint that the pods do not tolerate.

    Of the taints of an unready node they tolerate NoExecute, not NoSchedule.

    Source: nodeShouldRunDaemonPod in pkg/controller/daemon/daemon_controller.go, AddOrUpdateDaemonPodTolerations in
    pkg/controller/daemon/util/daemonset_util.go (v1.36).
    """
    tolerations = (*TOLERATED, *found.spec.template.spec.tolerations)
    return untolerated(node.spec.taints, tolerations, (NO_SCHEDULE, NO_EXECUTE)) is None


def _firsts(pods: Iterable[Pod]) -> Sequence[Pod]:
    """The pod of each node that counts: a daemon set counts nodes, and a second pod on one may be pending.

    A terminating pod counts, too.

    Source: updateDaemonSetStatus in pkg/controller/daemon/daemon_controller.go (v1.36).
    """
    oldest_last = sorted(pods, key=_age, reverse=True)
    return tuple({target(pod): pod for pod in oldest_last}.values())


def _age(pod: Pod) -> tuple[bool, str, str]:
    return not pod.spec.node_name, pod.metadata.creation_timestamp or "", pod.metadata.name


def _check_job(world: World, found: TypedObject) -> Said:
    assert isinstance(found, Job)
    pods, status = [pod for pod in _pods(world, found) if is_active(pod)], found.status
    ended = next((one for one in ("Complete", "Failed") if _condition(found, one) == "True"), "")
    yield "active", status.active, len(pods)
    yield "ready", status.ready or 0, sum(map(is_ready, pods))
    yield "terminating", status.terminating or 0, len(_going(world, found))
    uncounted = status.uncounted_terminated_pods
    waiting = len((*uncounted.succeeded, *uncounted.failed)) if uncounted is not None else 0
    yield "the number of uncountedTerminatedPods", waiting, 0
    yield "the presence of completionTime", status.completion_time is not None, ended == "Complete"
    if not found.spec.suspend:
        yield "the presence of startTime", status.start_time is not None, True
    if ended == "Complete" and found.spec.success_policy is None and found.spec.completions is not None:
        yield "succeeded", status.succeeded, found.spec.completions
    if found.spec.backoff_limit_per_index is not None and not ended:
        return  # the last failed pod of each index keeps its finalizer until it is replaced
    finished = [one for one in _all_pods(world, found) if one.status.phase in FINISHED]
    held = [one.metadata.name for one in finished if one.metadata.finalizers]
    yield "the list of finished pods with its finalizer", held, []


def _check_cron_job(world: World, found: TypedObject) -> Said:
    assert isinstance(found, CronJob)
    jobs = [one for one in world.controlled_by(found.metadata.uid).values() if isinstance(one, Job)]
    running = sorted(job.metadata.name for job in jobs if not has_ended(job))
    yield "active", sorted(one.name for one in found.status.active), running
    for ending, usual in KEPT_JOBS.items():
        limit = (
            found.spec.successful_jobs_history_limit if ending == "Complete" else found.spec.failed_jobs_history_limit
        )
        many = sum(1 for job in jobs if _condition(job, ending) == "True")
        surplus = max(many - (usual if limit is None else limit), 0)
        yield f"the number of {ending} jobs beyond its history limit", surplus, 0


def _check_budget(world: World, found: TypedObject) -> Said:
    assert isinstance(found, PodDisruptionBudget)
    selector, status, namespace = of_object(found.spec.selector), found.status, found.metadata.namespace
    everything = (one for one in world.of(Pod).values() if one.metadata.namespace == namespace)
    pods = [pod for pod in everything if selector.matches(pod.metadata.labels)]
    goal = _goal_of(world, pods)
    limit = found.spec.max_unavailable
    if goal is None or not isinstance(limit, int):
        return
    healthy = sum(map(_is_healthy, pods))
    yield "observedGeneration", status.observed_generation, found.metadata.generation
    yield "expectedPods", status.expected_pods, goal
    yield "desiredHealthy", status.desired_healthy, max(goal - limit, 0)
    yield "currentHealthy", status.current_healthy, healthy
    yield "disruptionsAllowed", status.disruptions_allowed, max(healthy - max(goal - limit, 0), 0) if goal else 0


def _check_autoscaler(world: World, found: TypedObject) -> Said:
    """In the end the replicas match the pods' load, within the bounds."""
    assert isinstance(found, HorizontalPodAutoscaler)
    target = world.find(Deployment, found.spec.scale_target_ref.name, found.metadata.namespace)
    if target is None or target.metadata.deletion_timestamp is not None or not wanted(target):
        return
    count = target.status.ready_replicas
    selector = of_object(target.spec.selector)
    measured = [pod for pod in world.of(Pod).values() if selector.matches(pod.metadata.labels)]
    loads = list(dict.fromkeys(pod.metadata.annotations.get(LOAD, "1m") for pod in measured))
    if not count == wanted(target) == target.status.replicas == len(measured) or len(loads) != 1:
        return  # not all pods are ready, or pods of other workloads are measured, too
    yield "currentReplicas", found.status.current_replicas, count
    yield "desiredReplicas", found.status.desired_replicas, count
    load = parse_curve(loads[0], milli_value).steps[-1][1]
    goal = found.spec.metrics[0].resource
    percent = (goal.target.average_utilization if goal is not None else None) or 0
    least, most = found.spec.min_replicas or 1, found.spec.max_replicas
    if load > percent * (1 + TOLERANCE):
        yield "the number of replicas under high load", count, most
    elif load < percent * (1 - TOLERANCE):
        yield "the number of replicas under low load", count, min(max(-(-count * load // percent), least), most)
    else:
        yield "the number of replicas at the target load", count, min(max(count, least), most)


def _goal_of(world: World, pods: Sequence[Pod]) -> int | None:
    """How many pods the owner of these wants; None if that is undefined, as there are several or it lags."""
    total = 0
    owners = [controller_of(pod.metadata) for pod in pods]
    for uid in dict.fromkeys(one.uid if one is not None else "" for one in owners):
        owner = world.by_uid.get(uid)
        above = controller_of(owner.metadata) if owner is not None else None
        if isinstance(owner, ReplicaSet) and above is not None:
            owner = world.by_uid.get(above.uid)
        if not isinstance(owner, Deployment | Replicas | StatefulSet) or not has_caught_up(owner):
            return None
        total += wanted(owner)
    return total if len(dict.fromkeys(one.uid for one in owners if one is not None)) == 1 else (None if pods else 0)


def _is_healthy(pod: Pod) -> bool:
    return pod.metadata.deletion_timestamp is None and _has_condition(pod, "Ready")


def _has_condition(pod: Pod, type_: str) -> bool:
    return any(one.type == type_ and one.status == "True" for one in pod.status.conditions)


def _all_pods(world: World, owner: TypedObject) -> list[Pod]:
    return [one for one in world.controlled_by(owner.metadata.uid).values() if isinstance(one, Pod)]


def _pods(world: World, owner: TypedObject) -> list[Pod]:
    return [pod for pod in _all_pods(world, owner) if pod.status.phase not in FINISHED]


def _going(world: World, owner: TypedObject) -> list[Pod]:
    return [pod for pod in _pods(world, owner) if pod.metadata.deletion_timestamp is not None]


def _condition(found: Deployment | Replicas | Job, type_: str) -> str:
    return next((str(one.status) for one in found.status.conditions if one.type == type_), "")


PROMPT: tuple[tuple[type[TypedObject], Check], ...] = (
    (ReplicaSet, _check_replicas),
    (ReplicationController, _check_replicas),
    (Deployment, _check_deployment),
    (StatefulSet, _check_stateful_set),
    (DaemonSet, _check_daemon_set),
    (StatefulSet, _check_revisions),
    (DaemonSet, _check_revisions),
    (Job, _check_job),
    (CronJob, _check_cron_job),
    (PodDisruptionBudget, _check_budget),
)
"""The checks of kinds whose status is up to date within seconds."""
EVENTUAL: tuple[tuple[type[TypedObject], Check], ...] = (
    (Deployment, _check_progress),
    (HorizontalPodAutoscaler, _check_autoscaler),
)
"""The checks of statuses that take longer: until a deadline, or a stabilization window, has passed."""

INVARIANTS: tuple[type[Invariant], ...] = (StatusesAreAccurate,)
