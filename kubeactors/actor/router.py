"""Routers: one ref for many actors. Routing is done by the sender, so it costs no hop.

Source: the names of the policies are Akka's.
"""

from bisect import bisect_right
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol, TypeVar
from zlib import crc32

from kubeactors.actor.ref import Ref
from kubeactors.message import Request

M = TypeVar("M")
R = TypeVar("R")


class Loaded(Protocol):
    """What a policy sees of an actor."""

    @property
    def load(self) -> int:
        """How many messages wait in its mailbox."""
        ...


class Policy(Protocol):
    """Chooses one of several actors for a message."""

    def choose(self, routees: Sequence[Loaded], message: object) -> int:
        """The index of the one that gets it."""
        ...


class RoundRobin(Policy):
    """One after the other."""

    def __init__(self) -> None:
        self._next = -1

    def choose(self, routees: Sequence[Loaded], message: object) -> int:
        """See `Policy`."""
        self._next = (self._next + 1) % len(routees)
        return self._next


class LeastLoaded(Policy):
    """The one with the fewest messages in its mailbox; the first of them."""

    def choose(self, routees: Sequence[Loaded], message: object) -> int:
        """See `Policy`."""
        loads = [routee.load for routee in routees]
        return loads.index(min(loads))


class ConsistentHash(Policy):
    """The same actor for the same key; of n actors one more takes over only the n-th part of the keys.

    Args:
        key: of a message, as text.
        points: on the ring for each actor; more make the parts more even.
    """

    def __init__(self, key: Callable[[object], str], points: int = 64) -> None:
        self._key = key
        self._points = points
        self._size = 0
        self._ring: list[tuple[int, int]] = []

    def choose(self, routees: Sequence[Loaded], message: object) -> int:
        """See `Policy`."""
        if len(routees) != self._size:
            self._size = len(routees)
            self._ring = sorted(
                (crc32(f"{index}/{point}".encode()), index)
                for index in range(self._size)
                for point in range(self._points)
            )
        at = bisect_right(self._ring, (crc32(self._key(message).encode()), self._size))
        return self._ring[at % len(self._ring)][1]


class Router(Ref[M]):
    """A ref that hands each message to one of several actors.

    Args:
        routees: the actors; at least one.
        policy: who gets what.
    """

    __slots__ = ("_policy", "_routees")

    def __init__(self, routees: Sequence[Ref[M]], policy: Policy | None = None) -> None:
        if not routees:
            raise ValueError("a router needs somebody to route to")
        self._routees = tuple(routees)
        self._policy: Policy = policy if policy is not None else RoundRobin()

    def _choose(self, message: object) -> Ref[M]:
        return self._routees[self._policy.choose(self._routees, message)]

    @property
    def path(self) -> str:
        """The paths of all."""
        return ",".join(routee.path for routee in self._routees)

    @property
    def load(self) -> int:
        """Messages that wait at all of them."""
        return sum(routee.load for routee in self._routees)

    def tell(self, message: M, /) -> bool:
        """See `Ref.tell`."""
        return self._choose(message).tell(message)

    def send(self, message: M) -> Awaitable[bool]:
        """See `Ref.send`."""
        return self._choose(message).send(message)

    def ask(self, request: Request[R], *, timeout_seconds: float = 30.0) -> Awaitable[R]:
        """See `Ref.ask`."""
        return self._choose(request).ask(request, timeout_seconds=timeout_seconds)

    def broadcast(self, message: M) -> int:
        """Tell all; how many took it."""
        return sum(routee.tell(message) for routee in self._routees)


class Broadcast(Router[M]):
    """A router whose `tell` tells all. An ask goes to one."""

    __slots__ = ()

    def tell(self, message: M, /) -> bool:
        """True if all took it."""
        return self.broadcast(message) == len(self._routees)
