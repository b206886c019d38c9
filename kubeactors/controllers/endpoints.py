"""The endpoints controller: the addresses behind each Service, as one (legacy) Endpoints object.

Source: pkg/controller/endpoint/endpoints_controller.go, endpoints/util.go (v1.36).
"""

from collections.abc import Iterable
from contextlib import suppress

from msgspec.structs import replace

from kubeactors.api.core.v1 import (
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSubset,
    ObjectReference,
    Pod,
    Service,
)
from kubeactors.apimachinery.meta import DeleteOptions, ObjectMeta, Preconditions
from kubeactors.apimachinery.status import AlreadyExists, NotFound, StatusError
from kubeactors.client import (
    Change,
    Client,
    Controller,
    EventRecorder,
    Overlay,
    RecordEvent,
    SharedInformer,
    is_namespace_terminating,
    split_key,
)
from kubeactors.client.expectations import AWAIT_SECONDS
from kubeactors.controllers.backends import (
    CHANGE_DELAY_SECONDS,
    HEADLESS_LABEL,
    LABELS,
    SELECTOR,
    TRIGGER_TIME,
    addresses,
    hostname,
    is_finished,
    selected_pods,
    service_labels,
    services_by_selector,
    services_of,
    target_port,
    trigger_time,
)
from kubeactors.controllers.pod_marks import SERVES
from kubeactors.controllers.pods import by_labels, is_ready
from kubeactors.message import Recipient

MANAGED_BY_LABEL = "endpoints.kubernetes.io/managed-by"
MANAGER = "endpoint-controller"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
CAPACITY = 1000
"""The maximum number of addresses in one object; the rest is left out, and an annotation says so."""


class EndpointsController(Controller):
    """Maintains one Endpoints object for each Service with a selector."""

    def __init__(
        self,
        client: Client,
        events: Recipient[RecordEvent],
        *,
        services: SharedInformer[Service],
        pods: SharedInformer[Pod],
        endpoints: SharedInformer[Endpoints],
    ) -> None:
        super().__init__()
        self._client = client
        self._events = events
        self._overlay: Overlay[Endpoints] = Overlay(endpoints.lister)
        services.add_indexes({SELECTOR: services_by_selector})
        pods.add_indexes({LABELS: by_labels})
        self._services = services.lister
        self._pods = pods.lister
        self._endpoints = endpoints.lister
        self.observe(services, self._on_service)
        self.observe(pods, self._on_pod, SERVES, concerns=self._is_selected)
        self.observe(endpoints, self._on_endpoints)

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._recorder = EventRecorder(self._events, self.ctx, "endpoint-controller")

    def _on_service(self, change: Change[Service]) -> None:
        self.enqueue(change.key)

    def _is_selected(self, change: Change[Pod]) -> bool:
        """Whether a Service selects the pod now. A Service that is new or whose selector changes is enqueued itself."""
        return any(services_of(change, self._services))

    def _on_pod(self, change: Change[Pod]) -> None:
        for key in services_of(change, self._services):
            self.enqueue_after(key, CHANGE_DELAY_SECONDS)

    def _on_endpoints(self, change: Change[Endpoints]) -> None:
        if not self._overlay.seen(change):
            self.enqueue(change.key)

    async def reconcile(self, key: str) -> None:
        """Create, update or delete the Endpoints of a Service."""
        service = self._services.by_key(key)
        present = self._overlay.newest(key, self._endpoints.by_key(key))
        if service is None:
            await self._delete(present)
            self._overlay.forget(key)  # only now: if the deletion is retried, the Service may be back
            return
        if service.spec.type != "ExternalName" and service.spec.selector:
            await self._sync(key, service, present)
        if self._overlay.lacking(key):
            self.enqueue_after(key, AWAIT_SECONDS)  # a relist may miss an object that came and went

    async def _sync(self, key: str, service: Service, present: Endpoints | None) -> None:
        if self.in_doubt(key):
            present = await self._live(key)
        pods = tuple(selected_pods(service, self._pods))
        wanted = endpoints_of(service, pods, present)
        if wanted is not present:
            await self._write(key, wanted)

    async def _live(self, key: str) -> Endpoints | None:
        namespace, name = split_key(key)
        live = await self._client.find(Endpoints, name, namespace)
        self._overlay.forget(key)
        return self._overlay.wrote(key, live) if live is not None else None

    async def _delete(self, present: Endpoints | None) -> None:
        if present is None or MANAGED_BY_LABEL not in present.metadata.labels:
            return
        metadata = present.metadata
        options = DeleteOptions(preconditions=Preconditions(uid=metadata.uid))
        with suppress(NotFound):
            await self._client.delete(Endpoints, metadata.name, metadata.namespace, options=options)
        self._overlay.deleted(present)

    async def _write(self, key: str, wanted: Endpoints) -> None:
        creating = not wanted.metadata.resource_version
        try:
            written = await (self._client.create(wanted) if creating else self._client.update(wanted))
        except (AlreadyExists, NotFound):
            await self._live(key)
            raise
        except StatusError as error:
            if is_namespace_terminating(error):
                return
            verb, reason = ("create", "FailedToCreateEndpoint") if creating else ("update", "FailedToUpdateEndpoint")
            self._recorder.warning(wanted, reason, f"Failed to {verb} endpoint {key}: {error}")
            raise
        if creating:
            self._overlay.created(key, written)
        else:
            self._overlay.wrote(key, written)


