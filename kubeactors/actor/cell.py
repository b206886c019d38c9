"""Cells: an actor's place in the kernel.

Source: the life of an actor follows Erlang/OTP's gen_server and supervisor.
"""

import inspect
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from kubeactors.actor.activation import Activation, Stepped, failure_of
from kubeactors.actor.actor import NO_DISPATCH, Actor, Dispatch
from kubeactors.actor.context import Context
from kubeactors.actor.envelope import Envelope, Posted, Reply, opened
from kubeactors.actor.errors import ActorStopped, LinkedActorFailed, MailboxFull, Terminated
from kubeactors.actor.mailbox import Coalescing, Mailbox, Overflow, Post
from kubeactors.actor.ref import Later, Ref
from kubeactors.actor.states import State
from kubeactors.actor.supervision import Restart, RestartWindow
from kubeactors.actor.timers import Timer
from kubeactors.actor.waits import Wait
from kubeactors.message import Request

if TYPE_CHECKING:
    from kubeactors.actor.farewell import Farewell
    from kubeactors.actor.kernel import Kernel

__all__ = ["Cell", "Envelope"]

R = TypeVar("R")
M = TypeVar("M")


class Cell(Ref[object]):
    """An actor's place in the kernel: mailbox, state, family. It outlives the actor's instances."""

    __slots__ = (
        "activations",
        "actor",
        "background",
        "busy",
        "capacity",
        "children",
        "ctx",
        "dispatch",
        "envelope",
        "factory",
        "farewell",
        "given_name",
        "handled",
        "kernel",
        "links",
        "mailbox",
        "number",
        "odd",
        "owed",
        "parent",
        "queued",
        "restart",
        "restarted",
        "restarts",
        "rule",
        "senders",
        "started",
        "stash",
        "state",
        "timers",
        "watchers",
        "watching",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913, PLR0917 -- made in one place, by the kernel
        self,
        kernel: "Kernel",
        parent: "Cell | None",
        name: str,
        factory: Callable[[], Actor[M]],
        mailbox: Mailbox,
        restart: Restart,
    ) -> None:
        self.kernel: Kernel = kernel
        self.parent: Cell | None = parent
        self.given_name: str = name
        self.factory: Callable[[], Actor[object]] = factory  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue] -- a cast is a call
        self.restart: Restart = restart
        self.capacity: int = mailbox.capacity
        self.rule: Mailbox = mailbox
        self.number: int = kernel.spawned + 1
        kernel.spawned = self.number
        self.state: State = State.NEW
        self.mailbox: Post | None = None
        self.odd: bool = False  # there may be more to do after a message than to look for the next one
        self.queued: bool = True  # in the run queue, or not to be put there: starting, busy, failed
        self.actor: Actor[object] | None = None
        self.ctx: Context[object] | None = None
        self.dispatch: Dispatch = NO_DISPATCH
        self.activations: dict[Activation, None] | None = None  # handlers that wait
        self.background: dict[Activation, None] | None = None  # what is piped to it
        self.stash: deque[Envelope] | None = None  # put aside by handlers
        self.children: dict[str | int, Cell] | None = None  # in the order they were started
        self.watchers: dict[Cell, None] | None = None
        self.watching: dict[Cell, None] | None = None
        self.timers: dict[str, Timer] | None = None
        self.owed: dict[Later[object], None] = _NOTHING_OWED
        self.senders: deque[tuple[Envelope, Wait[bool]]] | None = None  # waiting for room
        self.restarts: RestartWindow | None = None  # of the children
        self.envelope: Posted | None = None  # in hand
        self.handled: int = 0
        self.busy: int = 0  # nanoseconds in handlers, estimated
        self.restarted: int = 0
        self.links: dict[Cell, None] | None = None  # who fails with it
        self.farewell: Farewell | None = None  # it is being stopped, and has time
        self.started: Wait[None] | None = None  # somebody waits for the first start

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.given_name or f"${self.number}"

    @property
    def key(self) -> str | int:
        """What its parent knows it by: a name is not made for those that were given none."""
        return self.given_name or self.number

    @property
    def path(self) -> str:
        """Where it stands in the tree; the root's is empty."""
        return "" if self.parent is None else f"{self.parent.path}/{self.name}"

    @property
    def load(self) -> int:
        """See `Ref.load`."""
        in_hand = self.envelope is not None and self.activations is None
        return len(self.mailbox or ()) + len(self.activations or ()) + len(self.background or ()) + in_hand

    @property
    def ended(self) -> bool:
        """See `Ref.ended`."""
        return self.state is State.STOPPED

    def cell_for(self, message: object) -> "Cell":
        """See `Ref.cell_for`."""
        return self

    @property
    def label(self) -> str:
        """What a schedule knows the next delivery by."""
        mailbox = self.mailbox
        what = type(opened(mailbox[0])[0]).__name__ if mailbox and self.state is State.RUNNING else "start"
        return f"deliver:{self.path}:{what}"

    # Messages in.

    def tell(self, message: object, /) -> bool:
        """See `Ref.tell`."""
        mailbox, kernel = self.mailbox, self.kernel
        sender = kernel.current
        if mailbox is None or len(mailbox) >= self.capacity:
            return self.put((message, sender, None))
        mailbox.append(message if sender is None else (message, sender, None))
        if not self.queued:
            self.queued = True
            kernel.ready.append(self)
            if kernel.asleep:
                kernel.wake()
        return True

    def put(self, envelope: Envelope) -> bool:
        """Put an envelope into the mailbox if there is room."""
        mailbox = self.mailbox
        if mailbox is None:
            if self.state is State.STOPPED:
                return self.kernel.dead_letter(self, envelope)
            mailbox = self.mailbox = self.rule.make()
        if len(mailbox) >= self.capacity and not self._make_room(mailbox, envelope):
            return self.rule.overflow is Overflow.DROP_NEWEST
        mailbox.append(envelope)
        if not self.queued:
            self.queued = True
            self.kernel.enqueue(self)
        return True

    def put_system(self, message: object) -> None:
        """Put a message into the mailbox whether there is room or not."""
        if self.state is State.STOPPED:
            return
        if self.mailbox is None:
            self.mailbox = self.rule.make()
        self.mailbox.append(self.stamped((message, None, None)))
        if not self.queued:
            self.queued = True
            self.kernel.enqueue(self)

    def stamped(self, envelope: Envelope) -> Envelope:
        """With what a tracer wants to know: nothing, unless there is one."""
        return envelope

    def bound(self, function: Callable[[], object]) -> Callable[[], object]:
        """To be called later, on account of what is done now: of interest to a tracer only."""
        return function

    def carried(self, work: Stepped, because: Sequence[object]) -> Stepped:
        """To be stepped apart, on account of what is done now, or of these moments: of interest to a tracer only."""
        return work

    def moment(self) -> object:
        """What `carried` may be told later."""
        return None

    def _make_room(self, mailbox: Post, envelope: Envelope) -> bool:
        if isinstance(mailbox, Coalescing) and mailbox.replaces(envelope):
            return True
        if self.rule.overflow is Overflow.DROP_OLDEST:
            self.kernel.dead_letter(self, opened(mailbox.popleft()), "dropped")
            return True
        if envelope[2] is None:
            self.kernel.dead_letter(self, envelope, "mailbox full")
        return False

    def ask(self, request: Request[R], *, timeout_seconds: float = 30.0) -> Awaitable[R]:
        """See `Ref.ask`."""
        kernel = self.kernel
        wait: Wait[R] = Wait()
        wait.target = self
        reply: Wait[object] = wait  # type: ignore[assignment] # pyright: ignore[reportAssignmentType] -- a cast is a call
        if self._can_run_inline(type(request)):
            kernel.run_inline(self, (request, kernel.current, reply))
        elif not self.put((request, kernel.current, reply)):
            gone = self.state is State.STOPPED
            wait.fail(ActorStopped(f"{self.path} is gone") if gone else MailboxFull(f"{self.path} has no room"))
        if not wait.done:
            kernel.set_deadline(self, reply, timeout_seconds)
        return wait if kernel.current is not None else kernel.driver.outside(wait, helps=self._needs_no_task(request))

    def _needs_no_task(self, request: object) -> bool:
        return self.dispatch.deterministic or request.__class__ not in self.dispatch.waiting

    def _can_run_inline(self, request: type) -> bool:
        """Whether nobody could tell the difference: an idle actor, no mail, a handler that needs no task."""
        if self.queued or self.mailbox or self.state is not State.RUNNING or not self.kernel.may_inline():
            return False
        dispatch = self.dispatch
        return dispatch.plain.get(request) is not None or (dispatch.deterministic and request in dispatch.table)

    def send(self, message: object) -> Awaitable[bool]:
        """See `Ref.send`."""
        kernel = self.kernel
        wait: Wait[bool] = Wait()
        envelope = self.stamped((message, kernel.current, None))
        mailbox = self.mailbox
        if mailbox is not None and len(mailbox) >= self.capacity and self.state is not State.STOPPED:
            if self.senders is None:
                self.senders = deque()
            self.senders.append((envelope, wait))
            self.odd = True
        else:
            wait.set(self.put(envelope))
            return wait
        return wait if kernel.current is not None else kernel.driver.outside(wait, helps=True)

    # Messages out: a turn of the run queue is in `crank.py`.

    def run(self) -> Activation | None:
        """A turn in which there is nothing to handle: start, or find one's place in the run queue."""
        if self.state is State.NEW:
            if self.kernel.helping:
                self.kernel.stuck = True
                self.kernel.ready.appendleft(self)
                return None
            return self._start()
        self.requeue()
        return None

    @property
    def reentrant(self) -> bool:
        """Whether other messages are handled while a handler waits."""
        return self.dispatch.reentrant

    def requeue(self) -> None:
        """Stand in the run queue exactly if there is mail that can be handled."""
        if self.state is State.RUNNING and (self.activations is None or self.reentrant):
            self.queued = bool(self.mailbox)
        else:
            self.queued = True  # not in the queue, and tells do not put it there
            return
        if self.queued:
            self.kernel.enqueue(self)

    def go_on(self) -> None:
        """After messages of an odd actor: whoever waits for room puts his, and it finds its place in the run queue."""
        if self.senders:
            self.admit_senders()
        self.odd = bool(self.senders) or self.activations is not None or self.state is not State.RUNNING
        self.requeue()

    def may_go_on(self) -> None:
        """The last waiting handler is done: mail can be handled again."""
        if self.farewell is not None:
            self.kernel.change(self.farewell.go_on)
        elif self.state is State.RUNNING and not self.reentrant:
            self.requeue()

    def admit_senders(self) -> None:
        """Let those who wait for room put their messages."""
        assert self.senders is not None
        while self.senders and self.mailbox is not None and len(self.mailbox) < self.capacity:
            envelope, wait = self.senders.popleft()
            self.mailbox.append(envelope)
            wait.set(True)

    def _start(self) -> "Activation | None":
        """Make an instance and call its `started`; mail waits until that is done (unless reentrant)."""
        kernel = self.kernel
        self.state = State.STARTING
        try:
            actor = self.actor = self.factory()
            dispatch = kernel.dispatch_of(type(actor))
            if self.restarted and dispatch is not self.dispatch:
                self._changes_class(dispatch)
            self.dispatch = dispatch
            actor.cell = self
            starting = self._call_started() if dispatch.starts else None
        except Exception as error:  # noqa: BLE001 -- any failure is the supervisor's
            kernel.failed(self, error)
            return None
        if starting is None:
            if self.mailbox or self.started is not None or self.activations is not None:
                self.has_started()
            else:
                self.state = State.RUNNING
                self.queued = False
            return None
        if dispatch.reentrant:
            self._begin_to_handle()
        coroutine = cast("Coroutine[object, object, object]", starting)
        return Activation(self, coroutine, (None, None, None), starting=True).run()

    def context(self) -> Context[object]:
        """What the actor can do."""
        if self.ctx is None:
            self.ctx = Context(self)
        return self.ctx

    def _call_started(self) -> Awaitable[None] | None:
        assert self.actor is not None
        kernel = self.kernel
        previous, kernel.current = kernel.current, self
        try:
            return self.actor.started()
        finally:
            kernel.current = previous

    def start_at_once(self) -> bool:
        """Start in the turn of somebody else, if `started` does not wait. Not in the run queue yet."""
        started = getattr(self.factory, "started", None)  # it has one if it is a class
        if started is None or inspect.iscoroutinefunction(started):
            return False
        self._start()
        return True

    def _begin_to_handle(self) -> None:
        self.state = State.RUNNING
        if self.mailbox or self.activations is not None:
            self.requeue()
        else:
            self.queued = False

    def has_started(self) -> None:
        """`started` has returned: handle mail, and tell who waits for the start."""
        if self.state is State.STARTING:
            self._begin_to_handle()
        if self.started is not None:
            self.started.set(None)
            self.started = None

    def deliver(self, envelope: Envelope) -> Activation | None:
        """Hand one message to its handler, inside the turn of somebody else."""
        kernel = self.kernel
        if kernel.interceptor is not None:
            passed = kernel.interceptor(self, envelope)
            if passed is None:
                return None
            envelope = passed
        message, _, reply = envelope
        handler = self.dispatch.table.get(message.__class__)
        if handler is None:
            self.unhandled(envelope)
            return None
        self.envelope = envelope
        self.handled += 1
        previous, kernel.current = kernel.current, self
        try:
            result = handler.method(self.actor, message)
            if handler.is_async:
                coroutine = cast("Coroutine[object, object, object]", result)
                return Activation(self, coroutine, envelope, starting=False).run()
            if reply is not None and result.__class__ is not Later:
                reply.set(result)
        except kernel.failures as error:
            self.fail(error, reply)
        finally:
            kernel.current = previous
            self.envelope = None
        return None

    def unhandled(self, envelope: Envelope) -> None:
        """A message that no handler takes."""
        if not isinstance(envelope[0], Terminated):
            self.kernel.dead_letter(self, envelope, "not handled")

    def fail(self, error: BaseException, reply: Reply) -> None:
        """The handler of the message in hand has raised."""
        if reply is not None:
            reply.fail(failure_of(self.path, error))
        self.kernel.failed(self, error)

    # Messages put aside, and other behaviours.

    def put_aside(self) -> None:
        """Keep the message in hand, with its sender and whoever waits for the reply.

        Raises:
            MailboxFull: as many as the mailbox may hold are kept already.
        """
        self.stash = deque() if self.stash is None else self.stash
        if len(self.stash) >= self.capacity:
            raise MailboxFull(f"{self.path} has put aside {self.capacity} messages; take some back")
        self.stash.append(opened(self.envelope))

    def unstash(self) -> None:
        """Put what was put aside before all that waits, in order."""
        stash, self.stash = self.stash, None
        if not stash or self.state is State.STOPPED:
            return
        if self.mailbox is None:
            self.mailbox = self.rule.make()
        for envelope in reversed(stash):
            self.mailbox.appendleft(envelope)
        if not self.queued:
            self.queued = True
            self.kernel.enqueue(self)

    def become(self, actor: Actor[object]) -> None:
        """Messages are for another instance from now on."""
        if self.state is State.RUNNING:
            actor.cell = self
            self.actor = actor
            self._changes_class(self.kernel.dispatch_of(type(actor)))

    def _changes_class(self, dispatch: Dispatch) -> None:
        self.kernel.ledger.leaves(self)
        self.kernel.ledger.joins(self, dispatch.name)
        self.dispatch = dispatch

    # Timers, watches, promises: what the context asks for.

    def set_timer(self, key: str, delay: int, action: Callable[[], object]) -> Timer:
        """Call `action` after `delay` nanoseconds, unless the instance ends before."""
        kernel = self.kernel
        timers = self.timers if self.timers is not None else {}
        self.timers = timers
        key = key or f"${kernel.timers.sequence}"
        if key in timers:
            timers[key].cancel()

        def fire() -> None:
            if timers.get(key) is timer:
                del timers[key]
            action()

        timer = timers[key] = kernel.at(kernel.now + delay, fire)
        return timer

    def cancel_timer(self, key: str) -> None:
        """Forget the timer of that key."""
        timer = (self.timers or {}).pop(key, None)
        if timer is not None:
            timer.cancel()

    def watched_by(self, watcher: "Cell") -> None:
        """Tell the watcher when this has ended."""
        if self.state is State.STOPPED:
            watcher.put_system(Terminated(ref=self, reason="stopped"))
            return
        if self.watchers is None:
            self.watchers = {}
        if watcher.watching is None:
            watcher.watching = {}
        self.watchers[watcher] = None
        watcher.watching[self] = None

    def unwatched_by(self, watcher: "Cell") -> None:
        """Do not tell the watcher."""
        (self.watchers or {}).pop(watcher, None)
        (watcher.watching or {}).pop(self, None)

    def link(self, other: "Cell") -> None:
        """Fail with the other, and the other with this."""
        for one, another in ((self, other), (other, self)):
            one.links = one.links or {}
            one.links[another] = None

    def owe(self, later: Later[object]) -> None:
        """A reply is owed; if the instance ends before, the asker is told."""
        if self.owed is _NOTHING_OWED:
            self.owed = {}
        self.owed[later] = None

    def settle(self, later: Later[R]) -> None:
        """A reply is no longer owed."""
        self.owed.pop(cast("Later[object]", later), None)

    # Endings. Only the kernel calls these, between two entries of the run queue.

    def end_instance(self) -> None:
        """Throw the instance away: children (last first), waiting handlers, timers, replies that are owed."""
        for child in reversed(list((self.children or {}).values())):
            child.stop("parent stopped")
        for activation in [*(self.activations or ()), *(self.background or ())]:
            activation.close(ActorStopped(f"{self.path} went before it replied"))
        self.activations = self.background = None
        self.unstash()
        for timer in list((self.timers or {}).values()):
            timer.cancel()
        self.timers = None
        for watched in list(self.watching or ()):
            if watched.watchers is not None:
                watched.watchers.pop(self, None)
        self.watching = None
        for later in list(self.owed):
            later.fail(ActorStopped(f"{self.path} went before it replied"))
        self.owed = _NOTHING_OWED
        if self.actor is not None:
            actor, self.actor = self.actor, None
            previous, self.kernel.current = self.kernel.current, self
            try:
                actor.stopped()
            except Exception as error:  # noqa: BLE001 -- it is gone anyway; say so and go on
                self.kernel.report("actor.stopped_failed", self, error)
            finally:
                self.kernel.current = previous

    def stop(self, reason: str) -> None:
        """End for good."""
        if self.state is State.STOPPED:
            return
        self.end_instance()
        self.state = State.STOPPED
        if self.handled or self.restarted:
            self.kernel.ledger.leaves(self)
        self.odd = True
        self.kernel.mourners.pop(self, None)
        self.kernel.registry.forget(self)
        stash, self.stash = self.stash, None
        for envelope in stash or ():
            self.kernel.dead_letter(self, envelope)
        self.queued = True
        if self.parent is not None and self.parent.children is not None:
            self.parent.children.pop(self.key, None)
        mailbox, self.mailbox = self.mailbox, None
        for posted in mailbox or ():
            self.kernel.dead_letter(self, opened(posted))
        for envelope, wait in self.senders or ():
            self.kernel.dead_letter(self, envelope)
            wait.set(False)
        if self.started is not None:
            self.started.fail(ActorStopped(f"{self.path} did not start: {reason}"))
        self._tell_links(reason)
        watchers, self.watchers = self.watchers, None
        for watcher in watchers or ():
            if watcher.watching is not None:
                watcher.watching.pop(self, None)
            watcher.put_system(Terminated(ref=self, reason=reason))

    def _tell_links(self, reason: str) -> None:
        links, self.links = self.links, None
        for linked in links or ():
            (linked.links or {}).pop(self, None)
            if reason.startswith("failed"):
                self.kernel.failed(linked, LinkedActorFailed(f"{self.path} {reason}"))

    def restart_now(self) -> None:
        """Start again with a fresh instance; mail stays."""
        if self.state is State.FAILED:
            self.state = State.NEW
            self.restarted += 1
            self.kernel.enqueue(self)


_NOTHING_OWED: dict[Later[object], None] = {}
