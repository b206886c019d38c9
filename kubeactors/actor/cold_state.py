"""Cold state: what most actors never have. It is kept apart, so that an idle actor is small and quick to make."""

from collections import deque
from typing import TYPE_CHECKING

from kubeactors.actor.supervision import RestartWindow
from kubeactors.actor.timers import Timer

if TYPE_CHECKING:
    from kubeactors.actor.activation import Activation
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.envelope import Envelope, SenderMark
    from kubeactors.actor.errors import Terminated
    from kubeactors.actor.graceful_stop import GracefulStop
    from kubeactors.actor.later import Later
    from kubeactors.actor.waits import Wait


class ColdState:
    """The cold state of one actor; a field is None while there is nothing of its sort."""

    __slots__ = (
        "background",
        "children",
        "ended",
        "failures",
        "graceful_stop",
        "labels",
        "links",
        "path",
        "promises",
        "restarted",
        "restarts",
        "sender_mark",
        "senders",
        "skew",
        "started",
        "stash",
        "timers",
        "watchers",
        "watching",
    )

    def __init__(self) -> None:
        self.background: dict[Activation, None] | None = None
        """Background work: see `pipe.py`."""
        self.children: dict[str | int, Cell] | None = None
        """In start order."""
        self.ended: dict[Wait[Terminated], None] | None = None
        """Waits for its end: see `Ref.until_ended`."""
        self.failures: RestartWindow | None = None
        """Its own restarts, if its supervisor counts per child."""
        self.graceful_stop: GracefulStop | None = None
        """The graceful stop that it is part of."""
        self.labels: dict[type, str] | None = None
        """By message class: see `labels.py`."""
        self.links: dict[Cell, None] | None = None
        """Actors that fail with it."""
        self.sender_mark: SenderMark | None = None
        """See `Cell.sender_mark`."""
        self.promises: dict[Later[object], None] | None = None
        """Unfulfilled promises to reply."""
        self.path: str | None = None
        """Cached: each child asks for it."""
        self.restarted: int = 0
        """How many times it was restarted."""
        self.restarts: RestartWindow | None = None
        """Restarts of its children, if it counts them together."""
        self.senders: dict[Wait[bool], Envelope] | None = None
        """Senders that wait for room in its mailbox, in order."""
        self.skew: int = 0
        """Nanoseconds by which its wall clock is ahead: the simulator's doing."""
        self.started: Wait[None] | None = None
        """Set when its first start is complete."""
        self.stash: deque[Envelope] | None = None
        """Messages that its handlers have stashed."""
        self.timers: dict[str, Timer] | None = None
        """By key."""
        self.watchers: dict[Cell, None] | None = None
        """Actors that receive `Terminated` when it has stopped."""
        self.watching: dict[Cell, None] | None = None
        """Actors that it watches."""


EMPTY = ColdState()
"""Shared by all actors that have none. Never written to."""
