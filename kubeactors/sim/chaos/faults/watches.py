"""Watches that deliver late, twice, or never."""

from kubeactors.sim.steps import Fault, Lasting


class WatchLag(Lasting, frozen=True, kw_only=True, tag="watch-lag"):
    """A watch delivers nothing for a while, then everything, in order."""

    component: str
    resource: str


class WatchBreak(Lasting, frozen=True, kw_only=True, tag="watch-break"):
    """A watch loses all messages for a while, then its connection breaks."""

    component: str
    resource: str


class WatchExpired(Lasting, frozen=True, kw_only=True, tag="watch-expired"):
    """Like `WatchBreak`, but the watch cannot be resumed: the component relists and never sees the changes between."""

    component: str
    resource: str


class WatchRepeat(Lasting, frozen=True, kw_only=True, tag="watch-repeat"):
    """Every message of a watch is delivered twice."""

    component: str
    resource: str


class StoreLag(Lasting, frozen=True, kw_only=True, tag="store-lag"):
    """The API server's watch cache falls behind the store, then catches up."""


class MailboxOverflow(Lasting, frozen=True, kw_only=True, tag="mailbox-overflow"):
    """The mailbox of a watch's subscriber is full: it accepts only its own timers and replies."""

    component: str
    resource: str


class Compaction(Fault, frozen=True, kw_only=True, tag="compaction"):
    """History is compacted, and every watch of a component breaks, so that none can be resumed."""

    component: str


WatchFault = WatchLag | WatchBreak | WatchExpired | WatchRepeat | StoreLag | MailboxOverflow | Compaction
