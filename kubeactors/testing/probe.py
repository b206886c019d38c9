"""Probes in virtual time. Source: the shape and most words are those of Akka's TestProbe."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar, cast

from kubeactors.actor import Ref, SimSystem
from kubeactors.actor.cell import Cell
from kubeactors.actor.ties import watch
from kubeactors.testing.inbox import Inbox, Probing, Replies

M = TypeVar("M")


class TestProbe:
    """Stands in for an actor in a `SimSystem`; `ref` is its address. While it waits, virtual time passes.

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
        sim: whose time passes.
        name: of the actor.
        replies: what it answers, by the type of the request. Others are answered by `reply`, or never.
    """

    __test__ = False  # pytest collects classes by their name

    def __init__(self, sim: SimSystem, name: str = "probe", replies: Replies | None = None) -> None:
        self._sim = sim
        self._inbox = Inbox()
        self.ref: Ref[object] = cast("Ref[object]", sim.spawn(partial(Probing, self._inbox, replies or {}), name=name))

    def __iter__(self) -> Iterator[object]:
        """What has come and was not expected yet, in order."""
        return iter(self._inbox)

    def expect(self, type_: type[M], where: Callable[[M], bool] | None = None, *, seconds: float = 5.0) -> M:
        """The next message, which must be of this type, and satisfy `where`.

        Raises:
            AssertionError: it is another one, or none comes within so many seconds.
        """
        self._sim.run_until(lambda: bool(self._inbox), seconds)
        return self._inbox.take(type_, where, seconds)

    def fish_for(self, type_: type[M], where: Callable[[M], bool] | None = None, *, seconds: float = 5.0) -> M:
        """The next message of this type that satisfies `where`; what comes before it is thrown away.

        Raises:
            AssertionError: none comes within so many seconds.
        """
        self._sim.run_until(lambda: self._inbox.has(type_, where), seconds)
        return self._inbox.fish(type_, where, seconds)

    def expect_in_any_order(self, *messages: object, seconds: float = 5.0) -> None:
        """The next messages, which must be equal to these, whatever their order.

        Raises:
            AssertionError: another one comes, or not all within so many seconds.
        """
        self._sim.run_until(lambda: len(self._inbox) >= len(messages), seconds)
        self._inbox.take_in_any_order(messages, seconds)

    def expect_none(self, *, seconds: float = 1.0) -> None:
        """Let so much time pass, in which nothing comes.

        Raises:
            AssertionError: something has come.
        """
        self._sim.run_until(lambda: bool(self._inbox), seconds)
        self._inbox.nothing()

    def drain(self) -> tuple[object, ...]:
        """Take everything that has come, without letting time pass."""
        self._sim.settle()
        return self._inbox.drain()

    def reply(self, value: object) -> None:
        """Answer the request that was expected last.

        Raises:
            AssertionError: it was no request, or is answered.
        """
        self._inbox.reply(value)

    def watch(self, ref: Ref[M]) -> None:
        """Be told `Terminated` when an actor has ended."""
        watch(cast("Cell", self.ref), cast("Cell", ref))

    def subscribe_dead_letters(self) -> None:
        """Be told a `DeadLetter` for each message that nobody takes."""
        self._sim.kernel.mourners[cast("Cell", self.ref)] = None
