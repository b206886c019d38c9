"""The network between components and the API server, where messages are lost, delayed and duplicated.

Every envelope passes here before the kernel delivers it. The rules of the faults in effect apply to those that cross the
network: requests (and with them their replies), and the messages of watches. All others cost one dict lookup.
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
"""The component name for rules about requests of the API server to the store."""
CHECK_INTERVAL = 256
"""See `Network.on_interval`."""
STORE_REQUESTS = (Range, Txn, Compact, Progress, WatchCreate)
StoreRequest: TypeAlias = Range | Txn | Compact | Progress | WatchCreate

OnAnswer: TypeAlias = Callable[[object], object]
Listener: TypeAlias = Callable[[Cell, Envelope], object]


class Stream(msgspec.Struct, frozen=True):
    """One watch: of which component, on what, and by which number its subscriber identifies it."""

    component: str
    request: Watch
    server: Cell
    """The server that the request went to."""

    @property
    def resource(self) -> str:
        """The watched resource, in the plural."""
        return self.request.resource.resource


class Asked(msgspec.Struct, frozen=True):
    """A write that a component has requested."""

    component: str
    sender: Cell
    request: ApiRequest[object]
    revision: int
    """Of the store when the request arrived at the server."""
    at: int
    """When that was, in virtual nanoseconds."""


class Served(msgspec.Struct, frozen=True):
    """A request that the server begins to serve, after any faults on its way."""

    server: Cell
    request: ApiRequest[object]
    revision: int
    """Of the store at that moment."""
    at: int
    """When that is, in virtual nanoseconds."""


class Rule:
    """What one fault does to messages. Each method returns the envelope to deliver now, or None."""

    network: "Network"
    """Set when the rule is installed."""
    of_server: ClassVar[bool] = False
    """Whether the rule models the server at the other end, not the path of messages."""

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
        """The message that a stalled actor may handle next and has not handled yet, perhaps because it is restarting."""
        self._waking: dict[Cell, None] = {}
        """Stalled actors that are unstalled as soon as they have handled that message."""
        self.listeners: list[Listener] = []
        """Called with every envelope, before any rule."""
        self.on_watch: Callable[[Stream, Cell, WatchEvents | WatchClosed], object] | None = None
        """Called with every message of a watch as the server sent it."""
        self.on_write: Callable[[str, Cell, ApiRequest[object]], OnAnswer | None] | None = None
        """Called with every write of an actor; returns a callback for the answer, if that reaches the actor."""
        self.on_request: Callable[[str, Cell, ApiRequest[object]], object] | None = None
        """Called with every request of an actor, and the name of its process."""
        self.on_served: Callable[[Cell, ApiRequest[object]], OnAnswer] | None = None
        """Called with every request that reaches a server; returns a callback for the answer, lost or not."""
        self.on_stored: Callable[[StoreRequest], OnAnswer] | None = None
        """The same for requests that reach the store."""
        self.on_store_events: Callable[[Cell, StoreEvents], object] | None = None
        """Called with the events of the store's watches as they were sent."""
        self.on_interval: Callable[[], object] | None = None
        """Called after every `CHECK_INTERVAL` messages of any kind."""
        self._left = CHECK_INTERVAL
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
        """Install a rule. Rules that model the server apply first, then older rules before newer ones."""
        rule.network = self
        rules = self._rules.setdefault(component, [])
        rules.append(rule)
        rules.sort(key=_is_of_network)

    def remove(self, component: str, rule: Rule) -> None:
        """Remove a rule."""
        rules = self._rules.get(component, [])
        if rule in rules:
            rules.remove(rule)

    def deliver(self, cell: Cell, envelope: Envelope) -> None:
        """Put an envelope into a mailbox; no rule applies to it again."""
        self._decided.append(envelope)
        cell.put(envelope)

    def release(self, held: Sequence[tuple[Cell, Envelope]]) -> None:
        """Deliver what was held back, in order, ahead of the mailboxes' contents and regardless of their capacity.

        It was sent before the messages that wait in the mailboxes now, so it must be handled before them.
        """
        for cell, envelope in reversed(held):
            self._decided.append(envelope)
            if cell in self._stalled:
                self._stalled[cell].insert(0, envelope)
            else:
                cell.put_back(envelope)

    def stall(self, cell: Cell) -> None:
        """Hold back all messages of an actor until `unstall`."""
        self._stalled.setdefault(cell, [])
        self._waking.pop(cell, None)

    def unstall(self, cell: Cell) -> None:
        """Let an actor handle what was held back, in order, before later messages."""
        if cell in self._let_through:
            self._waking[cell] = None
            return
        held = self._stalled.pop(cell, [])
        for envelope in reversed(held):
            cell.put_back(envelope)

    def let_one_through(self, cell: Cell) -> None:
        """Let a stalled actor handle one more message, unless it has not handled the previous one yet."""
        held = self._stalled.get(cell)
        if held and cell not in self._let_through:
            self._let_through[cell] = envelope = held.pop(0)
            cell.put_back(envelope)

    def _may_handle(self, cell: Cell, envelope: Envelope) -> bool:
        """Whether this is the message that was let through to the stalled actor."""
        if self._let_through.get(cell) is not envelope:
            return False
        del self._let_through[cell]
        if cell in self._waking:
            self._kernel.at(self._kernel.now, partial(self.unstall, cell))
        return True

    def is_stalled(self, cell: Cell) -> bool:
        """Whether the messages of an actor are held back."""
        return cell in self._stalled

    def streams_of(self, component: str) -> list[tuple[Cell, Stream]]:
        """The watches of a component, each with its subscriber."""
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
            self._end_interval()
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
            return _with_callback(passed, self.on_served(cell, cast("ApiRequest[object]", passed[0])))
        if kind in STORE_REQUESTS and self.on_stored is not None:
            return _with_callback(passed, self.on_stored(cast("StoreRequest", passed[0])))
        return passed

    def _end_interval(self) -> None:
        self._left = CHECK_INTERVAL
        if self.on_interval is not None:
            self.on_interval()

    def _request(self, server: Cell, envelope: Envelope) -> "Envelope | None":
        message, sender = envelope[0], sender_of(envelope)
        component = self.component_of(sender)
        if self.on_request is not None and sender is not None:
            self.on_request(component, sender, cast("ApiRequest[object]", message))
        if isinstance(message, Watch):
            subscriber = cast("Cell", message.subscriber)
            self._streams.setdefault(subscriber, {})[message.watch] = Stream(component, message, server)
        elif self.on_write is not None and isinstance(message, WRITES):
            envelope = self._observed_write(component, envelope, message)
        return self._apply_rules(component, server, envelope)

    def _observed_write(self, component: str, envelope: Envelope, message: ApiRequest[object]) -> Envelope:
        """The same request; the callback of `on_write` sees the answer just before the sender does."""
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
        return self._apply_rules(STORE, server, envelope)

    def _to_store(self, store: Cell, envelope: Envelope) -> "Envelope | None":
        return self._apply_rules(TO_STORE, store, envelope)

    def _apply_rules(self, component: str, server: Cell, envelope: Envelope) -> "Envelope | None":
        rules = self._rules.get(component)
        for rule in tuple(rules) if rules else ():
            passed = rule.request(server, envelope)
            if passed is None:
                return None
            envelope = passed
        return envelope


