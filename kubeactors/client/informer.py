"""Informers: one reflector and indexer per kind, shared by all who live in the same component.

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
"""A watch that has said nothing for so long is begun anew: it may be dead.

Bookmarks come every minute if anything at all has changed in the cluster.
"""

LISTENING_SECONDS = 20.0
"""A sign of life this long after the last look at the clock puts the next one off, which costs no message."""

MAILBOX = Mailbox(capacity=100_000)


class Connect(Message, frozen=True):
    """An informer tells itself: list if need be, and watch."""


class CheckSilence(Message, frozen=True):
    """An informer tells itself: see whether the watch is alive."""


InformerMessage: TypeAlias = Subscribe | Unsubscribe | WatchEvents | WatchClosed | Connect | CheckSilence


class SharedInformer(Generic[T]):
    """The handle of an informer: what it knows, and where to subscribe. Outlives restarts of the actor."""

    def __init__(self, type_: type[T], source: str) -> None:
        self.type = type_
        self.source = source
        """Names the collection in `Notify`."""
        self.indexer: Indexer[T] = Indexer()
        self.subscribers: dict[Ref[Notify], Subscribe] = {}
        """Who is told of changes, and of which."""
        self.waiting: dict[Ref[Notify], Subscribe] = {}
        """Who is told what is there after the next list."""
        self.unheard: dict[Ref[Notify], Subscribe] = {}
        """Who subscribed last while the informer's mailbox was full."""
        self.marks_of: Callable[[Change[T]], int] | None = None
        """See `mark_by`."""
        self.news: int = EVERY_CHANGE
        """The marks of changes that are more than heartbeats."""
        self._subscriptions = 0
        self.listed: bool = False
        """Whether the informer knows by now what there is."""
        self.connected_at = 0
        """When the server was last found again, after a list or a watch had failed or ended: what was said before
        that may have got lost."""
        self.ref: Ref[InformerMessage] | None = None

    @property
    def lister(self) -> Lister[T]:
        """The read-only side."""
        return self.indexer

    def add_indexes(self, indexes: Mapping[str, IndexFunction[T]]) -> None:
        """Index objects by these functions; those whose name is taken stay as they are."""
        for name, values in indexes.items():
            self.indexer.add_index(name, values)

    def add_tally(self, name: str, group: GroupFunction[T]) -> None:
        """Count objects by this function; if the name is taken, the tally stays as it is."""
        self.indexer.add_tally(name, group)

    def mark_by(self, marks_of: Callable[[Change[T]], int], news: int = EVERY_CHANGE) -> None:
        """Let this function say, as bits, what a change is about: those who want other marks do not hear of it.

        Most changes of a pod concern one or two of a dozen controllers. Without a function everybody hears all.
        With `news` the function marks heartbeats, and what has one of these marks is more than that.
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
        """See `Subscribe`; the number of the subscription. It is not lost if the informer's mailbox is full.

        Nobody tells the informer anything as long as it has nothing to say: what is to be told once it has listed
        stands here already. So it is with all who start together with it.
        """
        assert self.ref is not None  # the factory spawns it
        self._subscriptions += 1
        message = Subscribe(subscriber, self._subscriptions, marks, pending, concerns)
        self.unheard.pop(subscriber, None)
        if not self.listed and subscriber not in self.subscribers:
            self.waiting[subscriber] = message
        elif not self.ref.tell(message):
            self.unheard[subscriber] = message
        return self._subscriptions


class Informer(Actor[InformerMessage], Generic[T], deterministic=True):
    """Keeps the indexer of a `SharedInformer` up to date and tells its subscribers."""

    def __init__(self, client: Client, shared: SharedInformer[T], *, consistent: bool = False) -> None:
        self._client = client
        self._shared = shared
        self._consistent = consistent
        self._heard = self._armed = 0
        self._was_silent = False
        """The watch is begun anew for no other reason than that it said nothing."""
        self.is_backing_off: bool = False
        """It waits with its next attempt, because the server has refused the last one, or could not be reached."""

    async def started(self) -> None:
        """Connect; subscribers of an earlier instance stay."""
        self._reflector = Reflector(
            self._client, self._shared.type, self._shared.indexer, self.ctx, consistent=self._consistent
        )
        self._shared.listed = False
        await self.connect(Connect())

    def stopped(self) -> None:
        """End the watch."""
        self._reflector.stop(self.ctx.self)

    @handle
    async def connect(self, message: Connect) -> None:
        """List if need be, and watch; if that fails, again after a while."""
        lists = self._reflector.must_list
        try:
            self._publish(await self._reflector.connect(self.ctx.self))
            if lists:
                self._welcome_all()
        except StatusError as error:
            self._was_silent, self.is_backing_off = False, True
            self.ctx.log.warning("informer.failed", source=self._shared.source, error=str(error))
            self.ctx.after(self._reflector.failed(error), Connect(), key="connect")
        else:
            self._heard = self.ctx.now
            if not self._was_silent:
                self._shared.connected_at = self.ctx.now
            self._was_silent = self.is_backing_off = False
            self._listen(SILENCE_SECONDS)
            self._carry_on()

    @handle
    def events(self, message: WatchEvents) -> None:
        """Take in what happened."""
        self._heard = now = self.ctx.now
        if now - self._armed > LISTENING_SECONDS * SECOND:
            self._listen(SILENCE_SECONDS)
        self._publish(self._reflector.receive(message))
        self._carry_on()

    @handle
    def closed(self, message: WatchClosed) -> None:
        """Watch again, or list again if that is too late."""
        self._reflector.closed(message)
        self._carry_on()

    @handle
    def check_silence(self, _message: CheckSilence) -> None:
        """Watch again if the watch is silent for too long; otherwise look again when it could be."""
        silent = (self.ctx.now - self._heard) / SECOND
        if silent < SILENCE_SECONDS:
            self._listen(SILENCE_SECONDS - silent)
        else:
            self._reflector.stop(self.ctx.self)
            self._reflector.broken = self._was_silent = True
        self._carry_on()

    def _listen(self, seconds: float) -> None:
        self._armed = self.ctx.now
        self.ctx.after(seconds, CheckSilence(), key="silence")

    @handle
    def subscribe(self, message: Subscribe) -> None:
        """Tell the new one what is there, or after the next list what is there then."""
        again = self._shared.subscribers.pop(message.subscriber, None) is not None
        if again:
            self._reflector.refresh()
            self._reconnect_if_broken()
        if again or not self._reflector.synced or self._reflector.must_list:
            self._shared.waiting[message.subscriber] = message
        else:
            self._welcome(message)

    @handle
    def unsubscribe(self, message: Unsubscribe) -> None:
        """Forget it."""
        self.ctx.unwatch(message.subscriber)
        self._forget(message.subscriber)

    @handle
    def subscriber_died(self, message: Terminated) -> None:
        """Forget it."""
        self._forget(message.ref)

    def _forget(self, subscriber: Ref[Notify]) -> None:
        self._shared.subscribers.pop(subscriber, None)
        self._shared.waiting.pop(subscriber, None)

    def _carry_on(self) -> None:
        """After a message: hear who was not heard because there was no room for it, and see that there is a watch."""
        unheard, self._shared.unheard = self._shared.unheard, {}
        for message in unheard.values():
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

    def _welcome_all(self) -> None:
        self._shared.listed = True
        waiting, self._shared.waiting = self._shared.waiting, {}
        for message in waiting.values():
            self._welcome(message)

    def _welcome(self, message: Subscribe) -> None:
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
    """The changes that have one of the marks that are wanted."""
    return tuple([one for one, has in zip(changes, marks, strict=True) if has & wanted])


def _concerning(subscription: Subscribe, changes: tuple[Change[TypedObject], ...]) -> tuple[Change[TypedObject], ...]:
    concerns = subscription.concerns
    return changes if concerns is None else tuple(filter(concerns, changes))


class InformerFactory:
    """The informers of one component, each kind once, as children of the actor whose context is given.

    Args:
        ctx: of the component's supervisor.
        client: as whom they read.
        consistent: the first list is the newest state, not what the server's cache holds: a component that starts
            again must not see less than its predecessor did, or it would do things twice.
    """

    def __init__(self, ctx: Context[M], client: Client, *, consistent: bool = True) -> None:
        self._ctx = ctx
        self._client = client
        self._consistent = consistent
        self._informers: dict[type[TypedObject], SharedInformer[TypedObject]] = {}

    def of(self, type_: type[T]) -> SharedInformer[T]:
        """The informer of a kind; it is started when it is first asked for."""
        found = self._informers.get(type_)
        if found is not None:
            return cast("SharedInformer[T]", found)
        resource = self._client.resource(type_)
        shared = SharedInformer(type_, str(resource))
        self._informers[type_] = cast("SharedInformer[TypedObject]", shared)
        self._start(shared, f"informer-{resource.resource}")
        return shared

    def of_custom(self, type_: type[T], resource: GroupVersionResource) -> SharedInformer[T]:
        """An informer of a kind that may not be served yet, and may go. Every call starts a new one; see `stop`."""
        shared = SharedInformer(type_, str(resource))
        self._start(shared)
        return shared

    def stop(self, informer: SharedInformer[T]) -> None:
        """End an informer that `of_custom` started."""
        self._ctx.stop(informer.ref)

    def _start(self, shared: SharedInformer[T], name: str = "") -> None:
        factory = partial(Informer[T], self._client, shared, consistent=self._consistent)
        shared.ref = self._ctx.spawn(factory, name=name, mailbox=MAILBOX)
