"""What one object uses, by the names that quotas have for it.

Source: pkg/quota/v1/evaluator/core/{pods,services,persistent_volume_claims,registry}.go (v1.36).
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from kubeactors.api.core.v1.persistentvolumeclaim import PersistentVolumeClaim, class_of_claim
from kubeactors.api.core.v1.pod import Pod
from kubeactors.api.core.v1.resources import Resources, is_huge_page, is_native_resource, pod_limits, pod_requests
from kubeactors.api.core.v1.service import Service
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.time import parse_time

SECOND = 1_000_000_000
CLASS_SUFFIX = ".storageclass.storage.k8s.io/"

_BY_PLURAL = frozenset({"configmaps", "replicationcontrollers", "resourcequotas", "secrets"})
"""Resources that may be counted without the prefix `count/`."""
_COMPUTE = tuple(
    f"{prefix}{name}" for name in ("cpu", "memory", "ephemeral-storage") for prefix in ("", "requests.", "limits.")
)
_SERVICES = ("services", "services.nodeports", "services.loadbalancers")
_CLAIMS = ("persistentvolumeclaims", "requests.storage")
_MUST_BE_SET = frozenset(f"{prefix}{name}" for name in ("cpu", "memory") for prefix in ("", "requests.", "limits."))
"""Quotas of these require every container to specify them."""


@lru_cache(maxsize=4096)
def count_name(group: str, resource: str) -> str:
    """The name under which all objects of a resource are counted.

    >>> count_name("", "pods"), count_name("apps", "deployments")
    ('count/pods', 'count/deployments.apps')
    """
    return f"count/{resource}.{group}" if group else f"count/{resource}"


def counted_names(group: str, resource: str, names: Iterable[str]) -> tuple[str, ...]:
    """Those of a quota's names under which objects of a resource are counted.

    >>> counted_names("", "pods", ["pods", "services", "requests.example.com/gpu"])
    ('pods', 'requests.example.com/gpu')
    """
    by_count = count_name(group, resource)
    return tuple(one for one in names if one == by_count or (not group and _concerns(resource, one)))


def _concerns(resource: str, name: str) -> bool:
    if resource == "pods":
        return name == "pods" or name in _COMPUTE or _is_of_devices(name)
    if resource == "services":
        return name in _SERVICES
    if resource == "persistentvolumeclaims":
        return name in _CLAIMS or name.endswith(tuple(f"{CLASS_SUFFIX}{one}" for one in _CLAIMS))
    return resource in _BY_PLURAL and name == resource


def _is_of_devices(name: str) -> bool:
    return name.startswith(("hugepages-", "requests.hugepages-")) or (
        name.startswith("requests.") and not is_native_resource(name)
    )


def usage_of(group: str, resource: str, value: TypedObject, wall: int) -> Resources:
    """The usage of an object at a time in nanoseconds since 1970.

    >>> usage_of("", "pods", Pod(), 0)
    {'count/pods': '1', 'pods': '1'}
    """
    counted = {count_name(group, resource): "1"}
    if isinstance(value, Pod):
        return counted | _of_pod(value, wall)
    if isinstance(value, Service):
        return counted | _of_service(value)
    if isinstance(value, PersistentVolumeClaim):
        return counted | _of_claim(value)
    return counted | {resource: "1"} if not group and resource in _BY_PLURAL else counted


def ends_at(pod: Pod) -> int | None:
    """When a terminating pod is no longer charged, even if its node does not respond."""
    metadata = pod.metadata
    if metadata.deletion_timestamp is None or metadata.deletion_grace_period_seconds is None:
        return None
    return parse_time(metadata.deletion_timestamp) + metadata.deletion_grace_period_seconds * SECOND


def _of_pod(pod: Pod, wall: int) -> Resources:
    if pod.status.phase in ("Succeeded", "Failed"):
        return {}
    end = ends_at(pod)
    if end is not None and wall > end:
        return {}
    return dict(_compute(pod_requests(pod), pod_limits(pod)))


def _compute(requests: Mapping[str, str], limits: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield "pods", "1"
    for name in ("cpu", "memory", "ephemeral-storage"):
        if name in requests:
            yield name, requests[name]
            yield f"requests.{name}", requests[name]
        if name in limits:
            yield f"limits.{name}", limits[name]
    for name, amount in requests.items():
        if is_huge_page(name):
            yield name, amount
            yield f"requests.{name}", amount
        elif not is_native_resource(name):
            yield f"requests.{name}", amount


def _of_service(service: Service) -> Resources:
    spec = service.spec
    node_ports = balancers = 0
    if spec.type == "NodePort":
        node_ports = len(spec.ports)
    elif spec.type == "LoadBalancer":
        balancers = 1
        allocates = spec.allocate_load_balancer_node_ports is not False
        node_ports = sum(1 for one in spec.ports if allocates or one.node_port)
    return {"services": "1", "services.loadbalancers": str(balancers), "services.nodeports": str(node_ports)}


def _of_claim(claim: PersistentVolumeClaim) -> Resources:
    found = {"persistentvolumeclaims": "1"}
    wanted = claim.spec.resources.requests.get("storage")
    allocated = claim.status.allocated_resources.get("storage")
    if wanted is not None:
        larger = allocated is not None and quantity.compare(allocated, wanted) > 0
        found["requests.storage"] = _whole(allocated if larger and allocated else wanted)
    storage_class = class_of_claim(claim)
    if storage_class:
        found |= {f"{storage_class}{CLASS_SUFFIX}{name}": amount for name, amount in found.items()}
    return found


def _whole(amount: str) -> str:
    """Rounded up to whole bytes."""
    parsed = quantity.parse(amount)
    return str(quantity.value(amount)) if parsed.nanos % quantity.NANOS else amount


def missing(value: TypedObject, names: Iterable[str]) -> str:
    """The error of a pod whose containers lack values that a quota of these names requires; empty if none.

    >>> from kubeactors.api.core.v1 import Container, PodSpec
    >>> missing(Pod(spec=PodSpec(containers=(Container(name="c"),))), ["limits.cpu", "pods"])
    'must specify limits.cpu for: c'
    """
    wanted = sorted(dict.fromkeys(one for one in names if one in _MUST_BE_SET))
    if not isinstance(value, Pod) or not wanted:
        return ""
    spec = value.spec
    if spec.resources is not None and (spec.resources.requests or spec.resources.limits):
        return ""
    lacking: dict[str, dict[str, None]] = {}
    for container in (*spec.containers, *spec.init_containers):
        said = dict(_compute(container.resources.requests, container.resources.limits))
        for name in wanted:
            if name not in said:
                lacking.setdefault(name, {})[container.name] = None
    if not lacking:
        return ""
    names = (f"{name} for: {','.join(sorted(who))}" for name, who in sorted(lacking.items()))
    return f"must specify {'; '.join(names)}"
