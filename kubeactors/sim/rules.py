"""The rules of network faults. `fired` is called when a rule takes effect."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar, cast

import msgspec

from kubeactors.actor import ActorStopped, AskError, Wait
from kubeactors.actor.cell import Cell
from kubeactors.actor.envelope import Envelope, sender_of
from kubeactors.apimachinery.requests import (
    ADMIN,
    MERGE_PATCH,
    ApiRequest,
    Create,
    Delete,
    List,
    ListResult,
    Patch,
    Result,
    Update,
    Watch,
    WatchClosed,
    WatchEvents,
    WatchStarted,
)
from kubeactors.apimachinery.status import (
    Expired,
    Forbidden,
    InternalError,
    ServiceUnavailable,
    Status,
    TooManyRequests,
)
from kubeactors.apiserver.reading import too_large
from kubeactors.sim.faults import Denial, Denied, LateWrite, Refusal, Verb
from kubeactors.sim.network import WRITES, Rule, Stream, disconnect
from kubeactors.sim.skew import newer, older

Fired = Callable[[], object]

VERBS: dict[Verb, tuple[type[object], ...]] = {
    "any": WRITES,
    "create": (Create,),
    "update": (Update,),
    "patch": (Patch,),
    "delete": (Delete,),
}
NOTES = ("events", "leases")
"""What components write besides."""
TOUCHED = "sim.kubeactors/touched"
"""The annotation by which somebody changes an object just before somebody else does."""


def _concerns(meant: str, resource: str) -> bool:
    """Whether writes of objects of a resource are meant."""
    return resource == meant or not (meant or resource in NOTES)


class Lag(Rule):
    """Messages of one watch wait until the fault heals.

    Args:
        resource: which watch; all watches of the component if empty.
        fired: see the module.
        of_store: it is the watch of the API server instead.
    """

    def __init__(self, resource: str, fired: Fired, *, of_store: bool = False) -> None:
        self._resource = resource
        self._of_store = of_store
        self._fired = fired
        self._held: list[tuple[Cell, Envelope]] = []

    def watched(self, stream: Stream, subscriber: Cell, envelope: Envelope) -> "Envelope | None":
        """Keep it."""
        if self._resource not in ("", stream.resource):
            return envelope
        self._keep(subscriber, envelope)
        return None

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """What the store tells the API server is a watch as well."""
        if not self._of_store:
            return envelope
        self._keep(server, envelope)
        return None

    def _keep(self, cell: Cell, envelope: Envelope) -> None:
        if not self._held:
            self._fired()
        self._held.append((cell, envelope))

    def heal(self) -> None:
        """Deliver what was kept, in order."""
        self.network.release(self._held)


class Break(Rule):
    """Messages of one watch are lost until the fault heals; then its connection is found to be broken.

    Args:
        resource: which watch; all watches of the component if empty.
        fired: see the module.
        status: what the end of the watch is told with: None can be resumed, `EXPIRED` cannot.
    """

    def __init__(self, resource: str, fired: Fired, status: Status | None = None) -> None:
        self._resource = resource
        self._fired = fired
        self._status = status
        self._broken: dict[tuple[Cell, int], Stream] = {}

    def watched(self, stream: Stream, subscriber: Cell, envelope: Envelope) -> "Envelope | None":
        """Lose it."""
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
        """Both ends notice."""
        for (subscriber, number), stream in self._broken.items():
            disconnect(stream, subscriber, WatchClosed(number, self._status))


EXPIRED = Expired.saying("too old resource version: the simulator has compacted it").status


class Repeat(Rule):
    """Every message of a watch comes twice."""

    def __init__(self, resource: str, fired: Fired) -> None:
        self._resource = resource
        self._fired = fired

    def watched(self, stream: Stream, subscriber: Cell, envelope: Envelope) -> "Envelope | None":
        """Put it into the mailbox once more."""
        if stream.resource != self._resource or not isinstance(envelope[0], WatchEvents):
            return envelope
        self._fired()
        self.network.deliver(subscriber, (envelope[0], envelope[1], None))
        return envelope


class Touch(Rule):
    """Somebody changes an object between the component's read and its write."""

    def __init__(self, resource: str, count: int, fired: Fired) -> None:
        self._resource = resource
        self._left = count
        self._count = 0
        self._fired = fired

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Change the object first."""
        message = envelope[0]
        if (
            not self._left
            or not isinstance(message, Update | Patch | Delete)
            or not _concerns(self._resource, message.resource.resource)
        ):
            return envelope
        self._left -= 1
        self._fired()
        changed: Wait[object] = Wait()
        changed.waiter = partial(self.network.deliver, server, envelope)
        server.put((self._change(message), None, changed))
        return None

    def _change(self, message: ApiRequest[object]) -> Patch:
        self._count += 1
        value = msgspec.json.encode({"metadata": {"annotations": {TOUCHED: str(self._count)}}})
        return Patch(
            resource=message.resource,
            namespace=message.namespace,
            name=message.name,
            patch_type=MERGE_PATCH,
            patch=value,
            user=ADMIN,
        )


class LoseReply(Rule):
    """A write takes effect, and its reply is lost."""

    def __init__(self, resource: str, skip: int, fired: Fired, *, silent: bool) -> None:
        self._resource = resource
        self._skip = skip
        self._fired = fired
        self._silent = silent
        self._done = False

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Deliver it with another address for the reply."""
        message, sender, reply = envelope
        if self._done or reply is None or not isinstance(message, WRITES):
            return envelope
        if not _concerns(self._resource, message.resource.resource):
            return envelope
        if self._skip:
            self._skip -= 1
            return envelope
        self._done = True
        self._fired()
        lost: Wait[object] = Wait()
        if not self._silent:
            lost.waiter = partial(reply.fail, ActorStopped("the simulator has broken the connection"))
        return message, sender, lost


