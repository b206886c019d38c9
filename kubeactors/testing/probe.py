"""Probes in virtual time. Source: the shape and most words are those of Akka's TestProbe."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar, cast

from kubeactors.actor import Ref, SimSystem
from kubeactors.actor.cell import Cell
from kubeactors.actor.death_watch import watch
from kubeactors.testing.inbox import Inbox, Probing, Replies

__tracebackhide__ = True  # pytest shows the line of the test instead

M = TypeVar("M")


class TestProbe:
    """An actor of a `SimSystem` that records the messages sent to `ref`. While an `expect...` waits, virtual time passes.

    >>> from kubeactors.message import Message
    >>> class Greeting(Message, frozen=True):
    ...     text: str
    >>> sim = SimSystem()
    >>> probe = TestProbe(sim)
    >>> probe.ref.tell(Greeting("hello"))
    True
    >>> probe.expect(Greeting)
    Greeting(text='hello')
    >>> probe.expect_none()

    Args:
        sim: the system in which the probe lives.
        name: the probe's name, the last part of its path.
        replies: for each type of request, a function from the request to its reply. Other requests are answered by
            `reply`, or not at all.
    """

    __test__ = False  # pytest collects classes by their name

    def __init__(self, sim: SimSystem, name: str = "probe", replies: Replies | None = None) -> None:
        self._sim = sim
        self._inbox = Inbox()
        self.ref: Ref[object] = cast("Ref[object]", sim.spawn(partial(Probing, self._inbox, replies or {}), name=name))

    def __iter__(self) -> Iterator[object]:
        """Iterate over the messages received and not yet consumed by an `expect...`, oldest first."""
        return iter(self._inbox)

    def expect(self, type_: type[M], where: Callable[[M], bool] | None = None, *, seconds: float = 5.0) -> M:
        """Consume the next message, which must be of type `type_` and satisfy `where`.

        Raises:
            AssertionError: the next message is another one, or none is received within `seconds` of virtual time.
        """
        self._sim.run_until(lambda: bool(self._inbox), seconds)
        return self._inbox.take(type_, where, seconds)

    def fish_for(self, type_: type[M], where: Callable[[M], bool] | None = None, *, seconds: float = 5.0) -> M:
        """Consume messages up to the first of type `type_` that satisfies `where`; those before it are discarded.

        Raises:
            AssertionError: no such message is received within `seconds` of virtual time.
        """
        self._sim.run_until(lambda: self._inbox.has(type_, where), seconds)
        return self._inbox.fish(type_, where, seconds)

    def expect_in_any_order(self, *messages: object, seconds: float = 5.0) -> None:
        """Consume the next messages, which must equal `messages` in any order.

        Raises:
            AssertionError: another message is received, or one is missing after `seconds` of virtual time.
        """
        self._sim.run_until(lambda: len(self._inbox) >= len(messages), seconds)
        self._inbox.take_in_any_order(messages, seconds)

    def expect_none(self, *, seconds: float = 1.0) -> None:
        """Advance the clock by `seconds`, within which no message may be received.

        Raises:
            AssertionError: a message was received.
        """
        self._sim.run_until(lambda: bool(self._inbox), seconds)
        self._inbox.nothing()

    def drain(self) -> tuple[object, ...]:
        """Consume and return all messages received so far, without advancing the clock."""
        self._sim.settle()
        return self._inbox.drain()

    def reply(self, value: object) -> None:
        """Reply to the request consumed last.

        Raises:
            AssertionError: it was no request, or has been replied to.
        """
        self._inbox.reply(value)

    def watch(self, ref: Ref[M]) -> None:
        """Receive `Terminated` when the actor has stopped."""
        watch(cast("Cell", self.ref), cast("Cell", ref))

    def subscribe_dead_letters(self) -> None:
        """Receive a `DeadLetter` for each message that could not be delivered."""
        self._sim.kernel.dead_letters.subscribers[cast("Cell", self.ref)] = None
