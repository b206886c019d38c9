"""The API server: the only access to the state of the cluster."""

from collections.abc import Awaitable
from contextlib import suppress
from typing import cast

from msgspec.structs import replace

from kubeactors.actor import Actor, AskError, Gate, Ref, Terminated, Timer, handle
from kubeactors.api.core.v1 import Binding
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import (
    Create,
    Delete,
    DeleteCollection,
    Get,
    LeasesRenewed,
    List,
    ListResult,
    Patch,
    RenewLeases,
    Result,
    StopWatch,
    Update,
    Watch,
    WatchStarted,
)
from kubeactors.apimachinery.scheme import Scheme
from kubeactors.apimachinery.status import Status, StatusError
from kubeactors.apiserver import rbac
from kubeactors.apiserver.admission.webhooks.call import Call, no_call
from kubeactors.apiserver.authorization import Authorizer
from kubeactors.apiserver.bootstrap import bootstrap
from kubeactors.apiserver.cacher import Cacher
from kubeactors.apiserver.config import ApiServerConfig
from kubeactors.apiserver.dispatch import Dispatcher
from kubeactors.apiserver.health import STORE_SECONDS, CheckServer, ServerCheck, Step
from kubeactors.apiserver.keys import ROOT
from kubeactors.apiserver.messages import (
    ApiMessage,
    CompactHistory,
    ConvertWatched,
    EndWatch,
    Flush,
    GiveUp,
    IsReady,
    OwnMessage,
    RepairServices,
    SendBookmarks,
    SettleDefinitions,
)
from kubeactors.apiserver.objects import PODS
from kubeactors.apiserver.parts import Dependencies, Parts
from kubeactors.apiserver.rbac.bootstrap import ensure_policy
from kubeactors.apiserver.registry.renewals import renew
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.registry.tokens import TokenIssuer
from kubeactors.apiserver.selection import Selection
from kubeactors.apiserver.selfdescription import describe, ensure
from kubeactors.apiserver.serving import (
    node_of_kind,
    unknown_resource,
)
from kubeactors.apiserver.store_feed import FromStore, StoreFeed
from kubeactors.apiserver.versioned_reading import selection_of
from kubeactors.apiserver.watchers import Subscriber, WatchHub
from kubeactors.apiserver.watching import await_start, start_of
from kubeactors.storage.messages import (
    Compact,
    Range,
    RangeOp,
    StoreEvents,
    StoreMessage,
    StoreWatchCancelled,
)


