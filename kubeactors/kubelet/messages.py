"""What a kubelet tells itself, and what others may tell it."""

from typing import TypeAlias

from kubeactors.api.core.v1 import Pod
from kubeactors.apimachinery.requests import WatchClosed, WatchEvents
from kubeactors.kubelet.logs import ReadLog
from kubeactors.kubelet.runtimes import ContainerChanged, ContainerStats, Question
from kubeactors.kubelet.sessions import Attach, Exec, FindPort
from kubeactors.message import Message, Recipient


class Register(Message, frozen=True):
    """Make the node known."""


class Connect(Message, frozen=True):
    """List pods if need be, and watch."""


class ConnectNode(Message, frozen=True):
    """List the node if need be, and watch it."""


class CorrectNode(Message, frozen=True):
    """Write the status of the node if what it shows is wrong."""


class Heartbeat(Message, frozen=True):
    """Renew the lease."""


class ReportNode(Message, frozen=True):
    """Write the status of the node."""


class KeepRenewed(Message, frozen=True):
    """A kubelet tells the renewer: I hold my node's lease, keep it so."""

    name: str
    kubelet: Recipient["Heartbeat | ReportNode"]


class StopRenewing(Message, frozen=True):
    """A kubelet tells the renewer: I am gone."""

    name: str


class Wake(Message, frozen=True):
    """Something is due in a pod."""


class Readmit(Message, frozen=True):
    """Look at the node again before this pod is refused."""

    uid: str


class WriteStatus(Message, frozen=True):
    """Write the status of this pod."""

    uid: str


class DropMirror(Message, frozen=True):
    """Remove this mirror of a static pod that is not there any more."""

    mirror: Pod


class ShowStaticPods(Message, frozen=True):
    """The Node is there, or there again: show what it runs by itself."""


class PublishCSINode(Message, frozen=True):
    """Create the CSINode of the node."""


class AwaitRange(Message, frozen=True):
    """Look whether the node has been given a range for its pods."""


class CheckResources(Message, frozen=True):
    """Look whether the node has enough."""


class SetLoad(Message, frozen=True):
    """The machine's own programs take so much."""

    load: ContainerStats


class FetchMaterials(Message, frozen=True):
    """Read the ConfigMaps and Secrets of this pod."""

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
"""All of it; `ReadLog` and what follows is what others ask."""
