"""The EndpointSlice controller: the addresses behind each Service, in slices of at most 100 endpoints.

Source: pkg/controller/endpointslice/endpointslice_controller.go (v1.36).
"""

from contextlib import suppress

from kubeactors.api.core.v1 import Node, Pod, Service
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.apimachinery.meta import DeleteOptions, Preconditions
from kubeactors.apimachinery.status import NotFound, StatusError
from kubeactors.client import (
    Change,
    Client,
    Controller,
    EventRecorder,
    Overlay,
    RecordEvent,
    SharedInformer,
    cluster_key,
    is_namespace_terminating,
    split_key,
)
from kubeactors.client.expectations import AWAIT_SECONDS
from kubeactors.controllers.backends import (
    CHANGE_DELAY_SECONDS,
    LABELS,
    SELECTOR,
    ZONE_LABEL,
    selected_pods,
    services_by_selector,
    services_of,
    trigger_time,
)
from kubeactors.controllers.endpointslice.hints import Zones
from kubeactors.controllers.endpointslice.plan import (
    MANAGED_BY_LABEL,
    MANAGER,
    SERVICE_NAME_LABEL,
    Hinting,
    is_managed,
    plan,
    triggered,
)
from kubeactors.controllers.pod_marks import SERVES
from kubeactors.controllers.pods import by_labels, by_node
from kubeactors.message import Recipient

SERVICE = "service"
"""Index: slices by the key of their Service."""
NODE = "node"
"""Index: pods by their node."""


class EndpointSliceController(Controller):
    """Maintains the slices of each Service with a selector, and restores those that are changed or deleted."""

    def __init__(  # noqa: PLR0913 -- one informer for each kind that it reads
        self,
        client: Client,
        events: Recipient[RecordEvent],
        *,
        services: SharedInformer[Service],
        pods: SharedInformer[Pod],
        nodes: SharedInformer[Node],
        slices: SharedInformer[EndpointSlice],
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        self._overlay: Overlay[EndpointSlice] = Overlay(slices.lister)
        services.add_indexes({SELECTOR: services_by_selector})
        pods.add_indexes({LABELS: by_labels, NODE: by_node})
        slices.add_indexes({SERVICE: _by_service})
        self._zones = Zones()
        self._dealt_out: dict[str, dict[str, str]] = {}
        """Services that use topology hints, and for each address family why hints could not be set, if so."""
        self._services = services.lister
        self._pods = pods.lister
        self._nodes = nodes.lister
        self._slices = slices.lister
        self.observe(services, self._on_service)
        self.observe(pods, self._on_pod, SERVES, concerns=self._is_selected)
        self.observe(nodes, self._on_node, nodes.news)
        self.observe(slices, self._on_slice)

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, "endpoint-slice-controller")
        self._random = self.ctx.random_for("names")

    # Events.

    def _on_service(self, change: Change[Service]) -> None:
        self.enqueue(change.key)

    def _is_selected(self, change: Change[Pod]) -> bool:
        """Whether a Service selects the pod now. A Service that is new or whose selector changes is enqueued itself."""
        return any(services_of(change, self._services))

    def _on_pod(self, change: Change[Pod]) -> None:
        for key in services_of(change, self._services):
            self.enqueue_after(key, CHANGE_DELAY_SECONDS)

    def _on_node(self, change: Change[Node]) -> None:
        """A node's zone is part of its pods' endpoints, and its CPUs determine its zone's share of endpoints."""
        if self._zones.put(change.key, change.new):
            for key in self._dealt_out:
                self.enqueue_after(key, CHANGE_DELAY_SECONDS)
        if _zone(change.old) == _zone(change.new):
            return
        for pod in self._pods.by_index(NODE, change.current.metadata.name).values():
            for key in services_of(Change(change.type, "", None, pod), self._services):
                self.enqueue_after(key, CHANGE_DELAY_SECONDS)

    def _on_slice(self, change: Change[EndpointSlice]) -> None:
        if self._overlay.seen(change):
            return
        for one in (change.old, change.new):
            for key in _by_service(one) if one is not None else ():
                self.enqueue(key)

    # Sync.

    async def reconcile(self, key: str) -> None:
        """Create, update and delete the slices of a Service."""
        service = self._services.by_key(key)
        if service is None:
            self._overlay.forget(key)
            self._dealt_out.pop(key, None)
            return  # the garbage collector deletes its slices
        if (
            service.metadata.deletion_timestamp is None
            and service.spec.type != "ExternalName"
            and service.spec.selector
        ):
            await self._sync(key, service)
        if self._overlay.lacking(key):
            self.enqueue_after(key, AWAIT_SECONDS)  # a relist may miss an object that came and went

    async def _sync(self, key: str, service: Service) -> None:
        present = await self._present(key)
        pods = tuple(selected_pods(service, self._pods))
        step = plan(service, pods, self._nodes, present, self._random, self._zones.ratios())
        self._record_hints(service, key, step.hints)
        time = trigger_time(service, pods)
        try:
            for one in step.update:
                self._overlay.wrote(key, await self._update(triggered(one, time)))
            for one in step.create:
                self._overlay.created(key, await self._client.create(triggered(one, time)))
            for one in step.delete:
                await self._delete(one)
        except StatusError as error:
            if not is_namespace_terminating(error):
                message = f"Error updating Endpoint Slices for Service {key}: {error}"
                self._recorder.warning(service, "FailedToUpdateEndpointSlices", message)
                raise

    def _record_hints(self, service: Service, key: str, hints: tuple[Hinting, ...]) -> None:
        """Record events when topology hints become enabled or disabled."""
        before = self._dealt_out.pop(key, {})
        for one in hints:
            known = before.get(one.family)
            if one.obstacle and one.obstacle != known:
                message = f"{one.obstacle}, addressType: {one.family}"
                self._recorder.warning(service, "TopologyAwareHintsDisabled", message)
            elif not one.obstacle and known != "":
                message = f"Topology Aware Hints has been enabled, addressType: {one.family}"
                self._recorder.normal(service, "TopologyAwareHintsEnabled", message)
        if hints:
            self._dealt_out[key] = {one.family: one.obstacle for one in hints}

    async def _present(self, key: str) -> tuple[EndpointSlice, ...]:
        if not self.in_doubt(key):
            return tuple(self._overlay.group(key, self._slices.by_index(SERVICE, key)))
        namespace, name = split_key(key)
        selector = f"{SERVICE_NAME_LABEL}={name},{MANAGED_BY_LABEL}={MANAGER}"
        live = await self._client.list(EndpointSlice, namespace, label_selector=selector)
        self._overlay.forget(key)
        return tuple(self._overlay.wrote(key, one) for one in live.items)

    async def _update(self, wanted: EndpointSlice) -> EndpointSlice:
        try:
            return await self._client.update(wanted)
        except NotFound:
            self._overlay.deleted(wanted)
            raise

    async def _delete(self, doomed: EndpointSlice) -> None:
        metadata = doomed.metadata
        options = DeleteOptions(preconditions=Preconditions(uid=metadata.uid))
        with suppress(NotFound):
            await self._client.delete(EndpointSlice, metadata.name, metadata.namespace, options=options)
        self._overlay.deleted(doomed)


def _by_service(found: EndpointSlice) -> tuple[str, ...]:
    """Index: see `SERVICE`."""
    name = found.metadata.labels.get(SERVICE_NAME_LABEL)
    return (cluster_key(found.metadata.namespace, name),) if name and is_managed(found) else ()


def _zone(node: Node | None) -> str:
    return node.metadata.labels.get(ZONE_LABEL, "") if node is not None else ""