def endpoints_of(service: Service, pods: tuple[Pod, ...], present: Endpoints | None) -> Endpoints:
    """The Endpoints of a Service with these pods; the present object if it is equal."""
    subsets, truncated = _truncated(subsets_of(service, pods))
    labels = {**service_labels(service, (MANAGED_BY_LABEL, HEADLESS_LABEL)), MANAGED_BY_LABEL: MANAGER}
    old = present.metadata if present is not None else ObjectMeta()
    annotations = {key: value for key, value in old.annotations.items() if key != OVER_CAPACITY}
    if truncated:
        annotations[OVER_CAPACITY] = "truncated"
    same = present is not None and present.subsets == subsets and old.labels == labels
    if present is not None and same and annotations == old.annotations:
        return present
    time = trigger_time(service, pods)
    if time:
        annotations[TRIGGER_TIME] = time
    metadata = replace(
        old,
        name=service.metadata.name,
        namespace=service.metadata.namespace,
        labels=labels,
        annotations=annotations,
    )
    return replace(present or Endpoints(), metadata=metadata, subsets=subsets)


def subsets_of(service: Service, pods: Iterable[Pod]) -> tuple[EndpointSubset, ...]:
    """The addresses of the pods, grouped by their target ports."""
    unready_too = service.spec.publish_not_ready_addresses
    ready: dict[tuple[EndpointPort, ...], list[EndpointAddress]] = {}
    unready: dict[tuple[EndpointPort, ...], list[EndpointAddress]] = {}
    for pod in pods:
        address = _address(pod, service)
        if address is None or (pod.metadata.deletion_timestamp is not None and not unready_too):
            continue
        ports = _ports(pod, service)
        if ports or not service.spec.ports:
            group = ready if unready_too or is_ready(pod) else unready
            group.setdefault(ports, []).append(address)
    return tuple(
        EndpointSubset(addresses=_sorted(ready.get(one)), not_ready_addresses=_sorted(unready.get(one)), ports=one)
        for one in sorted({**ready, **unready}, key=str)
    )


def _address(pod: Pod, service: Service) -> EndpointAddress | None:
    families = service.spec.ip_families
    found = addresses(pod, families[0] if families else "IPv4")
    if not found or is_finished(pod):
        return None
    metadata = pod.metadata
    reference = ObjectReference(kind="Pod", namespace=metadata.namespace, name=metadata.name, uid=metadata.uid)
    return EndpointAddress(
        ip=found[0],
        hostname=hostname(pod, service),
        node_name=pod.spec.node_name or None,
        target_ref=reference,
    )


def _ports(pod: Pod, service: Service) -> tuple[EndpointPort, ...]:
    found = ((one, target_port(pod, one)) for one in service.spec.ports)
    return tuple(
        EndpointPort(name=one.name, port=number, protocol=one.protocol, app_protocol=one.app_protocol)
        for one, number in found
        if number is not None
    )


def _sorted(found: list[EndpointAddress] | None) -> tuple[EndpointAddress, ...]:
    return tuple(sorted(found or (), key=lambda one: one.ip))


def _truncated(subsets: tuple[EndpointSubset, ...]) -> tuple[tuple[EndpointSubset, ...], bool]:
    """The subsets cut to the maximum number of addresses, ready ones first; and whether any were cut."""
    room = CAPACITY
    if sum(len(one.addresses) + len(one.not_ready_addresses) for one in subsets) <= room:
        return subsets, False
    ready: list[tuple[EndpointAddress, ...]] = []
    for one in subsets:
        ready.append(one.addresses[:room])
        room -= len(ready[-1])
    kept: list[EndpointSubset] = []
    for one, some in zip(subsets, ready, strict=True):
        unready = one.not_ready_addresses[:room]
        room -= len(unready)
        kept.append(replace(one, addresses=some, not_ready_addresses=unready))
    return tuple(one for one in kept if one.addresses or one.not_ready_addresses), True
