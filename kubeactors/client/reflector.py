"""Keeps an indexer equal to a collection of the API server: list, watch, resume, and relist when that fails.

A plain state machine for an actor to embed. The actor calls `connect`, passes on the messages that it receives
(`receive`, `closed`), and connects again when `broken`. `failed` returns the back-off before that.

A list and the watch after it are one request, as with `sendInitialEvents` over HTTP.

Source: client-go tools/cache/reflector.go (v1.36), with WatchListClient.
"""

from itertools import chain
from random import Random
from typing import Generic, Protocol, TypeVar, cast

import msgspec

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import (
    ADDED,
    BOOKMARK,
    DELETED,
    MODIFIED,
    ListOptions,
    ListResult,
    WatchClosed,
    WatchEvent,
    WatchEvents,
    WatchStarted,
)
from kubeactors.apimachinery.status import Expired, Gone, Status, StatusError, Timeout
from kubeactors.client.client import Client, ObjectList
from kubeactors.client.indexer import Indexer
from kubeactors.client.objects import key_of, revision_of
from kubeactors.message import Recipient

T = TypeVar("T", bound=TypedObject)

TOO_LARGE = "ResourceVersionTooLarge"
"""The cause in a Timeout of a server whose cache is not at the requested revision yet."""

BACKOFF_SECONDS = 0.8
MAX_BACKOFF_SECONDS = 30.0


