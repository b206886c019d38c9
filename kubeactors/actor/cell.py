"""Cells: an actor's place in the kernel. A cell does what every message needs; what fewer need is beside it.

Source: the life cycle follows Erlang/OTP's gen_server and supervisor; the name is from Akka's ActorCell.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, TypeVar

from kubeactors.actor.activation import Activation, failure_of
from kubeactors.actor.actor import NO_DISPATCH, Actor, Dispatch
from kubeactors.actor.asks import runs_without_task, send_request
from kubeactors.actor.cold_state import EMPTY, ColdState
from kubeactors.actor.context import Context
from kubeactors.actor.death_watch import UntilEnded
from kubeactors.actor.envelope import OUTSIDE, Envelope, Item, Origin, Reply, SenderMark, envelope_of
from kubeactors.actor.labels import START, label_for
from kubeactors.actor.mailbox import Mailbox, MessageQueue, Overflow
from kubeactors.actor.overflow import admit_senders, make_room, send
from kubeactors.actor.ref import ASK_SECONDS
from kubeactors.actor.starting import start
from kubeactors.actor.states import State
from kubeactors.actor.supervision import Restart
from kubeactors.actor.trace_hooks import TraceHooks
from kubeactors.message import Request

if TYPE_CHECKING:
    from kubeactors.actor.kernel import Kernel

R = TypeVar("R")
M = TypeVar("M")

IN_SLOT = 2
"""The value of `Cell.queued` while the only waiting message is in the cell's slot: most actors never need a mailbox."""
_RUNNING, _STOPPED = State.RUNNING, State.STOPPED  # a global is faster than an attribute of an enum
ALWAYS_ENVELOPE = object()
"""The value of `Cell.last_sender` for a mailbox in which every message needs an envelope."""


