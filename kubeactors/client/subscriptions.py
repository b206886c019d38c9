"""What a subscriber of informers has subscribed to, and has not been told of yet."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kubeactors.client.informer import Notify


class Subscriptions:
    """The collections that have not told yet what there is, by source, with the number of the subscription.

    What they tell before that was meant for an instance before this one, which had the same mailbox. It must not be
    taken in: an object that has gone since is not among what there is, and nobody would ever say so.

    A collection in which there is nothing marks that here, and spares the subscriber a message, unless it is the last
    that is waited for.

    >>> from kubeactors.client.informer import Notify
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

    def hears(self, message: "Notify") -> bool:
        """Whether the message is for this instance; if it is the first of its subscription that is waited for no more."""
        number = self._numbers.get(message.source)
        if number is None:
            return True
        if number != message.subscription:
            return False
        del self._numbers[message.source]
        return True
