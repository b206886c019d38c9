"""The base of everything that crosses a mailbox."""

from typing import Generic, Protocol, TypeVar

import msgspec

R_co = TypeVar("R_co", covariant=True)


class Message(msgspec.Struct, frozen=True):
    """An immutable value that one actor sends to another.

    Subclasses are frozen too, and hold scalars, strings, bytes, tuples, refs and other frozen Structs:
    the receiver gets the very object that the sender made, nothing is copied.
    The reply address, the sender and the cause ride on the envelope, never in the message.

    >>> class Increment(Message, frozen=True):
    ...     by: int
    >>> Increment(2)
    Increment(by=2)
    """


class Request(Message, Generic[R_co], frozen=True):
    """A message that is answered; its parameter is the type of the reply.

    `await ref.ask(request)` has that type. A refusal that the asker must handle is part of the reply type
    (a union with a refusal Struct), not an exception.

    >>> class GetTotal(Request[int], frozen=True):
    ...     pass
    """


M_contra = TypeVar("M_contra", contravariant=True)


class Recipient(Protocol[M_contra]):
    """Something that messages can be told to: an actor's ref, seen from rooms that know no actors."""

    def tell(self, message: M_contra, /) -> bool:
        """Put the message into the mailbox; False if it was refused (full, or the actor is gone). Never waits."""
        ...
