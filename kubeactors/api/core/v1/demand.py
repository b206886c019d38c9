"""The resources that a pod takes from a node, as integers: the arithmetic of the scheduler and of kubelet admission.

Source: k8s.io/component-helpers/resource/helpers.go, pkg/scheduler/util/pod_resources.go (v1.36).
"""

from collections.abc import Mapping

import msgspec

from kubeactors.api.core.v1.container import Container
from kubeactors.api.core.v1.podspec import PodSpec
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.shared import Shared

CPU, MEMORY, EPHEMERAL_STORAGE, PODS = "cpu", "memory", "ephemeral-storage", "pods"

FLOOR_MILLI_CPU = 100
FLOOR_MEMORY = 200 * 1024 * 1024
"""The assumed requests of containers without any when nodes are scored, so that such pods are spread as well."""


class Demand(msgspec.Struct, frozen=True, gc=False):
    """Requests of one pod: milli-CPU, bytes, bytes, and other resources by name in order.

    The floors are the same sums with every container counted as if it asked for something.
    """

    milli_cpu: int = 0
    memory: int = 0
    ephemeral_storage: int = 0
    others: tuple[tuple[str, int], ...] = ()
    floor_milli_cpu: int = FLOOR_MILLI_CPU
    floor_memory: int = FLOOR_MEMORY

    @property
    def is_nothing(self) -> bool:
        """Whether the pod requests no resources (it still counts as a pod of the node)."""
        return not (self.milli_cpu or self.memory or self.ephemeral_storage or self.others)


def amount(name: str, text: str) -> int:
    """A quantity in the unit of the resource: thousandths for CPU, whole units otherwise.

    >>> amount("cpu", "250m"), amount("memory", "1Ki")
    (250, 1024)
    """
    return quantity.milli_value(text) if name == CPU else quantity.value(text)


def is_counted(name: str) -> bool:
    """Whether nodes account for the resource: the three native ones, huge pages, attachable volumes, extended ones.

    >>> [is_counted(one) for one in ("cpu", "example.com/gpu", "hugepages-2Mi", "pods", "storage")]
    [True, True, True, False, False]
    """
    return (
        name in {CPU, MEMORY, EPHEMERAL_STORAGE}
        or "/" in name
        or name.startswith(("hugepages-", "attachable-volumes-"))
    )


def demand(spec: PodSpec) -> Demand:
    """The resources that a pod of this spec takes from a node.

    >>> from kubeactors.api.core.v1 import Container, ResourceRequirements
    >>> one = Container(name="c", resources=ResourceRequirements(requests={"cpu": "250m"}))
    >>> demand(PodSpec(containers=(one,)))
    Demand(milli_cpu=250, memory=0, ephemeral_storage=0, others=(), floor_milli_cpu=250, floor_memory=209715200)
    """
    if not (spec.init_containers or spec.resources or spec.overhead):
        return _of_containers(spec.containers)
    real, floor = _sums(spec.containers)
    if spec.init_containers:
        real = _with_init_containers(real, spec.init_containers, floors=False)
        floor = _with_init_containers(floor, spec.init_containers, floors=True)
    if spec.resources is not None:
        for name, text in spec.resources.requests.items():
            real[name] = floor[name] = amount(name, text)
    if spec.overhead:
        _add(real, spec.overhead)
        _add(floor, spec.overhead)
    return _demand(real, floor)


@Shared
def _of_containers(containers: tuple[Container, ...]) -> Demand:
    return _demand(*_sums(containers))


def _sums(containers: tuple[Container, ...]) -> tuple[dict[str, int], dict[str, int]]:
    """The sums of requests, and the same with the floors."""
    real: dict[str, int] = {}
    floor: dict[str, int] = {}
    for container in containers:
        requests = container.resources.requests
        _add(real, requests)
        floor[CPU] = floor.get(CPU, 0) + (amount(CPU, requests[CPU]) if CPU in requests else FLOOR_MILLI_CPU)
        floor[MEMORY] = floor.get(MEMORY, 0) + (
            amount(MEMORY, requests[MEMORY]) if MEMORY in requests else FLOOR_MEMORY
        )
    return real, floor


def _demand(real: dict[str, int], floor: dict[str, int]) -> Demand:
    others = tuple(
        (name, real[name])
        for name in sorted(real)
        if name not in {CPU, MEMORY, EPHEMERAL_STORAGE} and is_counted(name) and real[name]
    )
    return Demand(
        real.get(CPU, 0),
        real.get(MEMORY, 0),
        real.get(EPHEMERAL_STORAGE, 0),
        others,
        floor.get(CPU, 0),
        floor.get(MEMORY, 0),
    )


def _with_init_containers(
    running: dict[str, int], init_containers: tuple[Container, ...], *, floors: bool
) -> dict[str, int]:
    """The peak over the pod's life: init containers run one by one beside the sidecars started before them."""
    sidecars: dict[str, int] = {}
    peak: dict[str, int] = {}
    for container in init_containers:
        needed = _requests(container, floors=floors)
        if container.restart_policy == "Always":
            running = _sum(running, needed)
            needed = sidecars = _sum(sidecars, needed)
        else:
            needed = _sum(needed, sidecars)
        peak = _maximum(peak, needed)
    return _maximum(running, peak)


def _requests(container: Container, *, floors: bool) -> dict[str, int]:
    requests: dict[str, int] = {CPU: FLOOR_MILLI_CPU, MEMORY: FLOOR_MEMORY} if floors else {}
    requests.update((name, amount(name, text)) for name, text in container.resources.requests.items())
    return requests


def _add(total: dict[str, int], requests: Mapping[str, str]) -> None:
    for name, text in requests.items():
        total[name] = total.get(name, 0) + amount(name, text)


def _sum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return one | {name: one.get(name, 0) + size for name, size in other.items()}


def _maximum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return one | {name: max(one.get(name, 0), size) for name, size in other.items()}
