"""The collections that an actor of this room follows, and whether it knows all of them yet."""

from collections.abc import Callable
from typing import TypeVar, cast

from kubeactors.actor import Ref
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import Change, Notify, SharedInformer

T = TypeVar("T", bound=TypedObject)


class Sources:
    """Hands changes to those who take them, by collection."""

    def __init__(self) -> None:
        self._takers: dict[str, Callable[[Change[TypedObject]], None]] = {}
        self._unknown: dict[str, None] = {}

    @property
    def complete(self) -> bool:
        """Whether each collection has said what is there."""
        return not self._unknown

    def follow(self, informer: SharedInformer[T], subscriber: Ref[Notify], taker: Callable[[Change[T]], None]) -> None:
        """Let the informer tell the subscriber, and this one take its changes."""
        self._takers[informer.source] = cast("Callable[[Change[TypedObject]], None]", taker)
        self._unknown[informer.source] = None
        informer.subscribe(subscriber)

    def take(self, message: Notify) -> bool:
        """Pass changes on; whether everything is known with this message, and was not before."""
        taker = self._takers[message.source]
        for change in message.changes:
            taker(change)
        if message.synced:
            del self._unknown[message.source]
        return message.synced and self.complete
