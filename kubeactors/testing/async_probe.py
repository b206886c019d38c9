"""Probes for tests that are coroutines: the words of `TestProbe`, to be awaited."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar, cast

from kubeactors.actor import ActorSystem, Mailbox, Ref, Restart, SimSystem
from kubeactors.actor.cell import Cell
from kubeactors.actor.supervision import SECOND
from kubeactors.actor.ties import watch
from kubeactors.testing.inbox import Inbox, Probing, Replies

M = TypeVar("M")


class AsyncTestProbe:
    """Stands in for an actor in any system; `ref` is its address. One task at a time waits for what it is told.

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
        system: where it lives; entered already.
        name: of the actor.
        replies: what it answers, by the type of the request. Others are answered by `reply`, or never.
    """

    def __init__(self, system: ActorSystem | SimSystem, name: str = "probe", replies: Replies | None = None) -> None:
        self._system = system
        self._inbox = Inbox()
        kernel = system.kernel
        factory = partial(Probing, self._inbox, replies or {})
        self._cell = kernel.spawn(kernel.root, factory, name, Mailbox(), Restart.PERMANENT)
        self.ref: Ref[object] = self._cell

    def __iter__(self) -> Iterator[object]:
        """What has come and was not expected yet, in order."""
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
        """Nothing comes within so many seconds: few by default, since they really pass.

        Raises:
            AssertionError: something has come.
        """
        await self._until(lambda: bool(self._inbox), seconds)
        self._inbox.nothing()

    def drain(self) -> tuple[object, ...]:
        """Take everything that has come."""
        return self._inbox.drain()

    def reply(self, value: object) -> None:
        """See `TestProbe.reply`."""
        self._inbox.reply(value)

    def watch(self, ref: Ref[M]) -> None:
        """Be told `Terminated` when an actor has ended."""
        watch(self._cell, cast("Cell", ref))

    def subscribe_dead_letters(self) -> None:
        """Be told a `DeadLetter` for each message that nobody takes."""
        self._system.kernel.mourners[self._cell] = None

    async def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        system, kernel = self._system, self._system.kernel
        system.refresh()
        timer = kernel.at(kernel.now + int(seconds * SECOND), self._inbox.wake)
        while not condition() and not timer.cancelled:  # a timer that has fired counts as cancelled
            await system.outside(self._inbox.arrival(), helps=True)
        timer.cancel()
