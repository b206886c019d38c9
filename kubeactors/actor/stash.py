"""Messages that an actor puts aside until it can handle them.

Source: Stash of Akka and Pekko.
"""

from collections import deque
from typing import TYPE_CHECKING

from kubeactors.actor.errors import MailboxFull
from kubeactors.actor.states import State

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell


def put_aside(cell: "Cell") -> None:
    """Keep the message in hand, with its sender and whoever waits for the reply.

    Raises:
        MailboxFull: as many as the mailbox may hold are kept already.
    """
    own = cell.own
    own.stash = own.stash or deque()
    if len(own.stash) >= cell.capacity:
        raise MailboxFull(f"{cell.path} has put aside {cell.capacity} messages; take some back")
    own.stash.append(cell.in_hand())


def take_back(cell: "Cell") -> None:
    """Put what was put aside before all that waits, in order."""
    stash = cell.extras.stash
    if not stash or cell.state is State.STOPPED:
        return
    cell.own.stash = None
    for envelope in reversed(stash):
        cell.put_back(envelope)
