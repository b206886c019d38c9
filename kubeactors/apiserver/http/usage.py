"""metrics.k8s.io: resource usage of nodes and pods, from the kubelets, as metrics-server serves it.

Source: sigs.k8s.io/metrics-server pkg/api/{node,pod}.go (v0.8).
"""

from collections.abc import Iterable, Mapping
from typing import Protocol, cast

from kubeactors.api.core.v1 import Node, Pod
from kubeactors.api.metrics.v1beta1 import ContainerMetrics, NodeMetrics, PodMetrics
from kubeactors.apimachinery import quantity
from kubeactors.apimachinery.meta import ListMeta, ObjectMeta
from kubeactors.apimachinery.requests import ADMIN, Get, GroupVersionResource, List, ListOptions, ListResult, Result
from kubeactors.apimachinery.status import not_found
from kubeactors.apimachinery.time import format_time
from kubeactors.apiserver.http.paths import ResourcePath
from kubeactors.apiserver.http.server_ref import ServerRef, ask
from kubeactors.kubelet.runtimes import ContainerStats
from kubeactors.kubelet.usage import NodeUsage, PodUsage, Usage

WINDOW = "15s"
NODES = GroupVersionResource("", "v1", "nodes")
PODS = GroupVersionResource("", "v1", "pods")


class UsageSource(Protocol):
    """Access to usage: the kubelets."""

    async def usage(self) -> Usage:
        """The current usage, which may be a few seconds old."""
        ...


class UsageApi:
    """Serves NodeMetrics and PodMetrics, for nodes and pods that exist and have usage."""

    def __init__(self, server: ServerRef, source: UsageSource) -> None:
        self._server = server
        self._source = source

    async def get(self, path: ResourcePath) -> Result:
        """The metrics of a node or pod.

        Raises:
            NotFound: it does not exist, or has no usage.
        """
        of = PODS if path.resource.resource == "pods" else NODES
        found = await ask(self._server, Get(resource=of, namespace=path.namespace, name=path.name, user=ADMIN))
        objects = (cast("Result", found).object,)
        for one in _measured(cast("tuple[Pod | Node, ...]", objects), await self._source.usage()):
            return Result(object=one)
        raise not_found(path.resource.resource, path.resource.group, path.name)

    async def list(self, path: ResourcePath, options: ListOptions) -> ListResult:
        """The metrics of the selected nodes or pods."""
        of = PODS if path.resource.resource == "pods" else NODES
        found = await ask(self._server, List(resource=of, namespace=path.namespace, user=ADMIN, options=options))
        objects = cast("tuple[Pod | Node, ...]", cast("ListResult", found).items)
        return ListResult(metadata=ListMeta(), items=tuple(_measured(objects, await self._source.usage())))


def _measured(objects: Iterable[Pod | Node], usage: Usage) -> Iterable[NodeMetrics | PodMetrics]:
    nodes: Mapping[str, NodeUsage] = {one.node: one for one in usage.nodes}
    pods: Mapping[tuple[str, str], PodUsage] = {
        (one.namespace, one.name): one for node in usage.nodes for one in node.pods
    }
    time = format_time(usage.time)
    for one in objects:
        metadata = one.metadata
        shown = ObjectMeta(
            name=metadata.name, namespace=metadata.namespace, labels=metadata.labels, creation_timestamp=time
        )
        if isinstance(one, Node):
            if metadata.name in nodes:
                total = nodes[metadata.name].total
                yield NodeMetrics(metadata=shown, timestamp=time, window=WINDOW, usage=shown_usage(total))
        elif (pod := pods.get((metadata.namespace, metadata.name))) is not None:
            containers = tuple(ContainerMetrics(name=name, usage=shown_usage(stats)) for name, stats in pod.containers)
            yield PodMetrics(metadata=shown, timestamp=time, window=WINDOW, containers=containers)


def shown_usage(stats: ContainerStats) -> dict[str, str]:
    """CPU and memory as quantities.

    >>> shown_usage(ContainerStats(cpu_nano_cores=1_500_000, memory_bytes=4 << 20))
    {'cpu': '1500u', 'memory': '4Mi'}
    """
    return {
        "cpu": quantity.canonical_of(stats.cpu_nano_cores, quantity.DECIMAL_SI),
        "memory": quantity.of(stats.memory_bytes, quantity.BINARY_SI),
    }
