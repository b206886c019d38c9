"""The trace of a simulation: a line for each delivered message."""

from collections.abc import Callable

from kubeactors.actor.cell import Cell
from kubeactors.actor.envelope import Envelope, sender_of
from kubeactors.actor.kernel import Kernel
from kubeactors.actor.supervision import SECOND


class Trace:
    """Numbers the messages of a run from 1 as they are delivered, and writes a line for each.

    Args:
        kernel: of the simulation.
        write: called with each line.
        pause_at: the number of a message; 0 for none.
        pause: called before that message is handled.
        say: formats a message; by default its `repr`.
    """

    def __init__(
        self,
        kernel: Kernel,
        write: Callable[[str], object],
        *,
        pause_at: int = 0,
        pause: Callable[[Cell, Envelope], object] = lambda _cell, _envelope: None,
        say: Callable[[object], str] = repr,
    ) -> None:
        self._kernel = kernel
        self._write = write
        self._pause_at = pause_at
        self._pause = pause
        self._say = say
        self.number: int = 0
        """Of the last message."""

    def __call__(self, cell: Cell, envelope: Envelope) -> None:
        """A message is about to be handled."""
        self.number += 1
        self._write(f"{self.number} {line_of(self._kernel.now, cell, envelope, self._say)}")
        if self.number == self._pause_at:
            self._pause(cell, envelope)


def line_of(now: int, cell: Cell, envelope: Envelope, say: Callable[[object], str] = repr) -> str:
    """Time in virtual seconds, sender, receiver, message."""
    message, sender = envelope[0], sender_of(envelope)
    return f"{now / SECOND:.9f} {sender.path if sender is not None else '-'} -> {cell.path} {say(message)}"
