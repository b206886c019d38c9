"""StatefulSets, DaemonSets, ReplicationControllers, bare ReplicaSets, Jobs, CronJobs."""

from collections.abc import Awaitable
from functools import partial

from msgspec.structs import replace

from kubeactors.api.apps.v1 import DaemonSet, ReplicaSet, StatefulSet
from kubeactors.api.batch.v1 import CronJob, Job
from kubeactors.api.core.v1 import PodTemplateSpec, ReplicationController
from kubeactors.apimachinery.meta import DeleteOptions, TypedObject
from kubeactors.apimachinery.requests import MERGE_PATCH
from kubeactors.sim.users.auxiliary import class_named
from kubeactors.sim.users.manifests import (
    NAMESPACE,
    cron_job_of,
    daemon_set_of,
    job_of,
    replica_set_of,
    replication_controller_of,
    service_of,
    service_of_first,
    stateful_set_of,
    with_image,
)
from kubeactors.sim.users.session import Session
from kubeactors.sim.workload import (
    CreateCronJob,
    CreateDaemonSet,
    CreateJob,
    CreateReplicationController,
    CreateStatefulSet,
    DeleteWorkload,
    ResizeJob,
    RollWorkload,
    ScaleReplicationController,
    ScaleStatefulSet,
    SetAction,
    SuspendCronJob,
    SuspendJob,
)

TYPES: dict[str, type[TypedObject]] = {
    "StatefulSet": StatefulSet,
    "DaemonSet": DaemonSet,
    "ReplicaSet": ReplicaSet,
    "ReplicationController": ReplicationController,
    "Job": Job,
    "CronJob": CronJob,
}


class Sets:
    """Performs actions on them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def do(self, action: SetAction) -> Awaitable[None]:  # noqa: C901 -- one case for each action
        """Perform the action."""
        match action:
            case CreateStatefulSet():
                return self._create_stateful_set(action)
            case CreateDaemonSet():
                return self._session.ensure(daemon_set_of(action))
            case CreateReplicationController():
                return self._create_replication_controller(action)
            case CreateJob():
                return self._session.ensure(job_of(action))
            case SuspendJob():
                return self._session.change(Job, action.name, partial(_suspended_job, suspend=action.suspend))
            case ResizeJob():
                return self._session.change(Job, action.name, partial(_resized_job, parallelism=action.parallelism))
            case CreateCronJob():
                return self._session.ensure(cron_job_of(action))
            case SuspendCronJob():
                return self._session.change(CronJob, action.name, _suspended)
            case ScaleStatefulSet():
                return self._scale(action)
            case ScaleReplicationController():
                return self._scale_replication_controller(action)
            case RollWorkload():
                return self._roll(action)
            case DeleteWorkload():
                return self._delete(action)

    async def _create_stateful_set(self, action: CreateStatefulSet) -> None:
        if action.claims:
            await self._session.ensure(class_named("late" if action.late else "simulated"))
        await self._session.ensure(service_of(action.name))
        if action.joins:
            await self._session.ensure(service_of_first(action))
        await self._session.ensure(stateful_set_of(action))

    async def _create_replication_controller(self, action: CreateReplicationController) -> None:
        bare = action.of == "ReplicaSet"
        await self._session.ensure(replica_set_of(action) if bare else replication_controller_of(action))
        await self._session.ensure(service_of(action.name))

    async def _scale_replication_controller(self, action: ScaleReplicationController) -> None:
        """Source: `kubectl scale`, k8s.io/kubectl/pkg/scale/scale.go (v1.36)."""
        await self._session.client.patch(
            TYPES[action.of],
            action.name,
            {"spec": {"replicas": action.replicas}},
            NAMESPACE,
            patch_type=MERGE_PATCH,
            subresource="scale",
        )

    async def _scale(self, action: ScaleStatefulSet) -> None:
        def scaled(live: StatefulSet) -> StatefulSet:
            return replace(live, spec=replace(live.spec, replicas=action.replicas))

        await self._session.change(StatefulSet, action.name, scaled)

    async def _roll(self, action: RollWorkload) -> None:
        """Change the image; Jobs and CronJobs are left alone."""

        def stateful(live: StatefulSet) -> StatefulSet:
            return replace(live, spec=replace(live.spec, template=with_image(live.spec.template, action.image)))

        def daemons(live: DaemonSet) -> DaemonSet:
            return replace(live, spec=replace(live.spec, template=with_image(live.spec.template, action.image)))

        def bare(live: ReplicaSet) -> ReplicaSet:
            return replace(live, spec=replace(live.spec, template=with_image(live.spec.template, action.image)))

        def replicated(live: ReplicationController) -> ReplicationController:
            template = with_image(live.spec.template or PodTemplateSpec(), action.image)
            return replace(live, spec=replace(live.spec, template=template))

        if action.of == "StatefulSet":
            await self._session.change(StatefulSet, action.name, stateful)
        elif action.of == "DaemonSet":
            await self._session.change(DaemonSet, action.name, daemons)
        elif action.of == "ReplicaSet":
            await self._session.change(ReplicaSet, action.name, bare)
        elif action.of == "ReplicationController":
            await self._session.change(ReplicationController, action.name, replicated)

    async def _delete(self, action: DeleteWorkload) -> None:
        session, type_ = self._session, TYPES[action.of]
        live = await session.client.get(type_, action.name, NAMESPACE)
        session.world.intents.deletes_owner(live, action.propagation)
        options = DeleteOptions(propagation_policy=action.propagation)
        await session.client.delete(type_, action.name, NAMESPACE, options=options)


def _resized_job(live: Job, *, parallelism: int) -> Job:
    return replace(live, spec=replace(live.spec, parallelism=parallelism))


def _suspended_job(live: Job, *, suspend: bool) -> Job:
    return replace(live, spec=replace(live.spec, suspend=suspend))


def _suspended(live: CronJob) -> CronJob:
    return replace(live, spec=replace(live.spec, suspend=True))
