"""The address of a webhook.

Source: apiserver/pkg/util/webhook/{client,serviceresolver}.go (v1.36).
"""

from ipaddress import ip_address
from typing import cast

import msgspec

from kubeactors.api.admissionregistration.v1.matching import ServiceReference, WebhookClientConfig
from kubeactors.api.core.v1 import Service
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.api.discovery.v1.endpointslice import SERVICE_NAME_LABEL
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apiserver.admission.plugin import Lookup

SERVICES = GroupVersionResource("", "v1", "services")
SLICES = GroupVersionResource("discovery.k8s.io", "v1", "endpointslices")
HTTPS_PORT = 443


class Unreachable(Exception):
    """The webhook has no address; the message says why."""


class Endpoint(msgspec.Struct, frozen=True):
    """Where to post. `shown` is the URL in messages, `server_name` the name in the certificate."""

    url: str
    shown: str
    server_name: str = ""


def endpoint_of(config: WebhookClientConfig, lookup: Lookup) -> Endpoint | None:
    """The address of a webhook; None if all pods behind its service are simulated.

    Raises:
        Unreachable: the service does not exist, or has no ready pod.
    """
    if config.service is None:
        url = config.url or ""
        return Endpoint(url, url)
    ref = config.service
    port = HTTPS_PORT if ref.port is None else ref.port
    host, path = f"{ref.name}.{ref.namespace}.svc", (ref.path or "/").lstrip("/")
    found = _backends(ref, port, lookup)
    real = [one for one in found if ip_address(one[0]).is_loopback]
    if not real:
        return None
    address, target = real[0]
    return Endpoint(f"https://{address}:{target}/{path}", f"https://{host}:{port}/{path}", host)


def _backends(ref: ServiceReference, port: int, lookup: Lookup) -> list[tuple[str, int]]:
    """Addresses and ports of the ready pods."""
    service = cast("Service | None", lookup.get(SERVICES, ref.namespace, ref.name))
    if service is None:
        raise Unreachable(f'service "{ref.name}" not found')
    name = next((one.name for one in service.spec.ports if one.port == port), None)
    if name is None:
        raise Unreachable(f'no service port {port} found for service "{ref.name}"')
    found = [
        (address, target.port)
        for one in (cast("EndpointSlice", slice_) for slice_ in lookup.select(SLICES, ref.namespace))
        if one.metadata.labels.get(SERVICE_NAME_LABEL) == ref.name
        for target in one.ports or ()
        if (target.name or "") == name and target.port
        for endpoint in one.endpoints or ()
        if endpoint.conditions.ready is not False
        for address in (endpoint.addresses or ())[:1]
    ]
    if not found:
        raise Unreachable(f'no endpoints available for service "{ref.name}"')
    return found
