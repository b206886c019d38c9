"""Cells: an actor's place in the kernel.

Source: the life of an actor follows Erlang/OTP's gen_server and supervisor.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from kubeactors.actor.activation import Activation, Reply, failure_of
from kubeactors.actor.actor import Actor, Handler, handlers_of
from kubeactors.actor.context import Context
from kubeactors.actor.errors import ActorStopped, MailboxFull, Terminated
from kubeactors.actor.mailbox import Mailbox, Overflow
from kubeactors.actor.ref import Later, Ref
from kubeactors.actor.supervision import Restart, RestartWindow
from kubeactors.actor.timers import Timer
from kubeactors.actor.waits import Wait
from kubeactors.message import Request

if TYPE_CHECKING:
    from kubeactors.actor.kernel import Kernel

R = TypeVar("R")
M = TypeVar("M")

Envelope: TypeAlias = "tuple[object, Cell | None, Reply]"
"""A message, who sent it (None: from outside), and where the reply goes."""


class State(Enum):
    """The life of an actor."""

    NEW = "new"
    STARTING = "starting"
    RUNNING = "running"
    FAILED = "failed"
    STOPPED = "stopped"


class Cell(Ref[object]):
    """An actor's place in the kernel: mailbox, state, family. It outlives the actor's instances."""

    __slots__ = (
        "activations",
        "actor",
        "capacity",
        "children",
        "ctx",
        "factory",
        "handled",
        "kernel",
        "mailbox",
        "name",
        "number",
        "overflow",
        "owed",
        "parent",
        "queued",
        "reply",
        "restart",
        "restarts",
        "sender",
        "senders",
        "started",
        "state",
        "table",
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
        self.kernel = kernel
        self.parent = parent
        self.name = name
        self.factory = factory
        self.restart = restart
        self.capacity = mailbox.capacity
        self.overflow = mailbox.overflow
        self.number = kernel.next_number()
        self.state = State.NEW
        self.mailbox: deque[Envelope] | None = None
        self.queued = True  # in the run queue, or not to be put there: starting, busy, failed
        self.actor: Actor[object] | None = None
        self.ctx: Context[object] | None = None
        self.table: dict[type, Handler] = {}
        self.activations: dict[Activation, None] | None = None  # handlers that wait
        self.children: dict[str, Cell] | None = None  # in the order they were started
        self.watchers: dict[Cell, None] | None = None
        self.watching: dict[Cell, None] | None = None
        self.timers: dict[str, Timer] | None = None
        self.owed: dict[Later[object], None] = _NOTHING_OWED
        self.senders: deque[tuple[Envelope, Wait[bool]]] | None = None  # waiting for room
        self.restarts: RestartWindow | None = None  # of the children
        self.sender: Cell | None = None  # of the message in hand
        self.reply: Reply = None
        self.handled = 0
        self.started: Wait[None] | None = None  # somebody waits for the first start

    @property
    def path(self) -> str:
        """Where it stands in the tree; the root's is empty."""
        return "" if self.parent is None else f"{self.parent.path}/{self.name}"

    @property
    def label(self) -> str:
        """What a schedule knows the next delivery by."""
        mailbox = self.mailbox
        what = type(mailbox[0][0]).__name__ if mailbox and self.state is State.RUNNING else "start"
        return f"deliver:{self.path}:{what}"

    # Messages in.

    def tell(self, message: object, /) -> bool:
        """See `Ref.tell`."""
        mailbox = self.mailbox
        if mailbox is None or len(mailbox) >= self.capacity:
            return self.put((message, self.kernel.current, None))
        mailbox.append((message, self.kernel.current, None))
        if not self.queued:
            self.queued = True
            self.kernel.enqueue(self)
        return True

    def put(self, envelope: Envelope) -> bool:
        """Put an envelope into the mailbox if there is room."""
        mailbox = self.mailbox
        if mailbox is None:
            if self.state is State.STOPPED:
                return self.kernel.dead_letter(self, envelope)
            mailbox = self.mailbox = deque()
        if len(mailbox) >= self.capacity and not self._make_room(mailbox, envelope):
            return self.overflow is Overflow.DROP_NEWEST
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
            self.mailbox = deque()
        self.mailbox.append((message, None, None))
        if not self.queued:
            self.queued = True
            self.kernel.enqueue(self)

    def _make_room(self, mailbox: deque[Envelope], envelope: Envelope) -> bool:
        if self.overflow is Overflow.DROP_OLDEST:
            self.kernel.dead_letter(self, mailbox.popleft())
            return True
        if envelope[2] is None:
            self.kernel.dead_letter(self, envelope)
        return False

    def ask(self, request: Request[R], *, timeout_seconds: float = 30.0) -> Awaitable[R]:
        """See `Ref.ask`."""
        kernel = self.kernel
        wait: Wait[R] = Wait()
        reply = cast("Wait[object]", wait)
        if self._can_run_inline(type(request)):
            kernel.run_inline(self, (request, kernel.current, reply))
        elif not self.put((request, kernel.current, reply)):
            gone = self.state is State.STOPPED
            wait.fail(ActorStopped(f"{self.path} is gone") if gone else MailboxFull(f"{self.path} has no room"))
        if not wait.done:
            kernel.set_deadline(self, reply, timeout_seconds)
        return wait if kernel.current is not None else kernel.driver.outside(wait)

    def _can_run_inline(self, request: type) -> bool:
        """Whether nobody could tell the difference: an idle actor, no mail, a handler that does not wait."""
        if self.queued or self.mailbox or self.state is not State.RUNNING or not self.kernel.may_inline():
            return False
        handler = self.table.get(request)
        return handler is not None and not handler.is_async

    def send(self, message: object) -> Awaitable[bool]:
        """See `Ref.send`."""
        kernel = self.kernel
        wait: Wait[bool] = Wait()
        envelope: Envelope = (message, kernel.current, None)
        mailbox = self.mailbox
        if mailbox is not None and len(mailbox) >= self.capacity and self.state is not State.STOPPED:
            if self.senders is None:
                self.senders = deque()
            self.senders.append((envelope, wait))
        else:
            wait.set(self.put(envelope))
        return wait if kernel.current is not None else kernel.driver.outside(wait)

    # Messages out: one turn of the run queue.

    def run(self) -> Activation | None:
        """Start, or handle up to a batch of messages."""
        if self.state is State.NEW:
            return self._start()
        mailbox, kernel = self.mailbox, self.kernel
        if self.state is State.RUNNING and mailbox:
            popleft, deliver, changes = mailbox.popleft, self.deliver, kernel.changes
            for _ in range(kernel.batch):
                foreign = deliver(popleft())
                if self.senders:
                    self._admit_sender()
                if foreign is not None:
                    self.requeue()
                    return foreign
                if not mailbox or changes or (self.activations is not None and not self.reentrant):
                    break
        self.requeue()
        return None

    @property
    def reentrant(self) -> bool:
        """Whether other messages are handled while a handler waits."""
        return self.actor is not None and self.actor.reentrant

    def requeue(self) -> None:
        """Stand in the run queue exactly if there is mail that can be handled."""
        if self.state is State.RUNNING and (self.activations is None or self.reentrant):
            self.queued = bool(self.mailbox)
        else:
            self.queued = True  # not in the queue, and tells do not put it there
            return
        if self.queued:
            self.kernel.enqueue(self)

    def may_go_on(self) -> None:
        """The last waiting handler is done: mail can be handled again."""
        if self.state is State.RUNNING and not self.reentrant:
            self.requeue()

    def _admit_sender(self) -> None:
        assert self.senders is not None
        assert self.mailbox is not None
        envelope, wait = self.senders.popleft()
        self.mailbox.append(envelope)
        wait.set(True)

    def _start(self) -> "Activation | None":
        """Make an instance and call its `started`; mail waits until that is done (unless reentrant)."""
        kernel = self.kernel
        self.state = State.STARTING
        try:
            actor = self.factory()
            self.table = handlers_of(type(actor))
            self.actor = cast("Actor[object]", actor)
            if self.ctx is None:
                self.ctx = Context(self)
            self.actor.ctx = self.ctx
            previous, kernel.current = kernel.current, self
            try:
                starting = actor.started()
            finally:
                kernel.current = previous
        except Exception as error:  # noqa: BLE001 -- any failure is the supervisor's
            kernel.failed(self, error)
            return None
        if starting is None:
            self.has_started()
            return None
        if self.actor.reentrant:
            self._begin_to_handle()
        coroutine = cast("Coroutine[object, object, object]", starting)
        return Activation(self, coroutine, None, starting=True).run()

    def _begin_to_handle(self) -> None:
        self.state = State.RUNNING
        self.requeue()

    def has_started(self) -> None:
        """`started` has returned: handle mail, and tell who waits for the start."""
        if self.state is State.STARTING:
            self._begin_to_handle()
        if self.started is not None:
            self.started.set(None)
            self.started = None

    def deliver(self, envelope: Envelope) -> Activation | None:
        """Hand one message to its handler."""
        kernel = self.kernel
        if kernel.interceptor is not None:
            passed = kernel.interceptor(self, envelope)
            if passed is None:
                return None
            envelope = passed
        message, self.sender, reply = envelope
        handler = self.table.get(message.__class__)
        if handler is None:
            self._unhandled(envelope)
            return None
        self.reply = reply
        self.handled += 1
        previous, kernel.current = kernel.current, self
        try:
            result = handler.method(self.actor, message)
        except Exception as error:  # noqa: BLE001 -- any failure is the supervisor's
            self._fail(error, reply)
            return None
        finally:
            kernel.current = previous
        if handler.is_async:
            return Activation(self, cast("Coroutine[object, object, object]", result), reply, starting=False).run()
        if reply is not None and not isinstance(result, Later):
            reply.set(result)
        return None

    def _unhandled(self, envelope: Envelope) -> None:
        if not isinstance(envelope[0], Terminated):
            self.kernel.dead_letter(self, envelope)

    def _fail(self, error: Exception, reply: Reply) -> None:
        if reply is not None:
            reply.fail(failure_of(self.path, error))
        self.kernel.failed(self, error)

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
        for activation in list(self.activations or ()):
            activation.close(ActorStopped(f"{self.path} went before it replied"))
        self.activations = None
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
        self.queued = True
        if self.parent is not None and self.parent.children is not None:
            self.parent.children.pop(self.name, None)
        mailbox, self.mailbox = self.mailbox, None
        for envelope in mailbox or ():
            self.kernel.dead_letter(self, envelope)
        for envelope, wait in self.senders or ():
            self.kernel.dead_letter(self, envelope)
            wait.set(False)
        if self.started is not None:
            self.started.fail(ActorStopped(f"{self.path} did not start: {reason}"))
        watchers, self.watchers = self.watchers, None
        for watcher in watchers or ():
            if watcher.watching is not None:
                watcher.watching.pop(self, None)
            watcher.put_system(Terminated(ref=self, reason=reason))

    def restart_now(self) -> None:
        """Start again with a fresh instance; mail stays."""
        if self.state is State.FAILED:
            self.state = State.NEW
            self.kernel.enqueue(self)


_NOTHING_OWED: dict[Later[object], None] = {}
