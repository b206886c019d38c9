"""One test on every driver: an actor system with the same interface in event loops and in the simulator."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import TypeVar, cast

import msgspec
from anyio import fail_after

from kubeactors.actor import Actor, ActorSystem, Mailbox, Ref, Restart, SimSystem, Wait
from kubeactors.actor.cell import Cell
from kubeactors.actor.ref import ASK_SECONDS
from kubeactors.actor.starting import until_started
from kubeactors.actor.supervision import SECOND
from kubeactors.message import Request
from kubeactors.testing.async_probe import AsyncTestProbe
from kubeactors.testing.inbox import Replies

M = TypeVar("M")
R = TypeVar("R")

SIMULATOR = "simulator"


class LogLine(msgspec.Struct, frozen=True):
    """One line of an actor's log."""

    level: str
    event: str
    path: str
    fields: dict[str, object]


class _Remembering(ActorSystem):
    """An actor system that records its log lines besides writing them."""

    def __init__(self) -> None:
        super().__init__("test")
        self.logged: list[LogLine] = []

    def log(self, level: str, event: str, path: str, **fields: object) -> None:
        """See `ActorSystem.log`."""
        self.logged.append(LogLine(level, event, path, fields))
        super().log(level, event, path, **fields)


class Actors:
    """An actor system for a test that runs unchanged on asyncio, uvloop, trio and in the simulator.

    It is the fixture `actors` of the pytest plugin: an `async def` test that takes it runs once on each driver. In the
    simulator a test that awaits anything else than actors, probes and `sleep` fails with `ForeignAwait`.

    Args:
        driver: `asyncio`, `uvloop`, `trio` or `simulator`.
        timeout_seconds: real time after which a test in an event loop is cancelled and fails.
    """

    def __init__(self, driver: str, timeout_seconds: float = 60.0) -> None:
        self.driver: str = driver
        self._timeout = timeout_seconds
        self._sim: SimSystem | None = SimSystem() if driver == SIMULATOR else None
        self._real: _Remembering | None = None

    def hosting(self, test: Callable[..., Coroutine[object, object, object]]) -> Callable[..., object]:
        """Wrap a test so that it runs inside the system: as a coroutine function, or in the simulator as a plain one."""
        if self._sim is not None:
            sim = self._sim

            def played(**arguments: object) -> None:
                try:
                    sim.play(test(**arguments))
                except BaseException as error:
                    for line in self.logged:
                        if line.event == "actor.failed":  # pytest shows what is logged elsewhere, and notes
                            error.add_note(f"{line.path} failed: {line.fields['error']} at {line.fields['where']}")
                    raise

            return played

        async def hosted(**arguments: object) -> None:
            with fail_after(self._timeout):
                async with _Remembering() as self._real:
                    await test(**arguments)

        return hosted

    @property
    def system(self) -> ActorSystem | SimSystem:
        """The running system; both kinds have `find`, `statistics`, `tree` and `kernel`."""
        system = self._sim or self._real
        assert system is not None, "the fixture `actors` is for `async def` tests, which the plugin of anyio runs"
        return system

    async def spawn(
        self,
        factory: Callable[[], Actor[M]],
        *,
        name: str = "",
        mailbox: Mailbox | None = None,
        restart: Restart = Restart.TRANSIENT,
    ) -> Ref[M]:
        """Start an actor and wait until its `started` has returned. Raises what `ActorSystem.spawn` raises."""
        system = self.system
        if isinstance(system, ActorSystem):
            return await system.spawn(factory, name=name, mailbox=mailbox, restart=restart)
        ref = system.spawn(factory, name=name, mailbox=mailbox, restart=restart)
        await until_started(cast("Cell", ref))
        return ref

    async def ask(self, ref: Ref[M], request: Request[R], *, timeout_seconds: float | None = ASK_SECONDS) -> R:
        """Send a request and return the reply, as `ref.ask` does."""
        return await ref.ask(request, timeout_seconds=timeout_seconds)

    async def stop(self, ref: Ref[M], reason: str = "stopped") -> None:
        """Stop an actor and its descendants; return when they have stopped."""
        self.system.kernel.stop(cast("Cell", ref), reason)
        await ref.until_ended()

    async def sleep(self, seconds: float) -> None:
        """Sleep for `seconds` of real time, or of virtual time in the simulator."""
        system, wait = self.system, Wait[None]()
        system.refresh()
        system.kernel.at(system.kernel.now + int(seconds * SECOND), partial(wait.set, None))
        await system.outside(wait, helps=False)

    def probe(self, name: str = "", replies: Replies | None = None) -> AsyncTestProbe:
        """A probe in this system, which records the messages sent to it."""
        return AsyncTestProbe(self.system, name, replies)

    @property
    def dead_letters(self) -> int:
        """The number of messages that could not be delivered."""
        return self.system.kernel.dead_letters.count

    @property
    def logged(self) -> list[LogLine]:
        """The log lines of actors and supervisors so far, oldest first."""
        if self._sim is not None:
            return [LogLine(level, event, path, fields) for _, level, event, path, fields in self._sim.logged]
        assert self._real is not None
        return self._real.logged
