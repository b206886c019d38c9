"""Service: a stable address and name for a set of pods.

Source: api/core/v1/types.go (v1.36).
"""

from typing import Annotated

import msgspec

from kubeactors.apimachinery.meta import ATOMIC, Condition, IntOrString, Object, TypedObject, always, list_map, merge_by

CLUSTER_IP, NODE_PORT, LOAD_BALANCER, EXTERNAL_NAME = "ClusterIP", "NodePort", "LoadBalancer", "ExternalName"
"""The types of a service."""

HEADLESS = "None"
"""The cluster IP of a headless service, whose name resolves to its endpoints."""

LOCAL, CLUSTER = "Local", "Cluster"
"""The traffic policies: this node's endpoints only, or those of all nodes."""

TOPOLOGY_MODE = "service.kubernetes.io/topology-mode"
"""The annotation that prefers endpoints of the client's zone."""

TOPOLOGY_HINTS = "service.kubernetes.io/topology-aware-hints"
"""The older name of the same annotation."""


class ServicePort(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A port of the service and its target; `target_port` is a number or the name of a container port."""

    name: str = ""
    protocol: str = ""
    app_protocol: str | None = None
    port: int = always(0)
    target_port: IntOrString = always(0)
    node_port: int = 0


class ClientIPConfig(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The timeout of session affinity."""

    timeout_seconds: int | None = None


class SessionAffinityConfig(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Settings of session affinity; there is only one kind of it."""

    client_ip: ClientIPConfig | None = msgspec.field(default=None, name="clientIP")


class ServiceSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The type, selector, ports and addresses of a service."""

    ports: Annotated[tuple[ServicePort, ...], merge_by("port"), list_map("port", "protocol")] = ()
    selector: Annotated[dict[str, str], ATOMIC] = {}
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    cluster_ips: tuple[str, ...] = msgspec.field(default=(), name="clusterIPs")
    type: str = ""
    external_ips: tuple[str, ...] = msgspec.field(default=(), name="externalIPs")
    session_affinity: str = ""
    load_balancer_ip: str = msgspec.field(default="", name="loadBalancerIP")
    load_balancer_source_ranges: tuple[str, ...] = ()
    external_name: str = ""
    external_traffic_policy: str = ""
    health_check_node_port: int = 0
    publish_not_ready_addresses: bool = False
    session_affinity_config: SessionAffinityConfig | None = None
    ip_families: tuple[str, ...] = ()
    ip_family_policy: str | None = None
    allocate_load_balancer_node_ports: bool | None = None
    load_balancer_class: str | None = None
    internal_traffic_policy: str | None = None
    traffic_distribution: str | None = None


class PortStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The status of a port of a load balancer."""

    port: int = always(0)
    protocol: str = always("")
    error: str | None = None


class LoadBalancerIngress(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An address of a load balancer."""

    ip: str = ""
    hostname: str = ""
    ip_mode: str | None = None
    ports: tuple[PortStatus, ...] = ()


class LoadBalancerStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The addresses of the load balancer."""

    ingress: tuple[LoadBalancerIngress, ...] = ()


class ServiceStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The status of the load balancer."""

    load_balancer: LoadBalancerStatus = always(LoadBalancerStatus())
    conditions: Annotated[tuple[Condition, ...], merge_by("type")] = ()


class Service(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A stable address and name for a set of pods."""

    api_version: str = "v1"
    kind: str = "Service"
    spec: ServiceSpec = always(ServiceSpec())
    status: ServiceStatus = always(ServiceStatus())


def is_headless(service: Service) -> bool:
    """Whether the service is headless."""
    return service.spec.cluster_ips == (HEADLESS,)


def is_externally_accessible(service: Service) -> bool:
    """Whether traffic can come from outside the cluster, so that the external traffic policy matters."""
    spec = service.spec
    return spec.type in (LOAD_BALANCER, NODE_PORT) or (spec.type == CLUSTER_IP and bool(spec.external_ips))


def needs_cluster_ip(service: Service) -> bool:
    """Whether its type has a cluster IP, which may be "None"."""
    return service.spec.type in (CLUSTER_IP, NODE_PORT, LOAD_BALANCER)


def needs_health_check(service: Service) -> bool:
    """Whether it has a health check node port."""
    return service.spec.type == LOAD_BALANCER and service.spec.external_traffic_policy == LOCAL


def service_fields(service: Service) -> dict[str, str]:
    """The fields that field selectors support."""
    return {"spec.clusterIP": service.spec.cluster_ip, "spec.type": service.spec.type}
