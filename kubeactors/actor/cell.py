"""Cells: an actor's place in the kernel.

Source: the life of an actor follows Erlang/OTP's gen_server and supervisor.
"""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

from kubeactors.actor.activation import Activation, Stepped, failure_of
from kubeactors.actor.actor import NO_DISPATCH, Actor, Dispatch
from kubeactors.actor.beginnings import begin
from kubeactors.actor.context import Context
from kubeactors.actor.deadlines import deadline
from kubeactors.actor.envelope import OUTSIDE, Envelope, Mark, Origin, Posted, Reply, opened
from kubeactors.actor.errors import ActorStopped, MailboxFull, Terminated
from kubeactors.actor.extras import NONE, Extras
from kubeactors.actor.mailbox import Coalescing, Mailbox, Overflow, Post
from kubeactors.actor.ref import ASK_SECONDS, Later, Ref
from kubeactors.actor.states import State
from kubeactors.actor.supervision import Restart
from kubeactors.actor.ties import UntilEnded
from kubeactors.actor.timers import Timer
from kubeactors.actor.waits import Wait
from kubeactors.message import Request

if TYPE_CHECKING:
    from kubeactors.actor.kernel import Kernel

__all__ = ["Cell", "Envelope"]

R = TypeVar("R")
M = TypeVar("M")

IN_HAND = 2
"""The actor is idle but for one message, which waits in its hand: most never need a mailbox. See `Cell.queued`."""
_RUNNING, _STOPPED = State.RUNNING, State.STOPPED  # an attribute of an enum takes longer
NOBODY = object()
"""Every message needs an envelope."""


