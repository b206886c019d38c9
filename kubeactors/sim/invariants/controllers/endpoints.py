"""Invariants of Endpoints and EndpointSlices."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, NamedTuple

from kubeactors.actor.cell import Cell
from kubeactors.api.core.v1 import Endpoints, Node, Pod, Service
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.apimachinery.meta import IntOrString, TypedObject
from kubeactors.sim.bounds.rollouts import FINISHED, is_ready
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.prompt import PromptInvariant
from kubeactors.sim.world import Commit, World

SERVICE_NAME = "kubernetes.io/service-name"
HEADLESS = "service.kubernetes.io/headless"
OWN_LABELS = (SERVICE_NAME, "endpoints.kubernetes.io/managed-by", "endpointslice.kubernetes.io/managed-by")
"""Labels that endpoints do not copy from their service."""
ZONE = "topology.kubernetes.io/zone"
EXTERNAL_NAME = "ExternalName"
READY, NOT_READY, GOING = "ready", "not ready", "going"


class Place(NamedTuple):
    """One address of a service's endpoints."""

    address: str
    state: str
    ports: tuple[str, ...]
    node: str
    zone: str
    """Empty in Endpoints, which have no zone."""
    uid: str
    """The uid of the pod."""


class EndpointsEqualReadyPods(PromptInvariant):
    """When all is quiet, the Endpoints and EndpointSlices of a service list exactly the pods that it selects.

    With their readiness, target ports, nodes and zones; and with the labels of the service.
    """

    name: ClassVar[str] = "endpoints-equal-ready-pods"
    reads: ClassVar[tuple[type[TypedObject], ...]] = (Service, Endpoints, EndpointSlice, Pod, Node)

    def settled(self) -> Iterator[str]:
        """Check each service with a selector."""
        labelled = _by_label(self.world.of(Pod).values())
        for service in self.world.of(Service).values():
            if service.spec.selector and service.spec.type != EXTERNAL_NAME:
                yield from self._look(service, _selected(service, labelled))

    def _look(self, service: Service, selected: Iterable[Pod]) -> Iterator[str]:
        pods = [pod for pod in selected if pod.status.phase not in FINISHED and pod.status.pod_ip]
        going = service.spec.publish_not_ready_addresses
        listed = [self._place(pod, service) for pod in pods if going or pod.metadata.deletion_timestamp is None]
        reached = [one for one in listed if one.ports or not service.spec.ports]
        everything = [self._place(pod, service, sliced=True) for pod in pods]
        for where, said, expected in (
            ("Endpoints", self._endpoints(service), reached),
            ("EndpointSlices", self._slices(service), everything),
        ):
            if sorted(said) != sorted(expected):
                yield f"the {where} of {title(service)} list {_listed(said)}, but should list {_listed(expected)}"
        labels = service.metadata.labels | ({HEADLESS: ""} if service.spec.cluster_ip == "None" else {})
        for one in self._labelled(service):
            own = {key: value for key, value in one.metadata.labels.items() if key not in OWN_LABELS}
            if own != labels:
                yield f"{title(one)} has the labels {own}, but {title(service)} has {labels}"

    def _place(self, pod: Pod, service: Service, *, sliced: bool = False) -> Place:
        """The expected entry of a pod."""
        state = READY if service.spec.publish_not_ready_addresses or is_ready(pod) else NOT_READY
        if sliced and pod.metadata.deletion_timestamp is not None:
            state = GOING
        found = ((one, _number(pod, one.target_port, one.protocol)) for one in service.spec.ports)
        ports = tuple(_port(one.name, number, one.protocol) for one, number in found if number)
        node = self.world.find(Node, pod.spec.node_name, "") if sliced else None
        zone = node.metadata.labels.get(ZONE, "") if node is not None else ""
        return Place(pod.status.pod_ip, state, ports, pod.spec.node_name, zone, pod.metadata.uid)

    def _endpoints(self, service: Service) -> list[Place]:
        metadata = service.metadata
        found = self.world.find(Endpoints, metadata.name, metadata.namespace)
        return [
            Place(one.ip, state, ports, one.node_name or "", "", one.target_ref.uid if one.target_ref else "")
            for subset in (found.subsets if found is not None else ())
            for ports in [tuple(_port(port.name, port.port, port.protocol) for port in subset.ports)]
            for state, addresses in ((READY, subset.addresses), (NOT_READY, subset.not_ready_addresses))
            for one in addresses
        ]

    def _slices(self, service: Service) -> list[Place]:
        return [
            Place(
                address,
                GOING if one.conditions.terminating else READY if one.conditions.ready else NOT_READY,
                tuple(_port(port.name or "", port.port or 0, port.protocol or "") for port in found.ports or ()),
                one.node_name or "",
                one.zone or "",
                one.target_ref.uid if one.target_ref else "",
            )
            for found in self._slices_of(service)
            for one in found.endpoints or ()
            for address in one.addresses or ()
        ]

    def _slices_of(self, service: Service) -> list[EndpointSlice]:
        return [
            one
            for one in self.world.of(EndpointSlice).values()
            if any(owner.uid == service.metadata.uid for owner in one.metadata.owner_references)
        ]

    def _labelled(self, service: Service) -> list[Endpoints | EndpointSlice]:
        found = self.world.find(Endpoints, service.metadata.name, service.metadata.namespace)
        return [*([found] if found is not None else []), *self._slices_of(service)]


