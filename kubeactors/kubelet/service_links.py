"""The environment variables of Services that existed before a pod. Pure.

Source: pkg/kubelet/envvars/envvars.go, pkg/kubelet/kubelet_pods.go getServiceEnvVarMap (v1.36).
"""

from collections.abc import Iterator, Sequence

from kubeactors.api.core.v1 import Pod, Service
from kubeactors.api.core.v1.service import ServicePort

MASTER = ("default", "kubernetes")
"""Namespace and name of the Service whose variables every pod gets."""


def service_links(services: Sequence[Service], pod: Pod) -> dict[str, str]:
    """The variables for a pod: of the API server, and of the Services of its namespace unless it disables them.

    Services that were created after the pod had started are left out, and so are those without an address or ports.
    """
    metadata, wants_links = pod.metadata, pod.spec.enable_service_links is not False
    begun = pod.status.start_time
    chosen = {
        one.metadata.name: one
        for one in services
        if (one.metadata.namespace == metadata.namespace and wants_links)
        or (one.metadata.namespace, one.metadata.name) == MASTER
    }
    return {
        name: value
        for _, one in sorted(chosen.items())
        if one.spec.cluster_ip not in {"", "None"}
        and one.spec.ports
        and (begun is None or (one.metadata.creation_timestamp or "") <= begun)
        for name, value in _variables(one)
    }


def _variables(service: Service) -> Iterator[tuple[str, str]]:
    name, address, ports = _name(service.metadata.name), service.spec.cluster_ip, service.spec.ports
    yield f"{name}_SERVICE_HOST", address
    yield f"{name}_SERVICE_PORT", str(ports[0].port)
    for port in ports:
        if port.name:
            yield f"{name}_SERVICE_PORT_{_name(port.name)}", str(port.port)
    yield f"{name}_PORT", _url(ports[0], address)
    for port in ports:
        prefix = f"{name}_PORT_{port.port}_{port.protocol or 'TCP'}"
        yield prefix, _url(port, address)
        yield f"{prefix}_PROTO", (port.protocol or "TCP").lower()
        yield f"{prefix}_PORT", str(port.port)
        yield f"{prefix}_ADDR", address


def _url(port: ServicePort, address: str) -> str:
    host = f"[{address}]" if ":" in address else address
    return f"{(port.protocol or 'TCP').lower()}://{host}:{port.port}"


def _name(name: str) -> str:
    """The form of a Service's name in variables.

    >>> _name("my-web")
    'MY_WEB'
    """
    return name.replace("-", "_").upper()
