"""The pods behind a Service: which they are, their target ports, and which changes of a pod affect its endpoints.

Source: endpointslice/utils.go (staging/src/k8s.io/endpointslice), pkg/controller/util/endpoint (v1.36).
"""

from collections.abc import Iterator
from itertools import chain

from kubeactors.api.core.v1 import Node, Pod, Service, ServicePort
from kubeactors.apimachinery.labels import of_labels
from kubeactors.apimachinery.time import parse_time
from kubeactors.client import Change, Lister
from kubeactors.controllers.pods import FAILED, SUCCEEDED, by_labels, is_ready, ready_time

LABELS = "labels"
"""Index: pods by namespace and each of their labels; see `label_values`."""
SELECTOR = "selector"
"""Index: Services by namespace and the first label of their selector."""

ZONE_LABEL = "topology.kubernetes.io/zone"
HEADLESS_LABEL = "service.kubernetes.io/headless"
TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"

CHANGE_DELAY_SECONDS = 0.05
"""How long pod changes are batched: a rollout that makes 500 pods ready causes a few writes, not 500."""


def services_by_selector(service: Service) -> tuple[str, ...]:
    """Index function of `SELECTOR`. Services without a selector are not indexed."""
    first = next(iter(service.spec.selector.items()), None)
    return () if first is None else (f"{service.metadata.namespace}/{first[0]}={first[1]}",)


def selected_pods(service: Service, pods: Lister[Pod]) -> Iterator[Pod]:
    """The pods that the Service selects, in order of arrival."""
    (value,) = services_by_selector(service)
    matches = of_labels(service.spec.selector).matches
    return (pod for pod in list(pods.by_index(LABELS, value).values()) if matches(pod.metadata.labels))


def services_of(change: Change[Pod], services: Lister[Service]) -> Iterator[str]:
    """The keys of the Services whose endpoints this change of a pod affects."""
    old, new = change.old, change.new
    if old is not None and new is not None and not _matters(old, new):
        return iter(())
    values: dict[str, None] = {}
    for pod in (old, new):
        if pod is not None and pod.metadata.labels:
            values |= dict.fromkeys(by_labels(pod))
    return chain.from_iterable(_selecting(value, change, services) for value in values)


def _selecting(value: str, change: Change[Pod], services: Lister[Service]) -> Iterator[str]:
    for key, service in services.by_index(SELECTOR, value).items():
        matches = of_labels(service.spec.selector).matches
        if any(pod is not None and matches(pod.metadata.labels) for pod in (change.old, change.new)):
            yield key


def _matters(old: Pod, new: Pod) -> bool:
    return (
        old.status.pod_ips != new.status.pod_ips
        or old.status.phase != new.status.phase
        or old.metadata.deletion_timestamp != new.metadata.deletion_timestamp
        or old.metadata.labels != new.metadata.labels
        or old.spec.node_name != new.spec.node_name
        or is_ready(old) != is_ready(new)
    )


def is_finished(pod: Pod) -> bool:
    """Whether the pod has finished."""
    return pod.status.phase in {SUCCEEDED, FAILED}


def addresses(pod: Pod, family: str) -> tuple[str, ...]:
    """The pod's addresses of one family, IPv4 or IPv6."""
    return tuple(one.ip for one in pod.status.pod_ips if one.ip and is_of_family(one.ip, family))


def is_of_family(address: str, family: str) -> bool:
    """Whether an address is of this family, IPv4 or IPv6.

    >>> is_of_family("10.0.0.1", "IPv4"), is_of_family("fd00::1", "IPv4")
    (True, False)
    """
    return (":" in address) == (family == "IPv6")


def target_port(pod: Pod, port: ServicePort) -> int | None:
    """The pod's port to which the Service's port is forwarded; None if the pod has no port of that name."""
    if isinstance(port.target_port, int):
        return port.target_port
    containers = chain(pod.spec.containers, (one for one in pod.spec.init_containers if one.restart_policy == "Always"))
    for container in containers:
        for one in container.ports:
            if one.name == port.target_port and one.protocol == port.protocol:
                return one.container_port
    return None


def hostname(pod: Pod, service: Service) -> str:
    """The pod's hostname in the Service's DNS domain; empty if it has none."""
    own = pod.spec.hostname and pod.spec.subdomain == service.metadata.name
    return pod.spec.hostname if own else ""


def zone(node: Node | None) -> str | None:
    """The zone of a node."""
    return node.metadata.labels.get(ZONE_LABEL) or None if node is not None else None


def trigger_time(service: Service, pods: tuple[Pod, ...]) -> str:
    """When the last change happened that led to the present endpoints; clients measure propagation delay by it."""
    times = [service.metadata.creation_timestamp, *map(ready_time, pods)]
    return max((one for one in times if one), key=parse_time, default="")


def service_labels(service: Service, reserved: tuple[str, ...]) -> dict[str, str]:
    """The labels of the Service that its endpoints inherit."""
    labels = {key: value for key, value in service.metadata.labels.items() if key not in reserved}
    if service.spec.cluster_ip == "None":
        labels[HEADLESS_LABEL] = ""
    return labels
