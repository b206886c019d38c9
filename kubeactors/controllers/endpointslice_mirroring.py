"""The EndpointSlice mirroring controller: mirrors user-managed Endpoints to EndpointSlices.

Only the Endpoints of Services without a selector are mirrored; the EndpointSlice controller covers the others.

Source: pkg/controller/endpointslicemirroring/{endpointslicemirroring_controller,reconciler,utils}.go (v1.36).
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from random import Random

import msgspec
from msgspec.structs import replace

from kubeactors.api.core.v1 import EndpointAddress, Endpoints, EndpointSubset, Service
from kubeactors.api.discovery.v1 import Endpoint, EndpointConditions, EndpointPort, EndpointSlice
from kubeactors.apimachinery.meta import DeleteOptions, ObjectMeta, Preconditions
from kubeactors.apimachinery.status import NotFound, StatusError
from kubeactors.client import (
    Change,
    Client,
    Controller,
    Overlay,
    SharedInformer,
    cluster_key,
    controller_reference,
    is_namespace_terminating,
    split_key,
)
from kubeactors.client.expectations import AWAIT_SECONDS
from kubeactors.controllers.backends import is_of_family
from kubeactors.controllers.pods import generated_name

MIRRORS = "mirrors"
"""Index: mirrored EndpointSlices by the key of their Endpoints."""

MANAGER = "endpointslicemirroring-controller.k8s.io"
MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
SERVICE_NAME_LABEL = "kubernetes.io/service-name"
SKIP_LABEL = "endpointslice.kubernetes.io/skip-mirror"
LEADER_ANNOTATION = "control-plane.alpha.kubernetes.io/leader"

NOT_COPIED_LABELS = (SERVICE_NAME_LABEL, MANAGED_BY_LABEL, "endpoints.kubernetes.io/managed-by")
NOT_COPIED_ANNOTATIONS = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "endpoints.kubernetes.io/last-change-trigger-time",
)
MAX_ENDPOINTS = 1000
"""At most this many addresses of a subset and address family are mirrored."""


class Content(msgspec.Struct, frozen=True):
    """The content of a mirrored EndpointSlice."""

    family: str
    endpoints: tuple[Endpoint, ...]
    ports: tuple[EndpointPort, ...]


class EndpointSliceMirroringController(Controller):
    """Keeps EndpointSlices in step with the Endpoints of Services without a selector."""

    def __init__(
        self,
        client: Client,
        *,
        services: SharedInformer[Service],
        endpoints: SharedInformer[Endpoints],
        slices: SharedInformer[EndpointSlice],
    ) -> None:
        super().__init__()
        self._client = client
        self._overlay: Overlay[EndpointSlice] = Overlay(slices.lister)
        slices.add_indexes({MIRRORS: _by_endpoints})
        self._services = services.lister
        self._endpoints = endpoints.lister
        self._slices = slices.lister
        self.observe(services, self._on_service)
        self.observe(endpoints, self._on_endpoints)
        self.observe(slices, self._on_slice)

    def started(self) -> None:
        """Subscribe."""
        super().started()
        self._random = self.ctx.random_for("names")

    def _on_service(self, change: Change[Service]) -> None:
        self.enqueue(change.key)

    def _on_endpoints(self, change: Change[Endpoints]) -> None:
        self.enqueue(change.key)

    def _on_slice(self, change: Change[EndpointSlice]) -> None:
        if self._overlay.seen(change):
            return
        for one in (change.old, change.new):
            for key in _by_endpoints(one) if one is not None else ():
                self.enqueue(key)

    async def reconcile(self, key: str) -> None:
        """Create, update and delete the EndpointSlices of an Endpoints object."""
        found, service = self._endpoints.by_key(key), self._services.by_key(key)
        mirrored = found is not None and service is not None and not service.spec.selector and is_mirrored(found)
        wanted = contents(found) if found is not None and mirrored else []
        try:
            for one in await self._present(key):
                content = _matching(one, wanted)
                if found is None or content is None:
                    await self._delete(one)
                else:
                    await self._update(key, found, one, content)
            if found is not None:
                for content in wanted:
                    self._overlay.created(key, await self._client.create(mirror(found, content, self._random)))
        except StatusError as error:
            if not is_namespace_terminating(error):
                raise
        if self._overlay.lacking(key):
            self.enqueue_after(key, AWAIT_SECONDS)  # a relist may miss an object that came and went

    async def _present(self, key: str) -> tuple[EndpointSlice, ...]:
        if not self.in_doubt(key):
            return tuple(self._overlay.group(key, self._slices.by_index(MIRRORS, key)))
        namespace, name = split_key(key)
        selector = f"{SERVICE_NAME_LABEL}={name},{MANAGED_BY_LABEL}={MANAGER}"
        live = await self._client.list(EndpointSlice, namespace, label_selector=selector)
        self._overlay.forget(key)
        return tuple(self._overlay.wrote(key, one) for one in live.items)

    async def _update(self, key: str, found: Endpoints, present: EndpointSlice, content: Content) -> None:
        metadata = replace(
            present.metadata,
            labels=_labels(found),
            annotations=_annotations(found),
            owner_references=(controller_reference(found),),
        )
        wanted = replace(present, metadata=metadata, endpoints=content.endpoints, ports=content.ports or None)
        if wanted == present:
            return
        try:
            self._overlay.wrote(key, await self._client.update(wanted))
        except NotFound:
            self._overlay.deleted(present)
            raise

    async def _delete(self, doomed: EndpointSlice) -> None:
        metadata = doomed.metadata
        options = DeleteOptions(preconditions=Preconditions(uid=metadata.uid))
        with suppress(NotFound):
            await self._client.delete(EndpointSlice, metadata.name, metadata.namespace, options=options)
        self._overlay.deleted(doomed)


def is_mirrored(found: Endpoints) -> bool:
    """Whether these Endpoints are to be mirrored: they are no leader election lock, and not labelled to be skipped."""
    metadata = found.metadata
    return metadata.labels.get(SKIP_LABEL) != "true" and LEADER_ANNOTATION not in metadata.annotations


def contents(found: Endpoints) -> list[Content]:
    """The contents of the EndpointSlices: one for each subset and address family."""
    return [one for subset in found.subsets for one in _of_subset(subset)]


def mirror(found: Endpoints, content: Content, random: Random) -> EndpointSlice:
    """A new EndpointSlice."""
    base = f"{found.metadata.name}-"
    metadata = ObjectMeta(
        name=generated_name(base, random),
        generate_name=base,
        namespace=found.metadata.namespace,
        labels=_labels(found),
        annotations=_annotations(found),
        owner_references=(controller_reference(found),),
    )
    return EndpointSlice(
        metadata=metadata,
        address_type=content.family,
        endpoints=content.endpoints,
        ports=content.ports or None,
    )


def _of_subset(subset: EndpointSubset) -> Iterator[Content]:
    ports = tuple(
        EndpointPort(name=one.name, port=one.port, protocol=one.protocol, app_protocol=one.app_protocol)
        for one in subset.ports
    )
    for family in ("IPv4", "IPv6"):
        ready = _endpoints(subset.addresses, family, ready=True)
        unready = _endpoints(subset.not_ready_addresses, family, ready=False)
        endpoints = (*ready, *unready)[:MAX_ENDPOINTS]
        if endpoints:
            yield Content(family, endpoints, ports)


def _endpoints(addresses: Iterable[EndpointAddress], family: str, *, ready: bool) -> Iterator[Endpoint]:
    for one in addresses:
        if is_of_family(one.ip, family):
            yield Endpoint(
                addresses=(one.ip,),
                conditions=EndpointConditions(ready=ready),
                hostname=one.hostname or None,
                node_name=one.node_name,
                target_ref=one.target_ref,
            )


def _matching(present: EndpointSlice, wanted: list[Content]) -> Content | None:
    """Take from `wanted` the content for this slice, preferably with the same ports; None if none fits."""
    same_family = [one for one in wanted if one.family == present.address_type]
    same_ports = [one for one in same_family if one.ports == (present.ports or ())]
    found = next(iter(same_ports or same_family), None)
    if found is not None:
        wanted.remove(found)
    return found


def _labels(found: Endpoints) -> dict[str, str]:
    labels = {key: value for key, value in found.metadata.labels.items() if key not in NOT_COPIED_LABELS}
    return {**labels, SERVICE_NAME_LABEL: found.metadata.name, MANAGED_BY_LABEL: MANAGER}


def _annotations(found: Endpoints) -> dict[str, str]:
    return {key: value for key, value in found.metadata.annotations.items() if key not in NOT_COPIED_ANNOTATIONS}


def _by_endpoints(found: EndpointSlice) -> tuple[str, ...]:
    """Index: see `MIRRORS`."""
    labels = found.metadata.labels
    if labels.get(MANAGED_BY_LABEL) != MANAGER or SERVICE_NAME_LABEL not in labels:
        return ()
    return (cluster_key(found.metadata.namespace, labels[SERVICE_NAME_LABEL]),)
