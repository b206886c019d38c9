"""What the server is told besides the requests of everybody: by those who start it, and by itself."""

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
"""What everybody may ask or tell the server."""


class IsReady(Request[bool], frozen=True):
    """Ask whether the cache is primed. Other requests wait until it is."""


class Flush(Message, frozen=True):
    """Send watchers what has been gathered for them."""


class GiveUp(Message, frozen=True):
    """Somebody has waited long enough for the cache."""

    number: int


class SendBookmarks(Message, frozen=True):
    """Tell watchers how far they have seen."""


class EndWatch(Message, frozen=True):
    """The time of a watch is over, or about to be: then it gets a bookmark."""

    subscriber: Subscriber
    watch: int
    bookmark: bool = False


class ConvertWatched(Message, frozen=True):
    """Have converted what is gathered for a watcher."""

    subscriber: Subscriber
    watch: int


class CompactHistory(Message, frozen=True):
    """Let the store forget what is old."""


class SettleDefinitions(Message, frozen=True):
    """Definitions of custom kinds have changed."""


class RepairServices(Message, frozen=True):
    """See whether services have what was given out to them."""


OwnMessage: TypeAlias = (
    Flush | ConvertWatched | GiveUp | SendBookmarks | EndWatch | CompactHistory | SettleDefinitions | RepairServices
)
"""What it tells itself."""