class ApiServer(Actor[ApiMessage | IsReady | CheckServer | FromStore | OwnMessage], reentrant=True, deterministic=True):
    """Serves requests: authorizes, admits, validates and stores them; and streams changes to watchers.

    The user in a request is authenticated already. A refusal is a `Status` as the reply. A write is acknowledged once
    the store has it. Requests wait until the cache is primed.

    Args:
        scheme: the kinds to serve. The server adds custom kinds to it; nobody else may change it.
        store: where objects are kept. Its codec is `ObjectCodec` with the same scheme.
        config: settings.
        authorizer: decides which requests are allowed; RBAC and the node authorizer unless given.
        tokens: signs service account tokens; without it none are issued.
        call_webhook: calls admission and conversion webhooks.
    """

    def __init__(  # noqa: PLR0913  it is made in one place, by name
        self,
        scheme: Scheme,
        store: Ref[StoreMessage],
        config: ApiServerConfig | None = None,
        authorizer: Authorizer | None = None,
        tokens: TokenIssuer | None = None,
        *,
        call_webhook: Call = no_call,
    ) -> None:
        for kind in scheme:
            if kind.custom:  # left by the previous incarnation
                scheme.remove(kind.gvr)
        self._store = store
        self._config = config or ApiServerConfig()
        self._authorizer = authorizer or rbac.default_authorizer()
        self._hub = WatchHub(self._config.watch_backlog)
        self._cacher = Cacher(scheme, self._hub, history=self._config.watch_history, node_of=node_of_kind)
        self._dependencies = Dependencies(
            scheme, store, self._config, self._authorizer, tokens, call_webhook, self._hub, self._cacher
        )
        self._compact_revision = 0
        self._steps_done = 0
        self._converting: dict[tuple[Subscriber, int], None] = {}
        """The watches whose pending events are being converted."""

    async def started(self) -> None:
        """Prime the cache and create the objects that every cluster has."""
        parts = Parts(self._dependencies, self.ctx, self._give_up_later, self._settle_later)
        self._take(parts)
        await self._prime()
        self._done(Step.CACHE)
        await bootstrap(parts.registry, self._resources, self._config, parts.addresses.first)
        self._done(Step.FIRST_OBJECTS)
        description = describe(self._resources.values(), self._config)
        while not await ensure_policy(self._stored, self._resources, self.ctx):
            await self._freshness.catch_up()
        self._done(Step.ROLES)
        while not await ensure(description, self._stored, self._resources, self.ctx):
            await self._freshness.catch_up()
        await self._freshness.catch_up()
        self._done(Step.DESCRIPTION)
        if self._definitions is not None:
            await self._definitions.settle()
        self._done(Step.DEFINITIONS)
        self._dispatcher.ready.open()
        self._done(Step.SERVING)
        self.ctx.every(self._config.bookmark_seconds, SendBookmarks(), key="bookmarks")
        self.ctx.every(self._config.compaction_seconds, CompactHistory(), key="compaction")
        self.ctx.every(self._config.repair_seconds, RepairServices(), key="repair")

    def _take(self, parts: Parts) -> None:
        """Keep the parts that handlers use."""
        self._resources, self._subresources = parts.resources, parts.subresources
        self._streams, self._freshness, self._stored = parts.streams, parts.freshness, parts.stored
        self._reader, self._writer = parts.reader, parts.writer
        self._conversions, self._definitions, self._repair = parts.conversions, parts.definitions, parts.repair
        self._feed = StoreFeed(self.ctx, self._store, self._cacher, self._streams)
        self._dispatcher = Dispatcher(
            self._authorizer, self._resources, self._subresources, self._conversions, lambda: self.ctx.caller
        )

    def stopped(self) -> None:
        """End all watches; their subscribers start new ones."""
        self._streams.end_all()

    # Requests.

    @handle
    async def get(self, message: Get) -> Result | Status:
        """Read one object, or one of its subresources."""
        return await self._dispatcher.answer(message, "get", self._reader.get)

    @handle
    async def list_(self, message: List) -> ListResult | Status:
        """Read a collection."""
        return await self._dispatcher.answer(message, "list", self._reader.list)

    @handle
    async def create(self, message: Create) -> Result | Status:
        """Create an object."""
        return await self._dispatcher.answer(message, "create", self._create)

    @handle
    async def update(self, message: Update) -> Result | Status:
        """Replace an object."""
        return await self._dispatcher.answer(message, "update", self._writer.update)

    @handle
    async def renew_leases(self, message: RenewLeases) -> LeasesRenewed | Status:
        """Renew many leases in one write."""
        return await self._dispatcher.answer(message, "update", self._renew)

    @handle
    async def patch(self, message: Patch) -> Result | Status:
        """Patch an object."""
        return await self._dispatcher.answer(message, "patch", self._writer.patch)

    @handle
    async def delete(self, message: Delete) -> Result | Status:
        """Delete an object."""
        return await self._dispatcher.answer(message, "delete", self._writer.delete)

    @handle
    async def delete_collection(self, message: DeleteCollection) -> ListResult | Status:
        """Delete many objects."""
        return await self._dispatcher.answer(message, "deletecollection", self._delete_collection)

    @handle
    async def watch(self, message: Watch) -> WatchStarted | Status:
        """Begin a stream of changes."""
        return await self._dispatcher.answer(message, "watch", self._watch)

    @handle
    def stop_watch(self, message: StopWatch) -> None:
        """End a stream at once: nothing more is sent, not even its end."""
        self._streams.stop(message.subscriber, message.watch)

    @handle
    def is_ready(self, message: IsReady) -> bool:
        """Whether requests are served now."""
        return self._dispatcher.ready.is_open

    @handle
    async def check_server(self, message: CheckServer) -> ServerCheck:
        """Whether the store answers, and how far the server has started."""
        store = ""
        try:
            await self._store.ask(Range(op=RangeOp(key=ROOT, limit=1)), timeout_seconds=STORE_SECONDS)
        except AskError as error:
            store = f"error getting data from etcd: {error}"
        return ServerCheck(store=store, is_current=self._dispatcher.ready.is_open, steps=self._steps_done)

    def _done(self, step: Step) -> None:
        """Start-up is complete up to and including this step."""
        self._steps_done = [*Step].index(step) + 1

    # Messages of the store.

    @handle
    def store_events(self, message: StoreEvents) -> None:
        """Apply writes to the cache. Events of an earlier watch are ignored: the cache has been primed since."""
        if message.watch == self._feed.watch and message.revision > self._cacher.revision:
            self._cacher.apply(message.revision, message.events)
            self._freshness.advance()
            if self.ctx.waiting:
                self._streams.schedule_flush()
            else:
                self._send_gathered()  # there is nothing to batch it with

    @handle
    async def store_watch_cancelled(self, message: StoreWatchCancelled) -> None:
        """The store has dropped the watch, so the cache may miss changes: prime it again. Watchers list again too."""
        if message.watch == self._feed.watch:
            self._feed.discard()
            if self._feed.is_priming:
                return  # the priming under way starts over
            if self._dispatcher.ready.is_open:
                self._dispatcher.ready = Gate()
            self._streams.close_all()
            await self._prime()
            self._dispatcher.ready.open()

    @handle
    def terminated(self, message: Terminated) -> None:
        """A subscriber has stopped: drop its watches."""
        self._streams.gone(message.ref)

    # Messages to itself.

    @handle
    def flush(self, message: Flush) -> None:
        """Send watchers their pending events."""
        self._streams.flushing = False
        self._send_gathered()

    def _send_gathered(self) -> None:
        """Events whose objects must be converted are sent once they are."""
        for watcher in self._streams.flush():
            key = (watcher.subscriber, watcher.number)
            if key not in self._converting:
                self._converting[key] = None
                self.ctx.after(0.0, ConvertWatched(*key))

    @handle
    async def convert_watched(self, message: ConvertWatched) -> None:
        """Convert the objects in the pending events of a watcher."""
        watcher = self._hub.find(message.subscriber, message.watch)
        try:
            if watcher is not None and watcher.shown is not None:
                waiting = [cast("TypedObject", one.object) for one in watcher.buffer]
                await self._conversions.convert_all(waiting, watcher.shown)
        except StatusError as refusal:
            assert watcher is not None, "only objects of a watcher are converted"
            self._streams.fail(watcher, refusal.status)
        finally:
            del self._converting[message.subscriber, message.watch]
        self._streams.schedule_flush()

    @handle
    def send_bookmarks(self, message: SendBookmarks) -> None:
        """Send bookmarks to the watchers that allow them."""
        self._streams.send_bookmarks()

    @handle
    def end_watch(self, message: EndWatch) -> None:
        """A watch has timed out, or is about to."""
        self._streams.end(message)

    @handle
    def give_up(self, message: GiveUp) -> None:
        """Time out a read that waits for the cache."""
        self._freshness.give_up(message.number)

    @handle
    async def settle_definitions(self, message: SettleDefinitions) -> None:
        """CustomResourceDefinitions have changed: serve what they define now."""
        if self._definitions is not None:
            await self._definitions.settle()

    @handle
    async def compact_history(self, message: CompactHistory) -> None:
        """Compact the store to the revision of the previous compaction interval."""
        revision, self._compact_revision = self._compact_revision, self._cacher.revision
        if revision:
            with suppress(AskError):  # the next interval tries again
                await self._store.ask(Compact(revision=revision))

    @handle
    async def repair_services(self, message: RepairServices) -> None:
        """Check that the addresses and ports of services are allocated to them."""
        if self._dispatcher.ready.is_open:
            with suppress(AskError, StatusError):  # the next interval tries again
                await self._repair.run_once()

    # Handlers.

    def _create(self, resource: Resource, message: Create) -> Awaitable[Result | Status]:
        """Create an object; a Binding is a `binding` subresource of the pod that it names."""
        if resource.kind.type is not Binding:
            return self._writer.create(resource, message)
        of_pod = replace(message, resource=PODS, name=message.object.metadata.name, subresource="binding")
        return self._writer.create(self._resources[PODS], of_pod)

    async def _renew(self, resource: Resource, message: RenewLeases) -> LeasesRenewed:
        return LeasesRenewed(failed=await renew(self._stored, resource, message))

    async def _delete_collection(self, resource: Resource, message: DeleteCollection) -> ListResult:
        selection = selection_of(resource, message.namespace, message.list_options)
        deleted = await self._writer.delete_collection(resource, message, selection)
        return await self._reader.in_version(resource, deleted)

    async def _watch(self, resource: Resource, message: Watch) -> WatchStarted:
        initial: ListResult | None = None
        if message.lists:
            initial = await self._reader.list(resource, message)
            options = replace(message.options, resource_version=initial.metadata.resource_version)
            message = replace(message, options=options)
        selection = selection_of(resource, message.namespace, message.options)
        start = start_of(message, resource)
        await await_start(message, start, self._freshness)
        if message.resource not in self._resources:
            raise unknown_resource()  # its definition was deleted while this waited
        as_stored = resource.kind.stored_as is None and not resource.kind.has_webhook_conversion
        shown = None if as_stored else resource.in_version
        self._streams.begin(message, selection, start, shown)
        return WatchStarted(initial)

    # The cache.

    async def _prime(self) -> None:
        await self._feed.prime()
        for resource in self._resources.values():
            resource.strategy.restore(resource.cache.objects.select(Selection()))
        self._freshness.advance()

    def _settle_later(self) -> None:
        if not self.ctx.self.tell(SettleDefinitions()):  # the mailbox is full
            self.ctx.after(0.0, SettleDefinitions(), key="definitions")

    def _give_up_later(self, number: int) -> Timer:
        return self.ctx.after(self._config.freshness_seconds, GiveUp(number))
