"""Refs: the addresses of actors. A ref stays valid over restarts."""

from collections.abc import Awaitable, Coroutine
from typing import TYPE_CHECKING, Generic, TypeVar

from kubeactors.message import Request

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.errors import Terminated

ASK_SECONDS = 30.0
"""The default timeout of an ask."""

M_contra = TypeVar("M_contra", contravariant=True)
R = TypeVar("R")


class Ref(Generic[M_contra]):
    """The address of an actor that takes messages of type `M_contra`."""

    __slots__ = ()

    @property
    def path(self) -> str:
        """The actor's place in the supervision tree; unique among living actors."""
        raise NotImplementedError

    @property
    def load(self) -> int:
        """How many messages it has to deal with: waiting, being handled, and those whose handlers are suspended."""
        raise NotImplementedError

    @property
    def ended(self) -> bool:
        """Whether the actor has stopped for good, so that messages to it are dead letters. A restart is no end."""
        raise NotImplementedError

    def until_ended(self) -> "Awaitable[Terminated]":
        """Awaitable: done when the actor has stopped for good. Gives the `Terminated` that its watchers receive."""
        raise NotImplementedError

    def cell_for(self, message: M_contra) -> "Cell":
        """The cell that receives this message: for the framework."""
        raise NotImplementedError

    def tell(self, message: M_contra, /) -> bool:
        """Put a message into the mailbox. Never waits.

        False if it was rejected, and is a dead letter: the actor has stopped, or its mailbox is full and rejects.
        """
        raise NotImplementedError

    def signal(self, message: M_contra) -> None:
        """Put a message into the mailbox even if it is full: for what is sent only once, such as the end of a stream."""
        self.cell_for(message).put_system(message)

    def send(self, message: M_contra) -> Awaitable[bool]:
        """Like `tell`, but waits while the mailbox is full. False only if the actor has stopped."""
        raise NotImplementedError

    def send_request(self, request: Request[R], *, timeout_seconds: float | None = ASK_SECONDS) -> Awaitable[R]:
        """Like `ask`, for a reply that need not be awaited. In a handler only that handler may await it.

        Source: gen_server:send_request of Erlang/OTP.
        """
        raise NotImplementedError

    def ask(self, request: Request[R], *, timeout_seconds: float | None = ASK_SECONDS) -> Coroutine[object, object, R]:
        """Send a request. Returns a coroutine whose result is the reply.

        The request is in the mailbox when this returns. The coroutine is for `await`, `asyncio.gather`, or a task
        group's `start_soon(ref.ask, request)` alike, outside and in handlers (in the simulator, which has no tasks, it
        can only be awaited).

        Args:
            request: the request.
            timeout_seconds: the deadline, which may expire late by a sixteenth and is not extended by restarts. None or
                infinity: no deadline.

        Raises:
            ValueError: the timeout is negative or not a number; nothing was sent.
            AskTimedOut: no reply within the timeout; whether the request took effect is unknown.
            ActorStopped: the actor has stopped.
            ActorFailed: the actor raised while it handled the request.
            MailboxFull: the mailbox was full.
        """
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"Ref({self.path})"
