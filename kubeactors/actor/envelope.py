"""Envelopes: what stands in a mailbox."""

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.waits import Wait

Reply: TypeAlias = "Wait[object] | None"
"""Where the reply to a message goes; None if nobody waits for one."""

Sender: TypeAlias = "Cell | Origin | None"
"""Who sent a message; None: somebody outside."""

Envelope: TypeAlias = "tuple[object, Sender, Reply]"
"""A message, who sent it, and where the reply goes."""

Item: TypeAlias = "Envelope | SenderMark | object"
"""What really stands in a mailbox: an envelope; a message without one, if nobody waits for a reply; a mark."""


class Origin:
    """A sender together with what a tracer knows of the moment."""

    __slots__ = ("cell", "context", "links")

    def __init__(self, cell: "Cell | None", context: object, links: tuple[object, ...]) -> None:
        self.cell: Cell | None = cell
        self.context: object = context
        self.links: tuple[object, ...] = links


class SenderMark:
    """Says in a mailbox who has told the messages without envelope that come after it, up to the next mark.

    So a run of messages from one sender costs no envelopes, and the garbage collector nothing to look at.
    """

    __slots__ = ("sender",)

    def __init__(self, sender: "Cell | None") -> None:
        self.sender: Cell | None = sender


OUTSIDE: SenderMark = SenderMark(None)
"""They come from code that is no actor."""


def envelope_of(item: Item, sender: "Cell | None" = None) -> Envelope:
    """The envelope, made if there was none.

    >>> envelope_of("hello")
    ('hello', None, None)
    """
    if item.__class__ is tuple:
        return item  # pyright: ignore[reportReturnType] -- a cast is a call
    return (item, sender, None)


def sender_of(item: Item) -> "Cell | None":
    """Who sent it.

    >>> sender_of(("hello", Origin(None, {}, ()), None)) is sender_of("hello") is None
    True
    """
    sender = envelope_of(item)[1]
    return sender.cell if isinstance(sender, Origin) else sender