class DelayReply(Rule):
    """The reply to a write comes late.

    Args:
        resource: what is written; whatever it is if empty.
        fired: see the module.
        after: does something after the delay.
    """

    def __init__(self, resource: str, fired: Fired, after: Callable[[Callable[[], object]], object]) -> None:
        self._resource = resource
        self._fired: Fired | None = fired
        self._after = after

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Deliver it with an address for the reply from which it is passed on late."""
        message, sender, reply = envelope
        if reply is None or not isinstance(message, WRITES):
            return envelope
        if self._resource not in ("", message.resource.resource):
            return envelope
        if self._fired is not None:
            self._fired()
            self._fired = None
        early: Wait[object] = Wait()
        early.waiter = partial(self._after, partial(_pass_on, early, reply))
        return message, sender, early


def _pass_on(early: Wait[object], late: Wait[object], changed: Callable[[object], object] = lambda same: same) -> None:
    try:
        result = early.result()
    except AskError as error:
        late.fail(error)
    else:
        late.set(changed(result))


class _Meant:
    """The writes that a fault is about: so many of their kind, after others."""

    def __init__(self, fault: LateWrite | Denied) -> None:
        self._fault = fault
        self._seen = 0

    def has(self, envelope: Envelope) -> bool:
        """Whether this is one of them; it is counted."""
        fault, (message, _, reply) = self._fault, envelope
        if reply is None or not isinstance(message, VERBS[fault.verb]):
            return False
        if not _concerns(fault.resource, cast("ApiRequest[object]", message).resource.resource):
            return False
        self._seen += 1
        number, rest = divmod(self._seen - fault.skip, fault.every if isinstance(fault, Denied) else 1)
        return not rest and 0 < number <= fault.count


class Hold(Rule):
    """Some writes come late, or their replies do.

    Args:
        fault: which ones.
        fired: is shown each of them.
        after: does something after so many seconds.
    """

    def __init__(
        self,
        fault: LateWrite,
        fired: Callable[[ApiRequest[object]], object],
        after: Callable[[float, Callable[[], object]], object],
    ) -> None:
        self._fault = fault
        self._meant = _Meant(fault)
        self._fired = fired
        self._after = after

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Keep it, or deliver it with an address for the reply from which it is passed on late."""
        message, sender, reply = envelope
        if reply is None or not self._meant.has(envelope):
            return envelope
        write = cast("ApiRequest[object]", message)
        if self._fault.leg == "request":
            self._fired(write)
            self._after(self._fault.seconds, partial(self._deliver, server, envelope, _actor_of(envelope)))
            return None
        early: Wait[object] = Wait()
        early.waiter = partial(self._answered, write, early, reply)
        return message, sender, early

    def _deliver(self, server: Cell, envelope: Envelope, sender: object) -> None:
        """With its sender the connection is gone; it may have been when the server got to the request."""
        if sender is not None and _actor_of(envelope) is sender:
            self.network.deliver(server, envelope)

    def _answered(self, write: ApiRequest[object], early: Wait[object], late: Wait[object]) -> None:
        self._fired(write)
        self._after(self._fault.seconds, partial(_pass_on, early, late))


