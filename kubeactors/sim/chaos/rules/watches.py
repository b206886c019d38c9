"""Rules about watches, and about stale lists."""

import msgspec

from kubeactors.actor.cell import Cell
from kubeactors.actor.envelope import Envelope
from kubeactors.apimachinery.requests import (
    List,
    Watch,
    WatchClosed,
    WatchEvents,
)
from kubeactors.apimachinery.status import (
    Expired,
    Status,
)
from kubeactors.apiserver.reading import too_large
from kubeactors.sim.chaos.rules.common import Fired
from kubeactors.sim.network import Rule, Stream, disconnect


class Lag(Rule):
    """Messages of a watch are held back until the fault heals.

    Args:
        resource: which watch; all watches of the component if empty.
        fired: see the package.
        of_store: the watch that the API server has on the store, instead of a component's.
    """

    def __init__(self, resource: str, fired: Fired, *, of_store: bool = False) -> None:
        self._resource = resource
        self._of_store = of_store
        self._fired = fired
        self._held: list[tuple[Cell, Envelope]] = []

    def watched(self, stream: Stream, subscriber: Cell, envelope: Envelope) -> "Envelope | None":
        """Hold the event back."""
        if self._resource not in ("", stream.resource):
            return envelope
        self._keep(subscriber, envelope)
        return None

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Store events to the API server are a watch as well."""
        if not self._of_store:
            return envelope
        self._keep(server, envelope)
        return None

    def _keep(self, cell: Cell, envelope: Envelope) -> None:
        if not self._held:
            self._fired()
        self._held.append((cell, envelope))

    def heal(self) -> None:
        """Deliver what was held back, in order."""
        self.network.release(self._held)


class Break(Rule):
    """Messages of a watch are lost until the fault heals; then both ends see a broken connection.

    Args:
        resource: which watch; all watches of the component if empty.
        fired: see the package.
        status: with which the watch ends: after None it can be resumed, after `EXPIRED` it cannot.
    """

    def __init__(self, resource: str, fired: Fired, status: Status | None = None) -> None:
        self._resource = resource
        self._fired = fired
        self._status = status
        self._broken: dict[tuple[Cell, int], Stream] = {}

    def watched(self, stream: Stream, subscriber: Cell, envelope: Envelope) -> "Envelope | None":
        """Lose the event."""
        if self._resource and stream.resource != self._resource:
            return envelope
        key = (subscriber, stream.request.watch)
        if key not in self._broken:
            if not isinstance(envelope[0], WatchEvents):
                return envelope
            self._broken[key] = stream
            self._fired()
        return None

    def heal(self) -> None:
        """Break the connections, at both ends."""
        for (subscriber, number), stream in self._broken.items():
            disconnect(stream, subscriber, WatchClosed(number, self._status))


EXPIRED = Expired.saying("too old resource version: the simulator has compacted it").status


class Repeat(Rule):
    """Every message of a watch is delivered twice."""

    def __init__(self, resource: str, fired: Fired) -> None:
        self._resource = resource
        self._fired = fired

    def watched(self, stream: Stream, subscriber: Cell, envelope: Envelope) -> "Envelope | None":
        """Deliver the event once more."""
        if stream.resource != self._resource or not isinstance(envelope[0], WatchEvents):
            return envelope
        self._fired()
        self.network.deliver(subscriber, (envelope[0], envelope[1], None))
        return envelope


class Stale(Rule):
    """The component is served by an API server whose watch cache is stuck at a revision: its watches are silent.

    Consistent reads go to the store through any server, and are not stale.
    """

    def __init__(self, revision: int, resource: str = "") -> None:
        self._revision = revision
        self._resource = resource
        self._held: list[tuple[Cell, Envelope]] = []

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Serve a list that may be stale, also that of a watch, from the old revision."""
        message, sender, reply = envelope
        if not isinstance(message, List | Watch) or reply is None or not message.options.resource_version:
            return envelope
        if isinstance(message, Watch) and not message.lists:
            return envelope
        if self._resource not in ("", message.resource.resource):
            return envelope
        wanted = int(message.options.resource_version)
        if wanted > self._revision:
            reply.set(too_large(wanted, self._revision).status)
            return None
        options = msgspec.structs.replace(
            message.options, resource_version=str(self._revision), resource_version_match="Exact"
        )
        return msgspec.structs.replace(message, options=options), sender, reply

    def watched(self, stream: Stream, subscriber: Cell, envelope: Envelope) -> "Envelope | None":
        """Hold the event back."""
        if self._resource not in ("", stream.resource):
            return envelope
        self._held.append((subscriber, envelope))
        return None

    def heal(self) -> None:
        """Deliver what was held back: the server catches up."""
        self.network.release(self._held)
