"""The objects by which the server describes itself.

These are APIServices for the group versions served, its flow schemas and priority levels, and its ServiceCIDR.

Source: pkg/controlplane/apiserver/aggregator.go, pkg/registry/flowcontrol/rest/storage_flowcontrol.go,
pkg/controlplane/controller/defaultservicecidr (v1.36).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec.structs import replace

from kubeactors.api.apiregistration.v1.apiservice import APIService, local_service
from kubeactors.api.flowcontrol.v1.flowschema import FlowSchema
from kubeactors.api.flowcontrol.v1.suggested import FLOW_SCHEMAS, PRIORITY_LEVELS, found_condition
from kubeactors.api.networking.v1.servicecidr import READY, ServiceCIDR, ServiceCIDRSpec, ServiceCIDRStatus
from kubeactors.apimachinery.meta import Condition, ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apiserver.config import ApiServerConfig
from kubeactors.apiserver.objects import with_metadata
from kubeactors.apiserver.registry.metadata import Environment, born
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.registry.storage import Stored
from kubeactors.storage.messages import Compare, PutOp

T = TypeVar("T", bound=TypedObject)

CIDR_FINALIZER = "networking.k8s.io/service-cidr-finalizer"

_AT_ONCE = 100
"""The number of objects per transaction: etcd takes at most 128 operations."""

_PRIORITIES = {
    "": 18000,
    "apps": 17800,
    "events.k8s.io": 17750,
    "authentication.k8s.io": 17700,
    "authorization.k8s.io": 17600,
    "autoscaling": 17500,
    "batch": 17400,
    "certificates.k8s.io": 17300,
    "networking.k8s.io": 17200,
    "policy": 17100,
    "rbac.authorization.k8s.io": 17000,
    "storage.k8s.io": 16800,
    "apiextensions.k8s.io": 16700,
    "admissionregistration.k8s.io": 16700,
    "scheduling.k8s.io": 16600,
    "coordination.k8s.io": 16500,
    "node.k8s.io": 16300,
    "discovery.k8s.io": 16200,
    "resource.k8s.io": 16200,
    "flowcontrol.apiserver.k8s.io": 16100,
}
"""The priorities of groups, by which clients resolve an ambiguous short name."""
_NEWER_VERSIONS = {("autoscaling", "v2"): 30, ("", "v1"): 1, ("flowcontrol.apiserver.k8s.io", "v1"): 21}


def describe(resources: Iterable[Resource], config: ApiServerConfig) -> tuple[TypedObject, ...]:
    """The objects, without metadata that the server adds on creation."""
    return (*PRIORITY_LEVELS, *FLOW_SCHEMAS, service_cidr(config), *_services(resources))


def service_cidr(config: ApiServerConfig) -> ServiceCIDR:
    """The range that cluster IPs are allocated from."""
    metadata = ObjectMeta(name="kubernetes", finalizers=(CIDR_FINALIZER,))
    return ServiceCIDR(metadata=metadata, spec=ServiceCIDRSpec(cidrs=(config.service_cidr,)))


def _services(resources: Iterable[Resource]) -> Iterator[APIService]:
    served = dict.fromkeys((one.kind.group, one.kind.version) for one in resources)
    for group, version in served:
        if group in _PRIORITIES:
            yield local_service(group, version, _PRIORITIES[group], _NEWER_VERSIONS.get((group, version), 15))


async def ensure(
    wanted: Sequence[TypedObject],
    stored: Stored,
    resources: Mapping[GroupVersionResource, Resource],
    environment: Environment,
) -> bool:
    """Create the missing ones, if their kind is served. Existing ones are left alone.

    Returns:
        False if another server has created one of them meanwhile: catch up, and call again.
    """
    served = {one.kind.type: one for one in resources.values()}
    writes: list[tuple[Compare, PutOp]] = []
    for value in wanted:
        resource = served.get(type(value))
        if resource is None or resource.cached("", value.metadata.name) is not None:
            continue
        new = resource.strategy.default(with_metadata(value, born(value.metadata, environment)))
        new = _with_status(resource.strategy.prepare_for_create(new), environment)
        key = resource.key("", value.metadata.name)
        writes.append((Compare(key=key, mod_revision=0), PutOp(key=key, value=new)))
    for first in range(0, len(writes), _AT_ONCE):
        compares, puts = zip(*writes[first : first + _AT_ONCE], strict=True)
        if not await stored.write_all(compares, puts):
            return False
    return True


def _with_status(value: T, environment: Environment) -> T:
    """The object with the status that a controller of Kubernetes would write."""
    if isinstance(value, FlowSchema):
        level = value.spec.priority_level_configuration.name
        return replace(value, status=found_condition(level, environment.timestamp()))
    if isinstance(value, ServiceCIDR):
        ready = Condition(
            type=READY,
            status="True",
            last_transition_time=environment.timestamp(),
            message="Kubernetes Service CIDR is ready",
        )
        return replace(value, status=ServiceCIDRStatus(conditions=(ready,)))
    return value
