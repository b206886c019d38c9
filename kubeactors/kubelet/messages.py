"""The messages of the kubelet: to itself, and from others."""

from typing import TypeAlias

from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.requests import WatchClosed, WatchEvents
from kubeactors.kubelet.logs import ReadLog
from kubeactors.kubelet.runtimes import ContainerChanged, ContainerStats, Question, Visited, WebRequest
from kubeactors.kubelet.sessions import Attach, Exec, FindPort
from kubeactors.message import Message, Recipient, Request


class Register(Message, frozen=True):
    """Register the node."""


class Connect(Message, frozen=True):
    """List the pods if necessary, and watch them."""


class ConnectNode(Message, frozen=True):
    """List the Node if necessary, and watch it."""


class CorrectNode(Message, frozen=True):
    """Correct the node's status if another client has changed it."""


class Heartbeat(Message, frozen=True):
    """Renew the Lease."""


class ReportNode(Message, frozen=True):
    """Write the node's status."""


class KeepRenewed(Message, frozen=True):
    """To the renewer: this kubelet holds its Lease; renew it from now on."""

    name: str
    kubelet: Recipient["Heartbeat | ReportNode"]


class StopRenewing(Message, frozen=True):
    """To the renewer: this kubelet has stopped."""

    name: str


class CallApiServer(Request[Visited], frozen=True):
    """To the API server's HTTPS edge: a request of a command in a container."""

    request: WebRequest


class Wake(Message, frozen=True):
    """A timer: some pods are due."""


class Readmit(Message, frozen=True):
    """Refresh the Node before this pod is rejected."""

    uid: str


class WriteStatus(Message, frozen=True):
    """Write the pod's status."""

    uid: str


class DropMirror(Message, frozen=True):
    """Delete this mirror pod, whose static pod does not exist."""

    mirror: Pod


class ShowStaticPods(Message, frozen=True):
    """The Node was registered: write the mirror pods."""


class PublishCSINode(Message, frozen=True):
    """Create the CSINode of the node."""


class AwaitRange(Message, frozen=True):
    """Check whether the node has been allocated a pod CIDR."""


class CheckResources(Message, frozen=True):
    """Check the node's resources for pressure."""


class SetLoad(Message, frozen=True):
    """Set the resource usage of the machine's own programs."""

    load: ContainerStats


class FetchMaterials(Message, frozen=True):
    """Read the objects that the pod refers to."""

    uid: str


KubeletMessage: TypeAlias = (
    Register
    | Connect
    | WatchEvents
    | WatchClosed
    | Heartbeat
    | ReportNode
    | Wake
    | Readmit
    | FetchMaterials
    | DropMirror
    | ShowStaticPods
    | AwaitRange
    | PublishCSINode
    | ConnectNode
    | CorrectNode
    | CheckResources
    | SetLoad
    | ContainerChanged
    | Question
    | WriteStatus
    | ReadLog
    | Exec
    | Attach
    | FindPort
)
"""All messages; `ReadLog` and those after it are requests of others."""
