"""The base of controllers: notifications put keys into a queue, workers reconcile them.

Source: pkg/controller/*/controller.go share this shape (v1.36).
"""

from collections.abc import Callable
from typing import TypeAlias, TypeVar, cast

from kubeactors.actor import Actor, handle
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.status import Conflict, StatusError
from kubeactors.client.informer import SharedInformer
from kubeactors.client.objects import is_ambiguous
from kubeactors.client.reflector import Change
from kubeactors.client.subscriptions import EVERY_CHANGE, Notify, Subscriptions, Unsubscribe
from kubeactors.client.workqueue import SECOND, WorkQueue
from kubeactors.message import Message

T = TypeVar("T", bound=TypedObject)

MAX_RETRIES = 15
"""After so many failures in a row they are logged at level error; the key is still retried."""

MAX_RECONCILES_PER_SECOND = 300
"""The limit for one key. A key that needs more is in a loop: somebody undoes what its controller does.

client-go has no such limit; its limit of requests (20 per second, `--kube-api-qps`) slows whole controllers instead.
"""


class Work(Message, frozen=True):
    """A controller tells itself: take a key and reconcile it."""


class Wake(Message, frozen=True):
    """A controller tells itself: delayed keys are due."""


ControllerMessage: TypeAlias = Notify | Work | Wake


