"""The production driver: actors inside any running asyncio or trio application."""

import logging
import os
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from threading import get_ident  # noqa: TID251 -- to reject calls from other threads
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar, cast

import anyio
import structlog
from anyio import CapacityLimiter, to_thread
from anyio.abc import TaskGroup
from anyio.lowlevel import EventLoopToken, cancel_shielded_checkpoint, current_token

from kubeactors.actor.activation import Activation
from kubeactors.actor.actor import Actor
from kubeactors.actor.cell import Cell
from kubeactors.actor.context import DEFAULT_MAILBOX
from kubeactors.actor.driver import Entry
from kubeactors.actor.envelope import sender_of
from kubeactors.actor.errors import SystemFailed, SystemNotRunning, Terminated, WrongThread
from kubeactors.actor.foreign import reject
from kubeactors.actor.kernel import Kernel
from kubeactors.actor.mailbox import Mailbox
from kubeactors.actor.parking import Parking
from kubeactors.actor.pump import FEWEST_PER_LOOK, TURN, Pump
from kubeactors.actor.ref import Ref
from kubeactors.actor.registry import Name
from kubeactors.actor.starting import start_inline, until_started
from kubeactors.actor.statistics import ActorStatistics, Snapshot, snapshot_of, statistics_of, tree_of
from kubeactors.actor.supervision import INDEPENDENT, Restart, Supervision
from kubeactors.actor.waits import Wait

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

M = TypeVar("M")
R = TypeVar("R")

_as_text = structlog.processors.KeyValueRenderer(key_order=["event", "actor"])


def _with_traceback(
    logger: object, method: str, fields: MutableMapping[str, object]
) -> tuple[tuple[str], dict[str, object]]:
    """The line, and for the standard library's handlers the error whose traceback they show."""
    error = fields.pop("exc_info", None)
    return (_as_text(logger, method, fields),), {} if error is None else {"exc_info": error}


_log = structlog.wrap_logger(
    logging.getLogger("kubeactors"),
    processors=[structlog.stdlib.filter_by_level, _with_traceback],
    wrapper_class=structlog.stdlib.BoundLogger,
)


