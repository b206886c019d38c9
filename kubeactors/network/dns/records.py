"""The DNS records of Services and pods.

Source: docs/specification.md of kubernetes/dns; plugin/kubernetes of CoreDNS for what goes beyond it: the names of
endpoints of Services with a cluster IP, SRV records of a Service's own name, and the weights of SRV records.
"""

from collections.abc import Iterable, Iterator

import dns.reversename
import msgspec

from kubeactors.api.core.v1 import Pod, Service
from kubeactors.api.core.v1.service import EXTERNAL_NAME, is_headless
from kubeactors.api.discovery.v1 import Endpoint, EndpointPort, EndpointSlice

CLUSTER_DOMAIN = "cluster.local"
SCHEMA_VERSION = "1.1.0"

TOTAL_WEIGHT = 100
"""Divided among the SRV records of a name."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """One resource record: a name in lower case without the last dot, a type, and the data as in a zone file."""

    name: str
    type: str
    data: str


class Target(msgspec.Struct, frozen=True, gc=False):
    """The target of an SRV record, and the port's name and protocol."""

    host: str
    port: int
    name: str
    protocol: str


def own_records() -> tuple[Record, ...]:
    """The records of an empty cluster."""
    soa = f"ns.dns.{CLUSTER_DOMAIN}. hostmaster.{CLUSTER_DOMAIN}. 1 7200 1800 86400 5"
    return (
        Record(CLUSTER_DOMAIN, "SOA", soa),
        Record(f"dns-version.{CLUSTER_DOMAIN}", "TXT", f'"{SCHEMA_VERSION}"'),
    )


def service_records(service: Service, slices: Iterable[EndpointSlice]) -> tuple[Record, ...]:
    """The records of a Service, without duplicates.

    Args:
        service: any Service; one without its cluster IP has no records of its own yet.
        slices: all EndpointSlices of the Service.
    """
    domain = f"{service.metadata.name}.{service.metadata.namespace}.svc.{CLUSTER_DOMAIN}"
    if service.spec.type == EXTERNAL_NAME:
        return (Record(domain, "CNAME", service.spec.external_name.lower().rstrip(".") + "."),)
    backends = tuple(_ready_backends(service, slices))
    found = _headless(domain, backends) if is_headless(service) else _with_cluster_ip(domain, service, backends)
    return tuple(dict.fromkeys(found))


def pod_records(pod: Pod) -> tuple[Record, ...]:
    """The record of a pod by its address, unless it has finished or is being deleted; as in CoreDNS with `pods verified`.

    >>> from kubeactors.api.core.v1 import PodIP, PodStatus
    >>> from kubeactors.apimachinery.meta import ObjectMeta
    >>> status = PodStatus(pod_ip="10.0.0.7", pod_ips=(PodIP(ip="10.0.0.7"),))
    >>> pod_records(Pod(metadata=ObjectMeta(name="web", namespace="shop"), status=status))
    (Record(name='10-0-0-7.shop.pod.cluster.local', type='A', data='10.0.0.7'),)
    """
    if pod.metadata.deletion_timestamp is not None or pod.status.phase in {"Succeeded", "Failed"}:
        return ()
    domain = f"{pod.metadata.namespace}.pod.{CLUSTER_DOMAIN}"
    return tuple(_address(f"{dashed(one.ip)}.{domain}", one.ip) for one in pod.status.pod_ips if one.ip)


def dashed(address: str) -> str:
    """An address as one label of a name.

    >>> dashed("10.0.0.7"), dashed("fd00::7")
    ('10-0-0-7', 'fd00--7')
    """
    return address.replace(".", "-").replace(":", "-")


Backend = tuple[str, str, tuple[EndpointPort, ...]]
"""The label of an endpoint, its address, and its ports."""


def _ready_backends(service: Service, slices: Iterable[EndpointSlice]) -> Iterator[Backend]:
    for one in slices:
        if one.address_type in {"IPv4", "IPv6"}:
            for endpoint in one.endpoints or ():
                if endpoint.addresses and _is_published(service, endpoint):
                    address = endpoint.addresses[0]
                    yield (endpoint.hostname or dashed(address)).lower(), address, one.ports or ()


def _is_published(service: Service, endpoint: Endpoint) -> bool:
    return endpoint.conditions.ready is not False or service.spec.publish_not_ready_addresses


def _headless(domain: str, backends: tuple[Backend, ...]) -> Iterator[Record]:
    for label, address, _ in backends:
        yield _address(domain, address)
        yield _address(f"{label}.{domain}", address)
        yield _pointer(address, f"{label}.{domain}")
    yield from _srv_records(
        domain,
        (
            Target(f"{label}.{domain}", port.port, port.name or "", port.protocol or "TCP")
            for label, _, ports in backends
            for port in ports
            if port.port is not None
        ),
    )


def _with_cluster_ip(domain: str, service: Service, backends: tuple[Backend, ...]) -> Iterator[Record]:
    for address in service.spec.cluster_ips:
        yield _address(domain, address)
        yield _pointer(address, domain)
    if service.spec.cluster_ips:
        ports = service.spec.ports
        yield from _srv_records(domain, (Target(domain, one.port, one.name, one.protocol or "TCP") for one in ports))
    for label, address, _ in backends:
        yield _address(f"{label}.{domain}", address)


def _srv_records(domain: str, targets: Iterable[Target]) -> Iterator[Record]:
    """SRV records of the domain for all ports, and below it for each port that has a name."""
    found: dict[str, dict[Target, None]] = {}
    for one in targets:
        found.setdefault(domain, {})[one] = None
        if one.name:
            found.setdefault(f"_{one.name}._{one.protocol}.{domain}".lower(), {})[one] = None
    for name, group in found.items():
        weight = max(TOTAL_WEIGHT // len(group), 1)
        for one in group:
            yield Record(name, "SRV", f"0 {weight} {one.port} {one.host}.")


def _address(name: str, address: str) -> Record:
    return Record(name, "AAAA" if ":" in address else "A", address)


def _pointer(address: str, domain: str) -> Record:
    return Record(dns.reversename.from_address(address).to_text(omit_final_dot=True), "PTR", f"{domain}.")
