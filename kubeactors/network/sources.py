"""The informers that an actor of this room follows, and whether all of them have synced."""

from collections.abc import Callable
from typing import TypeVar, cast

from kubeactors.actor import Ref
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import Change, Notify, SharedInformer

T = TypeVar("T", bound=TypedObject)


class Sources:
    """Dispatches the changes of several informers to their handlers."""

    def __init__(self) -> None:
        self._handlers: dict[str, Callable[[Change[TypedObject]], None]] = {}
        self._unsynced: dict[str, None] = {}

    @property
    def complete(self) -> bool:
        """Whether all informers have synced."""
        return not self._unsynced

    def follow(
        self, informer: SharedInformer[T], subscriber: Ref[Notify], handler: Callable[[Change[T]], None]
    ) -> None:
        """Subscribe to an informer, whose changes go to this handler."""
        self._handlers[informer.source] = cast("Callable[[Change[TypedObject]], None]", handler)
        self._unsynced[informer.source] = None
        informer.subscribe(subscriber)

    def take(self, message: Notify) -> bool:
        """Dispatch changes. True if all informers have synced with this message."""
        handler = self._handlers[message.source]
        for change in message.changes:
            handler(change)
        if message.synced:
            del self._unsynced[message.source]
        return message.synced and self.complete
