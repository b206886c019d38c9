"""To subscribe to an informer, what it then tells, and what a subscriber has not been told of yet."""

from collections.abc import Callable

from kubeactors.actor import Ref
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client.reflector import Change
from kubeactors.message import Message

EVERY_CHANGE = -1
"""The marks of a subscriber that wants to be told of all changes."""


class Notify(Message, frozen=True):
    """What changed in the collection `source`. The lister shows it already, and perhaps more.

    The first one of a subscription tells all present objects as added; it carries the number of the subscription, the
    later ones carry 0.
    """

    source: str
    changes: tuple[Change[TypedObject], ...]
    subscription: int = 0

    @property
    def synced(self) -> bool:
        """Whether this is the beginning: with it the subscriber knows all there is."""
        return self.subscription != 0


class Subscriptions:
    """The collections that have not told yet what there is, by source, with the number of the subscription.

    What they tell before that was meant for an instance before this one, which had the same mailbox. It must not be
    taken in: an object that has gone since is not among what there is, and nobody would ever say so.

    A collection in which there is nothing marks that here, and spares the subscriber a message, unless it is the last
    that is waited for.

    >>> waiting = Subscriptions()
    >>> waiting.add("nodes", 1)
    >>> waiting.add("pods", 2)
    >>> waiting.is_empty("nodes", 1)
    True
    >>> [waiting.hears(Notify("pods", (), number)) for number in (0, 1, 2, 0)]
    [False, False, True, True]
    >>> len(waiting)
    0

    Source: client-go tools/cache/shared_informer.go (v1.36): `HasSynced`, which those who wait look at.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, source: str, number: int = 0) -> None:
        """Wait until the collection tells what there is under this number."""
        self._numbers[source] = number

    def discard(self, source: str) -> None:
        """Wait for it no more."""
        self._numbers.pop(source, None)

    def is_empty(self, source: str, number: int) -> bool:
        """There is nothing in the collection: whether that is noted with this, and need not be told."""
        if len(self._numbers) == 1 or self._numbers.get(source) != number:
            return False
        del self._numbers[source]
        return True

    def hears(self, message: Notify) -> bool:
        """Whether the message is for this instance; if it is the first of its subscription that is waited for no more."""
        number = self._numbers.get(message.source)
        if number is None:
            return True
        if number != message.subscription:
            return False
        del self._numbers[message.source]
        return True


class Subscribe(Message, frozen=True):
    """Tell this actor of all changes from now on, and first of what is there. Ends with its death.

    Who subscribes again has started again, and may remember less than it did: the informer lists anew before it
    answers, so that the subscriber sees at least what its predecessor did.
    """

    subscriber: Ref[Notify]
    number: int
    marks: int = EVERY_CHANGE
    """Tell only of changes that have one of these marks, see `SharedInformer.mark_by`."""
    pending: Subscriptions | None = None
    """Where it may be noted that there is nothing; without it that is told."""
    concerns: Callable[[Change[TypedObject]], bool] | None = None
    """Tell only of changes of which this says so: a look costs less than a message. It may look at listers, too."""


class Unsubscribe(Message, frozen=True):
    """Tell this actor no more."""

    subscriber: Ref[Notify]
