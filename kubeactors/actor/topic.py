"""Topics: publishers do not know the subscribers."""

from collections import deque
from typing import Generic, TypeVar

from kubeactors.actor.actor import Actor, handle
from kubeactors.actor.errors import Terminated
from kubeactors.actor.ref import Ref
from kubeactors.message import Message, Recipient

E = TypeVar("E")


class Published(Message, Generic[E], frozen=True):
    """An event, as subscribers receive it. The numbers of a topic's events are consecutive, from 1."""

    number: int
    event: E


class Missed(Message, frozen=True):
    """Sent to a subscriber that wanted events that are no longer kept: start over. `next` is the next event's number."""

    next: int


class Publish(Message, Generic[E], frozen=True):
    """Send an event to all subscribers."""

    event: E


class Subscribe(Message, frozen=True):
    """Send `subscriber` every event from now on.

    With `after`, also the kept events with higher numbers than that. Subscribing again replays from the new position. A
    subscriber that is an actor is unsubscribed when it stops.
    """

    subscriber: Recipient[object]
    after: int | None = None


class Unsubscribe(Message, frozen=True):
    """Send it no more events."""

    subscriber: Recipient[object]


class Topic(Actor[Publish[E] | Subscribe | Unsubscribe], Generic[E]):
    """Sends every event to all subscribers, in the same order.

    A subscriber that rejects an event (its mailbox is full) is unsubscribed: it never sees a gap.

    >>> from functools import partial
    >>> from kubeactors import SimSystem
    >>> from kubeactors.testing import TestProbe
    >>> sim = SimSystem()
    >>> topic = sim.spawn(partial(Topic[str], history=10))
    >>> late = TestProbe(sim)
    >>> topic.tell(Publish("first")), topic.tell(Subscribe(late.ref, after=0)), topic.tell(Publish("second"))
    (True, True, True)
    >>> late.drain()
    (Published(number=1, event='first'), Published(number=2, event='second'))

    Args:
        history: how many events are kept for subscribers with `after`.
    """

    def __init__(self, history: int = 0) -> None:
        self._subscribers: dict[Recipient[object], None] = {}
        self._history: deque[Published[E]] = deque(maxlen=history)
        self._number = 0

    @handle
    def publish(self, message: Publish[E]) -> None:
        """See `Publish`."""
        self._number += 1
        published = Published(self._number, message.event)
        self._history.append(published)
        for subscriber in list(self._subscribers):
            if not subscriber.tell(published):
                del self._subscribers[subscriber]

    @handle
    def subscribe(self, message: Subscribe) -> None:
        """See `Subscribe`."""
        subscriber = message.subscriber
        self._subscribers[subscriber] = None
        if isinstance(subscriber, Ref):
            self.ctx.watch(subscriber)
        if message.after is None or message.after >= self._number:
            return
        kept = [one for one in self._history if one.number > message.after]
        if not kept or kept[0].number != message.after + 1:
            subscriber.tell(Missed(self._number + 1))
            return
        for published in kept:
            subscriber.tell(published)

    @handle
    def unsubscribe(self, message: Unsubscribe) -> None:
        """See `Unsubscribe`."""
        self._subscribers.pop(message.subscriber, None)

    @handle
    def terminated(self, message: Terminated) -> None:
        """A subscriber has stopped."""
        for subscriber in list(self._subscribers):
            if subscriber is message.ref:
                del self._subscribers[subscriber]
