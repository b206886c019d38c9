"""Subscriptions to informers: their messages, and which of them a subscriber still waits for."""

from collections.abc import Callable

from kubeactors.actor import Ref
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client.reflector import Change
from kubeactors.message import Message

EVERY_CHANGE = -1
"""The marks of a subscriber that wants all changes."""


class Notify(Message, frozen=True):
    """Changes of the collection `source`. The lister shows them already, and possibly later ones.

    The first one of a subscription has all present objects as added, and the number of the subscription; later ones have
    the number 0.
    """

    source: str
    changes: tuple[Change[TypedObject], ...]
    subscription: int = 0

    @property
    def synced(self) -> bool:
        """Whether this is the first one, with which the subscriber has synced."""
        return self.subscription != 0


class Subscriptions:
    """The collections that have not synced yet, by source, with the number of the subscription.

    Notifications before that were for an earlier instance, which had the same mailbox, and must be ignored: of an object
    that was deleted since, nobody would ever say so.

    For an empty collection the informer notes that here in place of a message, unless it is the last one that the
    subscriber waits for.

    >>> waiting = Subscriptions()
    >>> waiting.add("nodes", 1)
    >>> waiting.add("pods", 2)
    >>> waiting.is_empty("nodes", 1)
    True
    >>> [waiting.accepts(Notify("pods", (), number)) for number in (0, 1, 2, 0)]
    [False, False, True, True]
    >>> len(waiting)
    0

    Source: client-go tools/cache/shared_informer.go (v1.36): `HasSynced`, which subscribers poll.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, source: str, number: int = 0) -> None:
        """Wait until the collection has synced under this number."""
        self._numbers[source] = number

    def discard(self, source: str) -> None:
        """Stop waiting for it."""
        self._numbers.pop(source, None)

    def is_empty(self, source: str, number: int) -> bool:
        """The collection is empty. Whether this note is enough, so that the informer need not send a message."""
        if len(self._numbers) == 1 or self._numbers.get(source) != number:
            return False
        del self._numbers[source]
        return True

    def accepts(self, message: Notify) -> bool:
        """Whether the message is for this instance. If it is the first of its subscription, its source has synced."""
        number = self._numbers.get(message.source)
        if number is None:
            return True
        if number != message.subscription:
            return False
        del self._numbers[message.source]
        return True


class Subscribe(Message, frozen=True):
    """Send this actor all present objects, and then all changes, until it stops.

    An actor that subscribes again has restarted: the informer relists before it answers, so that the new instance sees at
    least what the earlier one did.
    """

    subscriber: Ref[Notify]
    number: int
    marks: int = EVERY_CHANGE
    """Send only changes with one of these marks, see `SharedInformer.mark_by`."""
    pending: Subscriptions | None = None
    """Where the informer may note that the collection is empty; without it, it sends a message."""
    concerns: Callable[[Change[TypedObject]], bool] | None = None
    """Send only changes for which this returns True: a call costs less than a message. It may read listers, too."""


class Unsubscribe(Message, frozen=True):
    """Stop sending to this actor."""

    subscriber: Ref[Notify]