class Cell(TraceHooks):
    """An actor's place in the kernel: mailbox, state, parent and children. It outlives the actor's instances."""

    __slots__ = (
        "activations",
        "actor",
        "bounds",
        "busy",
        "capacity",
        "cold",
        "ctx",
        "dispatch",
        "envelope",
        "factory",
        "handled",
        "kernel",
        "key",
        "last_sender",
        "mailbox",
        "mark_count",
        "parent",
        "queued",
        "restart",
        "sender",
        "slot",
        "slow_path",
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
        self.key: str | int = key  # under which its parent has it: its name, or a number if it has none
        self.factory: Callable[[], Actor[object]] = factory  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue] -- a cast is a call
        self.restart: Restart = restart
        self.capacity: int = mailbox.capacity
        self.bounds: Mailbox = mailbox
        self.state: State = State.NEW
        self.mailbox: MessageQueue | None = None
        self.mark_count: int = 0  # sender marks in the mailbox, which are no messages
        self.slow_path: bool = False  # whether the crank must call `end_turn` after a turn
        self.queued: int = True  # in the run queue, or barred from it: starting, busy, failed; or IN_SLOT
        self.slot: Item | None = None  # with `queued` IN_SLOT: the waiting message
        self.sender: Cell | None = None  # of the bare message being handled, or in the slot
        self.last_sender: object = (
            None if kernel.bare_messages and mailbox.keeps_all else ALWAYS_ENVELOPE
        )  # of the newest
        self.actor: Actor[object] | None = None
        self.ctx: Context[object] | None = None
        self.dispatch: Dispatch = NO_DISPATCH
        self.activations: dict[Activation, None] | None = None  # suspended handlers
        self.envelope: Item | None = None  # what is being handled
        self.handled: int = 0
        self.busy: int = 0  # nanoseconds in handlers, estimated
        self.cold: ColdState = EMPTY  # to read; `ensure_cold` is for writing

    def ensure_cold(self) -> ColdState:
        """Its cold state, made if there was none."""
        cold = self.cold
        if cold is EMPTY:
            cold = self.cold = ColdState()
        return cold

    @property
    def children(self) -> "dict[str | int, Cell] | None":
        """In start order."""
        return self.cold.children

    @property
    def name(self) -> str:
        """The last part of the path."""
        key = self.key
        return key if isinstance(key, str) else f"${key}"

    @property
    def path(self) -> str:
        """See `Ref.path`; the root's is empty."""
        cold, parent = self.cold, self.parent
        path = cold.path
        if path is None:
            path = "" if parent is None else f"{parent.path}/{self.name}"
            if cold is not EMPTY:
                cold.path = path
        return path

    @property
    def display_name(self) -> str:
        """The path for error messages; with the class if the actor has no name of its own: `/$2 (Counter)`."""
        name = "" if isinstance(self.key, str) else self.dispatch.name
        return f"{self.path} ({name})" if name else self.path

    @property
    def load(self) -> int:
        """See `Ref.load`."""
        running = self.envelope is not None and self.activations is None
        return self.waiting + len(self.activations or ()) + len(self.cold.background or ()) + running

    @property
    def waiting(self) -> int:
        """How many messages wait."""
        return len(self.mailbox or ()) - self.mark_count + (self.queued is IN_SLOT)

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
        """See `Entry.label`."""
        if self.state is not _RUNNING:
            return label_for(self, START)
        mailbox, labels = self.mailbox, self.cold.labels
        if labels is not None and mailbox:  # in line: once per message of a simulation
            item = next(iter(mailbox))
            label = labels.get(type(item[0] if type(item) is tuple else item))  # pyright: ignore[reportUnknownArgumentType] -- a cast is a call
            if label is not None:
                return label
        return label_for(self, type(self.peek()))

    # The mailbox.

    def peek(self) -> object | None:
        """The next message; None if there is none."""
        if self.queued is IN_SLOT:
            return envelope_of(self.slot)[0]
        for item in self.mailbox or ():
            if not isinstance(item, SenderMark):
                return envelope_of(item)[0]
        return None

    def apply_mark(self, mark: SenderMark) -> None:
        """A mark was taken out of the mailbox: the bare messages after it are from its sender."""
        self.mark_count -= 1
        self.sender = mark.sender

    def sender_mark(self) -> SenderMark:
        """The mark that stands before this actor's messages in a mailbox."""
        mark = self.cold.sender_mark
        if mark is None:
            mark = self.ensure_cold().sender_mark = SenderMark(self)
        return mark

    def current_envelope(self) -> Envelope:
        """The message being handled."""
        return envelope_of(self.envelope, None if self.envelope is None else self.sender)

    def tell(self, message: object, /) -> bool:
        """See `Ref.tell`."""
        kernel, queued = self.kernel, self.queued
        if queued is True:
            mailbox, sender, last = self.mailbox, kernel.current, self.last_sender
            if mailbox is not None and last is not ALWAYS_ENVELOPE and len(mailbox) < self.capacity:
                if last is not sender:
                    self.last_sender = sender
                    self.mark_count += 1
                    mailbox.append(OUTSIDE if sender is None else sender.cold.sender_mark or sender.sender_mark())
                mailbox.append(message)
                return True
        elif queued is False and self.last_sender is not ALWAYS_ENVELOPE:
            if kernel.asleep:
                kernel.wake()  # first of all, since it rejects other threads
            self.slot = message
            self.sender = self.last_sender = kernel.current
            self.queued = IN_SLOT
            kernel.ready.append(self)
            return True
        return self.put((message, kernel.current, None))

    def put(self, envelope: Envelope) -> bool:
        """Put an envelope into the mailbox, as its overflow policy says. False if it was rejected: see `Ref.tell`."""
        kernel, mailbox = self.kernel, self.mailbox
        if not self.queued and kernel.asleep:
            kernel.wake()  # first of all, since it rejects other threads
        if self.state is _STOPPED:
            return kernel.dead_letters.add(self, envelope)
        if mailbox is None or self.queued is IN_SLOT:
            mailbox = self.ensure_mailbox()
        if len(mailbox) - self.mark_count >= self.capacity and not make_room(self, mailbox, envelope):
            return self.bounds.overflow is Overflow.DROP_NEWEST and envelope[2] is None
        message, sender, reply = envelope
        if self.last_sender is ALWAYS_ENVELOPE or reply is not None or isinstance(sender, Origin):
            mailbox.append(envelope)
        else:
            if sender is not self.last_sender:
                self.last_sender = sender
                self.mark_count += 1
                mailbox.append(OUTSIDE if sender is None else sender.sender_mark())
            mailbox.append(message)
        if not self.queued:
            self.queued = True
            kernel.ready.append(self)
        return True

    def put_system(self, message: object, handled: Reply = None) -> None:
        """Put a message into the mailbox even if it is full. `handled` is set once the handler has returned."""
        if self.state is State.STOPPED:
            return
        try:
            self.ensure_mailbox().append(self.traced_envelope((message, None, handled)))
        except Exception as error:  # noqa: BLE001 -- the key function of its mailbox does not know the message
            self.fail(error, None)
            return
        if not self.queued:
            self.queued = True
            self.kernel.enqueue(self)

    def put_back(self, envelope: Envelope) -> None:
        """Put an envelope that was taken out in front of all that wait."""
        if self.state is State.STOPPED:
            self.kernel.dead_letters.add(self, envelope)
            return
        self.ensure_mailbox().appendleft(envelope)
        if not self.queued:
            self.queued = True
            self.kernel.enqueue(self)

    def ensure_mailbox(self) -> MessageQueue:
        """The mailbox, made if there was none; the message in the slot moves into it."""
        mailbox = self.mailbox
        if mailbox is None:
            mailbox = self.mailbox = self.bounds.new_queue()
        if self.queued is IN_SLOT:
            self.queued = True
            mailbox.appendleft(self.slot)
            self.slot = None
        return mailbox

    def spill_slot(self) -> None:
        """Move the message in the slot, if there is one, into the mailbox."""
        if self.queued is IN_SLOT:
            self.ensure_mailbox()

    def suspend(self) -> None:
        """Stay out of the run queue until the state allows it again; messages wait in the mailbox."""
        self.spill_slot()
        self.slow_path = self.queued = True

    def send(self, message: object) -> Awaitable[bool]:
        """See `Ref.send`."""
        kernel = self.kernel
        wait = send(self, message)
        if wait.done or kernel.current is not None:
            return kernel.driver.inside(wait)
        return kernel.driver.outside(wait, helps=True)

    def ask(self, request: Request[R], *, timeout_seconds: float | None = ASK_SECONDS) -> Coroutine[object, object, R]:
        """See `Ref.ask`."""
        kernel, wait = self.kernel, send_request(self, request, timeout_seconds)
        if kernel.current is not None:
            return kernel.driver.inside(wait)
        return kernel.driver.outside(wait, helps=runs_without_task(self, request))

    def send_request(self, request: Request[R], *, timeout_seconds: float | None = ASK_SECONDS) -> Awaitable[R]:
        """See `Ref.send_request`."""
        wait = send_request(self, request, timeout_seconds)
        if self.kernel.current is not None:
            return wait
        return self.kernel.driver.outside(wait, helps=runs_without_task(self, request))

    # Its turn in the run queue; messages are handled in `crank.py`.

    def run(self) -> Activation | None:
        """See `Entry.run`: a turn without messages to handle. Starts the actor, or requeues it."""
        if self.state is State.NEW:
            if self.kernel.helping:
                self.kernel.stuck = True
                self.kernel.ready.appendleft(self)
                return None
            return start(self)
        self.requeue()
        return None

    def requeue(self) -> None:
        """Stand in the run queue if and only if there are messages that can be handled."""
        if self.state is not _RUNNING or (self.activations is not None and not self.dispatch.reentrant):
            self.queued = True  # not in the queue, and `tell` does not put it there
        elif self.mailbox:
            self.queued = True
            self.kernel.enqueue(self)
        else:
            self.queued = False

    def end_turn(self) -> None:
        """The slow path at the end of a turn: admit senders that wait for room, and requeue."""
        senders = self.cold.senders
        if senders:
            admit_senders(self, senders)
        self.slow_path = bool(senders) or self.activations is not None or self.state is not _RUNNING
        self.requeue()

    def fail(self, error: BaseException, reply: Reply) -> None:
        """The handler of the current message has raised: fail the ask, if it was one, and let the supervisor decide."""
        error = self.kernel.driver.explained(self.path, error)
        if reply is not None:
            reply.fail(failure_of(self.display_name, error))
        self.kernel.actor_failed(self, error)

    # Its life cycle; more is in `starting.py` and `stopping.py`.

    def context(self) -> Context[object]:
        """Its context, made if there was none."""
        if self.ctx is None:
            self.ctx = Context(self)
        return self.ctx

    def call_started(self) -> Awaitable[None] | None:
        """Call the instance's `started` on its behalf. Returns what is still to be awaited, if it waits."""
        start, actor, kernel = self.dispatch.start, self.actor, self.kernel
        assert start is not None
        assert actor is not None
        previous, kernel.current = kernel.current, self
        try:
            return start(actor)
        finally:
            kernel.current = previous

    def mark_running(self) -> None:
        """Handle messages from now on."""
        self.state = State.RUNNING
        if self.mailbox or self.activations is not None:
            self.requeue()
        else:
            self.queued = False

    def finish_start(self) -> None:
        """`started` has returned: handle messages, and resume whoever waits for the start."""
        if self.state is State.STARTING:
            self.mark_running()
        started = self.cold.started
        if started is not None:
            started.set(None)

    def restart_now(self) -> None:
        """Start again with a fresh instance; the mailbox is kept."""
        if self.state is State.FAILED:
            self.state = State.NEW
            self.ensure_cold().restarted += 1
            self.kernel.enqueue(self)
