"""The API server's way to running pods: the kubelets of the machines."""

from typing import TypeVar

from kubeactors.actor import AskError, Ref
from kubeactors.apimachinery.status import InternalError, ServiceUnavailable, Status
from kubeactors.cluster.machines import GetKubelet, GetUsage, MachinesMessage
from kubeactors.kubelet import Attach, Exec, FindPort, LogReply, PortReply, ReadLog, SessionReply
from kubeactors.kubelet.usage import Usage

R = TypeVar("R")


class MachinePods:
    """Asks the kubelet of the node that a pod is on.

    A machine without power does not answer: an internal error, as upstream.
    """

    def __init__(self, machines: Ref[MachinesMessage]) -> None:
        self._machines = machines

    async def read(self, node: str, request: ReadLog) -> LogReply:
        """The log of a container on a node."""
        try:
            kubelet = await self._machines.ask(GetKubelet(node))
            return _unreachable(node) if kubelet is None else await kubelet.ask(request)
        except AskError:
            return _unreachable(node)

    async def begin(self, node: str, request: Exec | Attach) -> SessionReply:
        """Run a command in a container, or be attached to it."""
        try:
            kubelet = await self._machines.ask(GetKubelet(node))
            return _unreachable(node) if kubelet is None else await kubelet.ask(request)
        except AskError:
            return _unreachable(node)

    async def find_port(self, node: str, request: FindPort) -> PortReply:
        """Where a port of a pod is."""
        try:
            kubelet = await self._machines.ask(GetKubelet(node))
            return _unreachable(node) if kubelet is None else await kubelet.ask(request)
        except AskError:
            return _unreachable(node)

    async def usage(self) -> Usage:
        """What is taken now, or was a few seconds ago.

        Raises:
            StatusError: nobody answers.
        """
        try:
            return await self._machines.ask(GetUsage())
        except AskError as error:
            raise ServiceUnavailable.saying("the server is currently unable to handle the request") from error


def _unreachable(node: str) -> Status:
    return InternalError.saying(f"Internal error occurred: the kubelet of node {node} cannot be reached").status
