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
from kubeactors.sim.users.hands import NAME_ATTEMPTS, NAME_SECONDS, Hands
from kubeactors.sim.users.manifests import APP, NAMESPACE, POD_NAME_LABEL
from kubeactors.sim.users.pods import ASTRAY
from kubeactors.sim.workload import Derived, Meddle, Propagation, Spoil

RELEASING = (ReplicaSet().kind, ReplicationController().kind, DaemonSet().kind)
"""Who selects pods by the labels that users know, and can replace one that stays: a set's name would be taken."""
DRAWING_NAMES = (*RELEASING, Job().kind)
"""Whose pods have names that are drawn: who makes one in the place of another gives it another name."""

GENERATED = (JOB_NAME, CONTROLLER_UID, LEGACY_JOB_NAME, LEGACY_CONTROLLER_UID)
"""The labels that the server gives the pods of a job."""

DERIVED: dict[Derived, type[TypedObject]] = {
    "ReplicaSet": ReplicaSet,
    "ControllerRevision": ControllerRevision,
    "Endpoints": Endpoints,
    "EndpointSlice": EndpointSlice,
}


class Things:
    """What is done to them."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    async def do(self, action: Meddle) -> None:
        """Do it; what is of no kind that we know is left alone."""
        kind = SCHEME.by_kind(action.api_version, action.of)
        if kind is None:
            return
        live = await self._hands.client.get(kind.type, action.name, action.namespace)
        match action.how:
            case "release":
                await self._release(live)
            case "replace":
                await self._replace(live)
            case "delete" | "orphan":
                await self._delete(live, orphan=action.how == "orphan" and not isinstance(live, Pod))

    async def spoil(self, action: Spoil) -> None:
        """Meddle with one of that kind, if there is any."""
        found = await self._hands.client.list(DERIVED[action.of], NAMESPACE)
        live = found.items[action.number % len(found.items)] if found.items else None
        if live is not None and action.delete:
            await self._delete(live)
        elif isinstance(live, ReplicaSet):
            self._hands.world.intents.in_hand[live.metadata.uid] = None
            await self._hands.client.update(replace(live, spec=replace(live.spec, replicas=0)))

    async def _release(self, live: TypedObject) -> None:
        owner = controller_of(live.metadata)
        if owner is None or owner.kind not in RELEASING:
            return
        labels = {**live.metadata.labels, APP: ASTRAY}
        changed = await self._hands.client.update(replace(live, metadata=replace(live.metadata, labels=labels)))
        self._hands.world.intents.sets_free(changed)

    async def _delete(self, live: TypedObject, *, orphan: bool = False, at_once: bool = False) -> None:
        metadata, world = live.metadata, self._hands.world
        propagation: Propagation = "Orphan" if orphan else "Background"
        world.intents.deleting(live, propagation)
        world.intents.takes_in_hand(live)
        if at_once:
            world.intents.forces(live)
        options = DeleteOptions(
            preconditions=Preconditions(uid=metadata.uid),
            propagation_policy=propagation,
            grace_period_seconds=0 if at_once else None,
        )
        await self._hands.client.delete(type(live), metadata.name, metadata.namespace, options=options)

    async def _replace(self, live: TypedObject) -> None:
        """As with `kubectl replace --force`, unless a controller makes it again by itself."""
        await self._delete(live, at_once=isinstance(live, Pod))
        if _must_come_again(live) or (controller_of(live.metadata) is not None and not isinstance(live, Pod)):
            return
        for attempt in range(NAME_ATTEMPTS):
            if live.metadata.uid not in self._hands.world.by_uid:
                await self._make_another(live)
                return
            await self._hands.sleep(NAME_SECONDS * (1 + attempt // 10))

    async def _make_another(self, live: TypedObject) -> None:
        with suppress(AlreadyExists):
            created = await self._hands.client.create(_another(live))
            if isinstance(live, Pod):
                self._hands.world.intents.sets_free(created)


def _must_come_again(live: TypedObject) -> bool:
    """Whether it is a pod whose name its owner gives again: stateful sets do so, and operators. It must not be taken.

    Nor may that of a pod of a stateful set that has gone: another one of that name takes the pod on, or gives its name.
    """
    if not isinstance(live, Pod):
        return False
    owner = controller_of(live.metadata)
    return POD_NAME_LABEL in live.metadata.labels if owner is None else owner.kind not in DRAWING_NAMES


def _another(live: TypedObject) -> TypedObject:
    """One like it that has not been yet. Nobody selects a pod."""
    metadata = live.metadata
    made = ObjectMeta(name=metadata.name, namespace=metadata.namespace, labels=metadata.labels)
    if isinstance(live, Pod):
        return Pod(metadata=replace(made, labels={APP: ASTRAY}), spec=replace(live.spec, node_name=""))
    if isinstance(live, Job):
        return Job(metadata=made, spec=_as_written(live.spec))
    if isinstance(live, Secret) and live.type == SERVICE_ACCOUNT_TOKEN:
        account = {SERVICE_ACCOUNT_NAME: live.metadata.annotations[SERVICE_ACCOUNT_NAME]}
        return Secret(metadata=replace(made, annotations=account), type=live.type)
    return replace(live, metadata=made)


def _as_written(spec: JobSpec) -> JobSpec:
    """Of a job without what it was given by the server, which would be wrong in another one: who its pods are."""
    template = spec.template
    labels = {key: value for key, value in template.metadata.labels.items() if key not in GENERATED}
    return replace(spec, selector=None, template=replace(template, metadata=replace(template.metadata, labels=labels)))
