"""The context: what an actor can do besides handling messages."""

from collections.abc import Awaitable, Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from kubeactors.actor.asks import mailbox_full
from kubeactors.actor.behaviour import become
from kubeactors.actor.caller import Caller
from kubeactors.actor.death_watch import link, unwatch, watch
from kubeactors.actor.envelope import sender_of
from kubeactors.actor.errors import Exit
from kubeactors.actor.identifiers import uuid4_text
from kubeactors.actor.keyed_timers import cancel_timer, set_timer
from kubeactors.actor.later import Later, promise
from kubeactors.actor.logs import Logger
from kubeactors.actor.mailbox import Mailbox
from kubeactors.actor.pipe import pipe
from kubeactors.actor.ref import Ref
from kubeactors.actor.registry import Name
from kubeactors.actor.stash import stash, unstash
from kubeactors.actor.supervision import SECOND, Restart
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
        """The actor's cell: for the framework."""
        return self._cell

    @property
    def self(self) -> Ref[M]:
        """The actor's own ref."""
        return self._cell

    @property
    def path(self) -> str:
        """See `Ref.path`."""
        return self._cell.path

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self._cell.name

    @property
    def waiting(self) -> int:
        """How many messages wait in the mailbox, without the current one."""
        return self._cell.waiting

    @property
    def now(self) -> int:
        """Nanoseconds since the system started. Constant between two awaits of a handler."""
        return self._cell.kernel.now

    @property
    def wall(self) -> int:
        """Unix time in nanoseconds: a base plus `now`. It may jump."""
        cell = self._cell
        kernel = cell.kernel
        return kernel.wall + kernel.now + cell.cold.skew

    @property
    def steady(self) -> int:
        """Unix time in nanoseconds as if the clock had never jumped: for durations."""
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
        """A new stream for one purpose. It depends on the seed, the actor, the purpose, and how many it has had of that."""
        return self._cell.kernel.random_streams.stream(self._cell.path, purpose)

    def number(self) -> int:
        """A number, from 1 on, that is given out once in this system, over all actors and restarts."""
        kernel = self._cell.kernel
        kernel.last_number = number = kernel.last_number + 1
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
        """The sender of the current message; None if it was code outside."""
        return sender_of(self._cell.current_envelope())

    @property
    def caller(self) -> Caller:
        """The caller of the current message. A handler that awaits can keep it, and then give up what nobody waits for."""
        return Caller(self._cell.current_envelope())

    # Other actors.

    def spawn(
        self,
        factory: "Callable[[], Actor[N]]",
        *,
        name: str = "",
        mailbox: Mailbox = DEFAULT_MAILBOX,
        restart: Restart = Restart.TRANSIENT,
    ) -> Ref[N]:
        """Start a child. It stops when this instance of its parent ends.

        Raises:
            ValueError: there is a child of that name.
        """
        cell = self._cell
        return cell.kernel.spawn(cell, factory, name, mailbox, restart)

    def stop(self, ref: Ref[N] | None = None, reason: str = "stopped") -> None:
        """Stop a child, or this actor, after the current message. A permanent actor that stops itself is restarted."""
        cell = self._cell
        stopped = cell if ref is None else cast("Cell", ref)
        cell.kernel.stop(stopped, reason, Exit.NORMAL if stopped is cell else Exit.SHUTDOWN)

    def watch(self, ref: Ref[N]) -> None:
        """Receive `Terminated` when the actor has stopped for good; at once if it has already."""
        watch(self._cell, cast("Cell", ref))

    def link(self, ref: Ref[N]) -> None:
        """Link the two: when one has failed for good, the other fails, and its supervisor decides.

        If the other has stopped already, this actor fails after the current message.
        """
        link(self._cell, cast("Cell", ref))

    def unwatch(self, ref: Ref[N]) -> None:
        """Undo `watch`."""
        unwatch(self._cell, cast("Cell", ref))

    def register(self, name: Name[M]) -> None:
        """Register this actor under a name, until it stops.

        Raises:
            ValueError: another living actor has that name.
        """
        self._cell.kernel.registry.register(name, self._cell)

    def find(self, name: Name[N]) -> Ref[N] | None:
        """The actor that is registered under this name, if there is one."""
        return self._cell.kernel.registry.find(name)

    # Time.

    def after(self, seconds: float, message: M, key: str = "") -> Timer:
        """Have this actor receive a message after so many seconds. With a key it replaces the timer of that key."""
        cell = self._cell
        return set_timer(cell, key, int(seconds * SECOND), partial(cell.put_system, message))

    def every(self, seconds: float, message: M, key: str) -> Timer:
        """Have this actor receive a message periodically, first after `seconds`. The key is for `cancel_timer`.

        A tick is skipped while the previous one has not been handled, so a slow actor never has more than one waiting.
        Source: `send_after` in place of `send_interval` in Erlang; `startTimerWithFixedDelay` of Akka.

        Raises:
            ValueError: `seconds` is not positive, infinite, or not a number.
        """
        cell, delay = self._cell, period(seconds)
        handled: Wait[object] = Wait()
        handled.set(None)

        def fire() -> None:
            nonlocal handled
            set_timer(cell, key, delay, fire)
            if handled.done:
                handled = Wait()
                cell.put_system(message, handled)

        return set_timer(cell, key, delay, fire)

    def cancel_timer(self, key: str) -> None:
        """Cancel the timer of that key, if there is one."""
        cancel_timer(self._cell, key)

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Awaitable: done after so many seconds."""
        kernel = self._cell.kernel
        wait: Wait[None] = Wait()
        timer = kernel.at(kernel.now + int(seconds * SECOND), partial(wait.set, None))
        wait.on_settled = lambda _: timer.cancel()
        return kernel.driver.inside(wait)

    # Replies and waits.

    def later(self) -> Later[R]:  # pyright: ignore[reportInvalidTypeVarUse] -- the caller names the reply type
        """A promise to reply to the current request later: the handler returns it in place of the reply."""
        cell = self._cell
        return promise(cell, cell.current_envelope()[2])

    def forward(self, ref: Ref[N], message: N) -> bool:
        """Send a message to another actor on behalf of the current sender."""
        return ref.cell_for(message).put((message, self._cell.current_envelope()[1], None))

    def delegate(self, ref: Ref[N], request: Request[R]) -> Later[R]:
        """Let another actor reply to the current request: `return self.ctx.delegate(...)`.

        The caller's deadline stays as it is. It gets `ActorStopped` if the other has stopped, `MailboxFull` if it is full.
        """
        _, sender, reply = self._cell.current_envelope()
        to = cast("Ref[object]", ref).cell_for(request)
        if reply is not None:
            reply.target = to  # a cycle of asks may close here
        if not to.put((request, sender, reply)) and reply is not None:
            reply.fail(mailbox_full(to))
        return Later(self._cell, None)

    def stash(self) -> Later[R]:  # pyright: ignore[reportInvalidTypeVarUse] -- as with `later`
        """Put the current message aside, to be handled after `unstash`. The handler of a request returns what this returns.

        A restart unstashes: stashed messages are then handled first.

        Raises:
            MailboxFull: as many messages as the mailbox may hold are stashed already.

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
        stash(self._cell)
        return Later(self._cell, None)

    def unstash(self) -> None:
        """Put all stashed messages back into the mailbox, in order, before those that wait there."""
        unstash(self._cell)

    def become(self, actor: "Actor[M]") -> None:
        """Let another instance handle messages from the next one on: a state of this actor as a class of its own.

        Its `started` is not called. Children, timers and the mailbox are kept; a restart uses the factory again.

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
        cell.kernel.defer(partial(become, cell, successor, cell.kernel.dispatch_of(type(successor))))

    def pipe_to_self(
        self,
        work: Awaitable[R],
        then: Callable[[R], M],
        failed: Callable[[Exception], M] | None = None,
    ) -> None:
        """Do work in the background, and receive a message with its outcome. It is cancelled when this instance ends.

        Args:
            work: an ask, or a coroutine, which may await whatever a handler may.
            then: returns the message for a result. An error of it, or of `failed`, is a failure of this actor.
            failed: returns the message for an error; without it an error of the work is a failure of this actor.
        """
        pipe(self._cell, work, cast("Callable[[object], object]", then), failed)

    def subscribe_dead_letters(self) -> None:
        """Receive a `DeadLetter` for each message that no actor handles, until this actor stops."""
        self._cell.kernel.dead_letters.subscribers[self._cell] = None

    def gate(self) -> Gate:
        """A gate that handlers wait for until it is opened."""
        return Gate()

    def in_thread(self, function: Callable[[], R]) -> Awaitable[R]:
        """Run blocking work in a thread (in the simulator: at once). Awaitable: its result.

        All actors share anyio's default limit of 40 threads; a `ThreadPool` is an actor's own, and bounded.
        """
        wait: Wait[R] = Wait()
        driver = self._cell.kernel.driver
        driver.in_thread(function, wait)
        return driver.inside(wait)
