"""Where the API server reads the logs of pods: at the kubelets of the machines."""

from kubeactors.actor import AskError, Ref
from kubeactors.apimachinery.status import InternalError
from kubeactors.cluster.machines import GetKubelet, MachinesMessage
from kubeactors.kubelet import LogReply, ReadLog


class MachineLogs:
    """Asks the kubelet of the node that a pod is on."""

    def __init__(self, machines: Ref[MachinesMessage]) -> None:
        self._machines = machines

    async def read(self, node: str, request: ReadLog) -> LogReply:
        """The log of a container on a node. A machine without power does not answer: an internal error, as upstream."""
        try:
            kubelet = await self._machines.ask(GetKubelet(node))
            if kubelet is not None:
                return await kubelet.ask(request)
        except AskError:
            pass
        return InternalError.saying(f"Internal error occurred: the kubelet of node {node} cannot be reached").status
