"""The kubelet endpoints that are served through the API server: the stats summary and the resource metrics.

Source: pkg/kubelet/server/stats/summary.go, pkg/kubelet/metrics/collectors/resource_metrics.go,
k8s.io/kubelet/pkg/apis/stats/v1alpha1/types.go (v1.36).
"""

from collections.abc import Iterator

import msgspec

from kubeactors.apimachinery.time import format_time
from kubeactors.apiserver.http.messages import Response
from kubeactors.apiserver.http.paths import ResourcePath
from kubeactors.apiserver.http.responses import page_not_found, text
from kubeactors.apiserver.http.usage import UsageSource
from kubeactors.kubelet.runtimes import ContainerStats
from kubeactors.kubelet.usage import NodeUsage, Usage

NANOS = 1_000_000_000
METRICS_TEXT = "text/plain; version=0.0.4"


class NodeProxy:
    """Serves `/api/v1/nodes/NAME/proxy/...`: `stats/summary`, `metrics/resource`, `healthz`."""

    def __init__(self, source: UsageSource) -> None:
        self._source = source

    async def answer(self, path: ResourcePath) -> Response:
        """The response for the node in the path, which exists."""
        usage = await self._source.usage()
        node = next((one for one in usage.nodes if one.node == path.name), None)
        if node is None:
            return text(503, f"the kubelet of node {path.name} cannot be reached")
        match path.rest:
            case ("stats", "summary"):
                return Response(body=msgspec.json.encode(summary(node, usage)))
            case ("metrics", "resource"):
                return Response(body="".join(resource_metrics(node)).encode(), content_type=METRICS_TEXT)
            case ("healthz",):
                return text(200, "ok")
            case _:
                return page_not_found()


def summary(node: NodeUsage, usage: Usage) -> dict[str, object]:
    """The stats summary of a node: CPU and memory of the node, its pods and its containers."""
    time = format_time(usage.time)
    pods = [
        {
            "podRef": {"name": pod.name, "namespace": pod.namespace},
            "cpu": _cpu(pod.total, time),
            "memory": _memory(pod.total, time),
            "containers": [
                {"name": name, "cpu": _cpu(stats, time), "memory": _memory(stats, time)}
                for name, stats in pod.containers
            ],
        }
        for pod in node.pods
    ]
    total = node.total
    return {"node": {"nodeName": node.node, "cpu": _cpu(total, time), "memory": _memory(total, time)}, "pods": pods}


def resource_metrics(node: NodeUsage) -> Iterator[str]:
    """The lines of the resource metrics, in Prometheus' text format."""
    yield "# TYPE container_cpu_usage_seconds_total counter\n"
    for labels, stats in _labelled(node):
        yield f"container_cpu_usage_seconds_total{labels} {stats.cpu_nano_seconds / NANOS}\n"
    yield "# TYPE container_memory_working_set_bytes gauge\n"
    for labels, stats in _labelled(node):
        yield f"container_memory_working_set_bytes{labels} {stats.memory_bytes}\n"
    yield "# TYPE node_cpu_usage_seconds_total counter\n"
    yield f"node_cpu_usage_seconds_total {node.total.cpu_nano_seconds / NANOS}\n"
    yield "# TYPE node_memory_working_set_bytes gauge\n"
    yield f"node_memory_working_set_bytes {node.total.memory_bytes}\n"


def _labelled(node: NodeUsage) -> Iterator[tuple[str, ContainerStats]]:
    for pod in node.pods:
        for name, stats in pod.containers:
            yield f'{{container="{name}",namespace="{pod.namespace}",pod="{pod.name}"}}', stats


def _cpu(stats: ContainerStats, time: str) -> dict[str, object]:
    return {"time": time, "usageNanoCores": stats.cpu_nano_cores, "usageCoreNanoSeconds": stats.cpu_nano_seconds}


def _memory(stats: ContainerStats, time: str) -> dict[str, object]:
    return {"time": time, "usageBytes": stats.memory_bytes, "workingSetBytes": stats.memory_bytes}
