"""Probes for tests that are coroutines: the methods of `TestProbe`, to be awaited."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar, cast

from kubeactors.actor import ActorSystem, Mailbox, Ref, Restart, SimSystem
from kubeactors.actor.cell import Cell
from kubeactors.actor.death_watch import watch
from kubeactors.actor.supervision import SECOND
from kubeactors.testing.inbox import Inbox, Probing, Replies

__tracebackhide__ = True  # pytest shows the line of the test instead

M = TypeVar("M")


class AsyncTestProbe:
    """An actor of any system that records the messages sent to `ref`. One task at a time may await an `expect...`.

    >>> import anyio
    >>> from kubeactors.message import Message
    >>> class Greeting(Message, frozen=True):
    ...     text: str
    >>> async def greet() -> Greeting:
    ...     async with ActorSystem() as system:
    ...         probe = AsyncTestProbe(system)
    ...         probe.ref.tell(Greeting("hello"))
    ...         return await probe.expect(Greeting)
    >>> anyio.run(greet)
    Greeting(text='hello')

    Args:
        system: the system in which the probe lives; it runs already.
        name: the probe's name, the last part of its path.
        replies: for each type of request, a function from the request to its reply. Other requests are answered by
            `reply`, or not at all.
    """

    def __init__(self, system: ActorSystem | SimSystem, name: str = "probe", replies: Replies | None = None) -> None:
        self._system = system
        self._inbox = Inbox()
        kernel = system.kernel
        factory = partial(Probing, self._inbox, replies or {})
        self._cell = kernel.spawn(kernel.root, factory, name, Mailbox(), Restart.TRANSIENT)
        self.ref: Ref[object] = self._cell

    def __iter__(self) -> Iterator[object]:
        """Iterate over the messages received and not yet consumed by an `expect...`, oldest first."""
        return iter(self._inbox)

    async def expect(self, type_: type[M], where: Callable[[M], bool] | None = None, *, seconds: float = 5.0) -> M:
        """See `TestProbe.expect`."""
        await self._until(lambda: bool(self._inbox), seconds)
        return self._inbox.take(type_, where, seconds)

    async def fish_for(self, type_: type[M], where: Callable[[M], bool] | None = None, *, seconds: float = 5.0) -> M:
        """See `TestProbe.fish_for`."""
        await self._until(lambda: self._inbox.has(type_, where), seconds)
        return self._inbox.fish(type_, where, seconds)

    async def expect_in_any_order(self, *messages: object, seconds: float = 5.0) -> None:
        """See `TestProbe.expect_in_any_order`."""
        await self._until(lambda: len(self._inbox) >= len(messages), seconds)
        self._inbox.take_in_any_order(messages, seconds)

    async def expect_none(self, *, seconds: float = 0.05) -> None:
        """Wait for `seconds` of real time, within which no message may be received.

        Raises:
            AssertionError: a message was received.
        """
        await self._until(lambda: bool(self._inbox), seconds)
        self._inbox.nothing()

    def drain(self) -> tuple[object, ...]:
        """Consume and return all messages received so far."""
        return self._inbox.drain()

    def reply(self, value: object) -> None:
        """See `TestProbe.reply`."""
        self._inbox.reply(value)

    def watch(self, ref: Ref[M]) -> None:
        """Receive `Terminated` when the actor has stopped."""
        watch(self._cell, cast("Cell", ref))

    def subscribe_dead_letters(self) -> None:
        """Receive a `DeadLetter` for each message that could not be delivered."""
        self._system.kernel.dead_letters.subscribers[self._cell] = None

    async def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        system, kernel = self._system, self._system.kernel
        system.refresh()
        timer = kernel.at(kernel.now + int(seconds * SECOND), self._inbox.wake)
        while not condition() and not timer.cancelled:  # a timer that has fired counts as cancelled
            await system.outside(self._inbox.arrival(), helps=True)
        timer.cancel()
