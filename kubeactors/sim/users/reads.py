"""Reads: lists in pages, gets, watches."""

from collections.abc import Callable
from contextlib import suppress

from kubeactors.api.apps.v1 import Deployment, ReplicaSet
from kubeactors.api.batch.v1 import Job
from kubeactors.api.coordination.v1 import Lease
from kubeactors.api.core.v1 import ConfigMap, Event, Node, Pod, ServiceAccount
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ListOptions, WatchClosed, WatchEvents
from kubeactors.apimachinery.status import Expired, NotFound
from kubeactors.client.client import ObjectList
from kubeactors.message import Recipient
from kubeactors.sim.users.manifests import NAMESPACE
from kubeactors.sim.users.session import Session
from kubeactors.sim.workload import ReadObjects
from kubeactors.sim.workload.reads import ReadKind

TYPES: dict[ReadKind, type[TypedObject]] = {
    "Pod": Pod,
    "ReplicaSet": ReplicaSet,
    "Deployment": Deployment,
    "Job": Job,
    "EndpointSlice": EndpointSlice,
    "Node": Node,
    "Event": Event,
    "ServiceAccount": ServiceAccount,
    "ConfigMap": ConfigMap,
    "Lease": Lease,
}
OF_CLUSTER = ("Node",)

Watching = tuple[Recipient[WatchEvents | WatchClosed], Callable[[], int]]
"""The subscriber of watches, and the source of their numbers."""


class Reads:
    """Performs reads.

    Args:
        session: with a client.
        watching: None leaves watches out.
    """

    def __init__(self, session: Session, watching: Watching | None = None) -> None:
        self._session = session
        self._watching = watching

    async def do(self, action: ReadObjects) -> None:
        """List, get, list again, watch."""
        first = await self._listed(action, "0" if action.cached else "")
        for one in first.items[:1]:
            with suppress(NotFound):
                await self._session.client.get(
                    type(one), one.metadata.name, one.metadata.namespace, resource_version="0"
                )
        version = first.metadata.resource_version
        if action.again:
            await self._session.sleep(action.apart_seconds)
            await self._listed(action, version)
        if action.watch_seconds and self._watching is not None:
            await self._watch(action, version, self._watching)

    async def _listed(self, action: ReadObjects, version: str) -> ObjectList[TypedObject]:
        """Read all pages and return the last one. The snapshot may be compacted before all of it is read."""
        found = await self._page(action, version, "")
        with suppress(Expired):
            while found.metadata.continue_:
                await self._session.sleep(action.apart_seconds)
                found = await self._page(action, "", found.metadata.continue_)
        return found

    async def _page(self, action: ReadObjects, version: str, continue_: str) -> ObjectList[TypedObject]:
        return await self._session.client.list(
            TYPES[action.of],
            self._namespace(action),
            label_selector=action.labels,
            field_selector=action.fields,
            resource_version=version,
            limit=action.page,
            continue_=continue_,
        )

    async def _watch(self, action: ReadObjects, version: str, watching: Watching) -> None:
        subscriber, number = watching[0], watching[1]()
        options = ListOptions(
            label_selector=action.labels,
            field_selector=action.fields,
            resource_version=version,
            allow_watch_bookmarks=True,
        )
        await self._session.client.watch(TYPES[action.of], subscriber, number, options, self._namespace(action))
        await self._session.sleep(action.watch_seconds)
        self._session.client.stop_watch(subscriber, number)

    @staticmethod
    def _namespace(action: ReadObjects) -> str:
        return "" if action.everywhere or action.of in OF_CLUSTER else NAMESPACE
