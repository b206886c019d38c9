"""What invariants are made of."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ApiRequest, Get, List, WatchClosed, WatchEvents
from kubeactors.sim.network import Asked, Served, StoreRequest, Stream
from kubeactors.sim.world import Commit, World
from kubeactors.storage import StoreEvent, StoreEvents


class Invariant:
    """Something that must hold. Each method yields a sentence for each way in which it does not.

    An instance belongs to one run. It looks at the store's truth and, where it must, inside components.
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[type[TypedObject], ...]] = ()
    """Commits of objects of these kinds are shown to it."""

    def __init__(self, world: World, root: Cell) -> None:
        self.world = world
        self.root = root
        """Of the supervision tree."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """An object was written; the world shows it already."""
        yield from ()

    def looked(self) -> Iterator[str]:
        """Some seconds have passed since the last look."""
        yield from ()

    def settled(self) -> Iterator[str]:
        """Faults are over, deployments have what they want, and nothing is on its way."""
        yield from ()


class WatchInvariant(Invariant):
    """An invariant of what the server tells watchers."""

    def watched(self, stream: Stream, subscriber: Cell, message: WatchEvents | WatchClosed) -> Iterator[str]:
        """The server has sent this."""
        yield from ()


class RequestInvariant(Invariant):
    """An invariant of what our own components ask the server to write."""

    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = ()
    """It is shown the answers to requests of these classes; to all if none is named."""

    def read(self, reader: Cell, request: Get | List) -> Iterator[str]:
        """One of them asks for an object, or for a collection."""
        yield from ()

    def asked(self, asked: Asked) -> None:
        """One of them asks for a write, which may be under way for a while."""

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Who asked is about to be told this."""
        yield from ()


class ServerInvariant(Invariant):
    """An invariant of what the server answers, to whomever, and whether that reaches him or not."""

    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = ()
    """It is shown the answers to requests of these classes; to all if none is named."""

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """The server says this."""
        yield from ()


class StoreInvariant(Invariant):
    """An invariant of what the store says to the API server."""

    def stored(self, event: StoreEvent) -> Iterator[str]:
        """The store has made this durable."""
        yield from ()

    def asked(self, request: StoreRequest) -> object:
        """This has reached the store: what is to be remembered until it answers."""
        return None

    def answered(self, request: StoreRequest, remembered: object, answer: object) -> Iterator[str]:
        """The store says this."""
        yield from ()

    def told(self, subscriber: Cell, message: StoreEvents) -> Iterator[str]:
        """The store has told this to who watches."""
        yield from ()


def title(value: TypedObject) -> str:
    """An object for people.

    >>> title(TypedObject())
    ' ""'
    """
    metadata = value.metadata
    name = f"{metadata.namespace}/{metadata.name}" if metadata.namespace else metadata.name
    return f'{value.kind.lower()} "{name}"'
