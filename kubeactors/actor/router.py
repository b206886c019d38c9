"""Routers: one ref for many actors. Routing is done by the sender, so it costs no hop.

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
    """What a policy sees of an actor."""

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
        """The index of the one that gets it."""
        ...


class RoundRobin(Policy):
    """One after the other."""

    def __init__(self) -> None:
        self._next = -1

    def choose(self, routees: Sequence[Routee], message: object) -> int:
        """See `Policy`."""
        self._next = (self._next + 1) % len(routees)
        return self._next


class LeastLoaded(Policy):
    """The one that has the fewest messages to deal with: waiting, in hand, or in handlers that wait. The first of them."""

    def choose(self, routees: Sequence[Routee], message: object) -> int:
        """See `Policy`."""
        loads = [routee.load for routee in routees]
        return loads.index(min(loads))


class ConsistentHash(Policy):
    """The same actor for the same key; of n actors one more or less moves only the n-th part of the keys.

    Actors stand on the ring by their paths: those with names of their own get the same keys in every run.

    Args:
        key: of a message, as text.
        points: on the ring for each actor; more make the parts more even.
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
    """Where each name stands on a ring of 2**32 places, in order: the place, and the index of the name.

    >>> ring_of(["a", "b"], 2)
    [(2161626781, 1), (2190569668, 0), (4120264786, 0), (4157668875, 1)]
    """
    return sorted(
        (crc32(f"{name}/{point}".encode()), index) for index, name in enumerate(names) for point in range(points)
    )


class Router(Ref[M]):
    """A ref that hands each message to one of several actors.

    One that has ended for good is left out from then on. When none is left, what is told is a dead letter, and an ask
    fails with `ActorStopped`, as with the last of them.

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
        routees: the actors; at least one.
        policy: who gets what; by default they take turns.

    Raises:
        ValueError: there is no actor.
    """

    __slots__ = ("_policy", "_routees")

    def __init__(self, routees: Sequence[Ref[M]], policy: Policy | None = None) -> None:
        if not routees:
            raise ValueError("a router needs somebody to route to")
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
        """A router over so many children of an actor, made here: its supervision restarts those that fail.

        With a name, they are called `name-0`, `name-1`, ...
        """
        names = [f"{name}-{number}" if name else "" for number in range(size)]
        return cls([ctx.spawn(factory, name=one) for one in names], policy)

    def _living(self) -> tuple[Ref[M], ...]:
        """Those who are left; the last one if none is."""
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
        """The paths of all."""
        return ",".join(routee.path for routee in self._routees)

    @property
    def load(self) -> int:
        """What all of them have to deal with."""
        return sum(routee.load for routee in self._routees)

    @property
    def ended(self) -> bool:
        """Whether none is left."""
        return all(routee.ended for routee in self._routees)

    async def until_ended(self) -> Terminated:
        """Return when none is left, with what the watchers of the last one are told."""
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
        """Tell all who are left; how many took it."""
        return sum(routee.tell(message) for routee in self._living())


class Broadcast(Router[M]):
    """A router whose `tell` tells all. An ask goes to one."""

    __slots__ = ()

    def tell(self, message: M, /) -> bool:
        """True if all who are left took it, and there is one."""
        return self.broadcast(message) == len(self._routees)