class Controller(Actor[ControllerMessage], reentrant=True, deterministic=True):
    """Reconciles keys, at most `concurrency` at a time and never one key twice at once.

    A subclass calls `observe` in `__init__` for each informer that it needs, enqueues keys in the handlers that it passes
    there, and implements `reconcile`. Nothing is reconciled before all informers have synced.
    """

    concurrency: int = 5

    def __init__(self) -> None:
        self.queue: WorkQueue = WorkQueue()
        self._informers: dict[str, tuple[SharedInformer[TypedObject], Callable[[Change[TypedObject]], None]]] = {}
        self._filters: dict[str, tuple[int, Callable[[Change[TypedObject]], bool] | None]] = {}
        """Per source, which changes concern the controller: marks, and a predicate."""
        self._unsynced: Subscriptions = Subscriptions()
        """The sources that have not synced yet."""
        self._late: Subscriptions = Subscriptions()
        """Those of them that were added while this ran; nothing waits for them."""
        self._workers = 0
        self._armed: int | None = None
        self._doubted: dict[str, None] = {}
        self._counts: dict[str, int] = {}
        """How many times each key was reconciled within the current second."""
        self._second_ends = 0

    async def reconcile(self, key: str) -> None:
        """Bring the object of this key a step closer to its desired state. Called again after a failure.

        Raises:
            StatusError: a request failed; the key is retried after its back-off.
        """
        raise NotImplementedError

    def observe(
        self,
        informer: SharedInformer[T],
        handler: Callable[[Change[T]], None],
        marks: int = EVERY_CHANGE,
        *,
        concerns: Callable[[Change[T]], bool] | None = None,
    ) -> None:
        """Call the handler for each object of a collection, as added, and then for each change.

        Changes without any of these marks may be left out (see `SharedInformer.mark_by`), as are those for which
        `concerns` returns False: the handler would ignore them. It is called as soon as the lister shows the change, and
        may read listers: if something that they show later matters, that must have a change of its own.
        """
        entry = cast("tuple[SharedInformer[TypedObject], Callable[[Change[TypedObject]], None]]", (informer, handler))
        self._informers[informer.source] = entry
        self._filters[informer.source] = marks, cast("Callable[[Change[TypedObject]], bool] | None", concerns)
        self._unsynced.add(informer.source)

    def observe_late(self, informer: SharedInformer[T], handler: Callable[[Change[T]], None]) -> None:
        """Like `observe`, for a collection that is added while the controller runs. See `late_synced`."""
        self.observe(informer, handler)
        self._unsynced.discard(informer.source)
        self._late.add(informer.source, informer.subscribe(self.ctx.self))

    def forget(self, informer: SharedInformer[T]) -> None:
        """Stop observing a collection that was observed late."""
        del self._informers[informer.source], self._filters[informer.source]
        self._late.discard(informer.source)
        if informer.ref is not None:
            informer.ref.tell(Unsubscribe(self.ctx.self))

    def started(self) -> None:
        """Subscribe. An override must call this."""
        for source, (informer, _) in self._informers.items():
            marks, concerns = self._filters[source]
            number = informer.subscribe(self.ctx.self, marks, self._unsynced, concerns)
            self._unsynced.add(source, number)

    def stopped(self) -> None:
        """Drop the informers, whose handlers refer back to this instance. An override must call this."""
        self._informers.clear()
        self._filters.clear()

    @property
    def synced(self) -> bool:
        """Whether all informers have synced."""
        return not self._unsynced

    @property
    def late_synced(self) -> bool:
        """Whether the collections that were observed late have synced, too."""
        return not self._late

    def enqueue(self, key: str) -> None:
        """Queue a key to be reconciled."""
        self.queue.add(key)
        self._dispatch()

    def enqueue_after(self, key: str, seconds: float) -> None:
        """Queue a key after a delay."""
        self.queue.add_after(key, seconds, self.ctx.now)
        self._arm()
        self._dispatch()

    def needs_work(self, key: str) -> bool:
        """Whether a delayed key that is due needs to be reconciled. An override may delay it again."""
        del key
        return True

    def in_doubt(self, key: str) -> bool:
        """Whether a live read is needed: the last attempt at this key ended with a write of unknown outcome, or a conflict.

        After a conflict the cache is known to be stale, and may stay so for long.
        """
        return key in self._doubted

    @handle
    def notify(self, message: Notify) -> None:
        """Pass changes to their handlers, which enqueue keys."""
        entry = self._informers.get(message.source)
        if entry is None:
            return  # no longer observed
        if self._unsynced.accepts(message) and self._late.accepts(message):
            for change in message.changes:
                entry[1](change)
        self._dispatch()

    @handle
    def wake(self, message: Wake) -> None:
        """Queue the keys that are due."""
        self._armed = None
        self.queue.advance(self.ctx.now, self.needs_work)
        self._arm()
        self._dispatch()

    @handle
    async def work(self, message: Work) -> None:
        """Reconcile the next key."""
        if not self._workers:
            return  # sent by an earlier instance
        key = self.queue.get()
        if key is not None and self._is_over_limit(key):
            self.queue.done(key)
            self.enqueue_after(key, (self._second_ends - self.ctx.now) / SECOND)
        elif key is not None:
            await self._process(key)
        self._workers = max(self._workers - 1, 0)
        self._dispatch()

    def _is_over_limit(self, key: str) -> bool:
        now = self.ctx.now
        if now >= self._second_ends:
            self._second_ends = now + SECOND
            self._counts.clear()
        count = self._counts[key] = self._counts.get(key, 0) + 1
        return count > MAX_RECONCILES_PER_SECOND

    async def _process(self, key: str) -> None:
        try:
            await self.reconcile(key)
        except StatusError as error:
            self._failed(key, error)
        else:
            self.queue.forget(key)
            self._doubted.pop(key, None)
        self.queue.done(key)

    def _failed(self, key: str, error: StatusError) -> None:
        if is_ambiguous(error) or isinstance(error, Conflict):
            self._doubted[key] = None
        self.queue.add_rate_limited(key, self.ctx.now)
        log = self.ctx.log.error if self.queue.failures(key) > MAX_RETRIES else self.ctx.log.info
        log("reconcile.failed", key=key, error=str(error), failures=self.queue.failures(key))
        self._arm()

    def _dispatch(self) -> None:
        if self._unsynced:
            return
        for _ in range(min(len(self.queue), self.concurrency - self._workers)):
            self._workers += 1
            self.ctx.self.tell(Work())

    def _arm(self) -> None:
        due = self.queue.next_due()
        if due is not None and (self._armed is None or due < self._armed):
            self._armed = due
            self.ctx.after(max(due - self.ctx.now, 0) / SECOND, Wake(), key="wake")
