"""What a pod asks for: requests and limits of all its containers together, and the class of service that follows.

Amounts are quantities, as in objects; see `apimachinery.quantity` for their numbers.

Source: component-helpers/resource/helpers.go, pkg/apis/core/helper/helpers.go, pkg/apis/core/v1/helper/qos/qos.go (v1.36).
"""

from collections.abc import Callable, Iterable

from kubeactors.api.core.v1.container import Container, ResourceRequirements
from kubeactors.api.core.v1.pod import Pod
from kubeactors.api.core.v1.podspec import PodSpec
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.meta import Quantity

CPU, MEMORY, EPHEMERAL_STORAGE, STORAGE, PODS = "cpu", "memory", "ephemeral-storage", "storage", "pods"
HUGE_PAGES_PREFIX = "hugepages-"

GUARANTEED, BURSTABLE, BEST_EFFORT = "Guaranteed", "Burstable", "BestEffort"

Resources = dict[str, Quantity]


def is_huge_page(name: str) -> bool:
    """Whether it is huge pages."""
    return name.startswith(HUGE_PAGES_PREFIX)


def is_native_resource(name: str) -> bool:
    """Whether it is a resource of Kubernetes, such as `cpu`, rather than of a device plugin."""
    return "/" not in name or "kubernetes.io/" in name


def may_overcommit(name: str) -> bool:
    """Whether a limit may be higher than the request.

    >>> may_overcommit("cpu"), may_overcommit("hugepages-2Mi"), may_overcommit("example.com/gpu")
    (True, False, False)
    """
    return is_native_resource(name) and not is_huge_page(name)


def is_pod_level_resource(name: str) -> bool:
    """Whether the pod as a whole can have a request or limit of it."""
    return name in {CPU, MEMORY} or is_huge_page(name)


def is_sidecar(container: Container) -> bool:
    """Whether it is a restartable init container."""
    return container.restart_policy == "Always"


def pod_requests(pod: Pod) -> Resources:
    """What the pod needs at once, with its overhead: this is what the scheduler counts.

    Init containers run one after another, beside the sidecars started before them; the most that is needed at any
    time counts. Requests of the pod as a whole win over those of its containers.
    """
    return spec_requests(pod.spec)


def pod_limits(pod: Pod) -> Resources:
    """The limits of the pod, with its overhead; resources without a limit are absent."""
    spec = pod.spec
    limits = _with_pod_level(container_limits(spec), spec.resources.limits if spec.resources else {})
    overhead = {name: amount for name, amount in spec.overhead.items() if quantity.sign(limits.get(name, "0"))}
    return _sum(limits, overhead)


def spec_requests(spec: PodSpec) -> Resources:
    """As `pod_requests`, of a spec."""
    requests = _with_pod_level(container_requests(spec), spec.resources.requests if spec.resources else {})
    return _sum(requests, spec.overhead)


def container_requests(spec: PodSpec) -> Resources:
    """The containers' requests."""
    return _aggregated(spec, lambda resources: resources.requests)


def container_limits(spec: PodSpec) -> Resources:
    """The containers' limits; resources without a limit are absent."""
    return _aggregated(spec, lambda resources: resources.limits)


def every_container_limits(spec: PodSpec, name: str) -> bool:
    """Whether every container that can run beside others has a limit of this resource."""
    running = (*spec.containers, *filter(is_sidecar, spec.init_containers))
    return all(name in one.resources.limits for one in running)


def qos_class(pod: Pod) -> str:
    """Guaranteed, Burstable or BestEffort: how early the pod is evicted when memory runs out.

    >>> qos_class(Pod())
    'BestEffort'
    """
    spec = pod.spec
    if spec.resources is not None and (spec.resources.requests or spec.resources.limits):
        return _class_of((spec.resources,))
    return _class_of([one.resources for one in (*spec.containers, *spec.init_containers)])


def _class_of(parts: Iterable[ResourceRequirements]) -> str:
    requests: Resources = {}
    limits: Resources = {}
    all_limited = True
    for part in parts:
        limited = _compute(part.limits)
        requests, limits = _sum(requests, _compute(part.requests)), _sum(limits, limited)
        all_limited = all_limited and len(limited) == 2
    if not requests and not limits:
        return BEST_EFFORT
    return GUARANTEED if all_limited and _same(requests, limits) else BURSTABLE


def _compute(resources: Resources) -> Resources:
    return {name: resources[name] for name in (CPU, MEMORY) if name in resources and quantity.sign(resources[name]) > 0}


def _same(one: Resources, other: Resources) -> bool:
    return one.keys() == other.keys() and all(quantity.compare(one[name], other[name]) == 0 for name in one)


def _aggregated(spec: PodSpec, part: Callable[[ResourceRequirements], Resources]) -> Resources:
    running: Resources = {}
    for container in spec.containers:
        running = _sum(running, part(container.resources))
    if not spec.init_containers:
        return running
    sidecars: Resources = {}
    peak: Resources = {}
    for container in spec.init_containers:
        own = part(container.resources)
        needed = _sum(sidecars, own)
        if is_sidecar(container):
            running, sidecars = _sum(running, own), needed
        peak = _largest(peak, needed)
    return _largest(running, peak)


def _with_pod_level(resources: Resources, of_pod: Resources) -> Resources:
    if not of_pod:
        return resources
    return {**resources, **{name: amount for name, amount in of_pod.items() if is_pod_level_resource(name)}}


def _sum(one: Resources, other: Resources) -> Resources:
    if not one or not other:
        return one or other
    added = dict(one)
    for name, amount in other.items():
        added[name] = quantity.add(added[name], amount) if name in added else amount
    return added


def _largest(one: Resources, other: Resources) -> Resources:
    largest = dict(one)
    for name, amount in other.items():
        if name not in largest or quantity.compare(amount, largest[name]) > 0:
            largest[name] = amount
    return largest
