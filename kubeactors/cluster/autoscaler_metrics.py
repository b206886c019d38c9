"""What autoscalers ask: how much pods take, from the machines that they run on."""

from collections.abc import Mapping

from kubeactors.actor import AskError, Ref
from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.labels import Selector
from kubeactors.apimachinery.status import ServiceUnavailable
from kubeactors.client import Client
from kubeactors.cluster.machines import GetUsage, MachinesMessage
from kubeactors.controllers.podautoscaler import NoMetrics, PodMetric
from kubeactors.kubelet.runtimes import ContainerStats
from kubeactors.kubelet.usage import PodUsage

NANOS_OF_MILLI = 1_000_000
RESOLUTION_NS = 15_000_000_000


class MachineMetrics(NoMetrics):
    """CPU and memory of pods; there are no other metrics.

    Args:
        client: as whom pods are read.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.machines: Ref[MachinesMessage] | None = None
        """Known when the machines are there: after the controllers."""

    async def resource(self, name: str, namespace: str, selector: Selector, container: str) -> Mapping[str, PodMetric]:
        """See `MetricsSource`."""
        if self.machines is None:
            return await super().resource(name, namespace, selector, container)
        try:
            usage = await self.machines.ask(GetUsage())
        except AskError as error:
            raise ServiceUnavailable.saying("unable to fetch metrics from resource metrics API") from error
        pods = await self._client.list(Pod, namespace, label_selector=str(selector))
        wanted = {one.metadata.name for one in pods.items}
        found: dict[str, PodMetric] = {}
        for node in usage.nodes:
            for pod in node.pods:
                if pod.namespace == namespace and pod.name in wanted:
                    found[pod.name] = PodMetric(
                        milli=_milli(pod, name, container), time=usage.time, window=RESOLUTION_NS
                    )
        return found


def _milli(pod: PodUsage, resource: str, container: str) -> int:
    return sum(_of(stats, resource) for name, stats in pod.containers if not container or name == container)


def _of(stats: ContainerStats, resource: str) -> int:
    """Thousandths of a core, or of a byte."""
    return stats.cpu_nano_cores // NANOS_OF_MILLI if resource == "cpu" else stats.memory_bytes * 1000
