"""The metrics of autoscalers: resource usage of pods, from their machines."""

from collections.abc import Mapping

from kubeactors.actor import AskError, Ref
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.labels import Selector
from kubeactors.apimachinery.status import ServiceUnavailable
from kubeactors.client import Client
from kubeactors.cluster.machines import GetUsage, MachinesMessage
from kubeactors.controllers.adoption import selector_value
from kubeactors.controllers.podautoscaler import NoMetrics, PodMetric
from kubeactors.controllers.pods import by_labels
from kubeactors.kubelet.runtimes import ContainerStats
from kubeactors.kubelet.usage import PodUsage, Usage

NANOS_OF_MILLI = 1_000_000
RESOLUTION_NS = 15_000_000_000


class MachineMetrics(NoMetrics):
    """CPU and memory of pods; there are no other metrics.

    Args:
        client: reads pods.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._usage: Usage | None = None
        """The last measurement; the two below are derived from it."""
        self._by_pod: dict[tuple[str, str], PodUsage] = {}
        self._pods: dict[str, dict[str, list[Pod]]] = {}
        """Pods by namespace and by each of their labels."""
        self.machines: Ref[MachinesMessage] | None = None
        """Set once the machines exist: they start after the controllers."""

    async def resource(self, name: str, namespace: str, selector: Selector, container: str) -> Mapping[str, PodMetric]:
        """See `MetricsSource`."""
        if self.machines is None:
            return await super().resource(name, namespace, selector, container)
        try:
            usage = await self.machines.ask(GetUsage())
        except AskError as error:
            raise ServiceUnavailable.saying("unable to fetch metrics from resource metrics API") from error
        self._take(usage)
        measured = {pod: self._by_pod.get((namespace, pod)) for pod in await self._selected(namespace, selector)}
        return {
            pod: PodMetric(milli=_milli(found, name, container), time=usage.time, window=RESOLUTION_NS)
            for pod, found in measured.items()
            if found is not None
        }

    def _take(self, usage: Usage) -> None:
        """Index a measurement, once for all requests about it."""
        if usage is not self._usage:
            self._usage = usage
            self._by_pod = {(pod.namespace, pod.name): pod for node in usage.nodes for pod in node.pods}
            self._pods.clear()

    async def _selected(self, namespace: str, selector: Selector) -> list[str]:
        """The names of the selected pods."""
        if namespace not in self._pods:
            found: dict[str, list[Pod]] = {}
            for pod in (await self._client.list(Pod, namespace)).items:
                for value in by_labels(pod):
                    found.setdefault(value, []).append(pod)
            self._pods[namespace] = found
        candidates = self._pods[namespace].get(selector_value(namespace, selector), [])
        return [one.metadata.name for one in candidates if selector.matches(one.metadata.labels)]


def _milli(pod: PodUsage, resource: str, container: str) -> int:
    return sum(_of(stats, resource) for name, stats in pod.containers if not container or name == container)


def _of(stats: ContainerStats, resource: str) -> int:
    """Thousandths of a core, or of a byte."""
    return stats.cpu_nano_cores // NANOS_OF_MILLI if resource == "cpu" else stats.memory_bytes * 1000
