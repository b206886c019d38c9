"""Defaults of Services.

Source: pkg/apis/core/v1/defaults.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.core.v1.service import (
    CLUSTER,
    CLUSTER_IP,
    LOAD_BALANCER,
    ClientIPConfig,
    LoadBalancerIngress,
    Service,
    ServicePort,
    ServiceSpec,
    SessionAffinityConfig,
    is_externally_accessible,
    needs_cluster_ip,
)

AFFINITY_SECONDS = 10800
"""The timeout of session affinity."""


def default_service(service: Service) -> Service:
    """Type ClusterIP, no session affinity, and target ports equal to the ports.

    >>> spec = default_service(Service(spec=ServiceSpec(ports=(ServicePort(port=80),)))).spec
    >>> spec.type, spec.ports[0].target_port, spec.ports[0].protocol, spec.internal_traffic_policy
    ('ClusterIP', 80, 'TCP', 'Cluster')
    """
    spec = service.spec
    spec = replace(spec, type=spec.type or CLUSTER_IP, ports=_default_ports(spec.ports))
    spec = _default_affinity(spec)
    service = replace(service, spec=spec)
    if not spec.external_traffic_policy and is_externally_accessible(service):
        spec = replace(spec, external_traffic_policy=CLUSTER)
    if spec.internal_traffic_policy is None and needs_cluster_ip(service):
        spec = replace(spec, internal_traffic_policy=CLUSTER)
    service = replace(service, spec=spec)
    return _default_load_balancer(service) if spec.type == LOAD_BALANCER else service


def _default_ports(ports: tuple[ServicePort, ...]) -> tuple[ServicePort, ...]:
    if all(port.protocol and port.target_port for port in ports):
        return ports
    return tuple(
        replace(port, protocol=port.protocol or "TCP", target_port=port.target_port or port.port) for port in ports
    )


def _default_affinity(spec: ServiceSpec) -> ServiceSpec:
    affinity = spec.session_affinity or "None"
    config = spec.session_affinity_config
    if affinity == "None":
        config = None
    elif affinity == "ClientIP" and (
        config is None or config.client_ip is None or config.client_ip.timeout_seconds is None
    ):
        config = SessionAffinityConfig(client_ip=ClientIPConfig(timeout_seconds=AFFINITY_SECONDS))
    return replace(spec, session_affinity=affinity, session_affinity_config=config)


def _default_load_balancer(service: Service) -> Service:
    spec, balancer = service.spec, service.status.load_balancer
    if spec.allocate_load_balancer_node_ports is None:
        service = replace(service, spec=replace(spec, allocate_load_balancer_node_ports=True))
    if all(map(_has_mode, balancer.ingress)):
        return service
    ingress = tuple(one if _has_mode(one) else replace(one, ip_mode="VIP") for one in balancer.ingress)
    return replace(service, status=replace(service.status, load_balancer=replace(balancer, ingress=ingress)))


def _has_mode(ingress: LoadBalancerIngress) -> bool:
    return not ingress.ip or ingress.ip_mode is not None
