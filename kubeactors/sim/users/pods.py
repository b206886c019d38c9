"""Pods, Services, and their endpoints."""

from collections.abc import Awaitable
from contextlib import suppress

from msgspec.structs import replace

from kubeactors.api.core.v1 import Pod, Service
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.apimachinery.meta import DeleteOptions, Preconditions
from kubeactors.apimachinery.status import AlreadyExists, NotFound
from kubeactors.sim.users.manifests import APP, NAMESPACE, pod_of, service_of, storage_class
from kubeactors.sim.users.session import NAME_ATTEMPTS, NAME_SECONDS, Session
from kubeactors.sim.workload import (
    CreatePod,
    DeletePod,
    DeleteSlices,
    EmptySlices,
    Evict,
    PodAction,
    RecreatePod,
    RecreateService,
    RelabelPod,
)

ASTRAY = "astray"
"""The value of the label `app` that takes a pod out of its ReplicaSet."""
SERVICE = "kubernetes.io/service-name"


class Pods:
    """Performs actions on them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def do(self, action: PodAction) -> Awaitable[None]:
        """Perform the action."""
        match action:
            case DeletePod():
                return self._delete(action)
            case RelabelPod():
                return self._relabel(action)
            case CreatePod():
                return self._add(action)
            case RecreatePod():
                return self._recreate(action)
            case Evict():
                return self._evict(action)
            case RecreateService():
                return self._recreate_service(action.name)
            case DeleteSlices():
                return self._delete_slices(action.name)
            case EmptySlices():
                return self._empty_slices(action.name)

    async def _delete(self, action: DeletePod) -> None:
        pod = await self._session.pod(action.name, action.number, going=action.force)
        if pod is not None:
            self._session.world.intents.deletes(pod)
            options = _this_one(pod)
            if action.force:
                self._session.world.intents.force_deletes(pod)
                options = replace(options, grace_period_seconds=0)
            await self._session.client.delete(Pod, pod.metadata.name, NAMESPACE, options=options)

    async def _evict(self, action: Evict) -> None:
        pod = await self._session.pod(action.name, action.number)
        if pod is not None:
            await evict(self._session, pod)

    async def _relabel(self, action: RelabelPod) -> None:
        pod = await self._session.pod(action.name, action.number)
        if pod is not None:
            labels = {**pod.metadata.labels, APP: ASTRAY}
            changed = await self._session.client.update(replace(pod, metadata=replace(pod.metadata, labels=labels)))
            self._session.world.intents.leaves_ownerless(changed)

    async def _add(self, action: CreatePod | RecreatePod) -> None:
        if isinstance(action, CreatePod) and action.scratch:
            await self._session.ensure(storage_class())
        self._session.world.intents.leaves_ownerless(await self._session.client.create(pod_of(action)))

    async def _recreate(self, action: RecreatePod) -> None:
        with suppress(NotFound):
            live = await self._session.client.get(Pod, action.pod, NAMESPACE)
            self._session.world.intents.deletes(live)
            await self._session.client.delete(Pod, action.pod, NAMESPACE, options=_this_one(live))
        for attempt in range(NAME_ATTEMPTS):
            if self._session.world.find(Pod, action.pod, NAMESPACE) is None:
                with suppress(AlreadyExists):
                    await self._add(action)
                    return
            await self._session.sleep(NAME_SECONDS * (1 + attempt // 10))

    async def _recreate_service(self, name: str) -> None:
        """As `kubectl replace --force` with a manifest read before: the cluster IP is kept, unless it was taken meanwhile."""
        live = self._session.world.find(Service, name, NAMESPACE)
        await self._session.remove(Service, name)
        wanted = service_of(name)
        if live is not None:
            kept = replace(wanted.spec, cluster_ip=live.spec.cluster_ip, cluster_ips=live.spec.cluster_ips)
            wanted = replace(wanted, spec=kept)
        await self._session.ensure(wanted)

    async def _slices(self, name: str) -> tuple[EndpointSlice, ...]:
        return (await self._session.client.list(EndpointSlice, NAMESPACE, label_selector=f"{SERVICE}={name}")).items

    async def _delete_slices(self, name: str) -> None:
        for one in await self._slices(name):
            await self._session.remove(EndpointSlice, one.metadata.name)

    async def _empty_slices(self, name: str) -> None:
        for one in await self._slices(name):
            await self._session.client.update(replace(one, endpoints=()))


async def evict(session: Session, pod: Pod) -> None:
    """Evict a pod.

    Raises:
        StatusError: the eviction is blocked now, or the request failed.
    """
    session.world.intents.deletes(pod)
    await session.client.evict(pod, _this_one(pod))


def _this_one(pod: Pod) -> DeleteOptions:
    """A precondition by UID: delete this very pod, not a later one of the same name."""
    return DeleteOptions(preconditions=Preconditions(uid=pod.metadata.uid))
