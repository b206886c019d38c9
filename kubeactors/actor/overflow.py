"""What happens when a mailbox is full: messages are dropped or rejected, and senders wait for room (back-pressure)."""

from functools import partial
from typing import TYPE_CHECKING, cast

from kubeactors.actor.envelope import envelope_of
from kubeactors.actor.mailbox import Coalescing, Overflow
from kubeactors.actor.states import State
from kubeactors.actor.waits import Wait

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.envelope import Envelope
    from kubeactors.actor.mailbox import MessageQueue


def make_room(cell: "Cell", mailbox: "MessageQueue", envelope: "Envelope") -> bool:
    """Whether a full mailbox takes the envelope all the same. Otherwise it is a dead letter, unless it is a request."""
    if isinstance(mailbox, Coalescing) and mailbox.replaces(envelope):
        return True
    if cell.bounds.overflow is Overflow.DROP_OLDEST:
        cell.kernel.dead_letters.add(cell, envelope_of(mailbox.popleft()), "dropped")
        return True
    if envelope[1] is cell:
        return True  # what an actor tells itself is work it has begun: rejected as little as its timers
    if envelope[2] is None:
        cell.kernel.dead_letters.add(cell, envelope, "mailbox full")
    return False


def send(cell: "Cell", message: object) -> Wait[bool]:
    """Put the message into the mailbox, at once or when there is room. Gives False if the actor has stopped."""
    wait: Wait[bool] = Wait()
    envelope = cell.traced_envelope((message, cell.kernel.current, None))
    if cell.waiting >= cell.capacity and cell.state is not State.STOPPED:
        cold = cell.ensure_cold()
        cold.senders = cold.senders or {}
        cold.senders[wait] = envelope
        wait.on_settled = partial(_withdraw, cell)
        cell.slow_path = True
    else:
        wait.set(cell.put(envelope))
    return wait


def admit_senders(cell: "Cell", senders: "dict[Wait[bool], Envelope]") -> None:
    """Let senders put their messages, in the order in which they came, while there is room."""
    while senders and cell.mailbox is not None and cell.waiting < cell.capacity:
        wait = next(iter(senders))
        envelope = senders.pop(wait)
        if not cell.kernel.driver.is_cancelled(wait):
            cell.mailbox.append(envelope)
            wait.set(True)


def _withdraw(cell: "Cell", wait: Wait[object]) -> None:
    """The sender waits no longer: its message is not put."""
    if cell.cold.senders is not None:
        cell.cold.senders.pop(cast("Wait[bool]", wait), None)
