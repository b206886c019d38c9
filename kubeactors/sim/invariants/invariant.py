"""The base classes of invariants: they differ in what the judge shows to them."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ApiRequest, Get, List, WatchClosed, WatchEvents
from kubeactors.sim.network import Asked, Served, StoreRequest, Stream
from kubeactors.sim.world import Commit, World
from kubeactors.storage import StoreEvent, StoreEvents


class Invariant:
    """Something that must hold. Each method yields one message per violation: object, expectation, observation.

    An instance belongs to one run. It reads the committed state (`world`) and, where it must, the insides of components.
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[type[TypedObject], ...]] = ()
    """It sees commits of objects of these kinds; of all kinds if empty."""

    def __init__(self, world: World, root: Cell) -> None:
        self.world = world
        self.root = root
        """The root of the supervision tree."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """An object was written; `world` includes the write already."""
        yield from ()

    def looked(self) -> Iterator[str]:
        """Called every few virtual seconds."""
        yield from ()

    def settled(self) -> Iterator[str]:
        """Called once faults are over, workloads have converged, and no message or write is in flight."""
        yield from ()


class WatchInvariant(Invariant):
    """An invariant of the events that the API server sends to watchers."""

    def watched(self, stream: Stream, subscriber: Cell, message: WatchEvents | WatchClosed) -> Iterator[str]:
        """The server has sent this message."""
        yield from ()


class RequestInvariant(Invariant):
    """An invariant of the requests of the control plane's own components."""

    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = ()
    """It sees the answers to requests of these classes; to all if empty."""
    answers: ClassVar[tuple[type[object], ...]] = ()
    """It sees answers of these classes only; all if empty."""

    def read(self, reader: Cell, request: Get | List) -> Iterator[str]:
        """A component sends a GET or LIST."""
        yield from ()

    def asked(self, asked: Asked) -> None:
        """A component sends a write; it may be in flight for a while."""

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """This answer is about to reach the component."""
        yield from ()


class ServerInvariant(Invariant):
    """An invariant of the API server's answers to any client, whether they reach it or are lost."""

    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = ()
    """It sees the answers to requests of these classes; to all if empty."""
    answers: ClassVar[tuple[type[object], ...]] = ()
    """It sees answers of these classes only; all if empty."""

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """The server gives this answer."""
        yield from ()


class StoreInvariant(Invariant):
    """An invariant of the store, as the API server sees it."""

    def stored(self, event: StoreEvent) -> Iterator[str]:
        """The store has committed this event."""
        yield from ()

    def asked(self, request: StoreRequest) -> object:
        """This request has reached the store. What is returned is passed to `answered`."""
        return None

    def answered(self, request: StoreRequest, remembered: object, answer: object) -> Iterator[str]:
        """The store gives this answer."""
        yield from ()

    def told(self, subscriber: Cell, message: StoreEvents) -> Iterator[str]:
        """The store has sent these events to a watcher."""
        yield from ()


def title(value: TypedObject) -> str:
    """An object's kind and name, for messages.

    >>> title(TypedObject())
    ' ""'
    """
    metadata = value.metadata
    name = f"{metadata.namespace}/{metadata.name}" if metadata.namespace else metadata.name
    return f'{value.kind.lower()} "{name}"'
