"""Distributes the endpoints of a Service over slices of at most 100, with as few writes as possible.

Source: staging/src/k8s.io/endpointslice/{reconciler,utils}.go (v1.36).
"""

from collections.abc import Iterable, Mapping, Sequence
from random import Random

import msgspec
from msgspec.structs import replace

from kubeactors.api.core.v1 import Node, ObjectReference, Pod, Service
from kubeactors.api.discovery.v1 import Endpoint, EndpointConditions, EndpointPort, EndpointSlice
from kubeactors.apimachinery.meta import ObjectMeta
from kubeactors.client import Lister, controller_reference
from kubeactors.controllers.backends import (
    HEADLESS_LABEL,
    TRIGGER_TIME,
    addresses,
    hostname,
    is_finished,
    service_labels,
    target_port,
    zone,
)
from kubeactors.controllers.endpointslice.hints import NoHints, close, is_topology_aware, topology_hints, with_hints
from kubeactors.controllers.pods import generated_name, is_ready

MAX_ENDPOINTS = 100
SERVICE_NAME_LABEL = "kubernetes.io/service-name"
MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
MANAGER = "endpointslice-controller.k8s.io"

Ports = tuple[EndpointPort, ...]
Uid = str


class Hinting(msgspec.Struct, frozen=True):
    """Whether the endpoints of an address family got topology hints; if not, why."""

    family: str
    obstacle: str = ""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Slices to write and to delete."""

    hints: tuple[Hinting, ...] = ()
    """For each address family, if the Service asks for topology-aware routing."""
    create: tuple[EndpointSlice, ...] = ()
    update: tuple[EndpointSlice, ...] = ()
    delete: tuple[EndpointSlice, ...] = ()


def plan(  # noqa: PLR0913, PLR0917 -- all that slices depend on
    service: Service,
    pods: Iterable[Pod],
    nodes: Lister[Node],
    present: Iterable[EndpointSlice],
    random: Random,
    ratios: Mapping[str, float],
) -> Plan:
    """The writes after which the slices hold the Service's endpoints, for each of its address families.

    `ratios` is the share of each zone in the CPUs of all nodes. Terminating slices are ignored.
    """
    pods, present = tuple(pods), tuple(one for one in present if one.metadata.deletion_timestamp is None)
    families = service.spec.ip_families or ("IPv4",)
    parts: list[Plan] = []
    hints: list[Hinting] = []
    for family in families:
        desired, hinting = hinted(service, desired_endpoints(service, pods, nodes, family), ratios, family)
        same_family = [one for one in present if one.address_type == family]
        parts.append(_plan_family(_Maker(service, family, random), desired, same_family))
        hints += hinting
    strangers = tuple(one for one in present if one.address_type not in families)
    return Plan(
        hints=tuple(hints),
        create=tuple(one for part in parts for one in part.create),
        update=tuple(one for part in parts for one in part.update),
        delete=(*(one for part in parts for one in part.delete), *strangers),
    )


def desired_endpoints(
    service: Service, pods: Iterable[Pod], nodes: Lister[Node], family: str
) -> dict[Ports, dict[Uid, Endpoint]]:
    """The endpoints by their ports, and by the UID of their pod."""
    found: dict[Ports, dict[Uid, Endpoint]] = {}
    for pod in pods:
        ips = addresses(pod, family)
        if ips and not is_finished(pod):
            ports = _ports(pod, service)
            found.setdefault(ports, {})[pod.metadata.uid] = _endpoint(service, pod, ips, nodes.get(pod.spec.node_name))
    return found


def hinted(
    service: Service, desired: Mapping[Ports, Mapping[Uid, Endpoint]], ratios: Mapping[str, float], family: str
) -> tuple[Mapping[Ports, Mapping[Uid, Endpoint]], tuple[Hinting, ...]]:
    """The endpoints of an address family with topology hints."""
    if not is_topology_aware(service):
        if service.spec.traffic_distribution is None:
            return desired, ()
        return {
            ports: {uid: with_hints(one, close(service, one)) for uid, one in endpoints.items()}
            for ports, endpoints in desired.items()
        }, ()
    every = [(ports, uid, one) for ports, endpoints in desired.items() for uid, one in endpoints.items()]
    try:
        given = topology_hints((one for _, _, one in every), ratios)
    except NoHints as obstacle:
        return desired, (Hinting(family, str(obstacle)),)
    found: dict[Ports, dict[Uid, Endpoint]] = {}
    for (ports, uid, one), hint in zip(every, given, strict=True):
        found.setdefault(ports, {})[uid] = with_hints(one, hint)
    return found, (Hinting(family),)


def is_managed(found: EndpointSlice) -> bool:
    """Whether this controller manages the slice."""
    return found.metadata.labels.get(MANAGED_BY_LABEL) == MANAGER


def _endpoint(service: Service, pod: Pod, ips: tuple[str, ...], node: Node | None) -> Endpoint:
    metadata = pod.metadata
    serving, terminating = is_ready(pod), metadata.deletion_timestamp is not None
    ready = service.spec.publish_not_ready_addresses or (serving and not terminating)
    return Endpoint(
        addresses=ips[:1],
        conditions=EndpointConditions(ready=ready, serving=serving, terminating=terminating),
        hostname=hostname(pod, service) or None,
        node_name=pod.spec.node_name or None,
        zone=zone(node),
        target_ref=ObjectReference(kind="Pod", namespace=metadata.namespace, name=metadata.name, uid=metadata.uid),
    )


def _ports(pod: Pod, service: Service) -> Ports:
    numbers = ((one, target_port(pod, one)) for one in service.spec.ports)
    return tuple(
        EndpointPort(name=one.name, port=number, protocol=one.protocol, app_protocol=one.app_protocol)
        for one, number in numbers
        if number is not None
    )


class _Maker:
    """Makes the slices of one address family of a Service."""

    def __init__(self, service: Service, family: str, random: Random) -> None:
        self._service = service
        self._family = family
        self._random = random
        reserved = (SERVICE_NAME_LABEL, MANAGED_BY_LABEL, HEADLESS_LABEL)
        names = {SERVICE_NAME_LABEL: service.metadata.name, MANAGED_BY_LABEL: MANAGER}
        self._labels = {**service_labels(service, reserved), **names}
        self._owners = (controller_reference(service),)

    def make(self, ports: Ports, endpoints: Sequence[Endpoint]) -> EndpointSlice:
        """A new slice with these endpoints."""
        base = f"{self._service.metadata.name}-"
        metadata = ObjectMeta(
            name=generated_name(base, self._random),
            generate_name=base,
            namespace=self._service.metadata.namespace,
            labels=self._labels,
            owner_references=self._owners,
        )
        return EndpointSlice(
            metadata=metadata, address_type=self._family, endpoints=tuple(endpoints) or None, ports=ports or None
        )

    def fill(self, found: EndpointSlice, endpoints: Sequence[Endpoint], ports: Ports) -> EndpointSlice:
        """The slice with these endpoints and up-to-date metadata; the same object if nothing changes."""
        changed = replace(found, endpoints=tuple(endpoints) or None, ports=ports or None)
        metadata = found.metadata
        if metadata.labels != self._labels or metadata.owner_references != self._owners:
            metadata = replace(metadata, labels=self._labels, owner_references=self._owners)
        changed = replace(changed, metadata=metadata)
        return found if changed == found else changed


def _plan_family(
    maker: _Maker, desired: Mapping[Ports, Mapping[Uid, Endpoint]], present: Sequence[EndpointSlice]
) -> Plan:
    create: list[EndpointSlice] = []
    update: list[EndpointSlice] = []
    delete = [one for one in present if (one.ports or ()) not in desired]
    for ports, endpoints in desired.items():
        same_ports = [one for one in present if (one.ports or ()) == ports]
        part = _plan_ports(maker, ports, endpoints, same_ports)
        create += part.create
        update += part.update
        delete += part.delete
    if len(present) == len(delete) and not create:
        create.append(maker.make((), ()))  # an empty slice says that the Service has no endpoints
    return _recycled(maker, create, update, delete)


def _recycled(
    maker: _Maker, create: list[EndpointSlice], update: list[EndpointSlice], delete: list[EndpointSlice]
) -> Plan:
    """Reuse slices that would be deleted, instead of creating others."""
    while create and delete:
        new, old = create.pop(0), delete.pop(0)
        recycled = maker.fill(old, new.endpoints or (), new.ports or ())
        if recycled is not old:
            update.append(recycled)
    return Plan(create=tuple(create), update=tuple(update), delete=tuple(delete))


def _plan_ports(maker: _Maker, ports: Ports, desired: Mapping[Uid, Endpoint], present: Sequence[EndpointSlice]) -> Plan:
    """Update the slices that must change; put new endpoints into those, else into one with room, else into new ones."""
    missing = dict(desired)
    kept = [(one, _kept(one, missing)) for one in present]
    changed = [(one, left) for one, left in kept if tuple(left) != (one.endpoints or ())]
    steady = [(one, left) for one, left in kept if tuple(left) == (one.endpoints or ())]
    waiting = list(missing.values())
    for _, left in changed:
        _take(left, waiting)
    if waiting and len(waiting) < MAX_ENDPOINTS:
        _fill_one(steady, waiting)
    create: list[EndpointSlice] = []
    while waiting:
        create.append(maker.make(ports, waiting[:MAX_ENDPOINTS]))
        del waiting[:MAX_ENDPOINTS]
    filled = [(one, maker.fill(one, left, ports)) for one, left in kept if left]
    return Plan(
        create=tuple(create),
        update=tuple(new for old, new in filled if new is not old),
        delete=tuple(one for one, left in kept if not left),
    )


def _kept(found: EndpointSlice, missing: dict[Uid, Endpoint]) -> list[Endpoint]:
    """The endpoints of a slice to keep, in their desired state. They are removed from `missing`."""
    left: list[Endpoint] = []
    for one in found.endpoints or ():
        wanted = missing.pop(one.target_ref.uid, None) if one.target_ref is not None else None
        if wanted is not None:
            left.append(wanted)
    return left


def _take(left: list[Endpoint], waiting: list[Endpoint]) -> None:
    room = MAX_ENDPOINTS - len(left)
    left += waiting[:room]
    del waiting[:room]


def _fill_one(steady: Sequence[tuple[EndpointSlice, list[Endpoint]]], waiting: list[Endpoint]) -> None:
    """Put all waiting endpoints into the fullest slice that has room for them."""
    fitting = [left for _, left in steady if len(left) + len(waiting) <= MAX_ENDPOINTS]
    if fitting:
        _take(max(fitting, key=len), waiting)


def triggered(found: EndpointSlice, time: str) -> EndpointSlice:
    """The slice with the annotation that says when the change happened that led to it."""
    if not time:
        return found
    metadata = found.metadata
    return replace(found, metadata=replace(metadata, annotations={**metadata.annotations, TRIGGER_TIME: time}))