def _by_label(pods: Iterable[Pod]) -> Mapping[tuple[str, str, str], Sequence[Pod]]:
    """Pods by namespace, key and value of each label."""
    found: dict[tuple[str, str, str], list[Pod]] = {}
    for pod in pods:
        for key, value in pod.metadata.labels.items():
            found.setdefault((pod.metadata.namespace, key, value), []).append(pod)
    return found


def _selected(service: Service, labelled: Mapping[tuple[str, str, str], Sequence[Pod]]) -> Iterator[Pod]:
    """The pods that a service selects."""
    wanted = service.spec.selector.items()
    key, value = next(iter(wanted))
    for pod in labelled.get((service.metadata.namespace, key, value), ()):
        if wanted <= pod.metadata.labels.items():
            yield pod


def _number(pod: Pod, target: IntOrString, protocol: str) -> int:
    """The port of a pod by number or name; 0 if it has none of that name."""
    if isinstance(target, int):
        return target
    ports = (port for container in pod.spec.containers for port in container.ports)
    return next((one.container_port for one in ports if (one.name, one.protocol) == (target, protocol)), 0)


def _port(name: str, number: int, protocol: str) -> str:
    return f"{name}:{number}/{protocol}"


def _listed(places: Iterable[Place]) -> str:
    return (
        "; ".join(f"{one.address} {one.state} {' '.join(one.ports)} {one.node}" for one in sorted(places)) or "nothing"
    )


class MirroredEndpointsMatch(Invariant):
    """When all is quiet, the EndpointSlices of a service without a selector mirror its Endpoints, which users write.

    And no slice refers to a service that does not exist, unless it was orphaned.

    Source: syncService in pkg/controller/endpointslice/endpointslice_controller.go (v1.36).
    """

    name: ClassVar[str] = "mirrored-endpoints-match"
    kinds: ClassVar[tuple[type[TypedObject], ...]] = (EndpointSlice,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._orphaned: dict[str, None] = {}
        """The uids of orphaned slices."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Note orphaned slices."""
        old, new = commit.old, commit.new
        if old is not None and new is not None and _is_a_services(old) and not new.metadata.owner_references:
            self._orphaned[new.metadata.uid] = None
        yield from ()

    def settled(self) -> Iterator[str]:
        """Check each service without a selector, and look for slices whose service does not exist."""
        for service in self.world.of(Service).values():
            metadata = service.metadata
            if not service.spec.selector and metadata.name != "kubernetes":
                found = self.world.find(Endpoints, metadata.name, metadata.namespace)
                subsets = found.subsets if found is not None else ()
                expected = sorted(one.ip for subset in subsets for one in subset.addresses)
                said = sorted(self._said(metadata.namespace, metadata.name))
                if said != expected:
                    yield f"the EndpointSlices of {title(service)} list {said}, but its Endpoints list {expected}"
        for one in self.world.of(EndpointSlice).values():
            name = one.metadata.labels.get(SERVICE_NAME, "")
            orphaned = one.metadata.uid in self._orphaned
            if name and not orphaned and self.world.find(Service, name, one.metadata.namespace) is None:
                yield f"{title(one)} exists, but its service {name} does not"

    def _said(self, namespace: str, name: str) -> Iterator[str]:
        for one in self.world.of(EndpointSlice).values():
            if one.metadata.namespace == namespace and one.metadata.labels.get(SERVICE_NAME) == name:
                for endpoint in one.endpoints or ():
                    yield from endpoint.addresses or ()


def _is_a_services(value: TypedObject) -> bool:
    return any(one.kind == "Service" for one in value.metadata.owner_references)


INVARIANTS: tuple[type[Invariant], ...] = (EndpointsEqualReadyPods, MirroredEndpointsMatch)
