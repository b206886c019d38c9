"""Sees to it now and then that services have what was given out to them, and nobody else has it.

Source: pkg/registry/core/rest/storage_core.go (v1.36), which looks every three minutes. At the start nothing is given out
but what services have: `ServiceStrategy.restore`.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar, cast

from kubeactors.actor import Context, Ref
from kubeactors.api.core.v1.service import Service
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apiserver.bootstrap import SELF
from kubeactors.apiserver.freshness import CacheFreshness
from kubeactors.apiserver.messages import ApiMessage
from kubeactors.apiserver.registry.repair import Finding, Repair
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.registry.storage import Stored
from kubeactors.apiserver.selection import Selection
from kubeactors.client import Client, EventRecorder, EventSink, InProcessTransport, RecordEvent
from kubeactors.client.events import SINK_MAILBOX

M = TypeVar("M")

SERVICES = GroupVersionResource("", "v1", "services")

INSTANCE = "kube-apiserver"
"""Events in the newer form name the instance that has recorded them."""

Records = Callable[[str], EventRecorder]
"""Records events under the name of a component."""


class ServiceRepair:
    """Looks at all services, repairs what can be, and records what is wrong."""

    def __init__(
        self,
        repair: Repair,
        resources: Mapping[GroupVersionResource, Resource],
        stored: Stored,
        freshness: CacheFreshness,
        record: Records,
    ) -> None:
        self._repair = repair
        self._services = resources[SERVICES]
        self._stored = stored
        self._freshness = freshness
        self._record = record

    async def look(self) -> None:
        """Look once."""
        await self._freshness.catch_up()
        services = cast("tuple[Service, ...]", tuple(self._services.cache.objects.select(Selection())))
        for finding in tuple(self._repair.look(services)):
            if finding.take is None or await self._exists(finding):
                self._report(finding)

    async def _exists(self, finding: Finding) -> bool:
        """Whether the service is still there: one that is gone by now has given back what it had."""
        metadata = finding.service.metadata
        live: TypedObject | None = await self._stored.get(self._services.key(metadata.namespace, metadata.name))
        if live is None or live.metadata.uid != metadata.uid or finding.take is None:
            return False
        finding.take()
        return True

    def _report(self, finding: Finding) -> None:
        words = finding.words
        recorder = self._record(words.component)
        recorder.warning(finding.service, finding.reason, finding.message, action=words.action)


def recording(ctx: Context[M]) -> Records:
    """Records by a sink of the server's own, which is started when it is first needed: mostly never."""
    sinks: list[Ref[RecordEvent]] = []

    def recorder(component: str) -> EventRecorder:
        if not sinks:
            client = Client(InProcessTransport(cast("Ref[ApiMessage]", ctx.self)), SELF)
            sinks.append(ctx.spawn(partial(EventSink, client), name="events", mailbox=SINK_MAILBOX))
        return EventRecorder(sinks[0], ctx, component, INSTANCE)

    return recorder
