"""Informers: one reflector and indexer per kind, shared within a component.

Source: client-go tools/cache/shared_informer.go (v1.36).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Generic, TypeAlias, TypeVar, cast

from kubeactors.actor import Actor, Context, Mailbox, Ref, Terminated, handle
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ADDED, GroupVersionResource, WatchClosed, WatchEvents
from kubeactors.apimachinery.status import StatusError
from kubeactors.client.client import Client
from kubeactors.client.indexer import GroupFunction, Indexer, IndexFunction, Lister
from kubeactors.client.reflector import Change, Reflector
from kubeactors.client.subscriptions import EVERY_CHANGE, Notify, Subscribe, Subscriptions, Unsubscribe
from kubeactors.client.workqueue import SECOND
from kubeactors.message import Message

T = TypeVar("T", bound=TypedObject)
M = TypeVar("M")

SILENCE_SECONDS = 90.0
"""A watch that has been silent for so long is restarted: it may be dead.

Bookmarks come every minute if anything has changed in the cluster.
"""

LISTENING_SECONDS = 20.0
"""The timer of the silence check is set again at most this often, since that costs more than reading the clock."""

MAILBOX = Mailbox(capacity=100_000)


class Connect(Message, frozen=True):
    """An informer tells itself: list if necessary, and watch."""


class CheckSilence(Message, frozen=True):
    """An informer tells itself: check whether the watch is alive."""


InformerMessage: TypeAlias = Subscribe | Unsubscribe | WatchEvents | WatchClosed | Connect | CheckSilence


class SharedInformer(Generic[T]):
    """The handle of an informer: its lister and its subscribers. It outlives restarts of the actor."""

    def __init__(self, type_: type[T], source: str) -> None:
        self.type = type_
        self.source = source
        """Names the collection in `Notify`."""
        self.indexer: Indexer[T] = Indexer()
        self.subscribers: dict[Ref[Notify], Subscribe] = {}
        """Subscribers that receive changes."""
        self.waiting: dict[Ref[Notify], Subscribe] = {}
        """Subscribers that receive all objects after the next list."""
        self.rejected: dict[Ref[Notify], Subscribe] = {}
        """Subscribers whose last subscription met a full mailbox."""
        self.marks_of: Callable[[Change[T]], int] | None = None
        """See `mark_by`."""
        self.news: int = EVERY_CHANGE
        """The marks of changes that are more than heartbeats."""
        self._subscriptions = 0
        self.listed: bool = False
        """Whether the informer has listed."""
        self.connected_at = 0
        """When the connection to the server was last restored after a list or a watch had failed or ended: changes
        before that may have been missed."""
        self.ref: Ref[InformerMessage] | None = None

    @property
    def lister(self) -> Lister[T]:
        """The read-only side."""
        return self.indexer

    def add_indexes(self, indexes: Mapping[str, IndexFunction[T]]) -> None:
        """Add indexes by name; existing ones are kept."""
        for name, values in indexes.items():
            self.indexer.add_index(name, values)

    def add_tally(self, name: str, group: GroupFunction[T]) -> None:
        """Add a tally by name; an existing one is kept."""
        self.indexer.add_tally(name, group)

    def mark_by(self, marks_of: Callable[[Change[T]], int], news: int = EVERY_CHANGE) -> None:
        """Mark changes, as bits, by this function: subscribers receive only changes with one of the marks they want.

        Most changes of a pod concern one or two of a dozen controllers. Without a function every subscriber receives all.
        `news` are the marks of changes that are more than heartbeats.
        """
        self.marks_of = marks_of
        self.news = news

    def subscribe(
        self,
        subscriber: Ref[Notify],
        marks: int = EVERY_CHANGE,
        pending: Subscriptions | None = None,
        concerns: Callable[[Change[TypedObject]], bool] | None = None,
    ) -> int:
        """See `Subscribe`. Returns the number of the subscription, which is not lost if the informer's mailbox is full.

        Before the informer has listed, as when components start together, a subscription costs no message.
        """
        assert self.ref is not None  # set by the factory
        self._subscriptions += 1
        message = Subscribe(subscriber, self._subscriptions, marks, pending, concerns)
        self.rejected.pop(subscriber, None)
        if not self.listed and subscriber not in self.subscribers:
            self.waiting[subscriber] = message
        elif not self.ref.tell(message):
            self.rejected[subscriber] = message
        return self._subscriptions


class Informer(Actor[InformerMessage], Generic[T], deterministic=True):
    """Keeps the indexer of a `SharedInformer` up to date and notifies its subscribers."""

    def __init__(self, client: Client, shared: SharedInformer[T], *, consistent: bool = False) -> None:
        self._client = client
        self._shared = shared
        self._consistent = consistent
        self._last_heard = self._armed = 0
        self._was_silent = False
        """Whether the watch is restarted only because it was silent."""
        self.is_backing_off: bool = False
        """Whether it waits before its next attempt, since the last one failed."""

    async def started(self) -> None:
        """Connect; subscribers of an earlier instance are kept."""
        self._reflector = Reflector(
            self._client, self._shared.type, self._shared.indexer, self.ctx, consistent=self._consistent
        )
        self._shared.listed = False
        await self.connect(Connect())

    def stopped(self) -> None:
        """Stop the watch."""
        self._reflector.stop(self.ctx.self)

    @handle
    async def connect(self, message: Connect) -> None:
        """List if necessary, and watch; retry with back-off."""
        lists = self._reflector.must_list
        try:
            self._publish(await self._reflector.connect(self.ctx.self))
            if lists:
                self._send_initial_to_all()
        except StatusError as error:
            self._was_silent, self.is_backing_off = False, True
            self.ctx.log.warning("informer.failed", source=self._shared.source, error=str(error))
            self.ctx.after(self._reflector.failed(error), Connect(), key="connect")
        else:
            self._last_heard = self.ctx.now
            if not self._was_silent:
                self._shared.connected_at = self.ctx.now
            self._was_silent = self.is_backing_off = False
            self._listen(SILENCE_SECONDS)
            self._finish()

    @handle
    def events(self, message: WatchEvents) -> None:
        """Apply events to the indexer, and notify subscribers."""
        self._last_heard = now = self.ctx.now
        if now - self._armed > LISTENING_SECONDS * SECOND:
            self._listen(SILENCE_SECONDS)
        self._publish(self._reflector.receive(message))
        self._finish()

    @handle
    def closed(self, message: WatchClosed) -> None:
        """Resume the watch, or relist if it cannot be resumed."""
        self._reflector.closed(message)
        self._finish()

    @handle
    def check_silence(self, _message: CheckSilence) -> None:
        """Restart the watch if it has been silent for too long; otherwise check again when it could be."""
        silent = (self.ctx.now - self._last_heard) / SECOND
        if silent < SILENCE_SECONDS:
            self._listen(SILENCE_SECONDS - silent)
        else:
            self._reflector.stop(self.ctx.self)
            self._reflector.broken = self._was_silent = True
        self._finish()

    def _listen(self, seconds: float) -> None:
        self._armed = self.ctx.now
        self.ctx.after(seconds, CheckSilence(), key="silence")

    @handle
    def subscribe(self, message: Subscribe) -> None:
        """Send the subscriber all objects: now, or after the next list."""
        again = self._shared.subscribers.pop(message.subscriber, None) is not None
        if again:
            self._reflector.refresh()
            self._reconnect_if_broken()
        if again or not self._reflector.synced or self._reflector.must_list:
            self._shared.waiting[message.subscriber] = message
        else:
            self._send_initial(message)

    @handle
    def unsubscribe(self, message: Unsubscribe) -> None:
        """Remove the subscriber."""
        self.ctx.unwatch(message.subscriber)
        self._forget(message.subscriber)

    @handle
    def subscriber_died(self, message: Terminated) -> None:
        """Remove the subscriber."""
        self._forget(message.ref)

    def _forget(self, subscriber: Ref[Notify]) -> None:
        self._shared.subscribers.pop(subscriber, None)
        self._shared.waiting.pop(subscriber, None)

    def _finish(self) -> None:
        """After a message: admit subscribers that met a full mailbox, and reconnect if the watch is broken."""
        rejected, self._shared.rejected = self._shared.rejected, {}
        for message in rejected.values():
            self.subscribe(message)
        self._reconnect_if_broken()

    def _reconnect_if_broken(self) -> None:
        if self._reflector.broken:
            self.ctx.after(0.0, Connect(), key="connect")

    def _publish(self, changes: tuple[Change[T], ...]) -> None:
        if not changes:
            return
        marks_of = self._shared.marks_of
        marks = None if marks_of is None else [marks_of(one) for one in changes]
        everything = cast("tuple[Change[TypedObject], ...]", changes)
        told: dict[int, Notify] = {}
        for subscriber, subscription in self._shared.subscribers.items():
            wanted, concerns = subscription.marks, subscription.concerns
            notification = told.get(wanted)
            if notification is None:
                some = everything if marks is None or wanted == EVERY_CHANGE else _marked(everything, marks, wanted)
                notification = told[wanted] = Notify(self._shared.source, some)
            if concerns is not None and (some := notification.changes):
                some = tuple(filter(concerns, some))
                if len(some) < len(notification.changes):
                    notification = Notify(self._shared.source, some)
            if notification.changes:
                subscriber.tell(notification)

    def _send_initial_to_all(self) -> None:
        self._shared.listed = True
        waiting, self._shared.waiting = self._shared.waiting, {}
        for message in waiting.values():
            self._send_initial(message)

    def _send_initial(self, message: Subscribe) -> None:
        source, pending = self._shared.source, message.pending
        self._shared.subscribers[message.subscriber] = message
        self.ctx.watch(message.subscriber)
        objects = cast("Mapping[str, TypedObject]", self._shared.indexer.objects)
        present = _concerning(message, tuple(Change(ADDED, key, None, one) for key, one in objects.items()))
        if present or pending is None or not pending.is_empty(source, message.number):
            message.subscriber.tell(Notify(source, present, message.number))


def _marked(
    changes: tuple[Change[TypedObject], ...], marks: Sequence[int], wanted: int
) -> tuple[Change[TypedObject], ...]:
    """The changes that have one of the wanted marks."""
    return tuple([one for one, has in zip(changes, marks, strict=True) if has & wanted])


def _concerning(subscription: Subscribe, changes: tuple[Change[TypedObject], ...]) -> tuple[Change[TypedObject], ...]:
    concerns = subscription.concerns
    return changes if concerns is None else tuple(filter(concerns, changes))


class InformerFactory:
    """The informers of one component, one per kind, as children of an actor.

    Args:
        ctx: the context of the component's supervisor.
        client: what they read with.
        consistent: the first list is a live read, not one of the server's cache: a restarted component must not see less
            than its predecessor did, or it would do things twice.
    """

    def __init__(self, ctx: Context[M], client: Client, *, consistent: bool = True) -> None:
        self._ctx = ctx
        self._client = client
        self._consistent = consistent
        self._informers: dict[type[TypedObject], SharedInformer[TypedObject]] = {}

    def of(self, type_: type[T]) -> SharedInformer[T]:
        """The informer of a kind, started at the first call."""
        found = self._informers.get(type_)
        if found is not None:
            return cast("SharedInformer[T]", found)
        resource = self._client.resource(type_)
        shared = SharedInformer(type_, str(resource))
        self._informers[type_] = cast("SharedInformer[TypedObject]", shared)
        self._start(shared, f"informer-{resource.resource}")
        return shared

    def of_custom(self, type_: type[T], resource: GroupVersionResource) -> SharedInformer[T]:
        """An informer of a kind that need not be served (yet, or any more). Every call starts a new one; see `stop`."""
        shared = SharedInformer(type_, str(resource))
        self._start(shared)
        return shared

    def stop(self, informer: SharedInformer[T]) -> None:
        """Stop an informer that `of_custom` started."""
        self._ctx.stop(informer.ref)

    def _start(self, shared: SharedInformer[T], name: str = "") -> None:
        factory = partial(Informer[T], self._client, shared, consistent=self._consistent)
        shared.ref = self._ctx.spawn(factory, name=name, mailbox=MAILBOX)
