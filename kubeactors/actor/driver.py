"""The protocols of the kernel's parts that differ between production and simulation: driver, run queue, cells."""

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Protocol, TypeVar

from kubeactors.actor.actor import Actor
from kubeactors.actor.mailbox import Mailbox, MessageQueue
from kubeactors.actor.states import State
from kubeactors.actor.supervision import Restart
from kubeactors.actor.waits import Wait

if TYPE_CHECKING:
    from kubeactors.actor.activation import Activation
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.kernel import Kernel

R = TypeVar("R")
M = TypeVar("M")


class Entry(Protocol):
    """An entry of the run queue: a cell, or an activation that can resume."""

    @property
    def label(self) -> str:
        """The name under which a schedule refers to what this entry does next: see `labels.py`."""
        ...

    @property
    def mailbox(self) -> MessageQueue | None:
        """Messages for the crank to handle, if the state is RUNNING. Without any, the crank calls `run`."""
        ...

    @property
    def state(self) -> State:
        """The actor's state."""
        ...

    @property
    def queued(self) -> int:
        """IN_SLOT for a cell with a message in its slot: see `Cell.queued`."""
        ...

    def run(self) -> "Activation | None":
        """Do what is to do besides handling messages. Returns a handler that awaits something foreign."""
        ...


class RunQueue(Protocol):
    """The ready entries. A deque in production; in the simulator a queue that chooses the order."""

    def append(self, entry: Entry, /) -> None:
        """Add an entry that is ready."""
        ...

    def appendleft(self, entry: Entry, /) -> None:
        """Put back the one that was taken last."""
        ...

    def popleft(self) -> Entry:
        """Take the one whose turn it is."""
        ...

    def __len__(self) -> int: ...


class Driver(Protocol):
    """Turns the crank, and connects the kernel to time, tasks and threads."""

    cancelled: tuple[type[BaseException], ...]
    """The exceptions with which the event loop cancels tasks."""

    def wake(self) -> None:
        """There is work again; called only when `kernel.asleep`."""
        ...

    def may_continue(self, cell: "Cell") -> bool:
        """Whether an actor that has handled a batch may handle another in the same turn."""
        ...

    def refresh(self) -> None:
        """Set `kernel.now`, before code outside runs a handler inline."""
        ...

    def inside(self, wait: Wait[R]) -> Coroutine[object, object, R]:
        """A coroutine with which a handler, or a task that it has started, waits for the value."""
        ...

    def outside(self, wait: Wait[R], *, helps: bool) -> Coroutine[object, object, R]:
        """A coroutine with which code outside waits for the value. With `helps` it may run ready entries meanwhile."""
        ...

    def in_thread(self, function: Callable[[], R], wait: Wait[R], *, own: bool = False) -> None:
        """Run blocking work in a thread; set `wait` when it is done. `own`: do not count it towards the shared limit."""
        ...

    def is_cancelled(self, wait: Wait[R]) -> bool:
        """Whether the task that waits has been cancelled, so that it will not see the value."""
        ...

    def foreign(self, activation: "Activation") -> "Activation | None":
        """A handler awaits something foreign; return it to have `Kernel.run` return it."""
        ...

    def explained(self, path: str, error: BaseException) -> BaseException:
        """The error that a handler of this actor has raised, or one that explains it better."""
        ...

    def log(self, level: str, event: str, path: str, **fields: object) -> None:
        """Write a line of the log."""
        ...


class CellFactory(Protocol):
    """Makes cells; tracing has its own kind."""

    def __call__(  # noqa: PLR0913, PLR0917 -- the arguments of `Cell`
        self,
        kernel: "Kernel",
        parent: "Cell | None",
        key: str | int,
        factory: Callable[[], Actor[M]],
        mailbox: Mailbox,
        restart: Restart,
        /,
    ) -> "Cell":
        """A cell of an actor that is not started yet."""
        ...
