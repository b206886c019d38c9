"""The API server's access to running pods: the kubelets of the machines."""

from kubeactors.actor import AskError, Ref
from kubeactors.apimachinery.status import ServiceUnavailable, Status
from kubeactors.cluster.machines import GetKubelet, GetUsage, MachinesMessage
from kubeactors.kubelet import Attach, Exec, FindPort, LogReply, PortReply, ReadLog, SessionReply
from kubeactors.kubelet.usage import Usage

KUBELET_PORT = 10250
DIALING = "error dialing backend"


class MachinePods:
    """Asks the kubelet of the pod's node.

    A machine without power does not answer; the messages are Kubernetes'.
    """

    def __init__(self, machines: Ref[MachinesMessage]) -> None:
        self._machines = machines

    async def read(self, node: str, request: ReadLog) -> LogReply:
        """The log of a container on a node."""
        path = f"containerLogs/{request.namespace}/{request.pod}/{request.container}"
        asked = f'Get "https://{node}:{KUBELET_PORT}/{path}"'
        try:
            kubelet = await self._machines.ask(GetKubelet(node))
            return _unreachable(asked, node) if kubelet is None else await kubelet.ask(request)
        except AskError:
            return _unreachable(asked, node)

    async def begin(self, node: str, request: Exec | Attach) -> SessionReply:
        """Run a command in a container, or attach to it."""
        try:
            kubelet = await self._machines.ask(GetKubelet(node))
            return _unreachable(DIALING, node) if kubelet is None else await kubelet.ask(request)
        except AskError:
            return _unreachable(DIALING, node)

    async def find_port(self, node: str, request: FindPort) -> PortReply:
        """Find the address of a pod's port."""
        try:
            kubelet = await self._machines.ask(GetKubelet(node))
            return _unreachable(DIALING, node) if kubelet is None else await kubelet.ask(request)
        except AskError:
            return _unreachable(DIALING, node)

    async def usage(self) -> Usage:
        """The current usage, which may be a few seconds old.

        Raises:
            StatusError: the machines do not answer.
        """
        try:
            return await self._machines.ask(GetUsage())
        except AskError as error:
            raise ServiceUnavailable.saying("the server is currently unable to handle the request") from error


def _unreachable(doing: str, node: str) -> Status:
    """The error for a node that does not answer: internal, without a reason."""
    message = f"{doing}: dial tcp {node}:{KUBELET_PORT}: connect: no route to host"
    return Status(status="Failure", message=message, code=500)
