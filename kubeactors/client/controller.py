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
"""After so many failures in a row the log says so at level error; the key is retried on."""


MOST_A_SECOND = 300
"""So often a key is reconciled within a second. One that comes more often is in a circle: somebody undoes what is done.

client-go has no such bound; there the limit of requests a second (20, `--kube-api-qps`) slows all that a controller does.
"""


class Work(Message, frozen=True):
    """A controller tells itself: take a key and reconcile it."""


class Wake(Message, frozen=True):
    """A controller tells itself: delayed keys are due."""


ControllerMessage: TypeAlias = Notify | Work | Wake


class Controller(Actor[ControllerMessage], reentrant=True, deterministic=True):
    """Reconciles keys, at most `concurrency` at a time and never one key twice at once.

    A subclass calls `observe` in `__init__` for each informer it needs, enqueues keys in the handlers that it gives
    there, and implements `reconcile`. Nothing is reconciled before all informers have synced.
    """

    concurrency: int = 5

    def __init__(self) -> None:
        self.queue: WorkQueue = WorkQueue()
        self._informers: dict[str, tuple[SharedInformer[TypedObject], Callable[[Change[TypedObject]], None]]] = {}
        self._filters: dict[str, tuple[int, Callable[[Change[TypedObject]], bool] | None]] = {}
        """Which changes of each source concern the controller: by their marks, and by a look at them."""
        self._unsynced: Subscriptions = Subscriptions()
        """The sources that have not told yet what there is."""
        self._late: Subscriptions = Subscriptions()
        """The same of those that came while this ran; nothing waits for them."""
        self._workers = 0
        self._armed: int | None = None
        self._doubted: dict[str, None] = {}
        self._counts: dict[str, int] = {}
        """How often each key was reconciled within this second."""
        self._second_ends = 0

    async def reconcile(self, key: str) -> None:
        """Bring the object of this key a step closer to what it should be. Called again after a failure.

        Raises:
            StatusError: a request was refused; the key is retried after its back-off.
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
        """Call the handler for each change of a collection, and for what is in it at first.

        Changes that have none of these marks may be left out, see `SharedInformer.mark_by`; and so are those of which
        `concerns` says that the handler would do nothing with them. It is asked as soon as the lister shows the change,
        and knows what listers show then: what they show later must have a change of its own that is heard of.
        """
        entry = cast("tuple[SharedInformer[TypedObject], Callable[[Change[TypedObject]], None]]", (informer, handler))
        self._informers[informer.source] = entry
        self._filters[informer.source] = marks, cast("Callable[[Change[TypedObject]], bool] | None", concerns)
        self._unsynced.add(informer.source)

    def observe_late(self, informer: SharedInformer[T], handler: Callable[[Change[T]], None]) -> None:
        """Like `observe`, for a collection that comes while the controller runs. See `late_synced`."""
        self.observe(informer, handler)
        self._unsynced.discard(informer.source)
        self._late.add(informer.source, informer.subscribe(self.ctx.self))

    def forget(self, informer: SharedInformer[T]) -> None:
        """Hear no more of a collection that was observed late."""
        del self._informers[informer.source], self._filters[informer.source]
        self._late.discard(informer.source)
        if informer.ref is not None:
            informer.ref.tell(Unsubscribe(self.ctx.self))

    def started(self) -> None:
        """Subscribe. A subclass that overrides this calls it."""
        for source, (informer, _) in self._informers.items():
            marks, concerns = self._filters[source]
            number = informer.subscribe(self.ctx.self, marks, self._unsynced, concerns)
            self._unsynced.add(source, number)

    def stopped(self) -> None:
        """Let go of the informers: what they are told to look at leads back here. A subclass that overrides this calls it."""
        self._informers.clear()
        self._filters.clear()

    @property
    def synced(self) -> bool:
        """Whether all informers have told what there is."""
        return not self._unsynced

    @property
    def late_synced(self) -> bool:
        """Whether the collections that came late have told what there is, too."""
        return not self._late

    def enqueue(self, key: str) -> None:
        """The key needs work."""
        self.queue.add(key)
        self._dispatch()

    def enqueue_after(self, key: str, seconds: float) -> None:
        """The key needs work in a while."""
        self.queue.add_after(key, seconds, self.ctx.now)
        self._arm()
        self._dispatch()

    def needs_work(self, key: str) -> bool:
        """Whether a key that was delayed needs work now that it is due; a subclass may know better, and delay it again."""
        del key
        return True

    def in_doubt(self, key: str) -> bool:
        """Whether to read live, not the cache: the last attempt at this key ended with a write of unknown outcome.

        Or with one that was refused, because something is not as the cache shows it; that may be old for long.
        """
        return key in self._doubted

    @handle
    def notify(self, message: Notify) -> None:
        """Let the subclass turn changes into keys."""
        entry = self._informers.get(message.source)
        if entry is None:
            return  # forgotten meanwhile
        if self._unsynced.hears(message) and self._late.hears(message):
            for change in message.changes:
                entry[1](change)
        self._dispatch()

    @handle
    def wake(self, message: Wake) -> None:
        """Queue what is due."""
        self._armed = None
        self.queue.advance(self.ctx.now, self.needs_work)
        self._arm()
        self._dispatch()

    @handle
    async def work(self, message: Work) -> None:
        """Reconcile the next key."""
        if not self._workers:
            return  # told by an instance before this one
        key = self.queue.get()
        if key is not None and self._has_had_its_share(key):
            self.queue.done(key)
            self.enqueue_after(key, (self._second_ends - self.ctx.now) / SECOND)
        elif key is not None:
            await self._process(key)
        self._workers = max(self._workers - 1, 0)
        self._dispatch()

    def _has_had_its_share(self, key: str) -> bool:
        now = self.ctx.now
        if now >= self._second_ends:
            self._second_ends = now + SECOND
            self._counts.clear()
        count = self._counts[key] = self._counts.get(key, 0) + 1
        return count > MOST_A_SECOND

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
