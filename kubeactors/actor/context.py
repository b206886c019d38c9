"""What an actor can do besides returning: its context."""

from collections.abc import Awaitable, Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from kubeactors.actor.envelope import sender_of
from kubeactors.actor.errors import Exit, MailboxFull
from kubeactors.actor.identifiers import uuid4_text
from kubeactors.actor.logs import Logger
from kubeactors.actor.mailbox import Mailbox
from kubeactors.actor.pipe import pipe
from kubeactors.actor.ref import Later, Ref
from kubeactors.actor.registry import Name
from kubeactors.actor.stash import put_aside, take_back
from kubeactors.actor.supervision import SECOND, Restart
from kubeactors.actor.ties import link, unwatch, watch
from kubeactors.actor.timers import Timer, period
from kubeactors.actor.waits import Gate, Wait
from kubeactors.actor.walltime import rfc3339, rfc3339_micro
from kubeactors.message import Request

if TYPE_CHECKING:
    from kubeactors.actor.actor import Actor
    from kubeactors.actor.cell import Cell

M = TypeVar("M")
N = TypeVar("N")
R = TypeVar("R")

DEFAULT_MAILBOX = Mailbox()


class Context(Generic[M]):
    """An actor's own view of the system. Time, randomness, ids and logs come from here and nowhere else."""

    __slots__ = ("_cell", "_log", "_random", "_uids")

    def __init__(self, cell: "Cell") -> None:
        self._cell = cell

    @property
    def cell(self) -> "Cell":
        """The actor's place in the kernel: for the framework."""
        return self._cell

    @property
    def self(self) -> Ref[M]:
        """The actor's own ref."""
        return self._cell

    @property
    def path(self) -> str:
        """Where the actor stands in the tree."""
        return self._cell.path

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self._cell.name

    @property
    def waiting(self) -> int:
        """How many messages wait in the mailbox; the one in hand does not."""
        return self._cell.waiting

    @property
    def now(self) -> int:
        """Nanoseconds since the system started; it does not change during a handler's step."""
        return self._cell.kernel.now

    @property
    def wall(self) -> int:
        """Unix time in nanoseconds: a base plus `now`. It may jump."""
        cell = self._cell
        kernel = cell.kernel
        return kernel.wall + kernel.now + cell.extras.skew

    @property
    def steady(self) -> int:
        """Unix time in nanoseconds as if the clock had never jumped: what is measured by it takes as long as it takes."""
        kernel = self._cell.kernel
        return kernel.wall + kernel.now

    def timestamp(self) -> str:
        """The wall time in RFC 3339 with whole seconds."""
        return rfc3339(self.wall)

    def microtime(self) -> str:
        """The wall time in RFC 3339 with microseconds."""
        return rfc3339_micro(self.wall)

    @property
    def random(self) -> Random:
        """The actor's stream of random numbers."""
        try:
            return self._random
        except AttributeError:  # made when it is first used, as the next two are
            self._random: Random = self.random_for("")
            return self._random

    def random_for(self, purpose: str) -> Random:
        """A new stream for one purpose: decided by the seed, the actor, the purpose, and how many there were of it."""
        return self._cell.kernel.random_for(self._cell.path, purpose)

    def number(self) -> int:
        """A number, from 1 on, that nobody else in this system is given, nor an earlier instance of this actor."""
        kernel = self._cell.kernel
        kernel.issued = number = kernel.issued + 1
        return number

    def uid(self) -> str:
        """A fresh UUID (version 4) as text."""
        try:
            self._uids  # noqa: B018
        except AttributeError:
            self._uids: Random = self.random_for("uid")
        return uuid4_text(self._uids.getrandbits(128))

    @property
    def log(self) -> Logger:
        """The logger, bound to the actor's path. The event name is constant, the data are fields."""
        try:
            return self._log
        except AttributeError:
            self._log: Logger = Logger(self._cell.kernel.driver.log, self._cell.path)
            return self._log

    @property
    def sender(self) -> Ref[object] | None:
        """Who sent the message in hand; None from outside."""
        return sender_of(self._cell.in_hand())

    # The family.

    def spawn(
        self,
        factory: "Callable[[], Actor[N]]",
        *,
        name: str = "",
        mailbox: Mailbox = DEFAULT_MAILBOX,
        restart: Restart = Restart.TRANSIENT,
    ) -> Ref[N]:
        """Start a child. It lives no longer than this instance of its parent.

        Raises:
            ValueError: there is a child of that name.
        """
        cell = self._cell
        return cell.kernel.spawn(cell, factory, name, mailbox, restart)

    def stop(self, ref: Ref[N] | None = None, reason: str = "stopped") -> None:
        """End a child, or oneself, after the message in hand. A permanent one that stops itself is started again."""
        cell = self._cell
        stopped = cell if ref is None else cast("Cell", ref)
        cell.kernel.stop(stopped, reason, Exit.NORMAL if stopped is cell else Exit.SHUTDOWN)

    def watch(self, ref: Ref[N]) -> None:
        """Be told `Terminated` when it has ended for good; at once if it has already."""
        watch(self._cell, cast("Cell", ref))

    def link(self, ref: Ref[N]) -> None:
        """Share a fate: when one of the two has failed for good, the other fails, and its supervisor decides.

        If it has ended already, this actor fails at once, after the message in hand.
        """
        link(self._cell, cast("Cell", ref))

    def unwatch(self, ref: Ref[N]) -> None:
        """Do not be told."""
        unwatch(self._cell, cast("Cell", ref))

    def register(self, name: Name[M]) -> None:
        """Be found by this name, until this actor ends.

        Raises:
            ValueError: another living actor has it.
        """
        self._cell.kernel.registry.register(name, self._cell)

    def find(self, name: Name[N]) -> Ref[N] | None:
        """The actor that is registered by this name."""
        return self._cell.kernel.registry.find(name)

    # Time.

    def after(self, seconds: float, message: M, key: str = "") -> Timer:
        """Tell oneself after so many seconds. With a key: in place of the older timer of that key."""
        cell = self._cell
        return cell.set_timer(key, int(seconds * SECOND), partial(cell.put_system, message))

    def every(self, seconds: float, message: M, key: str) -> Timer:
        """Tell oneself again and again, first after `seconds`. The key names it for `cancel_timer`.

        A tick is left out while the one before has not been handled, so that one who is slow never has more than one
        before him. Source: `send_after` in place of `send_interval` in Erlang; `startTimerWithFixedDelay` of Akka.

        Raises:
            ValueError: `seconds` is not positive, or no number.
        """
        cell, delay = self._cell, period(seconds)
        handled: Wait[object] = Wait()
        handled.set(None)

        def fire() -> None:
            nonlocal handled
            cell.set_timer(key, delay, fire)
            if handled.done:
                handled = Wait()
                cell.put_system(message, handled)

        return cell.set_timer(key, delay, fire)

    def cancel_timer(self, key: str) -> None:
        """Cancel the timer of that key, if there is one."""
        self._cell.cancel_timer(key)

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Awaitable: done after so many seconds."""
        kernel = self._cell.kernel
        wait: Wait[None] = Wait()
        timer = kernel.at(kernel.now + int(seconds * SECOND), partial(wait.set, None))
        wait.leave = lambda _: timer.cancel()
        return kernel.driver.inside(wait)

    # Replies and waits.

    def later(self) -> Later[R]:  # pyright: ignore[reportInvalidTypeVarUse] -- the caller names the reply type
        """A promise to reply to the request in hand; a plain handler returns it in place of the reply."""
        cell = self._cell
        later: Later[R] = Later(cell, cell.in_hand()[2])
        cell.owe(cast("Later[object]", later))
        return later

    def forward(self, ref: Ref[N], message: N) -> bool:
        """Pass a message on as if its sender had told it to `ref`."""
        return ref.cell_for(message).put((message, self._cell.in_hand()[1], None))

    def delegate(self, ref: Ref[N], request: Request[R]) -> Later[R]:
        """Let another actor reply to the asker of the message in hand: `return self.ctx.delegate(...)`.

        The asker's deadline goes on; it is told if the other is gone or has no room.
        """
        _, sender, reply = self._cell.in_hand()
        to = cast("Ref[object]", ref).cell_for(request)
        if reply is not None:
            reply.target = to  # a circle of asks may close here
        if not to.put((request, sender, reply)) and reply is not None:
            reply.fail(MailboxFull(f"{to.path} has no room"))
        return Later(self._cell, None)

    def stash(self) -> Later[R]:  # pyright: ignore[reportInvalidTypeVarUse] -- as with `later`
        """Put the message in hand aside; the handler of a request returns this. Nobody replies meanwhile.

        What is put aside survives a restart; it comes back then, before all else.

        Raises:
            MailboxFull: as many messages as the mailbox may hold are put aside already.

        >>> from kubeactors import Actor, Message, Request, SimSystem, handle
        >>> class Open(Message, frozen=True):
        ...     pass
        >>> class Enter(Request[str], frozen=True):
        ...     name: str
        >>> class Door(Actor[Open | Enter]):
        ...     is_open = False
        ...     @handle
        ...     def open(self, message: Open) -> None:
        ...         self.is_open = True
        ...         self.ctx.unstash()
        ...     @handle
        ...     def enter(self, message: Enter) -> "str | Later[str]":
        ...         return f"welcome {message.name}" if self.is_open else self.ctx.stash()
        >>> sim = SimSystem()
        >>> door = sim.spawn(Door)
        >>> reply = door.ask(Enter("Ann"))
        >>> sim.settle()
        >>> reply.done
        False
        >>> door.tell(Open())
        True
        >>> sim.settle()
        >>> reply.result()
        'welcome Ann'
        """
        put_aside(self._cell)
        return Later(self._cell, None)

    def unstash(self) -> None:
        """Take back all that was put aside, in order, before what waits in the mailbox."""
        take_back(self._cell)

    def become(self, actor: "Actor[M]") -> None:
        """Let another instance handle the messages from the next one on: a state of this actor as a class of its own.

        Its `started` is not called. Children, timers and mail stay; a restart begins with the factory again.

        Raises:
            TypeError: its class cannot handle its protocol; the message says why.

        >>> from kubeactors import Actor, Request, handle
        >>> from kubeactors.testing import Alone
        >>> class Press(Request[str], frozen=True):
        ...     pass
        >>> class Off(Actor[Press]):
        ...     @handle
        ...     def press(self, message: Press) -> str:
        ...         self.ctx.become(On())
        ...         return "on"
        >>> class On(Actor[Press]):
        ...     @handle
        ...     def press(self, message: Press) -> str:
        ...         self.ctx.become(Off())
        ...         return "off"
        >>> switch = Alone(Off)
        >>> [switch.ask(Press()) for _ in range(3)]
        ['on', 'off', 'on']
        """
        cell = self._cell
        successor = cast("Actor[object]", actor)
        cell.kernel.change(partial(cell.become, successor, cell.kernel.dispatch_of(type(successor))))

    def pipe_to_self(
        self,
        work: Awaitable[R],
        then: Callable[[R], M],
        failed: Callable[[Exception], M] | None = None,
    ) -> None:
        """Do work meanwhile, and tell oneself what came of it. Ends with this instance.

        Args:
            work: an ask, or a coroutine, which may await whatever a handler may.
            then: the message for its result. What it raises is a failure of this actor, as what `failed` raises.
            failed: the message for its error; without it an error is a failure of this actor.
        """
        pipe(self._cell, work, cast("Callable[[object], object]", then), failed)

    def subscribe_dead_letters(self) -> None:
        """Be told a `DeadLetter` for each message that nobody takes, until this actor ends."""
        self._cell.kernel.dead_letter_subscribers[self._cell] = None

    def gate(self) -> Gate:
        """Something to wait for until somebody opens it."""
        return Gate()

    def in_thread(self, function: Callable[[], R]) -> Awaitable[R]:
        """Awaitable: the result of blocking work, done in a thread (in the simulator: at once).

        All actors share a number of threads (anyio's default limiter, 40); a `ThreadPool` is one's own, and bounded.
        """
        wait: Wait[R] = Wait()
        driver = self._cell.kernel.driver
        driver.in_thread(function, wait)
        return driver.inside(wait)
