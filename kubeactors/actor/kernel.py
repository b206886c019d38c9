"""The kernel: a plain synchronous state machine of mailboxes, ready actors, timers and supervision.

It does no I/O, owns no task and never asks for the time: a driver sets `now` and turns the crank with `run`.

An entry of the run queue is an actor with messages, or a suspended handler that can be resumed. What changes the tree
(stop, restart) is deferred: it happens between two entries, never inside a handler.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextvars import Context, copy_context
from functools import partial
from operator import length_hint
from typing import TypeVar

from kubeactors.actor.activation import Activation
from kubeactors.actor.actor import Actor, Dispatch, dispatch_of
from kubeactors.actor.cell import Cell
from kubeactors.actor.crank import DONE, FOREIGN, Crank
from kubeactors.actor.dead_letters import DeadLetters
from kubeactors.actor.deadlines import Deadlines
from kubeactors.actor.driver import CellFactory, Driver, Entry, RunQueue
from kubeactors.actor.envelope import Envelope, Item
from kubeactors.actor.errors import ActorStopped, Exit, where
from kubeactors.actor.graceful_stop import GracefulStop, descendants, needs_time
from kubeactors.actor.mailbox import Mailbox
from kubeactors.actor.random_streams import RandomStreams
from kubeactors.actor.registry import Registry
from kubeactors.actor.starting import start
from kubeactors.actor.states import State
from kubeactors.actor.statistics import Ledger
from kubeactors.actor.stopping import terminate
from kubeactors.actor.supervision import Restart, Supervision
from kubeactors.actor.supervisor import restart_stopped, supervise
from kubeactors.actor.timers import Timer, Timers
from kubeactors.actor.waits import Wait

R = TypeVar("R")
M = TypeVar("M")

_ENTRIES_OF_HELP = 8
"""How many entries a helping task runs between two looks at what it waits for."""


class Kernel:
    """One actor system's state. Used by one thread at a time.

    Args:
        driver: turns the crank.
        ready: the run queue.
        seed: all random streams derive from it.
        wall: unix time in nanoseconds at `now == 0`.
        inline_asks: whether an ask of an idle actor may run at once.
        batch: how many messages an actor handles before the next one has its turn.
        parks_all: whether suspended handlers never have a task of their own (simulation).
        bare_messages: whether messages may wait without envelopes. Not with a schedule that chooses among messages: it
            needs to know their senders.
        supervision: applies to actors at the top.
    """

    __slots__ = (
        "_crank",
        "_parks_all",
        "_variables",
        "asleep",
        "bare_messages",
        "batch",
        "current",
        "dead_letters",
        "deadlines",
        "deferred",
        "dispatch_of",
        "driver",
        "fatal",
        "graceful_stops",
        "helping",
        "in_turn",
        "inline_asks",
        "inline_depth",
        "interceptor",
        "last_number",
        "ledger",
        "make_cell",
        "now",
        "on_failure",
        "random_streams",
        "ready",
        "registry",
        "root",
        "spawned",
        "stuck",
        "supervision",
        "timers",
        "turns_left",
        "variables",
        "wall",
    )

    def __init__(  # noqa: PLR0913, PLR0915 -- made in two places, by the drivers; a kernel has so many parts
        self,
        driver: Driver,
        ready: RunQueue,
        *,
        seed: str,
        wall: int,
        inline_asks: bool,
        batch: int,
        parks_all: bool,
        bare_messages: bool,
        supervision: Supervision,
    ) -> None:
        self.driver: Driver = driver
        self.ready: RunQueue = ready
        self.wall: int = wall
        self.batch: int = batch
        self.inline_asks: bool = inline_asks
        self.bare_messages: bool = bare_messages
        self.supervision: Supervision = supervision
        self.now: int = 0
        self.asleep: bool = False
        """Whether the driver waits for `wake`."""
        self.current: Cell | None = None
        """The actor whose code runs; None in code outside."""
        self.timers: Timers = Timers()
        self.deadlines: Deadlines = Deadlines(self)
        self.dead_letters: DeadLetters = DeadLetters(driver)
        self.random_streams: RandomStreams = RandomStreams(seed)
        self.ledger: Ledger = Ledger()
        self.registry: Registry = Registry()
        self.deferred: deque[Callable[[], object]] = deque()
        """Changes of the tree, made between two entries."""
        self.interceptor: Callable[[Cell, Envelope], Envelope | None] | None = None
        """Sees every envelope when its turn has come. Returns what to deliver, or None: it keeps the envelope, and may
        put it back later."""
        self.on_failure: Callable[[str, BaseException], object] | None = None
        """Called with the path of an actor that has failed, and the error, before its supervisor decides."""
        self.make_cell: CellFactory = Cell
        self.dispatch_of: Callable[[type[Actor[object]]], Dispatch] = dispatch_of
        self.fatal: BaseException | None = None
        """The failure that reached the top, if one has."""
        self.turns_left: int = 0
        """How many more entries the last `run` might have run."""
        self.in_turn: bool = False
        """Whether `run` is under way."""
        self.helping: bool = False
        """Whether `run` was called by `help`."""
        self.stuck: bool = False
        """Whether help has to stop: the next entry needs a task of its own."""
        self.variables: Context = copy_context()
        """The context variables with which each turn begins: neither the sender's, nor what other handlers have set."""
        self._variables = self.variables.copy()
        """This turn's, until a handler waits: then they are that handler's, to its end."""
        self._parks_all = parks_all
        self.inline_depth: int = 0
        """How many inline asks are nested at this moment."""
        self.graceful_stops: int = 0
        """How many are under way."""
        self.spawned: int = 1
        """How many actors there have been, the root included; numbers them."""
        self.last_number: int = 0
        """The last one that `Context.number` gave out."""
        self._crank = Crank(self)
        self.root: Cell = Cell(self, None, 0, Actor, Mailbox(), Restart.TEMPORARY)
        self.root.actor = Actor()
        self.root.state = State.RUNNING
        self.root.queued = False

    # Turning the crank.

    def run(self, entries: int) -> Activation | None:
        """Run up to so many entries. Returns early with a handler that awaits something foreign, if the driver says so."""
        return self.run_turns(iter(range(entries)))

    def run_turns(self, turns: Iterator[object]) -> Activation | None:
        """Run an entry for each item of `turns`: an iterator may look at what the last one did, and end."""
        while True:
            crank = self._crank
            self.in_turn = True
            try:
                awaited = self._variables.run(crank.turn, turns)
            except BaseException as error:
                if not self._recover(error):
                    raise
                continue
            finally:
                self.in_turn = False
            if awaited is DONE:
                self.turns_left = length_hint(turns)
                return None
            foreign = crank.foreign if awaited is FOREIGN else self._detach(crank, awaited)
            if foreign is not None:
                return foreign

    def forget_variables(self) -> None:
        """Handlers from now on see none of the context variables that earlier ones have set."""
        self._variables = self.variables.copy()

    def _recover(self, error: BaseException) -> bool:
        """An error has left the crank. True if it is a handler's: the cancellation of something else, raised as its own."""
        self._crank = Crank(self)
        self.forget_variables()
        cell, self.current = self.current, None
        if cell is None or not isinstance(error, self.driver.cancelled):
            return False
        reply = cell.current_envelope()[2]
        cell.envelope = None
        cell.fail(error, reply)
        cell.end_turn()
        return True

    @property
    def failures(self) -> tuple[type[BaseException], ...]:
        """The exceptions of handlers that are their supervisor's."""
        return (Exception, *self.driver.cancelled)

    def help(self, wait: Wait[R], entries: int) -> None:
        """Run ready entries in the task that waits for one of them; leave those that need a task of their own."""
        self.helping = True
        self.forget_variables()
        while self.ready and not wait.done and not self.stuck and entries > 0:
            self.run(_ENTRIES_OF_HELP)
            entries -= _ENTRIES_OF_HELP
        self.helping = self.stuck = False

    def stop_helping(self, cell: Cell, item: Item) -> None:
        """Put back a message whose handler may need a task of its own."""
        assert cell.mailbox is not None
        cell.mailbox.appendleft(item)
        cell.slow_path = self.stuck = True

    def _detach(self, crank: Crank, awaited: object) -> Activation | None:
        """A handler waits: the crank's frame, in which it runs, is its own from now on."""
        cell, self.current = self.current, None
        assert cell is not None
        self._crank = Crank(self)
        crank.detached = True
        activation = Activation(cell, crank.frame, cell.current_envelope(), starting=False, variables=self._variables)
        self.forget_variables()
        cell.envelope = None
        foreign = activation.suspended(awaited)
        cell.end_turn()
        return foreign

    @property
    def has_work(self) -> bool:
        """Whether `run` would do something."""
        return bool(self.ready) or bool(self.deferred)

    def enqueue(self, entry: Entry) -> None:
        """Put a ready entry into the run queue."""
        self.ready.append(entry)
        if self.asleep:
            self.wake()

    def wake(self) -> None:
        """There is work again."""
        self.asleep = False
        self.driver.wake()

    def defer(self, change: Callable[[], object]) -> None:
        """Change the tree before the next entry."""
        self.deferred.append(change)
        if self.asleep:
            self.wake()

    def at(self, due: int, action: Callable[[], object]) -> Timer:
        """Call `action` when time has reached `due`, in nanoseconds."""
        timer = self.timers.at(due, action)
        if self.asleep:
            self.wake()
        return timer

    def parks(self, cell: Cell) -> bool:
        """Whether a suspended handler that waits for the kernel needs no task of its own."""
        return self._parks_all or (cell.actor is not None and cell.actor.deterministic)

    # The tree.

    def spawn(
        self, parent: Cell, factory: Callable[[], Actor[M]], name: str, mailbox: Mailbox, restart: Restart
    ) -> Cell:
        """Add a child. It starts when its turn comes, or at once if its class has no `started`.

        Raises what `add` raises.
        """
        cell = self.add(parent, factory, name, mailbox, restart)
        if isinstance(factory, type) and dispatch_of(factory).start is None:
            start(cell)
            return cell
        self.ready.append(cell)
        if self.asleep:
            self.wake()
        return cell

    def add(self, parent: Cell, factory: Callable[[], Actor[M]], name: str, mailbox: Mailbox, restart: Restart) -> Cell:
        """Add a child that is not started yet.

        Raises:
            ActorStopped: the parent has stopped.
            ValueError: it has a child of that name already.
            TypeError: the actor class has no handler for a message of its protocol, or a message is mutable; or
                `factory` is an actor already.
        """
        if isinstance(factory, type):
            dispatch_of(factory)
        elif not callable(factory):
            raise TypeError(f"spawn takes an actor class, or a function that returns an actor, not {factory!r} itself")
        if parent.actor is None or parent.state is State.STOPPING or self.root.state is State.STOPPED:
            raise ActorStopped(f"{parent.path or 'the system'} has stopped; nothing can be spawned")
        children = parent.cold.children
        if children is None:
            children = parent.ensure_cold().children = {}
        elif name and name in children:
            raise ValueError(f"{parent.path or 'the system'} has a child named {name!r} already; choose another name")
        self.spawned = number = self.spawned + 1
        key = name or number
        cell = children[key] = self.make_cell(self, parent, key, factory, mailbox, restart)
        return cell

    def stop(self, cell: Cell, reason: str = "stopped", how: Exit = Exit.SHUTDOWN) -> None:
        """Stop an actor and its descendants, children first, last started first.

        A permanent actor that stops itself is restarted.
        """
        if how is Exit.NORMAL and cell.restart is Restart.PERMANENT:
            self.defer(partial(restart_stopped, self, cell, reason))
        else:
            self.defer(partial(self._stop, cell, reason, how))

    def _stop(self, cell: Cell, reason: str, how: Exit) -> None:
        if cell.activations is None and not cell.children and not cell.dispatch.stop_waits:
            terminate(cell, reason, how)
        elif cell.cold.graceful_stop is None:
            self.stop_subtree(cell, reason, how)
        else:
            cell.cold.graceful_stop.afterwards(partial(self._stop, cell, reason, how))

    def stop_subtree(self, cell: Cell, reason: str, how: Exit, then: Callable[[], object] | None = None) -> None:
        """Terminate an actor and its descendants: now, or gracefully if one of them needs time. `then` is called after."""
        cells = [*descendants(cell), cell]
        if any(needs_time(one) for one in cells):
            GracefulStop(self, cells, [cell], partial(terminate, reason=reason, how=how), then)
            return
        terminate(cell, reason, how)
        if then is not None:
            then()

    def stop_all(self) -> None:
        """Stop everything: last started first, children before parents."""
        end = partial(terminate, reason="shutdown", how=Exit.SHUTDOWN)
        self.defer(lambda: GracefulStop(self, descendants(self.root), [], end))

    def actor_failed(self, cell: Cell, error: BaseException) -> None:
        """Suspend an actor that has failed, and let its supervisor decide."""
        if cell.state in (State.FAILED, State.STOPPED):
            self.log_failure("actor.failed_again", cell, error)
            return
        cell.state = State.FAILED
        cell.suspend()
        self.defer(partial(supervise, self, cell, error))
        if cell.cold.graceful_stop is not None and cell.activations is not None:
            self.defer(partial(cell.cold.graceful_stop.resume, cell))  # its handlers have no more time

    def log_failure(self, event: str, cell: Cell, error: BaseException, level: str = "warning") -> None:
        """Log a failure."""
        self.driver.log(
            level,
            event,
            cell.path,
            actor_class=cell.dispatch.name,
            error=repr(error),
            where=where(error),
            exc_info=error,
        )

    def total_handled(self) -> int:
        """How many messages the living actors have handled."""
        cells, total = [self.root], 0
        while cells:
            cell = cells.pop()
            total += cell.handled
            cells.extend((cell.children or {}).values())
        return total
