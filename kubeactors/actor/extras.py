"""What most actors never have: kept apart, so that an idle one is small and quick to make."""

from collections import deque
from typing import TYPE_CHECKING

from kubeactors.actor.supervision import RestartWindow
from kubeactors.actor.timers import Timer

if TYPE_CHECKING:
    from kubeactors.actor.activation import Activation
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.envelope import Envelope, Mark
    from kubeactors.actor.errors import Terminated
    from kubeactors.actor.farewell import Farewell
    from kubeactors.actor.ref import Later
    from kubeactors.actor.waits import Wait


class Extras:
    """Of one actor. None, or nothing in it, stands for all that it does not have."""

    __slots__ = (
        "background",
        "children",
        "ended",
        "failures",
        "farewell",
        "labels",
        "links",
        "mark",
        "owed",
        "path",
        "restarted",
        "restarts",
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
        """What is piped to it."""
        self.children: dict[str | int, Cell] | None = None
        """In the order they were started."""
        self.ended: dict[Wait[Terminated], None] | None = None
        """Who waits for its end."""
        self.failures: RestartWindow | None = None
        """Of itself, if its supervisor counts those of each child."""
        self.farewell: Farewell | None = None
        """It is being stopped, and has time."""
        self.labels: dict[type, str] | None = None
        """What a schedule knows its deliveries by, by class of message; made once, for a simulator asks at each."""
        self.links: dict[Cell, None] | None = None
        """Who fails with it."""
        self.mark: Mark | None = None
        """Says in a mailbox that messages come from it."""
        self.owed: dict[Later[object], None] | None = None
        """Replies that it has promised."""
        self.path: str | None = None
        """Where it stands in the tree, once somebody has asked: its children do."""
        self.restarted: int = 0
        """How often it was started again."""
        self.restarts: RestartWindow | None = None
        """Of its children."""
        self.senders: dict[Wait[bool], Envelope] | None = None
        """Who waits for room in its mailbox, in order."""
        self.skew: int = 0
        """By how many nanoseconds its wall clock is ahead of everybody's: the simulator's doing."""
        self.started: Wait[None] | None = None
        """Somebody waits for its first start."""
        self.stash: deque[Envelope] | None = None
        """What its handlers have put aside."""
        self.timers: dict[str, Timer] | None = None
        self.watchers: dict[Cell, None] | None = None
        """Who is told when it ends."""
        self.watching: dict[Cell, None] | None = None
        """Of whose end it is told."""


NONE = Extras()
"""Stands for those of all that have none. Never written to."""
