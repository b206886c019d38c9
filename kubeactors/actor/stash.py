"""The stash: messages that an actor puts aside until it can handle them. Source: Stash of Akka and Pekko."""

from collections import deque
from typing import TYPE_CHECKING

from kubeactors.actor.errors import MailboxFull
from kubeactors.actor.states import State

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell


def stash(cell: "Cell") -> None:
    """Stash the current message, with its sender and its reply address.

    Raises:
        MailboxFull: as many messages as the mailbox may hold are stashed already.
    """
    cold = cell.ensure_cold()
    cold.stash = cold.stash or deque()
    if len(cold.stash) >= cell.capacity:
        raise MailboxFull(f"{cell.path} has stashed {cell.capacity} messages; unstash some")
    cold.stash.append(cell.current_envelope())


def unstash(cell: "Cell") -> None:
    """Put all stashed messages back into the mailbox, in order, before those that wait there."""
    stashed = cell.cold.stash
    if not stashed or cell.state is State.STOPPED:
        return
    cell.ensure_cold().stash = None
    for envelope in reversed(stashed):
        cell.put_back(envelope)
