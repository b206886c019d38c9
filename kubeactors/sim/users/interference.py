"""Objects of any kind."""

from contextlib import suppress

from msgspec.structs import replace

from kubeactors.api import SCHEME
from kubeactors.api.apps.v1 import ControllerRevision, DaemonSet, ReplicaSet
from kubeactors.api.batch.v1 import Job, JobSpec
from kubeactors.api.batch.v1.job import CONTROLLER_UID, JOB_NAME, LEGACY_CONTROLLER_UID, LEGACY_JOB_NAME
from kubeactors.api.core.v1 import Endpoints, Pod, ReplicationController, Secret
from kubeactors.api.core.v1.secret import SERVICE_ACCOUNT_NAME, SERVICE_ACCOUNT_TOKEN
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.apimachinery.meta import DeleteOptions, ObjectMeta, Preconditions, TypedObject
from kubeactors.apimachinery.status import AlreadyExists
from kubeactors.client import controller_of
from kubeactors.sim.users.admission_objects import Hooks, Policy
from kubeactors.sim.users.manifests import APP, NAMESPACE, POD_NAME_LABEL
from kubeactors.sim.users.pods import ASTRAY
from kubeactors.sim.users.session import NAME_ATTEMPTS, NAME_SECONDS, Session
from kubeactors.sim.workload import DamageObject, Derived, Interfere, Propagation

RELEASING = (ReplicaSet().kind, ReplicationController().kind, DaemonSet().kind)
"""Controllers that select pods by the users' label, and can replace a released pod that stays: a StatefulSet could not, as
the name would be taken."""
DRAWING_NAMES = (*RELEASING, Job().kind)
"""Controllers whose pods have generated names, so that a replacement never reuses a name."""

GENERATED = (JOB_NAME, CONTROLLER_UID, LEGACY_JOB_NAME, LEGACY_CONTROLLER_UID)
"""Labels that the server sets on a Job's pod template."""

DERIVED: dict[Derived, type[TypedObject]] = {
    "ReplicaSet": ReplicaSet,
    "ControllerRevision": ControllerRevision,
    "Endpoints": Endpoints,
    "EndpointSlice": EndpointSlice,
}


class Interference:
    """Performs actions on them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def do(self, action: Interfere) -> None:
        """Perform the action; objects of unknown kinds are left alone."""
        kind = SCHEME.by_kind(action.api_version, action.of)
        if kind is None:
            return
        live = await self._session.client.get(kind.type, action.name, action.namespace)
        match action.how:
            case "release":
                await self._release(live)
            case "replace":
                await self._replace(live)
            case "delete" | "orphan":
                await self._delete(live, orphan=action.how == "orphan" and not isinstance(live, Pod))

    async def damage(self, action: DamageObject) -> None:
        """Damage an object of the kind, if there is one."""
        found = await self._session.client.list(DERIVED[action.of], NAMESPACE)
        live = found.items[action.number % len(found.items)] if found.items else None
        if live is not None and action.delete:
            await self._delete(live)
        elif isinstance(live, ReplicaSet):
            self._session.world.intents.user_managed[live.metadata.uid] = None
            await self._session.client.update(replace(live, spec=replace(live.spec, replicas=0)))

    async def _release(self, live: TypedObject) -> None:
        owner = controller_of(live.metadata)
        if owner is None or owner.kind not in RELEASING:
            return
        labels = {**live.metadata.labels, APP: ASTRAY}
        changed = await self._session.client.update(replace(live, metadata=replace(live.metadata, labels=labels)))
        self._session.world.intents.leaves_ownerless(changed)

    async def _delete(self, live: TypedObject, *, orphan: bool = False, at_once: bool = False) -> None:
        metadata, world = live.metadata, self._session.world
        propagation: Propagation = "Orphan" if orphan else "Background"
        world.intents.deletes_owner(live, propagation)
        world.intents.deletes(live)
        if at_once:
            world.intents.force_deletes(live)
        options = DeleteOptions(
            preconditions=Preconditions(uid=metadata.uid),
            propagation_policy=propagation,
            grace_period_seconds=0 if at_once else None,
        )
        await self._session.client.delete(type(live), metadata.name, metadata.namespace, options=options)

    async def _replace(self, live: TypedObject) -> None:
        """As `kubectl replace --force`, unless a controller recreates the object itself."""
        await self._delete(live, at_once=isinstance(live, Pod))
        if _reuses_name(live) or (controller_of(live.metadata) is not None and not isinstance(live, Pod)):
            return
        for attempt in range(NAME_ATTEMPTS):
            if live.metadata.uid not in self._session.world.by_uid:
                await self._create_copy(live)
                return
            await self._session.sleep(NAME_SECONDS * (1 + attempt // 10))

    async def _create_copy(self, live: TypedObject) -> None:
        with suppress(AlreadyExists):
            created = await self._session.client.create(_fresh_copy(live))
            if isinstance(live, Pod):
                self._session.world.intents.leaves_ownerless(created)


def _reuses_name(live: TypedObject) -> bool:
    """Whether it is a pod whose owner reuses its name, as StatefulSets and operators do: the name must stay free.

    The same holds for a pod of a deleted StatefulSet: another set of that name may adopt the pod, or reuse its name.
    """
    if not isinstance(live, Pod):
        return False
    owner = controller_of(live.metadata)
    return POD_NAME_LABEL in live.metadata.labels if owner is None else owner.kind not in DRAWING_NAMES


def _fresh_copy(live: TypedObject) -> TypedObject:
    """A new object like this one, without server-set fields. A pod gets a label that no controller selects."""
    metadata = live.metadata
    made = ObjectMeta(name=metadata.name, namespace=metadata.namespace, labels=metadata.labels)
    if isinstance(live, Pod):
        return Pod(metadata=replace(made, labels={APP: ASTRAY}), spec=replace(live.spec, node_name=""))
    if isinstance(live, Job):
        return Job(metadata=made, spec=_as_written(live.spec))
    if isinstance(live, Secret) and live.type == SERVICE_ACCOUNT_TOKEN:
        account = {SERVICE_ACCOUNT_NAME: live.metadata.annotations[SERVICE_ACCOUNT_NAME]}
        return Secret(metadata=replace(made, annotations=account), type=live.type)
    if isinstance(live, Policy | Hooks):  # an annotation says which rule of the plan it is
        return replace(live, metadata=replace(made, annotations=metadata.annotations))
    return replace(live, metadata=made)


def _as_written(spec: JobSpec) -> JobSpec:
    """The spec of a Job as a user writes it: without the selector and labels that the server generates for each Job."""
    template = spec.template
    labels = {key: value for key, value in template.metadata.labels.items() if key not in GENERATED}
    return replace(spec, selector=None, template=replace(template, metadata=replace(template.metadata, labels=labels)))
