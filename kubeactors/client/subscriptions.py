"""What a subscriber of informers has subscribed to, and has not been told of yet."""

from kubeactors.client.informer import Notify


class Subscriptions:
    """The collections that have not told yet what there is, by source, with the number of the subscription.

    What they tell before that was meant for an instance before this one, which had the same mailbox. It must not be
    taken in: an object that has gone since is not among what there is, and nobody would ever say so.

    >>> waiting = Subscriptions()
    >>> waiting.add("pods", 2)
    >>> [waiting.hears(Notify("pods", (), number)) for number in (0, 1, 2, 0)]
    [False, False, True, True]
    >>> len(waiting)
    0
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

    def hears(self, message: Notify) -> bool:
        """Whether the message is for this instance; if it is the first of its subscription that is waited for no more."""
        number = self._numbers.get(message.source)
        if number is None:
            return True
        if number != message.subscription:
            return False
        del self._numbers[message.source]
        return True
