"""The messages of the server besides API requests: from those who start it, and to itself."""

from typing import TypeAlias

from kubeactors.apimachinery.requests import (
    Create,
    Delete,
    DeleteCollection,
    Get,
    List,
    Patch,
    RenewLeases,
    StopWatch,
    Update,
    Watch,
)
from kubeactors.apiserver.watchers import Subscriber
from kubeactors.message import Message, Request

ApiMessage: TypeAlias = (
    Get | List | Create | Update | Patch | Delete | DeleteCollection | Watch | StopWatch | RenewLeases
)
"""What any client may ask or tell the server."""


class IsReady(Request[bool], frozen=True):
    """Ask whether the server is ready. API requests wait until it is."""


class Flush(Message, frozen=True):
    """Send watchers their pending events."""


class GiveUp(Message, frozen=True):
    """A request has waited long enough for the cache."""

    number: int


class SendBookmarks(Message, frozen=True):
    """Send bookmarks to watchers."""


class EndWatch(Message, frozen=True):
    """A watch has timed out, or is about to; then it gets a bookmark."""

    subscriber: Subscriber
    watch: int
    bookmark: bool = False


class ConvertWatched(Message, frozen=True):
    """Convert the objects in the pending events of a watcher."""

    subscriber: Subscriber
    watch: int


class CompactHistory(Message, frozen=True):
    """Compact the store."""


class SettleDefinitions(Message, frozen=True):
    """CustomResourceDefinitions have changed."""


class RepairServices(Message, frozen=True):
    """Check that the addresses and ports of services are allocated to them."""


OwnMessage: TypeAlias = (
    Flush | ConvertWatched | GiveUp | SendBookmarks | EndWatch | CompactHistory | SettleDefinitions | RepairServices
)
"""The server's messages to itself."""
