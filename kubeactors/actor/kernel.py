"""The kernel: a plain synchronous state machine of mailboxes, ready actors, timers and supervision.

It does no I/O, owns no task and never asks for the time: a driver sets `now` and turns the crank with `run`.

One entry of the run queue is either an actor with mail or a waiting handler that can go on. Everything that changes
the tree (stop, restart) happens between two entries, never inside a handler.
"""

import random
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import Context, copy_context
from functools import partial
from operator import length_hint
from typing import TypeVar

from kubeactors.actor.activation import Activation
from kubeactors.actor.actor import Actor, Dispatch, dispatch_of
from kubeactors.actor.beginnings import begin
from kubeactors.actor.cell import Cell
from kubeactors.actor.crank import DONE, FOREIGN, Crank
from kubeactors.actor.deadlines import Deadlines
from kubeactors.actor.driver import CellFactory, Driver, Entry, RunQueue
from kubeactors.actor.endings import end
from kubeactors.actor.envelope import Envelope, Posted
from kubeactors.actor.errors import ActorStopped, DeadLetter, Exit, where
from kubeactors.actor.farewell import Farewell, descendants, needs_time
from kubeactors.actor.mailbox import Mailbox
from kubeactors.actor.registry import Registry
from kubeactors.actor.states import State
from kubeactors.actor.statistics import Ledger
from kubeactors.actor.supervision import Restart, Supervision
from kubeactors.actor.supervisor import begin_again, supervise
from kubeactors.actor.timers import Timer, Timers
from kubeactors.actor.waits import Wait

R = TypeVar("R")
M = TypeVar("M")

MAX_INLINE_DEPTH = 16
"""How many asks may run inside one another before they queue: bounds the Python stack."""

_ENTRIES_OF_HELP = 8

_WHY = {"stopped": "it has stopped", "not handled": "it has no handler for that", "dropped": "newer ones took its room"}
"""Reasons of dead letters, for those who asked."""


