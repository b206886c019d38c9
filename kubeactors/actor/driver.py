"""What the kernel needs of others: somebody who turns its crank, a queue of who is ready, places for actors."""

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
    """What stands in the run queue."""

    @property
    def label(self) -> str:
        """What a schedule knows it by: the same in every run in which it means the same."""
        ...

    @property
    def mailbox(self) -> MessageQueue | None:
        """Messages to handle: the crank does that, if the state is right; without any it calls `run`."""
        ...

    @property
    def state(self) -> State:
        """Of an actor."""
        ...

    @property
    def queued(self) -> int:
        """Whether it is an actor with a message in its hand: see `Cell.queued`."""
        ...

    def run(self) -> "Activation | None":
        """Do what else there is to do. Returns a handler that awaits something that is not the kernel's."""
        ...


class RunQueue(Protocol):
    """Who is ready. A deque in production; the simulator's queue chooses the order."""

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
    """What the kernel needs of whoever turns the crank."""

    cancelled: tuple[type[BaseException], ...]
    """What the event loop cancels tasks with."""

    def wake(self) -> None:
        """There is work again; called only when `kernel.asleep`."""
        ...

    def may_continue(self, cell: "Cell") -> bool:
        """Whether an actor that has handled a batch may handle another in the same turn."""
        ...

    def refresh(self) -> None:
        """Set `kernel.now`: code outside has something done at once."""
        ...

    def inside(self, wait: Wait[R]) -> Coroutine[object, object, R]:
        """What a handler awaits to get the value, and the tasks that it starts."""
        ...

    def outside(self, wait: Wait[R], *, helps: bool) -> Coroutine[object, object, R]:
        """What code that is no actor awaits to get the value. It may help the pump, if that is of use."""
        ...

    def in_thread(self, function: Callable[[], R], wait: Wait[R], *, own: bool = False) -> None:
        """Run blocking work; set `wait` when it is done. `own`: somebody else bounds how many threads there are."""
        ...

    def is_cancelled(self, wait: Wait[R]) -> bool:
        """Whether whoever waits will not learn what comes, since he is cancelled."""
        ...

    def foreign(self, activation: "Activation") -> "Activation | None":
        """A handler awaits something that is not the kernel's; return it to have `run` return it."""
        ...

    def explained(self, path: str, error: BaseException) -> BaseException:
        """What a handler of an actor at that path has raised, in better words if there are any."""
        ...

    def log(self, level: str, event: str, path: str, **fields: object) -> None:
        """Write a line of the log."""
        ...


class CellFactory(Protocol):
    """Makes the places of actors. Tracing has another kind of them."""

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
        """A place for an actor that is not started yet."""
        ...
