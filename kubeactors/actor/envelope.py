"""Envelopes: what stands in a mailbox."""

from typing import TYPE_CHECKING, TypeAlias, cast

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.waits import Wait

Reply: TypeAlias = "Wait[object] | None"
"""Where the reply to a message goes; None if nobody waits for one."""

Envelope: TypeAlias = "tuple[object, Cell | None, Reply]"
"""A message, who sent it (None: from outside), and where the reply goes."""

Posted: TypeAlias = "Envelope | object"
"""What really stands in a mailbox: a message from outside that nobody waits for goes without an envelope, which spares
the garbage collector a tuple for each."""


def opened(posted: Posted) -> Envelope:
    """The envelope, made if there was none.

    >>> opened("hello")
    ('hello', None, None)
    """
    return cast("Envelope", posted) if posted.__class__ is tuple else (posted, None, None)