def _hand_over(answer: Wait[object], reply: Wait[object], on_answer: OnAnswer, cell: Cell, actor: object) -> None:
    """Forward an answer; the callback sees it if the very actor that sent the request still waits for it.

    An actor that has sent several requests at once may not have come to this one yet: it has not abandoned it either, and
    so its deadline still runs.
    """
    try:
        result = answer.result()
    except AskError as error:
        reply.fail(error)
        return
    is_expected = reply.waiter is not None or (reply.on_settled is not None and not reply.done)
    if is_expected and cell.actor is actor:
        on_answer(result)
    reply.set(result)


def _with_callback(envelope: Envelope, on_answer: OnAnswer) -> Envelope:
    """The same request; the callback sees the answer when the server gives it."""
    message, sender, reply = envelope
    assert reply is not None  # the caller has checked that the sender waits
    answer: Wait[object] = Wait()
    answer.waiter = partial(_give, answer, reply, on_answer)
    return message, sender, answer


def _give(answer: Wait[object], reply: Wait[object], on_answer: OnAnswer) -> None:
    try:
        result = answer.result()
    except AskError as error:
        reply.fail(error)
        return
    on_answer(result)
    reply.set(result)


def _is_of_network(rule: Rule) -> bool:
    return not rule.of_server


def _take(envelopes: list[Envelope], envelope: Envelope) -> bool:
    """Remove this very envelope from the list; False if it is not in it."""
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
    """Break the connection of a watch, at both ends."""
    subscriber.put_system(closed)  # it notices by itself: a full mailbox must not prevent that
    watch = StopWatch(subscriber=stream.request.subscriber, watch=stream.request.watch)
    stream.server.put((watch, None, None))
