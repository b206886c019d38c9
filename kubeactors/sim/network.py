"""The network between components and the API server: where messages are lost, late, repeated.

Every envelope that the kernel delivers passes here first. Rules of the faults in effect decide about those that cross
the network: requests (and with them their replies), and the messages of watches. All else passes at the cost of one
look into a dict.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar, TypeAlias, cast

import msgspec

from kubeactors.actor.cell import Cell
from kubeactors.actor.envelope import Envelope, sender_of
from kubeactors.actor.errors import AskError
from kubeactors.actor.kernel import Kernel
from kubeactors.actor.waits import Wait
from kubeactors.apimachinery.requests import (
    ApiRequest,
    Create,
    Delete,
    DeleteCollection,
    Get,
    List,
    Patch,
    StopWatch,
    Update,
    Watch,
    WatchClosed,
    WatchEvents,
)
from kubeactors.storage import StoreEvents
from kubeactors.storage.messages import Compact, Progress, Range, Txn, WatchCreate

WRITES = (Create, Update, Patch, Delete, DeleteCollection)
REQUESTS = (Get, List, Watch, *WRITES)
STORE = "store"
"""The component at the other end of the API server's own watch."""
TO_STORE = "to-store"
"""Rules of this name see what the API server asks of the store."""
STRETCH = 256
"""See `Network.on_stretch`."""
STORE_REQUESTS = (Range, Txn, Compact, Progress, WatchCreate)
StoreRequest: TypeAlias = Range | Txn | Compact | Progress | WatchCreate

Hear: TypeAlias = Callable[[object], object]
Listener: TypeAlias = Callable[[Cell, Envelope], object]


class Stream(msgspec.Struct, frozen=True):
    """One watch: whose, of what, and under which number its subscriber knows it."""

    component: str
    request: Watch
    server: Cell
    """To whom the request went."""

    @property
    def resource(self) -> str:
        """What is watched, in the plural."""
        return self.request.resource.resource


class Asked(msgspec.Struct, frozen=True):
    """A write that a component has asked for."""

    component: str
    sender: Cell
    request: ApiRequest[object]
    revision: int
    """Of the store when the request came to the server."""
    at: int
    """When that was, in virtual nanoseconds."""


class Served(msgspec.Struct, frozen=True):
    """A request that the server begins to serve, whatever has befallen it on its way."""

    server: Cell
    request: ApiRequest[object]
    revision: int
    """Of the store at that moment."""
    at: int
    """When that is, in virtual nanoseconds."""


class Rule:
    """What one fault does to messages. Each method returns what is to be delivered, or None if nothing is, now."""

    network: "Network"
    """Set when the rule takes effect."""
    of_server: ClassVar[bool] = False
    """Whether it says what the server at the other end is like, not what becomes of messages on their way."""

    def request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        """A request of the component is about to reach the server."""
        return envelope

    def watched(self, stream: Stream, subscriber: Cell, envelope: Envelope) -> "Envelope | None":
        """A message of one of the component's watches is about to reach its subscriber."""
        return envelope

    def heal(self) -> None:
        """The fault is over."""


