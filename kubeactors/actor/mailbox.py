"""How much a mailbox holds, and what happens to a message for which there is no room."""

from enum import Enum

import msgspec


class Overflow(Enum):
    """What `tell` does when the mailbox is full."""

    REJECT = "reject"
    """The new message is refused: `tell` returns False, and it is a dead letter."""
    DROP_OLDEST = "drop_oldest"
    """The oldest message makes room and is a dead letter."""
    DROP_NEWEST = "drop_newest"
    """The new message is a dead letter; `tell` returns True: the sender need not care."""


class Mailbox(msgspec.Struct, frozen=True, kw_only=True):
    """A bound, in messages, and a policy. System messages (stop, terminated) are never refused and do not count."""

    capacity: int = 100_000
    overflow: Overflow = Overflow.REJECT
