"""Serves commands in containers: resolves names, and makes HTTP requests."""

from kubeactors.actor import Context, Ref
from kubeactors.apimachinery.status import StatusError
from kubeactors.client import Client
from kubeactors.kubelet.messages import CallApiServer, KubeletMessage
from kubeactors.kubelet.names import NameFinder
from kubeactors.kubelet.pod_worker import PodWorker
from kubeactors.kubelet.runtimes import ContainerChanged, ContainerRuntime, FindName, NameFound, Visit, Visited
from kubeactors.kubelet.visits import Visitor
from kubeactors.network.policy.rules import End


class Questions:
    """Serves the questions of commands, which continue with the answers.

    Args:
        ctx: the kubelet's context.
        client: looks up names and other pods.
        runtime: has the responses of containers.
        api: the API server's HTTPS edge; None if it has none.
    """

    __slots__ = ("_ctx", "_names", "_visitor")

    def __init__(
        self,
        ctx: Context[KubeletMessage],
        client: Client,
        runtime: ContainerRuntime,
        api: Ref[CallApiServer] | None = None,
    ) -> None:
        self._ctx = ctx
        self._names = NameFinder(client)
        self._visitor = Visitor(client, runtime, ctx.random, api)

    async def find_name(self, message: FindName, worker: PodWorker | None) -> None:
        """Resolve a name; no answer if the pod is gone."""
        found = NameFound(message.name)
        if worker is not None:
            try:
                found = await self._names.find(message.name, worker.pod.metadata.namespace)
            except StatusError as error:
                self._ctx.log.info("kubelet.name_not_found", name=message.name, error=str(error))
        message.found(found)

    async def visit(self, message: Visit, worker: PodWorker | None) -> None:
        """Make an HTTP request; no response if the pod is gone."""

        def visited(found: Visited) -> None:
            message.visited(found)
            self._ctx.self.tell(ContainerChanged(message.uid))

        if worker is None or worker.sandbox is None:
            visited(Visited())
            return
        try:
            await self._visitor.visit(message, End(worker.sandbox.ip, worker.pod), visited)
        except StatusError as error:
            self._ctx.log.info("kubelet.host_not_found", host=message.host, error=str(error))
            visited(Visited())