class Network:
    """Everything between components and the API server."""

    def __init__(self, kernel: Kernel) -> None:
        self._rules: dict[str, list[Rule]] = {}
        self._streams: dict[Cell, dict[int, Stream]] = {}
        self._components: dict[Cell, str] = {}
        self._decided: list[Envelope] = []
        self._stalled: dict[Cell, list[Envelope]] = {}
        self._let_through: dict[Cell, Envelope] = {}
        """What a stalled actor may handle next, and has not yet: perhaps it is being started again."""
        self._waking: dict[Cell, None] = {}
        """Of those the ones that are stalled no longer than that takes."""
        self.listeners: list[Listener] = []
        """See every envelope before any rule does."""
        self.on_watch: Callable[[Stream, Cell, WatchEvents | WatchClosed], object] | None = None
        """Sees every message of a watch as the server sent it."""
        self.on_write: Callable[[str, Cell, ApiRequest[object]], Hear | None] | None = None
        """Is told of every write of an actor; what it returns hears the answer, if that reaches the actor."""
        self.on_request: Callable[[str, Cell, ApiRequest[object]], object] | None = None
        """Is told of every request of an actor, and of its process."""
        self.on_served: Callable[[Cell, ApiRequest[object]], Hear] | None = None
        """Is told of every request that reaches a server; what it returns hears what the server says, lost or not."""
        self.on_stored: Callable[[StoreRequest], Hear] | None = None
        """The same of what reaches the store."""
        self.on_store_events: Callable[[Cell, StoreEvents], object] | None = None
        """Sees what the store tells watchers as it was sent."""
        self.on_stretch: Callable[[], object] | None = None
        """Is called after every `STRETCH` messages, of whatever kind."""
        self._left = STRETCH
        self._crossings: dict[type, Callable[[Cell, Envelope], Envelope | None]] = {
            **dict.fromkeys(REQUESTS, self._request),
            WatchEvents: self._watched,
            WatchClosed: self._watched,
            StoreEvents: self._from_store,
            **dict.fromkeys(STORE_REQUESTS, self._to_store),
        }
        self._kernel = kernel
        kernel.interceptor = self._intercept

    def add(self, component: str, rule: Rule) -> None:
        """The rule is in effect from now on; what the server is decides first, and older ones before newer ones."""
        rule.network = self
        rules = self._rules.setdefault(component, [])
        rules.append(rule)
        rules.sort(key=_is_of_network)

    def remove(self, component: str, rule: Rule) -> None:
        """The rule is no longer in effect."""
        rules = self._rules.get(component, [])
        if rule in rules:
            rules.remove(rule)

    def deliver(self, cell: Cell, envelope: Envelope) -> None:
        """Put an envelope into a mailbox; nobody decides about it again."""
        self._decided.append(envelope)
        cell.put(envelope)

    def release(self, held: Sequence[tuple[Cell, Envelope]]) -> None:
        """Hand over what was kept on its way, in order, before what has come since, and whether there is room or not.

        It was sent before what waits in the mailboxes now: nobody may hear of that first.
        """
        for cell, envelope in reversed(held):
            self._decided.append(envelope)
            if cell in self._stalled:
                self._stalled[cell].insert(0, envelope)
            else:
                cell.put_back(envelope)

    def stall(self, cell: Cell) -> None:
        """Let an actor handle nothing until `unstall`."""
        self._stalled.setdefault(cell, [])
        self._waking.pop(cell, None)

    def unstall(self, cell: Cell) -> None:
        """Let it handle all that came meanwhile, in order, and before what comes now."""
        if cell in self._let_through:
            self._waking[cell] = None
            return
        held = self._stalled.pop(cell, [])
        for envelope in reversed(held):
            cell.put_back(envelope)

    def let_one_through(self, cell: Cell) -> None:
        """Let a stalled actor handle the next message, unless it has not handled the one before yet."""
        held = self._stalled.get(cell)
        if held and cell not in self._let_through:
            self._let_through[cell] = envelope = held.pop(0)
            cell.put_back(envelope)

    def _may_handle(self, cell: Cell, envelope: Envelope) -> bool:
        """Whether it is what was let through to a stalled actor."""
        if self._let_through.get(cell) is not envelope:
            return False
        del self._let_through[cell]
        if cell in self._waking:
            self._kernel.at(self._kernel.now, partial(self.unstall, cell))
        return True

    def is_stalled(self, cell: Cell) -> bool:
        """Whether an actor handles nothing now."""
        return cell in self._stalled

    def streams_of(self, component: str) -> list[tuple[Cell, Stream]]:
        """The watches of a component, with who reads them."""
        return [
            (subscriber, stream)
            for subscriber, streams in self._streams.items()
            for stream in streams.values()
            if stream.component == component
        ]

    def component_of(self, cell: Cell | None) -> str:
        """The process that an actor belongs to: `controller-manager`, `scheduler`, a node's name."""
        if cell is None:
            return ""
        found = self._components.get(cell)
        if found is None:
            found = self._components[cell] = component_of(cell.path)
        return found

    def _intercept(self, cell: Cell, envelope: Envelope) -> "Envelope | None":
        self._left -= 1
        if not self._left:
            self._end_stretch()
        if self._stalled and cell in self._stalled and not self._may_handle(cell, envelope):
            self._stalled[cell].append(envelope)
            return None
        if self.listeners:
            for listener in self.listeners:
                listener(cell, envelope)
        crossing = self._crossings.get(type(envelope[0]))
        if crossing is None:
            return envelope
        decided = self._decided and _take(self._decided, envelope)
        passed = envelope if decided else crossing(cell, envelope)
        if passed is None or passed[2] is None:
            return passed
        kind = type(envelope[0])
        if kind in REQUESTS and self.on_served is not None:
            return _attended(passed, self.on_served(cell, cast("ApiRequest[object]", passed[0])))
        if kind in STORE_REQUESTS and self.on_stored is not None:
            return _attended(passed, self.on_stored(cast("StoreRequest", passed[0])))
        return passed

    def _end_stretch(self) -> None:
        self._left = STRETCH
        if self.on_stretch is not None:
            self.on_stretch()

    def _request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        message, sender = envelope[0], sender_of(envelope)
        component = self.component_of(sender)
        if self.on_request is not None and sender is not None:
            self.on_request(component, sender, cast("ApiRequest[object]", message))
        if isinstance(message, Watch):
            subscriber = cast("Cell", message.subscriber)
            self._streams.setdefault(subscriber, {})[message.watch] = Stream(component, message, server)
        elif self.on_write is not None and isinstance(message, WRITES):
            envelope = self._overheard(component, envelope, message)
        return self._ruled(component, server, envelope)

    def _overheard(self, component: str, envelope: Envelope, message: ApiRequest[object]) -> Envelope:
        """The same request; whoever is told of writes hears the answer just before who asked for it."""
        _, sender, reply = envelope
        cell = sender_of(envelope)
        hear = self.on_write(component, cell, message) if self.on_write is not None and cell is not None else None
        if cell is None or hear is None or reply is None:
            return envelope
        answer: Wait[object] = Wait()
        answer.waiter = partial(_hand_over, answer, reply, hear, cell, cell.actor)
        return message, sender, answer

    def _watched(self, subscriber: Cell, envelope: Envelope) -> "Envelope | None":
        message = cast("WatchEvents | WatchClosed", envelope[0])
        stream = self._streams.get(subscriber, {}).get(message.watch)
        if stream is None:
            return envelope
        if self.on_watch is not None:
            self.on_watch(stream, subscriber, message)
        rules = self._rules.get(stream.component)
        for rule in tuple(rules) if rules else ():
            passed = rule.watched(stream, subscriber, envelope)
            if passed is None:
                return None
            envelope = passed
        return envelope

    def _from_store(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        if self.on_store_events is not None:
            self.on_store_events(server, cast("StoreEvents", envelope[0]))
        return self._ruled(STORE, server, envelope)

    def _to_store(self, store: Cell, envelope: Envelope) -> "Envelope | None":
        return self._ruled(TO_STORE, store, envelope)

    def _ruled(self, component: str, server: Cell, envelope: Envelope) -> "Envelope | None":
        rules = self._rules.get(component)
        for rule in tuple(rules) if rules else ():
            passed = rule.request(server, envelope)
            if passed is None:
                return None
            envelope = passed
        return envelope


def _hand_over(answer: Wait[object], reply: Wait[object], hear: Hear, cell: Cell, actor: object) -> None:
    """Pass an answer on; it is heard if the very actor that asked for it still waits for it."""
    try:
        result = answer.result()
    except AskError as error:
        reply.fail(error)
        return
    if reply.waiter is not None and cell.actor is actor:
        hear(result)
    reply.set(result)


def _attended(envelope: Envelope, hear: Hear) -> Envelope:
    """The same request; somebody hears the answer when it is given."""
    message, sender, reply = envelope
    assert reply is not None  # somebody waits for it
    answer: Wait[object] = Wait()
    answer.waiter = partial(_give, answer, reply, hear)
    return message, sender, answer


def _give(answer: Wait[object], reply: Wait[object], hear: Hear) -> None:
    try:
        result = answer.result()
    except AskError as error:
        reply.fail(error)
        return
    hear(result)
    reply.set(result)


def _is_of_network(rule: Rule) -> bool:
    return not rule.of_server


def _take(envelopes: list[Envelope], envelope: Envelope) -> bool:
    """Take this very envelope out of some; False if it is not one of them."""
    for index, one in enumerate(envelopes):
        if one is envelope:
            del envelopes[index]
            return True
    return False


def component_of(path: str) -> str:
    """The process of an actor by its path in the supervision tree.

    >>> component_of("/cluster/controller-manager/replicaset"), component_of("/cluster/machines/node-1")
    ('controller-manager', 'node-1')
    """
    parts = path.split("/")[2:]
    if parts[:1] == ["machines"]:
        parts = parts[1:]
    return parts[0] if parts else path.strip("/")


def disconnect(stream: Stream, subscriber: Cell, closed: WatchClosed) -> None:
    """Both ends find that the connection of a watch is broken."""
    subscriber.put_system(closed)  # it finds out by itself: a full mailbox keeps nobody from that
    watch = StopWatch(subscriber=stream.request.subscriber, watch=stream.request.watch)
    stream.server.put((watch, None, None))
