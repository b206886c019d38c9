"""What every cluster has from the start: namespaces, priority classes, and the service of the API server.

The objects that describe the server are in `selfdescription.py`, roles and bindings in `rbac/bootstrap.py`.

Source: pkg/controlplane/controller/systemnamespaces, kubernetesservice, reconcilers; pkg/registry/scheduling/rest (v1.36).
"""

from collections.abc import Mapping

from kubeactors.api.core.v1 import (
    EndpointAddress,
    EndpointPort,
    Endpoints,
    EndpointSubset,
    Namespace,
    Service,
    ServicePort,
    ServiceSpec,
)
from kubeactors.api.discovery.v1 import Endpoint, EndpointSlice
from kubeactors.api.discovery.v1 import EndpointPort as SlicePort
from kubeactors.api.discovery.v1.endpointslice import EndpointConditions
from kubeactors.api.scheduling.v1 import SYSTEM_PRIORITY_CLASSES
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource, UserInfo
from kubeactors.apimachinery.status import AlreadyExists
from kubeactors.apiserver.admission.plugin import CREATE, Attributes
from kubeactors.apiserver.admission.pods import PRIORITY_CLASSES
from kubeactors.apiserver.config import ApiServerConfig
from kubeactors.apiserver.registry.registry import Registry
from kubeactors.apiserver.registry.resource import Resource

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
SELF = UserInfo(name="system:apiserver", groups=("system:masters",))

_PORT = "https"
_LABELS = {"component": "apiserver", "provider": "kubernetes"}
_SERVICE_OF_SLICE = "kubernetes.io/service-name"
_SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror"


def first_objects(config: ApiServerConfig, address: str) -> list[tuple[GroupVersionResource, TypedObject]]:
    """The objects in creation order. `address` is the cluster IP of the service."""
    found: list[tuple[GroupVersionResource, TypedObject]] = [
        (GroupVersionResource("", "v1", "namespaces"), Namespace(metadata=ObjectMeta(name=name))) for name in NAMESPACES
    ]
    found += [(PRIORITY_CLASSES, one) for one in SYSTEM_PRIORITY_CLASSES]
    found.append((GroupVersionResource("", "v1", "services"), _service(config, address)))
    found.append((GroupVersionResource("", "v1", "endpoints"), _endpoints(config)))
    found.append((GroupVersionResource("discovery.k8s.io", "v1", "endpointslices"), _slice(config)))
    return found


async def bootstrap(
    registry: Registry, resources: Mapping[GroupVersionResource, Resource], config: ApiServerConfig, address: str
) -> None:
    """Create the missing ones, if their kind is served. Existing ones are left alone."""
    for gvr, value in first_objects(config, address):
        resource = resources.get(gvr)
        if resource is None or resource.cached(value.metadata.namespace, value.metadata.name) is not None:
            continue
        attributes = Attributes(
            operation=CREATE,
            kind=resource.kind,
            namespace=value.metadata.namespace,
            name=value.metadata.name,
            user=SELF,
        )
        try:
            await registry.create_own(resource, resource.strategy.default(value), attributes)
        except AlreadyExists:
            continue  # another server on the same store was faster


def _service(config: ApiServerConfig, address: str) -> Service:
    port = ServicePort(name=_PORT, protocol="TCP", port=443, target_port=config.advertise_port)
    spec = ServiceSpec(ports=(port,), cluster_ip=address, cluster_ips=(address,), type="ClusterIP")
    return Service(metadata=ObjectMeta(name="kubernetes", namespace="default", labels=_LABELS), spec=spec)


def _endpoints(config: ApiServerConfig) -> Endpoints:
    subset = EndpointSubset(
        addresses=(EndpointAddress(ip=config.advertise_address),),
        ports=(EndpointPort(name=_PORT, port=config.advertise_port, protocol="TCP"),),
    )
    metadata = ObjectMeta(name="kubernetes", namespace="default", labels={_SKIP_MIRROR: "true"})
    return Endpoints(metadata=metadata, subsets=(subset,))


def _slice(config: ApiServerConfig) -> EndpointSlice:
    metadata = ObjectMeta(name="kubernetes", namespace="default", labels={_SERVICE_OF_SLICE: "kubernetes"})
    endpoint = Endpoint(addresses=(config.advertise_address,), conditions=EndpointConditions(ready=True))
    port = SlicePort(name=_PORT, protocol="TCP", port=config.advertise_port)
    return EndpointSlice(metadata=metadata, address_type="IPv4", endpoints=(endpoint,), ports=(port,))
