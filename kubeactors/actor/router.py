"""Routers: one ref for many actors. The sender routes, so it costs no hop.

Source: the names of the policies are Akka's.
"""

from bisect import bisect_right
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Protocol, Self, TypeVar
from zlib import crc32

from kubeactors.actor.errors import Terminated
from kubeactors.actor.ref import ASK_SECONDS, Ref
from kubeactors.message import Request

if TYPE_CHECKING:
    from kubeactors.actor.actor import Actor
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.context import Context

M = TypeVar("M")
N = TypeVar("N")
R = TypeVar("R")


class Routee(Protocol):
    """An actor as a routing policy sees it."""

    @property
    def path(self) -> str:
        """See `Ref.path`."""
        ...

    @property
    def load(self) -> int:
        """See `Ref.load`."""
        ...


class Policy(Protocol):
    """Chooses one of several actors for a message."""

    def choose(self, routees: Sequence[Routee], message: object) -> int:
        """The index of the actor that gets the message."""
        ...


class RoundRobin(Policy):
    """One after the other, in turn."""

    def __init__(self) -> None:
        self._next = -1

    def choose(self, routees: Sequence[Routee], message: object) -> int:
        """See `Policy`."""
        self._next = (self._next + 1) % len(routees)
        return self._next


class LeastLoaded(Policy):
    """The first of those with the smallest `Ref.load`."""

    def choose(self, routees: Sequence[Routee], message: object) -> int:
        """See `Policy`."""
        loads = [routee.load for routee in routees]
        return loads.index(min(loads))


class ConsistentHash(Policy):
    """The same actor for the same key. Adding or removing one of n actors moves only one n-th of the keys.

    Actors are placed on the ring by their paths: those with names get the same keys in every run.

    Args:
        key: returns the key of a message.
        points: how many points each actor has on the ring; more of them spread the keys more evenly.
    """

    def __init__(self, key: Callable[[object], str], points: int = 64) -> None:
        self._key = key
        self._points = points
        self._routees: Sequence[Routee] = ()
        self._ring: list[tuple[int, int]] = []

    def choose(self, routees: Sequence[Routee], message: object) -> int:
        """See `Policy`."""
        if routees is not self._routees:
            self._routees = routees
            self._ring = ring_of([routee.path for routee in routees], self._points)
        at = bisect_right(self._ring, (crc32(self._key(message).encode()), len(routees)))
        return self._ring[at % len(self._ring)][1]


def ring_of(names: Sequence[str], points: int) -> list[tuple[int, int]]:
    """The points of the names on a ring of 2**32 places, in order: the place, and the index of the name.

    >>> ring_of(["a", "b"], 2)
    [(2161626781, 1), (2190569668, 0), (4120264786, 0), (4157668875, 1)]
    """
    return sorted(
        (crc32(f"{name}/{point}".encode()), index) for index, name in enumerate(names) for point in range(points)
    )


class Router(Ref[M]):
    """A ref that sends each message to one of several actors, its routees.

    Routees that have stopped for good are left out. When none is left, messages are dead letters, and an ask fails with
    `ActorStopped`.

    >>> from kubeactors import Message, SimSystem
    >>> from kubeactors.testing import TestProbe
    >>> class Job(Message, frozen=True):
    ...     number: int
    >>> sim = SimSystem()
    >>> probes = [TestProbe(sim, name) for name in ("one", "other")]
    >>> router = Router([probe.ref for probe in probes])
    >>> [router.tell(Job(number)) for number in range(3)]
    [True, True, True]
    >>> [probe.drain() for probe in probes]
    [(Job(number=0), Job(number=2)), (Job(number=1),)]

    Args:
        routees: the actors, at least one.
        policy: chooses the actor for each message; by default `RoundRobin`.

    Raises:
        ValueError: there is no routee.
    """

    __slots__ = ("_policy", "_routees")

    def __init__(self, routees: Sequence[Ref[M]], policy: Policy | None = None) -> None:
        if not routees:
            raise ValueError("a router needs at least one routee")
        self._routees = tuple(routees)
        self._policy: Policy = policy if policy is not None else RoundRobin()

    @classmethod
    def spawn(
        cls,
        ctx: "Context[N]",
        factory: "Callable[[], Actor[M]]",
        size: int,
        *,
        name: str = "",
        policy: Policy | None = None,
    ) -> Self:
        """Spawn `size` children of the actor whose context this is, and return a router over them.

        The actor supervises them. With a name, they are called `name-0`, `name-1`, ...
        """
        names = [f"{name}-{number}" if name else "" for number in range(size)]
        return cls([ctx.spawn(factory, name=one) for one in names], policy)

    def _living(self) -> tuple[Ref[M], ...]:
        """The routees that have not stopped; the last one if all have."""
        if any(routee.ended for routee in self._routees):
            self._routees = tuple(routee for routee in self._routees if not routee.ended) or self._routees[-1:]
        return self._routees

    def _choose(self, message: object) -> Ref[M]:
        chosen = self._routees[self._policy.choose(self._routees, message)]
        if not chosen.ended or len(self._routees) == 1:
            return chosen
        living = self._living()
        return living[self._policy.choose(living, message)]

    def cell_for(self, message: M) -> "Cell":
        """See `Ref.cell_for`."""
        return self._choose(message).cell_for(message)

    @property
    def path(self) -> str:
        """The paths of all routees."""
        return ",".join(routee.path for routee in self._routees)

    @property
    def load(self) -> int:
        """The load of all routees."""
        return sum(routee.load for routee in self._routees)

    @property
    def ended(self) -> bool:
        """Whether all routees have stopped for good."""
        return all(routee.ended for routee in self._routees)

    async def until_ended(self) -> Terminated:
        """Return when all routees have stopped for good, with the `Terminated` of the last one in the sequence."""
        *others, last = self._routees
        for routee in others:
            await routee.until_ended()
        return await last.until_ended()

    def tell(self, message: M, /) -> bool:
        """See `Ref.tell`."""
        return self._choose(message).tell(message)

    def send(self, message: M) -> Awaitable[bool]:
        """See `Ref.send`."""
        return self._choose(message).send(message)

    def send_request(self, request: Request[R], *, timeout_seconds: float | None = ASK_SECONDS) -> Awaitable[R]:
        """See `Ref.send_request`."""
        return self._choose(request).send_request(request, timeout_seconds=timeout_seconds)

    def ask(self, request: Request[R], *, timeout_seconds: float | None = ASK_SECONDS) -> Coroutine[object, object, R]:
        """See `Ref.ask`."""
        return self._choose(request).ask(request, timeout_seconds=timeout_seconds)

    def broadcast(self, message: M) -> int:
        """Tell all living routees. Returns how many accepted the message."""
        return sum(routee.tell(message) for routee in self._living())


class Broadcast(Router[M]):
    """A router whose `tell` tells all routees. An ask goes to one."""

    __slots__ = ()

    def tell(self, message: M, /) -> bool:
        """True if there are living routees, and all of them accepted the message."""
        return self.broadcast(message) == len(self._routees)
