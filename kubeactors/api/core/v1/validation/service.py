"""Validation of Services. Addresses are validated in `service_addresses`.

Source: pkg/apis/core/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

from kubeactors.api.core.v1.service import (
    CLUSTER,
    CLUSTER_IP,
    EXTERNAL_NAME,
    LOAD_BALANCER,
    LOCAL,
    NODE_PORT,
    TOPOLOGY_HINTS,
    TOPOLOGY_MODE,
    Service,
    ServicePort,
    ServiceSpec,
    is_externally_accessible,
    is_headless,
    needs_cluster_ip,
    needs_health_check,
)
from kubeactors.api.core.v1.validation.service_addresses import (
    validate_changed_addresses,
    validate_cluster_ips,
    validate_external_ips,
    validate_load_balancer_status,
    validate_source_ranges,
)
from kubeactors.api.validation import (
    PROTOCOLS,
    validate_one_of,
    validate_port,
    validate_port_number_or_name,
    validate_text,
)
from kubeactors.apimachinery import names
from kubeactors.apimachinery.field import FieldError, duplicate, forbidden, invalid, not_supported, required
from kubeactors.apimachinery.labels import validate_labels

TYPES = (CLUSTER_IP, EXTERNAL_NAME, LOAD_BALANCER, NODE_PORT)
AFFINITIES = ("ClientIP", "None")
TRAFFIC_POLICIES = (CLUSTER, LOCAL)
TRAFFIC_DISTRIBUTIONS = ("PreferClose", "PreferSameZone", "PreferSameNode")
MAX_AFFINITY_SECONDS = 86400

_ONLY_LOAD_BALANCER = "may only be used when `type` is 'LoadBalancer'"


def validate_service(service: Service, old: Service | None = None) -> Iterator[FieldError]:
    """Validate a defaulted service with its addresses. Existing values of `old` are accepted."""
    spec = service.spec
    yield from _validate_annotations(service)
    if not spec.ports and not is_headless(service) and spec.type != EXTERNAL_NAME:
        yield required("spec.ports")
    yield from _validate_for_type(service)
    yield from _validate_ports(spec.ports)
    yield from validate_labels(spec.selector, "spec.selector")
    yield from _validate_affinity(spec)
    yield from validate_cluster_ips(service, old)
    yield from validate_external_ips(service, old)
    yield from validate_one_of(spec.type, "spec.type", TYPES)
    yield from _validate_port_numbers(spec)
    yield from validate_source_ranges(service, old)
    yield from _validate_load_balancer(spec)
    yield from _validate_external_policy(service)
    yield from _validate_internal_policy(service)


def validate_service_update(new: Service, old: Service) -> Iterator[FieldError]:
    """Cluster IPs are immutable, unless the service is or becomes an ExternalName."""
    yield from validate_changed_addresses(new, old)
    if new.spec.type == LOAD_BALANCER == old.spec.type:
        new_class = new.spec.load_balancer_class
        if new_class != old.spec.load_balancer_class:
            yield invalid("spec.loadBalancerClass", new_class, "may not change once set")
    yield from _validate_load_balancer_class(new.spec)
    checked = needs_health_check(old) and needs_health_check(new)
    if checked and new.spec.health_check_node_port != old.spec.health_check_node_port:
        yield forbidden("spec.healthCheckNodePort", "field is immutable")
    yield from validate_service(new, old)


def validate_service_status(new: Service, old: Service) -> Iterator[FieldError]:
    """The load balancer status is valid."""
    return validate_load_balancer_status(new, old)


def _validate_annotations(service: Service) -> Iterator[FieldError]:
    annotations = service.metadata.annotations
    mode, hints = annotations.get(TOPOLOGY_MODE), annotations.get(TOPOLOGY_HINTS)
    if mode is not None and hints is not None and mode != hints:
        detail = f"must match annotations[{TOPOLOGY_HINTS}] when both are specified"
        yield invalid(f"metadata.annotations[{TOPOLOGY_MODE}]", mode, detail)


def _validate_for_type(service: Service) -> Iterator[FieldError]:
    kind = service.spec.type
    if kind in (LOAD_BALANCER, NODE_PORT) and is_headless(service):
        yield invalid("spec.clusterIPs[0]", "None", f"may not be set to 'None' for {kind} services")
    elif kind == EXTERNAL_NAME:
        yield from _validate_external_name(service.spec)


def _validate_external_name(spec: ServiceSpec) -> Iterator[FieldError]:
    unused = {
        "clusterIPs": bool(spec.cluster_ips),
        "ipFamilies": bool(spec.ip_families),
        "ipFamilyPolicy": spec.ip_family_policy is not None,
    }
    for field, used in unused.items():
        if used:
            yield forbidden(f"spec.{field}", "may not be set for ExternalName services")
    name = spec.external_name.removesuffix(".")
    if name:
        yield from validate_text(name, "spec.externalName", names.dns1123_subdomain)
    else:
        yield required("spec.externalName")


def _validate_ports(ports: tuple[ServicePort, ...]) -> Iterator[FieldError]:
    seen: dict[str, None] = {}
    for i, port in enumerate(ports):
        path = f"spec.ports[{i}]"
        if port.name:
            yield from validate_text(port.name, f"{path}.name", names.dns1123_label)
            if port.name in seen:
                yield duplicate(f"{path}.name", port.name)
            seen[port.name] = None
        elif len(ports) > 1:
            yield required(f"{path}.name")
        yield from validate_port(port.port, f"{path}.port")
        yield from validate_one_of(port.protocol, f"{path}.protocol", PROTOCOLS)
        yield from validate_port_number_or_name(port.target_port, f"{path}.targetPort")
        if port.app_protocol is not None:
            yield from validate_text(port.app_protocol, f"{path}.appProtocol", names.qualified_name)


def _validate_affinity(spec: ServiceSpec) -> Iterator[FieldError]:
    yield from validate_one_of(spec.session_affinity, "spec.sessionAffinity", AFFINITIES)
    if spec.session_affinity == "ClientIP":
        yield from _validate_affinity_config(spec)
    elif spec.session_affinity == "None" and spec.session_affinity_config is not None:
        yield forbidden("spec.sessionAffinityConfig", "must not be set when session affinity is None")


def _validate_affinity_config(spec: ServiceSpec) -> Iterator[FieldError]:
    config, detail, path = (
        spec.session_affinity_config,
        "when session affinity type is ClientIP",
        "spec.sessionAffinityConfig",
    )
    if config is None:
        yield required(path, detail)
    elif config.client_ip is None:
        yield required(f"{path}.clientIP", detail)
    elif config.client_ip.timeout_seconds is None:
        yield required(f"{path}.clientIP.timeoutSeconds", detail)
    elif not 0 < config.client_ip.timeout_seconds <= MAX_AFFINITY_SECONDS:
        detail = f"must be greater than 0 and less than {MAX_AFFINITY_SECONDS}"
        yield invalid(f"{path}.clientIP.timeoutSeconds", config.client_ip.timeout_seconds, detail)


def _validate_port_numbers(spec: ServiceSpec) -> Iterator[FieldError]:
    """Pairs of port and protocol are unique."""
    if spec.type == CLUSTER_IP:
        for i, port in enumerate(spec.ports):
            if port.node_port:
                yield forbidden(f"spec.ports[{i}].nodePort", "may not be used when `type` is 'ClusterIP'")
    node_ports: dict[tuple[str, int], None] = {}
    for i, port in enumerate(spec.ports):
        if port.node_port and (port.protocol, port.node_port) in node_ports:
            yield duplicate(f"spec.ports[{i}].nodePort", port.node_port)
        node_ports[port.protocol, port.node_port] = None
    ports: dict[tuple[str, int], None] = {}
    for i, port in enumerate(spec.ports):
        if (port.protocol, port.port) in ports:
            yield duplicate(f"spec.ports[{i}]", _internal(port))
        ports[port.protocol, port.port] = None


def _internal(port: ServicePort) -> dict[str, object]:
    """A port and its protocol as Kubernetes prints them: the internal type has no JSON names."""
    return {
        "Name": "",
        "Protocol": port.protocol,
        "AppProtocol": None,
        "Port": port.port,
        "TargetPort": 0,
        "NodePort": 0,
    }


def _validate_load_balancer(spec: ServiceSpec) -> Iterator[FieldError]:
    allocate = spec.allocate_load_balancer_node_ports
    if allocate is not None and spec.type != LOAD_BALANCER:
        yield forbidden("spec.allocateLoadBalancerNodePorts", _ONLY_LOAD_BALANCER)
    if allocate is None and spec.type == LOAD_BALANCER:
        yield required("allocateLoadBalancerNodePorts")
    yield from _validate_load_balancer_class(spec)


def _validate_load_balancer_class(spec: ServiceSpec) -> Iterator[FieldError]:
    if spec.load_balancer_class is None:
        return
    if spec.type == LOAD_BALANCER:
        yield from validate_text(spec.load_balancer_class, "spec.loadBalancerClass", names.qualified_name)
    else:
        yield forbidden("spec.loadBalancerClass", _ONLY_LOAD_BALANCER)


def _validate_external_policy(service: Service) -> Iterator[FieldError]:
    policy = service.spec.external_traffic_policy
    if is_externally_accessible(service):
        yield from validate_one_of(policy, "spec.externalTrafficPolicy", TRAFFIC_POLICIES)
    elif policy:
        yield invalid("spec.externalTrafficPolicy", policy, "may only be set for externally-accessible services")
    port = service.spec.health_check_node_port
    if not needs_health_check(service):
        if port:
            detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
            yield invalid("spec.healthCheckNodePort", port, detail)
    elif not port:
        yield required("spec.healthCheckNodePort")
    else:
        yield from validate_port(port, "spec.healthCheckNodePort")


def _validate_internal_policy(service: Service) -> Iterator[FieldError]:
    policy = service.spec.internal_traffic_policy
    if policy is None:
        if needs_cluster_ip(service):
            yield required("spec.internalTrafficPolicy")
    elif policy not in TRAFFIC_POLICIES:
        yield not_supported("spec.internalTrafficPolicy", policy, TRAFFIC_POLICIES)
    distribution = service.spec.traffic_distribution
    if distribution is not None and distribution not in TRAFFIC_DISTRIBUTIONS:
        yield not_supported("spec.trafficDistribution", distribution, TRAFFIC_DISTRIBUTIONS)