class Change(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """An object was added (ADDED: `old` is None), modified (MODIFIED), or deleted (DELETED: `new` is None).

    `old` is the version that subscribers know from the previous change; versions in between may be missing. An object
    that was deleted and created again under the same name is two changes.
    """

    type: str
    key: str
    old: T | None
    new: T | None

    @property
    def current(self) -> T:
        """The object, or its last known version if it was deleted."""
        found = self.old if self.new is None else self.new
        assert found is not None  # a change has at least one side
        return found


class Environment(Protocol):
    """The part of its actor's context that a reflector needs."""

    @property
    def random(self) -> Random:
        """For the jitter of back-off."""
        ...

    def number(self) -> int:
        """A number that no watch of this actor has had."""
        ...


class Reflector(Generic[T]):
    """The state of one list-and-watch. `synced`: the first list is in the indexer."""

    def __init__(  # noqa: PLR0913 -- these are the options of a watch
        self,
        client: Client,
        type_: type[T],
        indexer: Indexer[T],
        environment: Environment,
        *,
        namespace: str = "",
        label_selector: str = "",
        field_selector: str = "",
        consistent: bool = False,
        bookmarks: bool = True,
    ) -> None:
        self._client = client
        self._type = type_
        self._indexer = indexer
        self._environment = environment
        self._namespace = namespace
        self._label_selector = label_selector
        self._field_selector = field_selector
        self._bookmarks = bookmarks
        self._latest = consistent
        """Whether the next list must be a live read: the server's cache may be older than what was observed before."""
        self._failures = 0
        self._sequence = 0
        self._early: list[WatchEvents | WatchClosed] | None = None
        """While a list is in flight: events of its watch that arrive before it."""
        self.revision: int = 0
        """The revision of the indexer."""
        self.number: int = 0
        """The number of the present watch; messages of older ones are ignored. 0 if there is none."""
        self.must_list: bool = True
        self.broken: bool = False
        """Whether the watch has ended, or has missed something: connect again."""
        self.synced: bool = False

    async def connect(self, subscriber: Recipient[WatchEvents | WatchClosed]) -> tuple[Change[T], ...]:
        """Start a watch at the revision of the indexer, or with a list if that is necessary.

        Returns: the changes that the list has made in the indexer.

        Raises:
            StatusError: it failed; nothing has changed. `failed` returns the back-off.
        """
        self.stop(subscriber)  # the server may not know that the watch is broken
        self.broken = False
        self._sequence = 0
        self.number = self._environment.number()
        if self.must_list:
            return await self._list_and_watch(subscriber)
        await self._watch(subscriber)
        return ()

    def refresh(self) -> None:
        """Relist with a live read, and watch from there. Sets `broken`."""
        self.must_list = self._latest = self.broken = True

    def stop(self, subscriber: Recipient[WatchEvents | WatchClosed]) -> None:
        """Stop the watch."""
        if self.number:
            self._client.stop_watch(subscriber, self.number)
            self.number = 0

    def receive(self, message: WatchEvents) -> tuple[Change[T], ...]:
        """Apply events. Returns the changes in the indexer. Sets `broken` if an earlier message was lost."""
        if message.watch != self.number or self.broken:
            return ()
        if self._early is not None:
            self._early.append(message)
            return ()
        if not self._in_sequence(message):
            return ()
        changes: list[Change[T]] = []
        for event in message.events:
            changes += self._apply(event)
        return tuple(changes)

    def closed(self, message: WatchClosed) -> None:
        """The server has ended the watch. Sets `broken`, and `must_list` if it cannot be resumed."""
        if message.watch == self.number and self._early is not None:
            self._early.append(message)
        elif message.watch == self.number:
            self.broken = True
            self.number = 0
            if message.status is not None:
                self._note(message.status)

    def failed(self, error: StatusError) -> float:
        """A list or a watch failed. Returns the seconds to wait before the next attempt."""
        self.broken = True
        self._note(error.status)
        seconds = min(BACKOFF_SECONDS * 2.0 ** min(self._failures, 10), MAX_BACKOFF_SECONDS)
        self._failures += 1
        return seconds * (1.0 + self._environment.random.random())

    async def _list_and_watch(self, subscriber: Recipient[WatchEvents | WatchClosed]) -> tuple[Change[T], ...]:
        early = self._early = list[WatchEvents | WatchClosed]()
        try:
            started = await self._watch(subscriber)
        finally:
            self._early = None
        assert started.initial is not None  # it was asked for
        if not self._latest and _revision(started.initial) < self.revision:
            self._latest = True
            return await self.connect(subscriber)
        self.must_list = self._latest = False
        self.synced = True
        listed = self._replace(ObjectList(started.initial.metadata, cast("tuple[T, ...]", started.initial.items)))
        return (*listed, *chain.from_iterable(map(self._replay, early)))

    async def _watch(self, subscriber: Recipient[WatchEvents | WatchClosed]) -> WatchStarted:
        options = ListOptions(
            label_selector=self._label_selector,
            field_selector=self._field_selector,
            resource_version="" if self._latest else str(self.revision),
            allow_watch_bookmarks=self._bookmarks,
        )
        started = await self._client.watch(
            self._type, subscriber, self.number, options, self._namespace, lists=self.must_list
        )
        self._failures = 0
        return started

    def _replay(self, message: WatchEvents | WatchClosed) -> tuple[Change[T], ...]:
        if isinstance(message, WatchEvents):
            return self.receive(message)
        self.closed(message)
        return ()

    def _note(self, status: Status) -> None:
        """If the server does not have the revision (any more, or yet), relist with a live read."""
        if status.reason in (Expired.reason, Gone.reason) or _is_too_large(status):
            self.must_list = True
            self._latest = True

    def _in_sequence(self, message: WatchEvents) -> bool:
        if message.sequence > self._sequence + 1:
            self.broken = True
        if not message.sequence:
            return True
        expected = message.sequence == self._sequence + 1
        self._sequence = message.sequence if expected else self._sequence
        return expected

    def _replace(self, found: ObjectList[T]) -> tuple[Change[T], ...]:
        present = {key_of(one): one for one in found.items}
        gone = [key for key in self._indexer.objects if key not in present]
        known = self._indexer.objects
        came = chain.from_iterable(self._put(key, one, known.get(key)) for key, one in present.items())
        went = chain.from_iterable(map(self._remove, gone))
        self.revision = self._indexer.revision = _revision(found)
        return (*went, *came)

    def _apply(self, event: WatchEvent) -> tuple[Change[T], ...]:
        value, type_ = event.object, event.type
        metadata = value.metadata
        revision = int(metadata.resource_version or 0)
        if revision < self.revision:
            return ()  # a repetition
        self.revision = self._indexer.revision = revision
        if type_ == BOOKMARK:
            return ()
        key = f"{metadata.namespace}/{metadata.name}" if metadata.namespace else metadata.name
        known = self._indexer.objects.get(key)
        if known is not None and revision_of(known.metadata) > revision:
            return ()
        if type_ == DELETED:
            return self._remove(key)
        assert isinstance(value, self._type)  # the server sends what was asked for
        return self._put(key, value, known)

    def _put(self, key: str, new: T, known: T | None) -> tuple[Change[T], ...]:
        if known is None:
            self._indexer.put(key, new)
            return (Change(ADDED, key, None, new),)
        if known.metadata.uid != new.metadata.uid:
            return (*self._remove(key), *self._put(key, new, None))
        if known is new or known.metadata.resource_version == new.metadata.resource_version:
            return ()
        self._indexer.put(key, new)
        return (Change(MODIFIED, key, known, new),)

    def _remove(self, key: str) -> tuple[Change[T], ...]:
        old = self._indexer.remove(key)
        return () if old is None else (Change(DELETED, key, old, None),)


def _revision(found: ObjectList[T] | ListResult) -> int:
    return int(found.metadata.resource_version or 0)


def _is_too_large(status: Status) -> bool:
    causes = status.details.causes if status.details is not None else ()
    return status.reason == Timeout.reason and any(one.reason == TOO_LARGE for one in causes)