class ActorSystem:
    """Runs actors inside the running event loop: `async with ActorSystem() as system`.

    Nothing outlives the block: at its end actors are stopped one by one, last started first. One task at a time, the
    pump, runs ready actors. A handler that awaits something foreign keeps the task in which it began, to its end, and
    another task becomes the pump. If a failure reaches the top of the tree, it is logged as critical, `failure` returns
    it (for health checks), the block is cancelled, and `SystemFailed` is raised.

    >>> from kubeactors import Request, handle
    >>> class Add(Request[int], frozen=True):
    ...     number: int
    >>> class Adder(Actor[Add]):
    ...     total = 0
    ...     @handle
    ...     async def add(self, message: Add) -> int:
    ...         await anyio.sleep(0.001)  # whatever asyncio or trio offers
    ...         self.total += message.number
    ...         return self.total
    >>> async def main() -> int:
    ...     async with ActorSystem() as system:
    ...         adder = await system.spawn(Adder)
    ...         await adder.ask(Add(1))
    ...         return await adder.ask(Add(2))
    >>> anyio.run(main)
    3

    Args:
        name: the system's name, for logs.
        seed: random streams derive from it; by default it is random.
        debug: time every step of every handler, and warn of those that block the event loop for too long.
        supervision: applies to actors at the top. By default each is restarted, whatever happens to the others, and the
            system never fails: see `INDEPENDENT`. With `Supervision()`, OTP's default, the system fails at the fourth
            failure within five seconds, of all of them together.
        tracer: an OpenTelemetry tracer. Every message that is handled becomes a span, whose parent is the span in which
            it was sent; see `tracing.py`.
    """

    def __init__(
        self,
        name: str = "system",
        *,
        seed: str | None = None,
        debug: bool = False,
        supervision: Supervision = INDEPENDENT,
        tracer: "Tracer | None" = None,
    ) -> None:
        self.name = name
        seed = os.urandom(16).hex() if seed is None else seed  # noqa: TID251 -- the driver is the source of randomness
        origin, wall = time.monotonic_ns(), time.time_ns()  # noqa: TID251 -- and of time
        self._ready: deque[Entry] = deque()
        self.kernel: Kernel = Kernel(
            self,
            self._ready,
            seed=seed,
            wall=wall,
            inline_asks=not debug,
            batch=1 if debug else 64,
            parks_all=False,
            bare_messages=True,
            supervision=supervision,
        )
        if tracer is not None:
            from kubeactors.actor.tracing import Tracing  # noqa: PLC0415 -- only tracing needs it

            Tracing(tracer).begin(self.kernel)
        self._pump = Pump(self.kernel, self._ready, origin, self.log, name=name, debug=debug)
        self.cancelled: tuple[type[BaseException], ...] = ()
        self.token: EventLoopToken | None = None
        """The event loop's token, for other threads: `anyio.from_thread.run_sync(ref.tell, message, token=system.token)`."""
        self._thread = 0
        self._group: TaskGroup | None = None
        self._debug = debug
        self._greedy: Cell | None = None
        self._greedy_until = 0

    async def __aenter__(self) -> Self:
        """Start running actors.

        Raises:
            SystemNotRunning: it has run before; make a new one.
        """
        if self._group is not None:
            raise SystemNotRunning(f"{self.name} has been entered before; make an ActorSystem for each block")
        self.token, self._thread = current_token(), get_ident()
        self._group = anyio.create_task_group()
        await self._group.__aenter__()
        self._pump.begin(self._group)
        self.cancelled = self._pump.cancelled
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        group = self._group
        assert group is not None
        if self.kernel.fatal is None:
            self.kernel.stop_all()
            self.kernel.defer(self._pump.close)
        interruption = await self._pump.until_stopped()
        group.cancel_scope.cancel()
        if error is None or not isinstance(error, anyio.get_cancelled_exc_class()):
            await group.__aexit__(
                None, None, None
            )  # an error of the block is raised as it is, not in an exception group
            cancelled = None
        else:
            cancelled = await group.__aexit__(kind, error, trace)
        if self.kernel.fatal is not None:
            raise SystemFailed(f"a failure reached the top: {self.kernel.fatal!r}") from self.kernel.fatal
        if error is None and interruption is not None:
            raise interruption
        return cancelled

    def find(self, name: Name[M]) -> Ref[M] | None:
        """The actor that is registered under this name, if there is one."""
        return self.kernel.registry.find(name)

    def statistics(self) -> tuple[ActorStatistics, ...]:
        """The statistics of every living actor, parents first."""
        return tuple(statistics_of(self.kernel.root))

    def snapshot(self) -> Snapshot:
        """The system as a whole: every living actor, and totals per class."""
        return snapshot_of(self.kernel, self._pump.clock())

    def tree(self, siblings: int = 100) -> str:
        """The supervision tree as text, for humans: a line per actor; of many siblings only the first."""
        return "\n".join(tree_of(self.kernel.root, siblings))

    @property
    def failure(self) -> BaseException | None:
        """The failure that reached the top of the tree, if one has: the system ends then. For health checks."""
        return self.kernel.fatal

    @property
    def dead_letters(self) -> int:
        """How many messages no actor handled."""
        return self.kernel.dead_letters.count

    async def spawn(
        self,
        factory: Callable[[], Actor[M]],
        *,
        name: str = "",
        mailbox: Mailbox | None = None,
        restart: Restart = Restart.TRANSIENT,
    ) -> Ref[M]:
        """Start an actor below the root and wait until its `started` has returned.

        Raises:
            ActorStopped: its first start failed (the error is chained) and is not retried; or the system is shutting
                down.
            SystemNotRunning: the system has not been entered yet.
            TypeError: the actor class cannot handle its protocol; the message says why.
            ValueError: there is an actor of that name.
        """
        if self._group is None:
            raise SystemNotRunning(f"{self.name} is not running yet; spawn inside `async with ActorSystem() as system`")
        self.refresh()
        kernel = self.kernel
        cell = kernel.add(kernel.root, factory, name, mailbox or DEFAULT_MAILBOX, restart)
        if kernel.in_turn or not kernel.variables.copy().run(start_inline, cell):
            kernel.enqueue(cell)
        await self.outside(until_started(cell), helps=False)
        return cast("Ref[M]", cell)

    def stop(self, ref: Ref[M], reason: str = "stopped") -> Awaitable[Terminated]:
        """Stop an actor and its descendants, soon. The result may be awaited: it is done when they have stopped."""
        self.kernel.stop(cast("Cell", ref), reason)
        return ref.until_ended()

    # For streams, whose readers may outlive the system.

    @property
    def is_ending(self) -> bool:
        """Whether its actors are being stopped, or have stopped."""
        return self._pump.is_closing

    @property
    def has_ended(self) -> bool:
        """Whether all actors have stopped."""
        return self._pump.has_stopped

    async def until_told(self, wait: Wait[None]) -> None:
        """Return when the wait is done, or the system has ended."""
        self._pump.readers[wait] = None
        try:
            await self.outside(wait, helps=True)
        finally:
            del self._pump.readers[wait]

    # For the kernel.

    def may_continue(self, cell: Cell) -> bool:
        """See `Driver`: for as long as a turn of the event loop, from its first batch on."""
        if self._debug:
            return False
        now = time.monotonic_ns()  # noqa: TID251 -- the same
        if self._greedy is not cell:
            self._greedy = cell
            self._greedy_until = now + TURN
        elif now > self._greedy_until:
            self._greedy = None
            return False
        return True

    def refresh(self) -> None:
        """Set the kernel's time.

        Raises:
            WrongThread: another thread asks, or spawns. It has done nothing yet.
        """
        if get_ident() != self._thread:
            raise self._wrong_thread()
        self._pump.refresh()

    def wake(self) -> None:
        """There is work again.

        Raises:
            WrongThread: called from another thread. The message has not been put into a mailbox.
        """
        if get_ident() != self._thread:
            self.kernel.asleep = True
            raise self._wrong_thread()
        self._pump.wake()

    def _wrong_thread(self) -> WrongThread:
        return WrongThread(
            f"{self.name} runs in another thread; use `anyio.from_thread.run_sync(ref.tell, message, "
            "token=system.token)`, or `anyio.from_thread.run` to ask"
        )

    def inside(self, wait: Wait[R]) -> Coroutine[object, object, R]:
        """See `Driver`."""
        return self._inside(wait)

    async def _inside(self, wait: Wait[R]) -> R:
        if self.kernel.current is None and not wait.done:
            await self._pump.parking.park(wait)
            return wait.result()
        return await wait

    def outside(self, wait: Wait[R], *, helps: bool) -> Coroutine[object, object, R]:
        """See `Driver`."""
        kernel = self.kernel
        if not wait.done and helps and not kernel.in_turn and len(self._ready) == 1 and not self._debug:
            # Only if nothing else is ready: with more entries ready it is better to leave them all to the pump.
            self.refresh()
            kernel.help(wait, FEWEST_PER_LOOK)
        if not wait.done:
            return _outside(self._pump.parking, wait)
        return _result(wait) if kernel.now < self._pump.pause_by else self._after_pause(wait)

    async def _after_pause(self, wait: Wait[R]) -> R:
        """The result, after a turn of the event loop: code whose asks are all answered at once must not block it."""
        await (
            cancel_shielded_checkpoint()
        )  # shielded: the ask has taken effect, so a cancelled caller must still get its result
        self._pump.pause_by = self._pump.clock() + TURN
        return wait.result()

    def is_cancelled(self, wait: Wait[R]) -> bool:
        """See `Driver`."""
        return self._pump.parking.is_cancelled(wait)

    def foreign(self, activation: Activation) -> Activation | None:
        """See `Driver`: the handler keeps this task, and another one becomes the pump. A deterministic one is rejected."""
        if activation.cell.dispatch.deterministic:
            reject(activation)
            return None
        return activation

    def in_thread(self, function: Callable[[], R], wait: Wait[R], *, own: bool = False) -> None:
        """See `Driver`."""
        assert self._group is not None
        self._group.start_soon(_in_thread, function, wait, CapacityLimiter(1) if own else None)

    def explained(self, path: str, error: BaseException) -> BaseException:
        """See `Driver`: the error as it is."""
        return error

    def log(self, level: str, event: str, path: str, **fields: object) -> None:
        """See `Driver`: through structlog to the standard library's logger `kubeactors`."""
        current = self.kernel.current
        if current is not None and current.envelope is not None:
            envelope = current.current_envelope()
            message, sender = envelope[0], sender_of(envelope)
            cause = {"cause": type(message).__name__} if message is not None else {}
            fields = {**cause, "sender": sender.path if sender is not None else "", **fields}
        getattr(_log, level)(event, actor=path, **fields)


async def _result(wait: Wait[R]) -> R:
    return wait.result()


async def _outside(parking: Parking, wait: Wait[R]) -> R:
    await parking.park(wait)
    return wait.result()


async def _in_thread(function: Callable[[], R], wait: Wait[R], limiter: CapacityLimiter | None) -> None:
    try:
        value = await to_thread.run_sync(function, limiter=limiter)
    except Exception as error:  # noqa: BLE001 -- the handler gets it
        wait.fail(error)
    else:
        wait.set(value)