class Cell(Ref[object]):
    """An actor's place in the kernel: mailbox, state, family. It outlives the actor's instances."""

    __slots__ = (
        "activations",
        "actor",
        "busy",
        "capacity",
        "ctx",
        "dispatch",
        "envelope",
        "extras",
        "factory",
        "hand",
        "handled",
        "kernel",
        "key",
        "last",
        "mailbox",
        "marks",
        "odd",
        "parent",
        "queued",
        "restart",
        "rule",
        "sender",
        "state",
    )

    def __init__(  # noqa: PLR0913, PLR0917 -- made in one place, by the kernel
        self,
        kernel: "Kernel",
        parent: "Cell | None",
        key: str | int,
        factory: Callable[[], Actor[M]],
        mailbox: Mailbox,
        restart: Restart,
    ) -> None:
        self.kernel: Kernel = kernel
        self.parent: Cell | None = parent
        self.key: str | int = key  # what its parent knows it by: its name, or a number if it was given none
        self.factory: Callable[[], Actor[object]] = factory  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue] -- a cast is a call
        self.restart: Restart = restart
        self.capacity: int = mailbox.capacity
        self.rule: Mailbox = mailbox
        self.state: State = State.NEW
        self.mailbox: Post | None = None
        self.marks: int = 0  # in the mailbox
        self.odd: bool = False  # there may be more to do after a message than to look for the next one
        self.queued: int = True  # in the run queue, or not to be put there: starting, busy, failed
        self.hand: Posted | None = None  # with `queued` IN_HAND: what waits
        self.sender: Cell | None = None  # of what is handled, or in hand, if it stands without an envelope
        self.last: object = None if kernel.marks and mailbox.keeps_all else NOBODY  # the same of what came last
        self.actor: Actor[object] | None = None
        self.ctx: Context[object] | None = None
        self.dispatch: Dispatch = NO_DISPATCH
        self.activations: dict[Activation, None] | None = None  # handlers that wait
        self.envelope: Posted | None = None  # what is being handled
        self.handled: int = 0
        self.busy: int = 0  # nanoseconds in handlers, estimated
        self.extras: Extras = NONE  # to be read; `own` is to be written to

    @property
    def own(self) -> Extras:
        """Its extras, made if there were none."""
        extras = self.extras
        if extras is NONE:
            extras = self.extras = Extras()
        return extras

    @property
    def children(self) -> "dict[str | int, Cell] | None":
        """In the order they were started."""
        return self.extras.children

    @property
    def name(self) -> str:
        """The last part of the path."""
        key = self.key
        return key if isinstance(key, str) else f"${key}"

    @property
    def path(self) -> str:
        """Where it stands in the tree; the root's is empty."""
        extras, parent = self.extras, self.parent
        path = extras.path
        if path is None:
            path = "" if parent is None else f"{parent.path}/{self.name}"
            if extras is not NONE:
                extras.path = path
        return path

    @property
    def load(self) -> int:
        """See `Ref.load`."""
        in_hand = self.envelope is not None and self.activations is None
        return self.waiting + len(self.activations or ()) + len(self.extras.background or ()) + in_hand

    @property
    def waiting(self) -> int:
        """How many messages wait."""
        return len(self.mailbox or ()) - self.marks + (self.queued is IN_HAND)

    @property
    def ended(self) -> bool:
        """See `Ref.ended`."""
        return self.state is State.STOPPED

    def until_ended(self) -> UntilEnded:
        """See `Ref.until_ended`."""
        return UntilEnded(self)

    def cell_for(self, message: object) -> "Cell":
        """See `Ref.cell_for`."""
        return self

    @property
    def label(self) -> str:
        """What a schedule knows the next delivery by."""
        if self.state is not _RUNNING:
            return self.label_for(type(None))
        mailbox, labels = self.mailbox, self.extras.labels
        if labels is not None and mailbox:  # in line: once for each message of a simulation
            posted = next(iter(mailbox))
            label = labels.get(type(posted[0] if type(posted) is tuple else posted))  # pyright: ignore[reportUnknownArgumentType] -- a cast is a call
            if label is not None:
                return label
        return self.label_for(type(self.upcoming()))

    def label_for(self, kind: type) -> str:
        """What a schedule knows the delivery of a message of this class by; of an `Activation`: its going on."""
        labels = self.extras.labels
        if labels is None:
            labels = self.own.labels = {}
        return labels.get(kind) or labels.setdefault(kind, self._new_label(kind))

    def _new_label(self, kind: type) -> str:
        if kind is Activation:
            return f"resume:{self.path}"
        return f"deliver:{self.path}:{'start' if kind is type(None) else kind.__name__}"

    def upcoming(self) -> object | None:
        """The message whose turn it is next; None if there is none."""
        if self.queued is IN_HAND:
            return opened(self.hand)[0]
        for posted in self.mailbox or ():
            if not isinstance(posted, Mark):
                return opened(posted)[0]
        return None

    def mark(self) -> Mark:
        """What says in a mailbox that its messages come from here."""
        mark = self.extras.mark
        if mark is None:
            mark = self.own.mark = Mark(self)
        return mark

    def take(self, mailbox: Post) -> "Envelope | None":
        """The next message out of the mailbox; None if there is none."""
        while mailbox:
            posted = mailbox.popleft()
            if not isinstance(posted, Mark):
                return opened(posted, self.sender)
            self.passes(posted)
        return None

    def passes(self, mark: Mark) -> None:
        """A mark was taken out of the mailbox: it says who has sent the messages after it."""
        self.marks -= 1
        self.sender = mark.sender

    def in_hand(self) -> Envelope:
        """The message that is being handled."""
        return opened(self.envelope, None if self.envelope is None else self.sender)

    # Messages in.

    def tell(self, message: object, /) -> bool:
        """See `Ref.tell`."""
        kernel, queued = self.kernel, self.queued
        if queued is True:
            mailbox, sender, last = self.mailbox, kernel.current, self.last
            if mailbox is not None and last is not NOBODY and len(mailbox) < self.capacity:
                if last is not sender:
                    self.last = sender
                    self.marks += 1
                    mailbox.append(OUTSIDE if sender is None else sender.extras.mark or sender.mark())
                mailbox.append(message)
                return True
        elif queued is False and self.last is not NOBODY:
            if kernel.asleep:
                kernel.wake()  # before anything is done, for it refuses other threads
            self.hand = message
            self.sender = self.last = kernel.current
            self.queued = IN_HAND
            kernel.ready.append(self)
            return True
        return self.put((message, kernel.current, None))

    def put(self, envelope: Envelope) -> bool:
        """Put an envelope into the mailbox if there is room."""
        kernel, mailbox = self.kernel, self.mailbox
        if not self.queued and kernel.asleep:
            kernel.wake()  # before anything is done, for it refuses other threads
        if self.state is _STOPPED:
            return kernel.dead_letter(self, envelope)
        if mailbox is None or self.queued is IN_HAND:
            mailbox = self._opened_mailbox()
        if len(mailbox) - self.marks >= self.capacity and not self._make_room(mailbox, envelope):
            return self.rule.overflow is Overflow.DROP_NEWEST and envelope[2] is None
        message, sender, reply = envelope
        if self.last is NOBODY or reply is not None or isinstance(sender, Origin):
            mailbox.append(envelope)
        else:
            if sender is not self.last:
                self.last = sender
                self.marks += 1
                mailbox.append(OUTSIDE if sender is None else sender.mark())
            mailbox.append(message)
        if not self.queued:
            self.queued = True
            kernel.ready.append(self)
        return True

    def put_system(self, message: object, handled: Reply = None) -> None:
        """Put a message into the mailbox whether there is room or not; `handled` is set when it has been handled."""
        if self.state is State.STOPPED:
            return
        try:
            self._opened_mailbox().append(self.stamped((message, None, handled)))
        except Exception as error:  # noqa: BLE001 -- the key of its mailbox knows no such message
            self.fail(error, None)
            return
        if not self.queued:
            self.queued = True
            self.kernel.enqueue(self)

    def _opened_mailbox(self) -> Post:
        """The mailbox, made if there was none, with all that waits in it."""
        mailbox = self.mailbox
        if mailbox is None:
            mailbox = self.mailbox = self.rule.make()
        if self.queued is IN_HAND:
            self.queued = True
            mailbox.appendleft(self.hand)
            self.hand = None
        return mailbox

    def hold(self) -> None:
        """Stay out of the run queue until the state allows it again; what waits, waits in the mailbox."""
        self.put_down()
        self.odd = self.queued = True

    def put_down(self) -> None:
        """Let a message in hand wait in the mailbox."""
        if self.queued is IN_HAND:
            self._opened_mailbox()

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

    def put_back(self, envelope: Envelope) -> None:
        """Put an envelope that was taken before all others that wait."""
        if self.state is State.STOPPED:
            self.kernel.dead_letter(self, envelope)
            return
        self._opened_mailbox().appendleft(envelope)
        if not self.queued:
            self.queued = True
            self.kernel.enqueue(self)

    def _make_room(self, mailbox: Post, envelope: Envelope) -> bool:
        if isinstance(mailbox, Coalescing) and mailbox.replaces(envelope):
            return True
        if self.rule.overflow is Overflow.DROP_OLDEST:
            self.kernel.dead_letter(self, opened(mailbox.popleft()), "dropped")
            return True
        if envelope[1] is self:
            return True  # what it tells itself is work that it has begun: as little refused as its timers
        if envelope[2] is None:
            self.kernel.dead_letter(self, envelope, "mailbox full")
        return False

    def ask(self, request: Request[R], *, timeout_seconds: float | None = ASK_SECONDS) -> Coroutine[object, object, R]:
        """See `Ref.ask`."""
        kernel, wait = self.kernel, self._requested(request, timeout_seconds)
        if kernel.current is not None:
            return kernel.driver.inside(wait)
        return kernel.driver.outside(wait, helps=self._needs_no_task(request))

    def send_request(self, request: Request[R], *, timeout_seconds: float | None = ASK_SECONDS) -> Awaitable[R]:
        """See `Ref.send_request`."""
        wait = self._requested(request, timeout_seconds)
        if self.kernel.current is not None:
            return wait
        return self.kernel.driver.outside(wait, helps=self._needs_no_task(request))

    def _requested(self, request: Request[R], timeout_seconds: float | None) -> Wait[R]:
        """The request is in the mailbox, or answered already."""
        kernel = self.kernel
        if timeout_seconds is not ASK_SECONDS:
            timeout_seconds = deadline(timeout_seconds)
        wait: Wait[R] = Wait()
        wait.target = self
        reply: Wait[object] = wait  # type: ignore[assignment] # pyright: ignore[reportAssignmentType] -- a cast is a call
        if self._can_run_inline(type(request)):
            kernel.run_inline(self, (request, kernel.current, reply))
        elif not self.put((request, kernel.current, reply)):
            gone = self.state is State.STOPPED
            wait.fail(ActorStopped(f"{self.path} is gone") if gone else MailboxFull(f"{self.path} has no room"))
        if timeout_seconds is not None and not wait.done:
            kernel.deadlines.set(self, reply, timeout_seconds)
        return wait

    def _needs_no_task(self, request: object) -> bool:
        return self.dispatch.deterministic or request.__class__ not in self.dispatch.waiting

    def _can_run_inline(self, request: type) -> bool:
        """Whether nobody could tell the difference: an idle actor, no mail, a handler that needs no task."""
        if self.queued or self.mailbox or self.state is not _RUNNING or not self.kernel.may_inline():
            return False
        dispatch = self.dispatch
        return dispatch.plain.get(request) is not None or (dispatch.deterministic and request in dispatch.table)

    def send(self, message: object) -> Awaitable[bool]:
        """See `Ref.send`."""
        kernel = self.kernel
        wait: Wait[bool] = Wait()
        envelope = self.stamped((message, kernel.current, None))
        if self.waiting >= self.capacity and self.state is not State.STOPPED:
            own = self.own
            own.senders = own.senders or {}
            own.senders[wait] = envelope
            wait.leave = self._give_up
            self.odd = True
        else:
            wait.set(self.put(envelope))
            return kernel.driver.inside(wait)
        return kernel.driver.inside(wait) if kernel.current is not None else kernel.driver.outside(wait, helps=True)

    # Messages out: a turn of the run queue is in `crank.py`.

    def run(self) -> Activation | None:
        """A turn in which there is nothing to handle: start, or find one's place in the run queue."""
        if self.state is State.NEW:
            if self.kernel.helping:
                self.kernel.stuck = True
                self.kernel.ready.appendleft(self)
                return None
            return begin(self)
        self.requeue()
        return None

    def requeue(self) -> None:
        """Stand in the run queue exactly if there is mail that can be handled."""
        if self.state is not _RUNNING or (self.activations is not None and not self.dispatch.reentrant):
            self.queued = True  # not in the queue, and tells do not put it there
        elif self.mailbox:
            self.queued = True
            self.kernel.enqueue(self)
        else:
            self.queued = False

    def go_on(self) -> None:
        """After messages of an odd actor: whoever waits for room puts his, and it finds its place in the run queue."""
        senders = self.extras.senders
        if senders:
            self.admit_senders()
        self.odd = bool(senders) or self.activations is not None or self.state is not _RUNNING
        self.requeue()

    def may_go_on(self) -> None:
        """The last waiting handler is done: mail can be handled again."""
        if self.extras.farewell is not None and self.state is State.STOPPING:
            self.kernel.change(partial(self.extras.farewell.go_on, self))
        elif self.state is _RUNNING and not self.dispatch.reentrant:
            self.requeue()

    def admit_senders(self) -> None:
        """Let those who wait for room put their messages."""
        senders = self.extras.senders
        while senders and self.mailbox is not None and self.waiting < self.capacity:
            wait = next(iter(senders))
            envelope = senders.pop(wait)
            if not self.kernel.driver.gave_up(wait):
                self.mailbox.append(envelope)
                wait.set(True)

    def _give_up(self, wait: Wait[object]) -> None:
        """A sender waits no longer: what it would have sent is not put."""
        if self.extras.senders is not None:
            self.extras.senders.pop(cast("Wait[bool]", wait), None)

    def context(self) -> Context[object]:
        """What the actor can do."""
        if self.ctx is None:
            self.ctx = Context(self)
        return self.ctx

    def call_started(self) -> Awaitable[None] | None:
        """Call the instance's `started`, in its own name; what it returns is still to be awaited, if it waits."""
        start, actor, kernel = self.dispatch.start, self.actor, self.kernel
        assert start is not None
        assert actor is not None
        previous, kernel.current = kernel.current, self
        try:
            return start(actor)
        finally:
            kernel.current = previous

    def begin_to_handle(self) -> None:
        """Handle mail from now on."""
        self.state = State.RUNNING
        if self.mailbox or self.activations is not None:
            self.requeue()
        else:
            self.queued = False

    def has_started(self) -> None:
        """`started` has returned: handle mail, and tell who waits for the start."""
        if self.state is State.STARTING:
            self.begin_to_handle()
        started = self.extras.started
        if started is not None:
            started.set(None)

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
        message = envelope[0]
        if not isinstance(message, Terminated):
            self.kernel.log_unhandled(self.path, self.dispatch.name, type(message).__name__)
            self.kernel.dead_letter(self, envelope, "not handled")

    def fail(self, error: BaseException, reply: Reply) -> None:
        """The handler of the message in hand has raised."""
        error = self.kernel.driver.explained(self.path, error)
        if reply is not None:
            reply.fail(failure_of(self.path, error))
        self.kernel.failed(self, error)

    def call_back(self, function: Callable[[], object]) -> None:
        """Call what the actor has given for later, in its name; what that raises is a failure of the actor."""
        kernel = self.kernel
        previous, kernel.current = kernel.current, self
        try:
            function()
        except kernel.failures as error:
            self.fail(error, None)
        finally:
            kernel.current = previous

    # Behaviours, timers, promises: what the context asks for.

    def become(self, actor: Actor[object], dispatch: Dispatch) -> None:
        """Messages are for another instance from now on."""
        if self.state is State.RUNNING:
            actor.cell = self
            self.actor = actor
            self.changes_class(dispatch)

    def changes_class(self, dispatch: Dispatch) -> None:
        """Its messages are for another class from now on."""
        self.kernel.ledger.leaves(self)
        self.kernel.ledger.joins(self, dispatch.name)
        self.dispatch = dispatch

    def set_timer(self, key: str, delay: int, action: Callable[[], object]) -> Timer:
        """Call `action` after `delay` nanoseconds, unless the instance ends before."""
        kernel, own = self.kernel, self.own
        timers = {} if own.timers is None else own.timers
        own.timers = timers
        key = key or f"${kernel.timers.sequence}"
        if key in timers:
            timers[key].cancel()
        timer = timers[key] = kernel.at(kernel.now + delay, partial(self.call_back, action))
        timer.key, timer.place = key, timers
        return timer

    def cancel_timer(self, key: str) -> None:
        """Forget the timer of that key."""
        timer = (self.extras.timers or {}).pop(key, None)
        if timer is not None:
            timer.cancel()

    def owe(self, later: Later[object]) -> None:
        """A reply is owed; if the instance ends before, the asker is told."""
        own = self.own
        own.owed = own.owed or {}
        own.owed[later] = None

    def settle(self, later: Later[R]) -> None:
        """A reply is no longer owed."""
        if self.extras.owed is not None:
            self.extras.owed.pop(cast("Later[object]", later), None)

    def restart_now(self) -> None:
        """Start again with a fresh instance; mail stays."""
        if self.state is State.FAILED:
            self.state = State.NEW
            self.own.restarted += 1
            self.kernel.enqueue(self)
