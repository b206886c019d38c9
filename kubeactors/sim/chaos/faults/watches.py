"""What watches tell late, twice, or never."""

from kubeactors.sim.steps import Fault, Lasting


class WatchLag(Lasting, frozen=True, kw_only=True, tag="watch-lag"):
    """A watch delivers nothing for a while, then everything, in order."""

    component: str
    resource: str


class WatchBreak(Lasting, frozen=True, kw_only=True, tag="watch-break"):
    """A message of a watch is lost, and all after it; later the connection is found to be broken."""

    component: str
    resource: str


class WatchExpired(Lasting, frozen=True, kw_only=True, tag="watch-expired"):
    """Like `WatchBreak`, but the watch cannot be resumed: the component lists again and never sees what was between."""

    component: str
    resource: str


class WatchRepeat(Lasting, frozen=True, kw_only=True, tag="watch-repeat"):
    """Every message of a watch comes twice."""

    component: str
    resource: str


class StoreLag(Lasting, frozen=True, kw_only=True, tag="store-lag"):
    """The API server's watch cache falls behind the store, then catches up."""


class MailboxOverflow(Lasting, frozen=True, kw_only=True, tag="mailbox-overflow"):
    """The mailbox of whoever reads a watch is full: it takes no messages, only its own timers and replies."""

    component: str
    resource: str


class Compaction(Fault, frozen=True, kw_only=True, tag="compaction"):
    """The store forgets all history, and every watch of a component breaks: what it missed cannot be told any more."""

    component: str


WatchFault = WatchLag | WatchBreak | WatchExpired | WatchRepeat | StoreLag | MailboxOverflow | Compaction
