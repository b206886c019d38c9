"""Envelopes, and what else is in a mailbox."""

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.waits import Wait

Reply: TypeAlias = "Wait[object] | None"
"""Where the reply to a message goes; None if nobody waits for one."""

Sender: TypeAlias = "Cell | Origin | None"
"""The sender of a message; None if it was code outside."""

Envelope: TypeAlias = "tuple[object, Sender, Reply]"
"""A message, its sender, and where the reply goes."""

Item: TypeAlias = "Envelope | SenderMark | object"
"""What is in a mailbox: an envelope; a bare message, if nobody waits for a reply; or a sender mark."""


class Origin:
    """A sender with the trace context in which it sent."""

    __slots__ = ("cell", "context", "links")

    def __init__(self, cell: "Cell | None", context: object, links: tuple[object, ...]) -> None:
        self.cell: Cell | None = cell
        self.context: object = context
        self.links: tuple[object, ...] = links


class SenderMark:
    """The sender of the bare messages that follow in the mailbox, up to the next mark.

    So a run of messages from one sender needs no envelopes, which cost time to make and for the garbage collector.
    """

    __slots__ = ("sender",)

    def __init__(self, sender: "Cell | None") -> None:
        self.sender: Cell | None = sender


OUTSIDE: SenderMark = SenderMark(None)
"""The sender is code outside: no actor."""


def envelope_of(item: Item, sender: "Cell | None" = None) -> Envelope:
    """The item as an envelope; a bare message gets one, with this sender.

    >>> envelope_of("hello")
    ('hello', None, None)
    """
    if item.__class__ is tuple:
        return item  # pyright: ignore[reportReturnType] -- a cast is a call
    return (item, sender, None)


def sender_of(item: Item) -> "Cell | None":
    """The sender of the item.

    >>> sender_of(("hello", Origin(None, {}, ()), None)) is sender_of("hello") is None
    True
    """
    sender = envelope_of(item)[1]
    return sender.cell if isinstance(sender, Origin) else sender
