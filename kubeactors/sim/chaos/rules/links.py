"""Rules about whole connections."""

from functools import partial
from typing import ClassVar, cast

import msgspec

from kubeactors.actor import ActorStopped, Wait
from kubeactors.actor.cell import Cell
from kubeactors.actor.envelope import Envelope
from kubeactors.apimachinery.requests import (
    Create,
    ListResult,
    Result,
    Update,
    Watch,
    WatchEvents,
    WatchStarted,
)
from kubeactors.apimachinery.status import (
    ServiceUnavailable,
    Status,
    TooManyRequests,
)
from kubeactors.sim.chaos.faults import Refusal
from kubeactors.sim.chaos.rules.common import Fired, pass_on
from kubeactors.sim.chaos.rules.watches import Break
from kubeactors.sim.chaos.skew import newer, older
from kubeactors.sim.network import Rule, Stream

THROTTLED = TooManyRequests.saying("too many requests, please try again later").status
UNAVAILABLE = ServiceUnavailable.saying("the server is currently unable to handle the request").status
REFUSALS: dict[Refusal, Status] = {"throttled": THROTTLED, "unavailable": UNAVAILABLE}


class Refuse(Rule):
    """No request of the component reaches the server: it gets a status, or a broken connection."""

    def __init__(self, fired: Fired, status: Status | None = None) -> None:
        self._fired: Fired | None = fired
        self._status = status

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Refuse the request."""
        if self._fired is not None:
            self._fired()
            self._fired = None
        if envelope[2] is None:
            return None
        if self._status is not None:
            envelope[2].set(self._status)
        else:
            envelope[2].fail(ActorStopped("the simulator refuses connections"))
        return None


class Cut(Break):
    """A network partition between a component and the server, in one direction or both."""

    def __init__(self, direction: str, fired: Fired) -> None:
        super().__init__("", fired)
        self._direction = direction
        self._unheard = False

    def watched(self, stream: Stream, subscriber: Cell, envelope: Envelope) -> "Envelope | None":
        """Lose the event, unless only requests are lost."""
        return envelope if self._direction == "to-server" else super().watched(stream, subscriber, envelope)

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Lose the request, or its reply."""
        if not self._unheard:
            self._unheard = True
            self._fired()
        message, sender, _ = envelope
        if self._direction == "from-server" and (not isinstance(message, Watch) or message.lists):
            return message, sender, Wait()
        return None


class Newer(Rule):
    """The component is served by a newer version of the server: see `skew.py`."""

    of_server: ClassVar[bool] = True

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Writes are stored without the default; replies have it."""
        message, sender, reply = envelope
        if isinstance(message, Create | Update):
            message = msgspec.structs.replace(message, object=older(message.object))
        if reply is None:
            return message, sender, None
        found: Wait[object] = Wait()
        found.waiter = partial(pass_on, found, reply, _as_newer)
        return message, sender, found

    def watched(self, stream: Stream, subscriber: Cell, envelope: Envelope) -> "Envelope | None":
        """Watch events have the default as well."""
        message, sender, reply = envelope
        if not isinstance(message, WatchEvents):
            return envelope
        events = tuple(msgspec.structs.replace(one, object=newer(one.object)) for one in message.events)
        return msgspec.structs.replace(message, events=events), sender, reply


def _as_newer(answer: object) -> object:
    """An answer with the default in its objects."""
    if isinstance(answer, Result):
        return msgspec.structs.replace(answer, object=newer(answer.object))
    if isinstance(answer, ListResult):
        return msgspec.structs.replace(answer, items=tuple(map(newer, answer.items)))
    if isinstance(answer, WatchStarted) and answer.initial is not None:
        return WatchStarted(cast("ListResult", _as_newer(answer.initial)))
    return answer
