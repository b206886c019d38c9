"""Dead letters: messages that no actor handles. They are counted, and sent to subscribers."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from kubeactors.actor.errors import ActorStopped, DeadLetter, Terminated

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.driver import Driver
    from kubeactors.actor.envelope import Envelope

_WHY = {"stopped": "it has stopped", "not handled": "it has no handler for that", "dropped": "newer ones took its room"}
"""Reasons, in the words of the error that a caller gets."""


class DeadLetters:
    """The dead letters of one actor system.

    Args:
        driver: writes the log.
    """

    __slots__ = ("_driver", "_unhandled", "count", "observer", "subscribers")

    def __init__(self, driver: "Driver") -> None:
        self.count: int = 0
        self.observer: Callable[[str, object], object] | None = None
        """Called with the receiver's path and the message."""
        self.subscribers: dict[Cell, None] = {}
        """Actors that receive a `DeadLetter` for each."""
        self._driver = driver
        self._unhandled: dict[tuple[str, str], None] = {}
        """What has been logged: names of an actor class and of a message class that it does not handle."""

    def add(self, cell: "Cell", envelope: "Envelope", reason: str = "stopped") -> bool:
        """Count a message, and fail the ask if it is a request. Always False, as `tell` returns."""
        self.count += 1
        message, _, reply = envelope
        if self.observer is not None:
            self.observer(cell.path, message)
        if self.subscribers and not isinstance(message, DeadLetter):
            letter = DeadLetter(cell.path, message, reason)
            for subscriber in list(self.subscribers):
                subscriber.tell(letter)
        if reply is not None:
            why = _WHY.get(reason, reason)
            reply.fail(ActorStopped(f"{cell.display_name} does not take {type(message).__name__}: {why}"))
        return False

    def add_unhandled(self, cell: "Cell", envelope: "Envelope") -> None:
        """The actor has no handler for the message; logged once for each pair of classes. A `Terminated` may be ignored."""
        message = envelope[0]
        if isinstance(message, Terminated):
            return
        names = cell.dispatch.name, type(message).__name__
        if names not in self._unhandled:
            self._unhandled[names] = None
            actor_class, message_class = names
            self._driver.log(
                "warning",
                "actor.message_not_handled",
                cell.path,
                actor_class=actor_class,
                message_class=message_class,
            )
        self.add(cell, envelope, "not handled")
