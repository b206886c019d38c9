"""Periodic repair of service addresses and ports: each is allocated to the service that has it, and to no other.

Source: pkg/registry/core/rest/storage_core.go (v1.36), which does so every three minutes. At the start exactly what
services have is allocated: `ServiceStrategy.restore`.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar, cast

from kubeactors.actor import Context, Ref
from kubeactors.api.core.v1.service import Service
from kubeactors.api.networking.v1.ipaddress import IPAddress
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apiserver.bootstrap import SELF
from kubeactors.apiserver.freshness import CacheFreshness
from kubeactors.apiserver.messages import ApiMessage
from kubeactors.apiserver.objects import revision_of
from kubeactors.apiserver.registry.addresses import IP_ADDRESSES, Leak, address_creation, leaks
from kubeactors.apiserver.registry.metadata import Environment
from kubeactors.apiserver.registry.repair import ADDRESS, Finding, Repair
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.registry.services import addresses_of
from kubeactors.apiserver.registry.storage import Stored
from kubeactors.apiserver.selection import Selection
from kubeactors.client import Client, EventRecorder, EventSink, InProcessTransport, RecordEvent
from kubeactors.client.events import SINK_MAILBOX
from kubeactors.storage.messages import Compare

M = TypeVar("M")

SERVICES = GroupVersionResource("", "v1", "services")

INSTANCE = "kube-apiserver"
"""The reporting instance of events.k8s.io events."""

Records = Callable[[str], EventRecorder]
"""The recorder of a component."""


class ServiceRepair:
    """Compares all services with all allocations, repairs what it can, and records events about errors."""

    def __init__(  # noqa: PLR0913 -- called in one place
        self,
        repair: Repair,
        resources: Mapping[GroupVersionResource, Resource],
        stored: Stored,
        freshness: CacheFreshness,
        *,
        environment: Environment,
        record: Records,
    ) -> None:
        self._repair = repair
        self._services = resources[SERVICES]
        self._addresses = resources[IP_ADDRESSES]
        self._stored = stored
        self._freshness = freshness
        self._environment = environment
        self._record = record

    async def run_once(self) -> None:
        """Run one repair."""
        await self._freshness.catch_up()
        services = cast("tuple[Service, ...]", tuple(self._services.cache.objects.select(Selection())))
        addresses = cast("tuple[IPAddress, ...]", tuple(self._addresses.cache.objects.select(Selection())))
        made = {one.metadata.name: None for one in addresses}
        for address, finding in tuple(self._repair.missing(services, made)):
            if finding.allocate is not None and await self._make(address, finding.service):
                finding.allocate()
                self._report(finding)
        had = {(one.metadata.namespace, one.metadata.name): addresses_of(one.spec) for one in services}
        for leak in tuple(leaks(addresses, had)):
            await self._clean_up(leak)
        for finding in tuple(self._repair.run_once(services, made)):
            if finding.allocate is None or await self._exists(finding):
                self._report(finding)

    async def _exists(self, finding: Finding) -> bool:
        """Whether the service is still there, and is allocated what it has; a deleted one has released it."""
        metadata = finding.service.metadata
        live: TypedObject | None = await self._stored.get(self._services.key(metadata.namespace, metadata.name))
        if live is None or live.metadata.uid != metadata.uid or finding.allocate is None:
            return False
        finding.allocate()
        return True

    async def _make(self, address: str, service: Service) -> bool:
        """Create the IPAddress of a service that has not changed since; whether that was done."""
        key = self._services.key(service.metadata.namespace, service.metadata.name)
        write = address_creation(address, service, self._environment)
        compare = (Compare(key=key, mod_revision=revision_of(service)), Compare(key=write.key, mod_revision=0))
        return await self._stored.write_all(compare, (write,))

    async def _clean_up(self, leak: Leak) -> None:
        name = leak.address.metadata.name
        done, _ = await self._stored.delete(self._addresses.key("", name), leak.address)
        if done:
            recorder = self._record(ADDRESS.component)
            recorder.warning(leak.address, leak.reason, leak.message, action="IPAddressAllocation")

    def _report(self, finding: Finding) -> None:
        words = finding.words
        recorder = self._record(words.component)
        recorder.warning(finding.service, finding.reason, finding.message, action=words.action)


def recording(ctx: Context[M]) -> Records:
    """Recorders with a sink of the server's own, started on first use, which is rare."""
    sinks: list[Ref[RecordEvent]] = []

    def recorder(component: str) -> EventRecorder:
        if not sinks:
            client = Client(InProcessTransport(cast("Ref[ApiMessage]", ctx.self)), SELF)
            sinks.append(ctx.spawn(partial(EventSink, client), name="events", mailbox=SINK_MAILBOX))
        return EventRecorder(sinks[0], ctx, component, INSTANCE)

    return recorder