class Kernel:
    """One actor system's state. Used by one thread at a time.

    Args:
        driver: who turns the crank.
        ready: the run queue.
        seed: every random stream derives from it.
        wall: unix time in nanoseconds at `now == 0`.
        inline: whether an ask of an idle actor may run at once.
        batch: how many messages an actor handles before the next one has its turn.
        parks_all: whether waiting handlers never have a task of their own (simulation).
        supervision: what happens when an actor below the root fails.
        marks: whether messages may wait without envelopes; a schedule that chooses among them wants to see who sent them.
    """

    __slots__ = (
        "_crank",
        "_depth",
        "_inline",
        "_parks_all",
        "_streams",
        "_unhandled",
        "_variables",
        "asleep",
        "batch",
        "changes",
        "current",
        "dead_letter_subscribers",
        "dead_letters",
        "deadlines",
        "dispatch_of",
        "driver",
        "farewells",
        "fatal",
        "helping",
        "interceptor",
        "issued",
        "ledger",
        "left_over",
        "make_cell",
        "marks",
        "now",
        "on_dead_letter",
        "on_failure",
        "ready",
        "registry",
        "root",
        "seed",
        "spawned",
        "stuck",
        "supervision",
        "timers",
        "turning",
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
        inline: bool,
        batch: int,
        parks_all: bool,
        marks: bool,
        supervision: Supervision,
    ) -> None:
        self.driver: Driver = driver
        self.ready: RunQueue = ready
        self.seed: str = seed
        self.wall: int = wall
        self.batch: int = batch
        self.marks: bool = marks
        self.supervision: Supervision = supervision
        self.now: int = 0
        self.asleep: bool = False
        self.current: Cell | None = None
        self.timers: Timers = Timers()
        self.deadlines: Deadlines = Deadlines(self)
        self.changes: deque[Callable[[], object]] = deque()
        """What changes the tree; done between two entries."""
        self.interceptor: Callable[[Cell, Envelope], Envelope | None] | None = None
        """Sees every envelope when its turn has come. Returns what to deliver, or None: it keeps the envelope, and may
        put it back later."""
        self.dead_letters: int = 0
        self.on_dead_letter: Callable[[str, object], object] | None = None
        self.on_failure: Callable[[str, BaseException], object] | None = None
        """Is told of an actor's failure before its supervisor decides."""
        self.make_cell: CellFactory = Cell
        self.dispatch_of: Callable[[type[Actor[object]]], Dispatch] = dispatch_of
        self.ledger: Ledger = Ledger()
        self.registry: Registry = Registry()
        self.dead_letter_subscribers: dict[Cell, None] = {}
        """Actors that are told of dead letters."""
        self.fatal: BaseException | None = None
        """The failure that reached the top, if one has."""
        self.left_over: int = 0
        """How many entries more the last `run` might have run."""
        self.turning: bool = False
        """Whether a turn of the run queue is under way."""
        self.helping: bool = False
        """Whether that turn is made by somebody who waits, in a task of his."""
        self.stuck: bool = False
        """Whether he cannot go on: what is next needs a task of its own."""
        self.variables: Context = copy_context()
        """The context variables with which each turn begins: neither those of who tells or asks, nor what others set."""
        self._variables = self.variables.copy()
        """Of this turn, until a handler waits: then they are that handler's, to its end."""
        self._inline = inline
        self._parks_all = parks_all
        self._depth = 0
        self.farewells: int = 0
        """How many are under way."""
        self.spawned: int = 1
        """How many actors there have been, the root included; numbers them."""
        self.issued: int = 0
        """How many numbers were given out."""
        self._unhandled: dict[tuple[str, str], None] = {}
        """Which messages no handler of a class takes, by their names."""
        self._streams: dict[str, dict[str, int]] = {}
        """How many streams of chance there were at each place, for each purpose."""
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
        """Run an entry for each item of `turns`; an iterator may look at what has come of the last one and end."""
        while True:
            crank = self._crank
            self.turning = True
            try:
                awaited = self._variables.run(crank.turn, turns)
            except BaseException as error:
                if not self._survives(error):
                    raise
                continue
            finally:
                self.turning = False
            if awaited is DONE:
                self.left_over = length_hint(turns)
                return None
            foreign = crank.foreign if awaited is FOREIGN else self._taken(crank, awaited)
            if foreign is not None:
                return foreign

    def forget_variables(self) -> None:
        """Handlers from now on see none of the context variables that those before have set."""
        self._variables = self.variables.copy()

    def _survives(self, error: BaseException) -> bool:
        """Whether a handler raised the cancellation of something that it looked at, which is a failure like others."""
        self._crank = Crank(self)
        self.forget_variables()
        cell, self.current = self.current, None
        if cell is None or not isinstance(error, self.driver.cancelled):
            return False
        reply = cell.in_hand()[2]
        cell.envelope = None
        cell.fail(error, reply)
        cell.go_on()
        return True

    @property
    def failures(self) -> tuple[type[BaseException], ...]:
        """What a handler may raise that is its supervisor's."""
        return (Exception, *self.driver.cancelled)

    def help(self, wait: Wait[R], entries: int) -> None:
        """Run what is ready, inside the task of somebody who waits for this; leave what needs a task of its own."""
        self.helping = True
        self.forget_variables()
        while self.ready and not wait.done and not self.stuck and entries > 0:
            self.run(_ENTRIES_OF_HELP)
            entries -= _ENTRIES_OF_HELP
        self.helping = self.stuck = False

    def put_back(self, cell: Cell, posted: Posted) -> None:
        """Helping is over: this message needs a task."""
        assert cell.mailbox is not None
        cell.mailbox.appendleft(posted)
        cell.odd = self.stuck = True

    def _taken(self, crank: Crank, awaited: object) -> Activation | None:
        """A handler waits: the frame that it runs in is its own from now on."""
        cell, self.current = self.current, None
        assert cell is not None
        self._crank = Crank(self)
        crank.taken = True
        activation = Activation(cell, crank.frame, cell.in_hand(), starting=False, variables=self._variables)
        self.forget_variables()
        cell.envelope = None
        foreign = activation.suspended(awaited)
        cell.go_on()
        return foreign

    @property
    def has_work(self) -> bool:
        """Whether `run` would do something."""
        return bool(self.ready) or bool(self.changes)

    def enqueue(self, entry: Entry) -> None:
        """The entry is ready."""
        self.ready.append(entry)
        if self.asleep:
            self.wake()

    def wake(self) -> None:
        """There is work again."""
        self.asleep = False
        self.driver.wake()

    def change(self, what: Callable[[], object]) -> None:
        """Change the tree before the next entry."""
        self.changes.append(what)
        if self.asleep:
            self.wake()

    def at(self, due: int, action: Callable[[], object]) -> Timer:
        """Call `action` when time has reached `due`, in nanoseconds."""
        timer = self.timers.at(due, action)
        if self.asleep:
            self.wake()
        return timer

    def total_handled(self) -> int:
        """How many messages the living actors have handled."""
        cells, total = [self.root], 0
        while cells:
            cell = cells.pop()
            total += cell.handled
            cells.extend((cell.children or {}).values())
        return total

    # Asks.

    def may_inline(self) -> bool:
        """Whether an ask may run inside the asker's turn."""
        return self._inline and self._depth < MAX_INLINE_DEPTH and not self.changes and not self.stuck

    def run_inline(self, cell: Cell, envelope: Envelope) -> None:
        """Deliver to an idle actor, now."""
        if self.current is None:
            self.driver.refresh()
        self._depth += 1
        cell.queued = True
        try:
            self.variables.copy().run(cell.deliver, envelope)
        finally:
            self._depth -= 1
            cell.requeue()

    def dead_letter(self, cell: Cell, envelope: Envelope, reason: str = "stopped") -> bool:
        """Count a message that nobody takes, and tell who wants to know. Always False."""
        self.dead_letters += 1
        message, _, reply = envelope
        if self.on_dead_letter is not None:
            self.on_dead_letter(cell.path, message)
        if self.dead_letter_subscribers and not isinstance(message, DeadLetter):
            letter = DeadLetter(cell.path, message, reason)
            for subscriber in list(self.dead_letter_subscribers):
                subscriber.tell(letter)
        if reply is not None:
            why = _WHY.get(reason, reason)
            reply.fail(ActorStopped(f"{cell.path} does not take {type(message).__name__}: {why}"))
        return False

    def log_unhandled(self, path: str, actor: str, message: str) -> None:
        """Log that a class of actors has no handler for a class of messages: once, for there may be many."""
        if (actor, message) not in self._unhandled:
            self._unhandled[actor, message] = None
            self.driver.log("warning", "actor.message_not_handled", path, actor_class=actor, message_class=message)

    # The tree.

    def spawn(
        self, parent: Cell, factory: Callable[[], Actor[M]], name: str, mailbox: Mailbox, restart: Restart
    ) -> Cell:
        """Add a child, which starts when its turn comes; at once if there is no `started` to call.

        Raises what `add` raises.
        """
        cell = self.add(parent, factory, name, mailbox, restart)
        if isinstance(factory, type) and dispatch_of(factory).start is None:
            begin(cell)
            return cell
        self.ready.append(cell)
        if self.asleep:
            self.wake()
        return cell

    def add(self, parent: Cell, factory: Callable[[], Actor[M]], name: str, mailbox: Mailbox, restart: Restart) -> Cell:
        """Add a child that is not started yet.

        Raises:
            ActorStopped: the parent is gone.
            ValueError: it has a child of that name already.
            TypeError: the actor class has no handler for a message of its protocol, or a message can change; or this is
                an actor already, and not what makes one.
        """
        if isinstance(factory, type):
            dispatch_of(factory)
        elif not callable(factory):
            raise TypeError(f"spawn takes what makes the actor, its class or a function, and not {factory!r} itself")
        if parent.actor is None or parent.state is State.STOPPING or self.root.state is State.STOPPED:
            raise ActorStopped(f"{parent.path or 'the system'} has stopped; nothing can be spawned")
        children = parent.extras.children
        if children is None:
            children = parent.own.children = {}
        elif name and name in children:
            raise ValueError(f"{parent.path} has a child named {name!r} already; choose another name")
        self.spawned = number = self.spawned + 1
        key = name or number
        cell = children[key] = self.make_cell(self, parent, key, factory, mailbox, restart)
        return cell

    def parks(self, cell: Cell) -> bool:
        """Whether a handler that waits for the kernel needs no task of its own."""
        return self._parks_all or (cell.actor is not None and cell.actor.deterministic)

    def stop(self, cell: Cell, reason: str = "stopped", how: Exit = Exit.SHUTDOWN) -> None:
        """End an actor and its descendants, children first, last started first.

        One that stops itself is started again if it is permanent.
        """
        if how is Exit.NORMAL and cell.restart is Restart.PERMANENT:
            self.change(partial(begin_again, self, cell, reason))
        else:
            self.change(partial(self._stop, cell, reason, how))

    def _stop(self, cell: Cell, reason: str, how: Exit) -> None:
        if cell.activations is None and not cell.children and not cell.dispatch.stop_waits:
            end(cell, reason, how)
        elif cell.extras.farewell is None:
            self.part_from(cell, reason, how)
        else:
            cell.extras.farewell.afterwards(partial(self._stop, cell, reason, how))

    def part_from(self, cell: Cell, reason: str, how: Exit, then: Callable[[], object] | None = None) -> None:
        """End an actor and its descendants for good, now or when they have had the time that they need."""
        cells = [*descendants(cell), cell]
        if any(needs_time(one) for one in cells):
            Farewell(self, cells, [cell], partial(end, reason=reason, how=how), then)
            return
        end(cell, reason, how)
        if then is not None:
            then()

    def stop_all(self) -> None:
        """End everything: last started first, children before parents."""
        part = partial(end, reason="shutdown", how=Exit.SHUTDOWN)
        self.change(lambda: Farewell(self, descendants(self.root), [], part))

    def failed(self, cell: Cell, error: BaseException) -> None:
        """Ask the parent's rule what to do about a failure."""
        if cell.state in (State.FAILED, State.STOPPED):
            self.report("actor.failed_again", cell, error)
            return
        cell.state = State.FAILED
        cell.hold()
        self.change(partial(supervise, self, cell, error))
        if cell.extras.farewell is not None and cell.activations is not None:
            self.change(partial(cell.extras.farewell.go_on, cell))  # its handlers have no more time

    def report(self, event: str, cell: Cell, error: BaseException, level: str = "warning") -> None:
        """Log a failure."""
        self.driver.log(level, event, cell.path, error=repr(error), where=where(error), exc_info=error)

    def random_for(self, path: str, purpose: str) -> random.Random:
        """A stream of its own for each actor and purpose, so that one draw more shifts no other.

        An actor that was started again, and its successor at the same place, get another stream: nothing is drawn twice.
        """
        label = f"{path}|{purpose}"
        numbers = self._streams.setdefault(path, {})
        number = numbers.get(purpose, 0)
        numbers[purpose] = number + 1
        return random.Random(f"{self.seed}|{label}|{number}")

    def forget_chance(self, path: str) -> None:
        """No actor will be at that place again."""
        self._streams.pop(path, None)
