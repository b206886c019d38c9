"""Refs: how an actor is addressed. A ref stays the same over restarts."""

from collections.abc import Awaitable, Coroutine
from typing import TYPE_CHECKING, Generic, TypeVar

from kubeactors.actor.waits import Wait
from kubeactors.message import Request

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.errors import Terminated

ASK_SECONDS = 30.0
"""How long an ask waits for its reply, unless it says otherwise."""

M_contra = TypeVar("M_contra", contravariant=True)
R = TypeVar("R")


class Ref(Generic[M_contra]):
    """The address of an actor that takes messages of type `M_contra`."""

    __slots__ = ()

    @property
    def path(self) -> str:
        """Where it stands in the supervision tree: unique among the living."""
        raise NotImplementedError

    @property
    def load(self) -> int:
        """How many messages it has to deal with: in its mailbox, in hand, and those whose handlers wait."""
        raise NotImplementedError

    @property
    def ended(self) -> bool:
        """Whether it is gone for good: what is told to it is a dead letter. A restart is no end."""
        raise NotImplementedError

    def until_ended(self) -> "Awaitable[Terminated]":
        """Return when it is gone for good, with what those who watch it are told; at once if it is already."""
        raise NotImplementedError

    def cell_for(self, message: M_contra) -> "Cell":
        """Who gets a message that is passed on: for the framework."""
        raise NotImplementedError

    def tell(self, message: M_contra, /) -> bool:
        """Put a message into the mailbox. Never waits.

        False if it was refused: the actor is gone, or its mailbox is full and rejects. It is a dead letter then.
        """
        raise NotImplementedError

    def signal(self, message: M_contra) -> None:
        """Put a message into the mailbox even if that is full: for what is told once, such as the end of a stream."""
        self.cell_for(message).put_system(message)

    def send(self, message: M_contra) -> Awaitable[bool]:
        """Like `tell`, but waits while the mailbox is full. False only if the actor is gone."""
        raise NotImplementedError

    def send_request(self, request: Request[R], *, timeout_seconds: float | None = ASK_SECONDS) -> Awaitable[R]:
        """Like `ask`, for a reply that may be left alone: it is awaited by the handler that asks, or by nobody.

        Source: gen_server:send_request of Erlang/OTP.
        """
        raise NotImplementedError

    def ask(self, request: Request[R], *, timeout_seconds: float | None = ASK_SECONDS) -> Coroutine[object, object, R]:
        """The reply to a request. The deadline may be late by a sixteenth; it is not extended by restarts.

        The request is on its way when this returns; what it returns is a coroutine, for `await`, `asyncio.gather`, or a
        task group's `start_soon(ref.ask, request)` alike, outside and in handlers (in the simulator, which has no tasks,
        it can only be awaited).

        Args:
            request: what is asked.
            timeout_seconds: None, or infinity, for no deadline.

        Raises:
            ValueError: the time is negative or no number; nothing was asked then.
            AskTimedOut: no reply within the time; whether the request took effect is unknown.
            ActorStopped: the actor is gone.
            ActorFailed: the actor raised while it handled the request.
            MailboxFull: there was no room.
        """
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"Ref({self.path})"


class Later(Generic[R]):
    """A promise to reply later: returned by a handler in place of the reply."""

    __slots__ = ("_cell", "_wait")

    def __init__(self, cell: "Cell", wait: "Wait[object] | None") -> None:
        self._cell = cell
        self._wait = wait

    def reply(self, value: R) -> None:
        """Reply now. Only the first call counts."""
        self._cell.settle(self)
        if self._wait is not None:
            self._wait.set(value)

    def fail(self, error: Exception) -> None:
        """Make the asker's `ask` raise this."""
        self._cell.settle(self)
        if self._wait is not None:
            self._wait.fail(error)
