"""The API server: the one door to the state of the cluster."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias, TypeVar, cast

from msgspec.structs import replace

from kubeactors.actor import Actor, AskError, AskTimedOut, Gate, Ref, Terminated, handle
from kubeactors.apimachinery.requests import (
    Create,
    Delete,
    DeleteCollection,
    Get,
    List,
    ListOptions,
    ListResult,
    Patch,
    Result,
    StopWatch,
    Update,
    Watch,
    WatchClosed,
    WatchEvent,
    WatchStarted,
)
from kubeactors.apimachinery.scheme import Scheme
from kubeactors.apimachinery.status import Expired, ServiceUnavailable, Status, StatusError, Timeout
from kubeactors.apiserver.authorization import Access, Authorizer, ControlPlaneAuthorizer, denied
from kubeactors.apiserver.bootstrap import bootstrap
from kubeactors.apiserver.cacher import Cacher
from kubeactors.apiserver.config import ApiServerConfig
from kubeactors.apiserver.freshness import CacheFreshness
from kubeactors.apiserver.keys import ROOT
from kubeactors.apiserver.messages import (
    ApiMessage,
    CompactHistory,
    EndWatch,
    Flush,
    GiveUp,
    IsReady,
    OwnMessage,
    SendBookmarks,
)
from kubeactors.apiserver.reading import Reader
from kubeactors.apiserver.registry.allocators import AddressAllocator, PortAllocator
from kubeactors.apiserver.registry.registry import Registry
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.registry.storage import Stored
from kubeactors.apiserver.registry.subresources import not_allowed
from kubeactors.apiserver.registry.templates import Templates
from kubeactors.apiserver.registry.tokens import TokenIssuer
from kubeactors.apiserver.selection import Selection, select
from kubeactors.apiserver.serving import (
    Shared,
    admission_of,
    node_of_kind,
    resources_of,
    subresources_of,
    unknown_resource,
)
from kubeactors.apiserver.watchers import Subscriber, Watcher, WatchHub
from kubeactors.apiserver.watching import await_start, begin, start_of
from kubeactors.apiserver.writing import Writer
from kubeactors.storage.messages import (
    Compact,
    Range,
    RangeOp,
    RangeReply,
    StoreEvents,
    StoreMessage,
    StoreWatchCancelled,
    WatchCreate,
    WatchCreated,
    prefix_end,
)

R = TypeVar("R")

AnyRequest: TypeAlias = Get | List | Create | Update | Patch | Delete | DeleteCollection | Watch
Q = TypeVar("Q", Get, List, Create, Update, Patch, Delete, DeleteCollection, Watch)

RETRY_SECONDS = 0.05
"""Until a watcher that had no room is tried again."""
LAST_BOOKMARK_SECONDS = 2
"""So long before a watch ends it gets a bookmark, so that the next one need not go far back."""


_FromStore: TypeAlias = StoreEvents | StoreWatchCancelled


class ApiServer(Actor[ApiMessage | IsReady | _FromStore | OwnMessage], reentrant=True, deterministic=True):
    """Answers requests: authorizes, admits, validates, stores; and streams what changes.

    Who asks is in the request; it was authenticated before. A refusal is a `Status` as the reply.
    A write is acknowledged when the store has it. While the cache is not primed, requests wait.

    Args:
        scheme: the kinds to serve.
        store: where they are kept. Its codec is `ObjectCodec` with the same scheme.
        config: settings.
        authorizer: decides who may do what.
        tokens: signs tokens of service accounts; without it there are none.
    """

    def __init__(
        self,
        scheme: Scheme,
        store: Ref[StoreMessage],
        config: ApiServerConfig | None = None,
        authorizer: Authorizer | None = None,
        tokens: TokenIssuer | None = None,
    ) -> None:
        self._scheme = scheme
        self._store = store
        self._config = config or ApiServerConfig()
        self._authorizer = authorizer or ControlPlaneAuthorizer()
        self._tokens = tokens
        self._hub = WatchHub(self._config.watch_backlog)
        self._cacher = Cacher(scheme, self._hub, history=self._config.watch_history, node_of=node_of_kind)
        self._ready = Gate()
        self._flushing = False
        self._store_watch = 0
        self._compact_revision = 0

    async def started(self) -> None:
        """Prime the cache and create what every cluster has."""
        environment = self.ctx
        addresses = AddressAllocator(self._config.service_cidr, environment.random_for("addresses"))
        ports = PortAllocator(
            self._config.node_port_first, self._config.node_port_last, environment.random_for("node ports")
        )
        shared = Shared(environment=environment, addresses=addresses, ports=ports, templates=Templates())
        admission = admission_of(self._cacher, shared.templates, environment.random_for("token volumes"))
        self._resources = resources_of(self._scheme, self._cacher, shared)
        self._subresources = subresources_of(self._scheme, environment, self._cacher, self._tokens)
        self._freshness = CacheFreshness(self._store, self._cacher, self._give_up_later)
        self._reader = Reader(self._store, self._freshness)
        registry = Registry(Stored(self._store), environment, admission)
        self._writer = Writer(registry, self._reader, self._freshness, self._subresources)
        await self._prime()
        await bootstrap(registry, self._resources, self._config, addresses.first)
        await self._freshness.catch_up()
        self._ready.open()
        self.ctx.every(self._config.bookmark_seconds, SendBookmarks(), key="bookmarks")
        self.ctx.every(self._config.compaction_seconds, CompactHistory(), key="compaction")

    def stopped(self) -> None:
        """Watches do not outlive the instance: their subscribers watch again."""
        self._close_all()
        self._hub.flush()

    # Requests.

    @handle
    async def get(self, message: Get) -> Result | Status:
        """Read one object, or what a subresource shows of it."""
        return await self._answered(message, "get", self._get)

    @handle
    async def list_(self, message: List) -> ListResult | Status:
        """Read a collection."""
        return await self._answered(message, "list", self._list)

    @handle
    async def create(self, message: Create) -> Result | Status:
        """Create an object."""
        return await self._answered(message, "create", self._writer.create)

    @handle
    async def update(self, message: Update) -> Result | Status:
        """Replace an object."""
        return await self._answered(message, "update", self._writer.update)

    @handle
    async def patch(self, message: Patch) -> Result | Status:
        """Change an object."""
        return await self._answered(message, "patch", self._writer.patch)

    @handle
    async def delete(self, message: Delete) -> Result | Status:
        """Delete an object."""
        return await self._answered(message, "delete", self._writer.delete)

    @handle
    async def delete_collection(self, message: DeleteCollection) -> ListResult | Status:
        """Delete many objects."""
        return await self._answered(message, "deletecollection", self._delete_collection)

    @handle
    async def watch(self, message: Watch) -> WatchStarted | Status:
        """Begin a stream of changes."""
        return await self._answered(message, "watch", self._watch)

    @handle
    def stop_watch(self, message: StopWatch) -> None:
        """End a stream. Nothing more is sent."""
        watcher = self._hub.find(message.subscriber, message.watch)
        if watcher is not None:
            self._forget(watcher)

    @handle
    def is_ready(self, message: IsReady) -> bool:
        """Whether requests are answered now."""
        return self._ready.is_open

    # What the store says.

    @handle
    def store_events(self, message: StoreEvents) -> None:
        """Take in what was written."""
        if message.watch == self._store_watch:
            self._cacher.apply(message.revision, message.events)
            self._freshness.advance()
            self._schedule_flush()

    @handle
    async def store_watch_cancelled(self, message: StoreWatchCancelled) -> None:
        """The cache has lost its source: begin anew. Watchers are closed; they come back."""
        if message.watch == self._store_watch:
            if self._ready.is_open:
                self._ready = Gate()
            self._close_all()
            await self._prime()
            self._ready.open()

    @handle
    def terminated(self, message: Terminated) -> None:
        """A subscriber is gone, and its watches with it."""
        for watcher in self._hub.of(cast("Subscriber", message.ref)):
            self._forget(watcher)

    # What the server tells itself.

    @handle
    def flush(self, message: Flush) -> None:
        """Send what is gathered; those without room are tried again, those too far behind are closed."""
        self._flushing = False
        ended, lost = self._hub.flush()
        for watcher in ended:
            self._forget(watcher)
        for watcher in lost:
            self._close(watcher)
        if self._hub.pending:
            self._flushing = True
            self.ctx.after(RETRY_SECONDS, Flush(), key="flush")

    @handle
    def give_up(self, message: GiveUp) -> None:
        """Answer somebody who waits in vain."""
        self._freshness.give_up(message.number)

    @handle
    def send_bookmarks(self, message: SendBookmarks) -> None:
        """Tell watchers who want to know it how far they have seen."""
        for cache in self._cacher:
            bookmark = cache.bookmark(self._cacher.revision)
            for watcher in cache.watchers:
                if watcher.bookmarks and watcher.marked < self._cacher.revision:
                    watcher.marked = self._cacher.revision
                    self._hub.offer(watcher, bookmark)
        self._schedule_flush()

    @handle
    def end_watch(self, message: EndWatch) -> None:
        """A watch has lasted long enough."""
        watcher = self._hub.find(message.subscriber, message.watch)
        if watcher is None:
            return
        if message.bookmark:
            self._hub.offer(watcher, self._cacher.of(watcher.resource).bookmark(self._cacher.revision))
        else:
            self._close(watcher)
        self._schedule_flush()

    @handle
    async def compact_history(self, message: CompactHistory) -> None:
        """Let the store forget what was old a while ago already."""
        revision, self._compact_revision = self._compact_revision, self._cacher.revision
        if revision:
            with suppress(AskError):  # there is a next time
                await self._store.ask(Compact(revision=revision))

    # The path of a request.

    async def _answered(self, message: Q, verb: str, serve: Callable[[Resource, Q], Awaitable[R]]) -> R | Status:
        """The answer, or the refusal as a Status: the one place where refusals become replies."""
        try:
            if not self._ready.is_open:
                await self._ready.wait()
            return await serve(self._admitted(message, verb), message)
        except StatusError as refusal:
            return refusal.status
        except AskTimedOut:
            return Timeout.saying("Timeout: request did not complete within the allotted timeout").status
        except AskError:
            return ServiceUnavailable.saying("the store cannot be reached, please try again").status

    def _admitted(self, message: AnyRequest, verb: str) -> Resource:
        """What the request is about, if its user may do that and the server knows how."""
        gvr = message.resource
        access = Access(
            user=message.user,
            verb=verb,
            group=gvr.group,
            resource=gvr.resource,
            subresource=message.subresource,
            namespace=message.namespace,
            name=message.name,
        )
        if not self._authorizer.allows(access):
            raise denied(access)
        resource = self._resources.get(gvr)
        if resource is None:
            raise unknown_resource()
        if message.subresource:
            if (gvr.resource, message.subresource) not in self._subresources:
                raise unknown_resource()
        elif verb not in resource.kind.verbs:
            raise not_allowed()
        return resource

    async def _get(self, resource: Resource, message: Get) -> Result:
        found = await self._reader.get(resource, message)
        if message.subresource:
            found = self._subresources[resource.kind.resource, message.subresource].get(resource, found)
        return Result(object=found, warnings=_deprecation(resource))

    async def _list(self, resource: Resource, message: List) -> ListResult:
        selection = self._selection(resource, message.namespace, message.options)
        found = await self._reader.list(resource, selection.namespace, message.options, selection)
        warnings = _deprecation(resource)
        return replace(found, warnings=warnings) if warnings else found

    async def _delete_collection(self, resource: Resource, message: DeleteCollection) -> ListResult:
        selection = self._selection(resource, message.namespace, message.list_options)
        return await self._writer.delete_collection(resource, message, selection)

    async def _watch(self, resource: Resource, message: Watch) -> WatchStarted:
        selection = self._selection(resource, message.namespace, message.options)
        start = start_of(message, resource)
        await await_start(message, start, self._freshness)
        older = self._hub.find(message.subscriber, message.watch)
        if older is not None:
            self._forget(older)
        try:
            watcher, events = begin(message, selection, start, self._cacher)
        except Expired as refusal:
            # As in the original the stream begins, and its only event says why it ends.
            message.subscriber.tell(WatchClosed(message.watch, refusal.status))
            return WatchStarted()
        self._register(watcher, events, message.options.timeout_seconds)
        return WatchStarted()

    def _selection(self, resource: Resource, namespace: str, options: ListOptions) -> Selection:
        kind = resource.kind
        return select(kind, namespace, options.label_selector, options.field_selector, node_of_kind(kind))

    # Watchers.

    def _register(self, watcher: Watcher, events: list[WatchEvent], timeout_seconds: int | None) -> None:
        subscriber = watcher.subscriber
        if self._hub.add(watcher) and isinstance(subscriber, Ref):
            self.ctx.watch(subscriber)
        self._cacher.watch(watcher, events)
        self._schedule_flush()
        seconds = timeout_seconds or self._config.watch_seconds * (1 + self.ctx.random.random())
        ending = EndWatch(subscriber, watcher.number)
        watcher.timers.append(self.ctx.after(seconds, ending))
        if timeout_seconds and timeout_seconds > LAST_BOOKMARK_SECONDS and watcher.bookmarks:
            mark = EndWatch(subscriber, watcher.number, bookmark=True)
            watcher.timers.append(self.ctx.after(seconds - LAST_BOOKMARK_SECONDS, mark))

    def _close(self, watcher: Watcher, status: Status | None = None) -> None:
        """No more changes; the subscriber is told."""
        if not watcher.closed:
            self._cacher.of(watcher.resource).watchers.remove(watcher)
            self._hub.close(watcher, status)
            self._schedule_flush()

    def _close_all(self) -> None:
        for cache in self._cacher:
            for watcher in tuple(cache.watchers):
                self._close(watcher)

    def _forget(self, watcher: Watcher) -> None:
        """The subscriber is not told anything any more."""
        for timer in watcher.timers:
            timer.cancel()
        if not watcher.closed:
            self._cacher.of(watcher.resource).watchers.remove(watcher)
        if self._hub.forget(watcher) and isinstance(watcher.subscriber, Ref):
            self.ctx.unwatch(watcher.subscriber)

    def _schedule_flush(self) -> None:
        """One flush for everything that this round of messages brings."""
        if self._hub.pending and not self._flushing:
            self._flushing = True
            if not self.ctx.self.tell(Flush()):  # no room among the requests
                self.ctx.after(0.0, Flush(), key="flush")

    # The cache.

    async def _prime(self) -> None:
        """Read everything, and watch from there; again and again while the store cannot be reached."""
        while not await self._primed():
            await self.ctx.sleep(RETRY_SECONDS)
        for resource in self._resources.values():
            resource.strategy.restore(resource.cache.objects.select(Selection()))
        self._freshness.advance()

    async def _primed(self) -> bool:
        end = prefix_end(ROOT)
        try:
            found = await self._store.ask(Range(op=RangeOp(key=ROOT, range_end=end)))
            assert isinstance(found, RangeReply), "the newest revision can be read"
            self._store_watch += 1
            self._cacher.prime(found.revision, found.kvs)
            create = WatchCreate(
                subscriber=self.ctx.self,
                watch=self._store_watch,
                key=ROOT,
                range_end=end,
                start_revision=found.revision + 1,
            )
            return isinstance(await self._store.ask(create), WatchCreated)
        except AskError:
            return False

    def _give_up_later(self, number: int) -> None:
        self.ctx.after(self._config.freshness_seconds, GiveUp(number))


def _deprecation(resource: Resource) -> tuple[str, ...]:
    return (resource.kind.deprecation,) if resource.kind.deprecation else ()
