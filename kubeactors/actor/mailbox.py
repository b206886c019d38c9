"""Mailboxes: their capacity, what happens when they are full, and which messages go first."""

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from enum import Enum
from itertools import chain
from typing import Protocol

import msgspec

from kubeactors.actor.envelope import Item, envelope_of


class Overflow(Enum):
    """What `tell` does when the mailbox is full. `send` waits for room, whatever the policy."""

    REJECT = "reject"
    """The new message is rejected: `tell` returns False, and it is a dead letter."""
    DROP_OLDEST = "drop_oldest"
    """The oldest message is dropped, and is a dead letter."""
    DROP_NEWEST = "drop_newest"
    """The new message is dropped, and is a dead letter; `tell` returns True, since the sender need not care."""


class Mailbox(msgspec.Struct, frozen=True, kw_only=True):
    """What an actor's mailbox holds, and how. System messages (`Terminated`, timers) are never rejected.

    Nor is what an actor tells itself: that is work it has begun.

    `capacity` is in messages. With a `key` function, a message replaces a waiting one with the same key, in its place:
    only the newest is handled. Messages whose key is None, and requests, are never replaced. Messages of the `urgent`
    classes go before all others, in order among themselves.

    >>> from kubeactors import Message
    >>> class Moved(Message, frozen=True):
    ...     who: str
    ...     to: int
    >>> newest_of_each = Mailbox(capacity=1_000, key=lambda message: message.who)
    >>> at_most_ten = Mailbox(capacity=10, overflow=Overflow.DROP_OLDEST)

    Given to `spawn(..., mailbox=newest_of_each)`.

    Raises:
        ValueError: both `key` and `urgent` are given.
    """

    capacity: int = 100_000
    overflow: Overflow = Overflow.REJECT
    key: Callable[[object], Hashable | None] | None = None
    urgent: tuple[type, ...] = ()

    def __post_init__(self) -> None:
        if self.key is not None and self.urgent:
            raise ValueError("a mailbox either coalesces by key or has urgent messages; give one of them")

    @property
    def keeps_all(self) -> bool:
        """Whether all messages that are accepted are handled, in the order of their arrival."""
        return self.key is None and not self.urgent and self.overflow is not Overflow.DROP_OLDEST

    def new_queue(self) -> "MessageQueue":
        """An empty queue of this kind."""
        if self.key is not None:
            return Coalescing(self.key)
        if self.urgent:
            return Urgent(self.urgent)
        plain: deque[Item] = deque()  # no subclass: the interpreter calls methods of exact types faster
        return plain


class MessageQueue(Protocol):
    """The messages of a mailbox, as the kernel needs them: some methods of `deque`, which most of them are."""

    def append(self, item: Item, /) -> None:
        """Add at the end."""
        ...

    def appendleft(self, item: Item, /) -> None:
        """Add at the front."""
        ...

    def popleft(self) -> Item:
        """Take the next one."""
        ...

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Item]: ...


def remove_request(queue: MessageQueue, reply: object) -> None:
    """Remove the request whose reply this is, if it is still there. The others keep their order."""
    for item in [queue.popleft() for _ in range(len(queue))]:
        if envelope_of(item)[2] is not reply:
            queue.append(item)


class Coalescing:
    """Keeps the newest message of each key, in the place of the oldest.

    >>> class Moved(msgspec.Struct, frozen=True):
    ...     who: str
    ...     to: int
    >>> post = Coalescing(lambda message: message.who)
    >>> for moved in (Moved("a", 1), Moved("b", 1), Moved("a", 2)):
    ...     post.append(moved)
    >>> list(post)
    [Moved(who='a', to=2), Moved(who='b', to=1)]
    """

    __slots__ = ("_key", "_number", "_posted")

    def __init__(self, key: Callable[[object], Hashable | None]) -> None:
        self._key = key
        self._number = 0
        self._posted: OrderedDict[Hashable, Item] = OrderedDict()

    def key_of(self, item: Item) -> Hashable:
        """Its key; a unique one if it must not be replaced."""
        message, _, reply = envelope_of(item)
        key = self._key(message) if reply is None else None
        if key is None:
            self._number += 1
            return (self, self._number)
        return key

    def replaces(self, item: Item) -> bool:
        """Whether it replaces one that waits, and so needs no room."""
        return self.key_of(item) in self._posted

    def append(self, item: Item, /) -> None:
        """See `MessageQueue`."""
        self._posted[self.key_of(item)] = item

    def appendleft(self, item: Item, /) -> None:
        """See `MessageQueue`. If a newer one waits, this one is dropped."""
        key = self.key_of(item)
        if key not in self._posted:
            self._posted[key] = item
            self._posted.move_to_end(key, last=False)

    def popleft(self) -> Item:
        """See `MessageQueue`."""
        return self._posted.popitem(last=False)[1]

    def __len__(self) -> int:
        return len(self._posted)

    def __iter__(self) -> Iterator[Item]:
        return iter(list(self._posted.values()))


class Urgent:
    """Messages of some classes go before all others."""

    __slots__ = ("_classes", "_ordinary", "_urgent")

    def __init__(self, classes: tuple[type, ...]) -> None:
        self._classes = classes
        self._urgent: deque[Item] = deque()
        self._ordinary: deque[Item] = deque()

    def _of(self, item: Item) -> deque[Item]:
        return self._urgent if isinstance(envelope_of(item)[0], self._classes) else self._ordinary

    def append(self, item: Item, /) -> None:
        """See `MessageQueue`."""
        self._of(item).append(item)

    def appendleft(self, item: Item, /) -> None:
        """See `MessageQueue`."""
        self._of(item).appendleft(item)

    def popleft(self) -> Item:
        """See `MessageQueue`."""
        return self._urgent.popleft() if self._urgent else self._ordinary.popleft()

    def __len__(self) -> int:
        return len(self._urgent) + len(self._ordinary)

    def __iter__(self) -> Iterator[Item]:
        return chain(self._urgent, self._ordinary)