def _actor_of(envelope: Envelope) -> object:
    """Who has sent it, if that is there still."""
    cell = sender_of(envelope)
    return cell.actor if cell is not None else None


THROTTLED = TooManyRequests.saying("too many requests, please try again later").status
UNAVAILABLE = ServiceUnavailable.saying("the server is currently unable to handle the request").status
REFUSALS: dict[Refusal, Status] = {"throttled": THROTTLED, "unavailable": UNAVAILABLE}


class Refuse(Rule):
    """No request of the component reaches the server; it is told so: with a status, or by a broken connection."""

    def __init__(self, fired: Fired, status: Status | None = None) -> None:
        self._fired: Fired | None = fired
        self._status = status

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Refuse it."""
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


DENIALS: dict[Denial, Status] = {
    "forbidden": Forbidden.saying("admission webhook denied the request: not now").status,
    "internal-error": InternalError.saying("Internal error occurred: failed calling webhook").status,
}


class Deny(Rule):
    """Some writes are refused. See `Denied`."""

    def __init__(self, fault: Denied, fired: Fired) -> None:
        self._meant = _Meant(fault)
        self._status = DENIALS[fault.answer]
        self._fired = fired

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Refuse it, if it is one of them."""
        reply = envelope[2]
        if reply is None or not self._meant.has(envelope):
            return envelope
        self._fired()
        reply.set(self._status)
        return None


class Cut(Break):
    """A component and the server do not hear each other, or one of them not the other."""

    def __init__(self, direction: str, fired: Fired) -> None:
        super().__init__("", fired)
        self._direction = direction
        self._unheard = False

    def watched(self, stream: Stream, subscriber: Cell, envelope: Envelope) -> "Envelope | None":
        """Lose it, if the component does not hear the server."""
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
        """What it writes is stored as ever, what it reads has the default."""
        message, sender, reply = envelope
        if isinstance(message, Create | Update):
            message = msgspec.structs.replace(message, object=older(message.object))
        if reply is None:
            return message, sender, None
        found: Wait[object] = Wait()
        found.waiter = partial(_pass_on, found, reply, _as_newer)
        return message, sender, found

    def watched(self, stream: Stream, subscriber: Cell, envelope: Envelope) -> "Envelope | None":
        """The same for what it is told."""
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


class CrashAfter(Rule):
    """An actor crashes right after its n-th write from now on."""

    def __init__(self, controller: Cell, writes: int, crash: Fired) -> None:
        self._controller = controller
        self._left = writes
        self._crash = crash

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Count it."""
        if self._left and sender_of(envelope) is self._controller and isinstance(envelope[0], WRITES):
            self._left -= 1
            if not self._left:
                self._crash()
        return envelope


class Stale(Rule):
    """The component is served by a server that has come to a revision, and no further: its watches say nothing.

    What must be the newest is read from the store, through any server.
    """

    def __init__(self, revision: int, resource: str = "") -> None:
        self._revision = revision
        self._resource = resource
        self._held: list[tuple[Cell, Envelope]] = []

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """Answer a list that may be old with an old one, also that of a watch."""
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
        """Keep it."""
        if self._resource not in ("", stream.resource):
            return envelope
        self._held.append((subscriber, envelope))
        return None

    def heal(self) -> None:
        """Catch up."""
        self.network.release(self._held)
