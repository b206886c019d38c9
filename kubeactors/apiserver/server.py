"""The API server: the one door to the state of the cluster."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias, TypeVar, cast

from msgspec.structs import replace

from kubeactors.actor import Actor, AskError, AskTimedOut, Gate, Ref, Terminated, Timer, handle
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
from kubeactors.apimachinery.status import ServiceUnavailable, Status, StatusError, Timeout
from kubeactors.apiserver import rbac
from kubeactors.apiserver.admission.webhooks.call import Call, no_call
from kubeactors.apiserver.authorization import Authorizer, access_to, denied
from kubeactors.apiserver.bootstrap import bootstrap
from kubeactors.apiserver.cacher import Cacher
from kubeactors.apiserver.config import ApiServerConfig
from kubeactors.apiserver.customresources.conversions import ATTEMPTS, NeedsConversion
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
from kubeactors.apiserver.parts import Ground, Parts
from kubeactors.apiserver.rbac.bootstrap import ensure_policy
from kubeactors.apiserver.registry.renewals import renew
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.registry.subresources import not_allowed
from kubeactors.apiserver.registry.tokens import TokenIssuer
from kubeactors.apiserver.selection import Selection
from kubeactors.apiserver.selfdescription import describe, ensure
from kubeactors.apiserver.serving import (
    node_of_kind,
    unknown_resource,
)
from kubeactors.apiserver.showing import selection_of
from kubeactors.apiserver.watchers import Subscriber, WatchHub
from kubeactors.apiserver.watching import await_start, start_of
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

AnyRequest: TypeAlias = Get | List | Create | Update | Patch | Delete | DeleteCollection | Watch | RenewLeases
Q = TypeVar("Q", Get, List, Create, Update, Patch, Delete, DeleteCollection, Watch, RenewLeases)

RETRY_SECONDS = 0.05
"""Until a store that could not be reached is tried again."""

_FromStore: TypeAlias = StoreEvents | StoreWatchCancelled


class ApiServer(
    Actor[ApiMessage | IsReady | CheckServer | _FromStore | OwnMessage], reentrant=True, deterministic=True
):
    """Answers requests: authorizes, admits, validates, stores; and streams what changes.

    Who asks is in the request; it was authenticated before. A refusal is a `Status` as the reply.
    A write is acknowledged when the store has it. While the cache is not primed, requests wait.

    Args:
        scheme: the kinds to serve; the server adds custom kinds to it, and nobody else changes it.
        store: where they are kept. Its codec is `ObjectCodec` with the same scheme.
        config: settings.
        authorizer: decides who may do what.
        tokens: signs tokens of service accounts; without it there are none.
        call_webhook: carries questions to webhooks of admission.
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
            if kind.custom:  # of an instance before this one
                scheme.remove(kind.gvr)
        self._store = store
        self._config = config or ApiServerConfig()
        self._authorizer = authorizer or rbac.default_authorizer()
        self._hub = WatchHub(self._config.watch_backlog)
        self._cacher = Cacher(scheme, self._hub, history=self._config.watch_history, node_of=node_of_kind)
        self._ground = Ground(
            scheme, store, self._config, self._authorizer, tokens, call_webhook, self._hub, self._cacher
        )
        self._ready = Gate()
        self._store_watch = 0
        self._priming = False
        self._compact_revision = 0
        self._steps_over = 0
        self._converting: dict[tuple[Subscriber, int], None] = {}
        """For whom what is gathered is being converted."""

    async def started(self) -> None:
        """Prime the cache and create what every cluster has."""
        parts = Parts(self._ground, self.ctx, self._give_up_later, self._settle_later)
        self._take(parts)
        await self._prime()
        self._over(Step.CACHE)
        await bootstrap(parts.registry, self._resources, self._config, parts.addresses.first)
        self._over(Step.FIRST_OBJECTS)
        description = describe(self._resources.values(), self._config)
        while not await ensure_policy(self._stored, self._resources, self.ctx):
            await self._freshness.catch_up()
        self._over(Step.ROLES)
        while not await ensure(description, self._stored, self._resources, self.ctx):
            await self._freshness.catch_up()
        await self._freshness.catch_up()
        self._over(Step.DESCRIPTION)
        if self._definitions is not None:
            await self._definitions.settle()
        self._over(Step.DEFINITIONS)
        self._ready.open()
        self._over(Step.SERVING)
        self.ctx.every(self._config.bookmark_seconds, SendBookmarks(), key="bookmarks")
        self.ctx.every(self._config.compaction_seconds, CompactHistory(), key="compaction")
        self.ctx.every(self._config.repair_seconds, RepairServices(), key="repair")

    def _take(self, parts: Parts) -> None:
        """Requests need them at hand."""
        self._resources, self._subresources = parts.resources, parts.subresources
        self._streams, self._freshness, self._stored = parts.streams, parts.freshness, parts.stored
        self._showing, self._writer = parts.showing, parts.writer
        self._conversions, self._definitions, self._repair = parts.conversions, parts.definitions, parts.repair

    def stopped(self) -> None:
        """Watches do not outlive the instance: their subscribers watch again."""
        self._streams.end_all()

    # Requests.

    @handle
    async def get(self, message: Get) -> Result | Status:
        """Read one object, or what a subresource shows of it."""
        return await self._answered(message, "get", self._showing.get)

    @handle
    async def list_(self, message: List) -> ListResult | Status:
        """Read a collection."""
        return await self._answered(message, "list", self._showing.list)

    @handle
    async def create(self, message: Create) -> Result | Status:
        """Create an object."""
        return await self._answered(message, "create", self._create)

    @handle
    async def update(self, message: Update) -> Result | Status:
        """Replace an object."""
        return await self._answered(message, "update", self._writer.update)

    @handle
    async def renew_leases(self, message: RenewLeases) -> LeasesRenewed | Status:
        """Renew many leases by one write."""
        return await self._answered(message, "update", self._renew)

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
        self._streams.stop(message.subscriber, message.watch)

    @handle
    def is_ready(self, message: IsReady) -> bool:
        """Whether requests are answered now."""
        return self._ready.is_open

    @handle
    async def check_server(self, message: CheckServer) -> ServerCheck:
        """Whether the store answers, and how far the start is."""
        store = ""
        try:
            await self._store.ask(Range(op=RangeOp(key=ROOT, limit=1)), timeout_seconds=STORE_SECONDS)
        except AskError as error:
            store = f"error getting data from etcd: {error}"
        return ServerCheck(store=store, is_current=self._ready.is_open, steps=self._steps_over)

    def _over(self, step: Step) -> None:
        """The steps up to this one are over."""
        self._steps_over = [*Step].index(step) + 1

    # What the store says.

    @handle
    def store_events(self, message: StoreEvents) -> None:
        """Take in what was written; not what an instance before this one was told, which has been read since."""
        if message.watch == self._store_watch and message.revision > self._cacher.revision:
            self._cacher.apply(message.revision, message.events)
            self._freshness.advance()
            if self.ctx.waiting:
                self._streams.schedule_flush()
            else:
                self._send_gathered()  # nothing else that could be sent with it is at hand

    @handle
    async def store_watch_cancelled(self, message: StoreWatchCancelled) -> None:
        """The cache has lost its source: begin anew. Watchers are closed; they come back."""
        if message.watch == self._store_watch:
            self._store_watch += 1  # nothing that it tells counts any more
            if self._priming:
                return  # who begins anew already will notice, and begin once more
            if self._ready.is_open:
                self._ready = Gate()
            self._streams.close_all()
            await self._prime()
            self._ready.open()

    @handle
    def terminated(self, message: Terminated) -> None:
        """A subscriber is gone, and its watches with it."""
        self._streams.gone(message.ref)

    # What the server tells itself.

    @handle
    def flush(self, message: Flush) -> None:
        """Send watchers what is gathered."""
        self._streams.flushing = False
        self._send_gathered()

    def _send_gathered(self) -> None:
        """What must be converted first waits for that."""
        for watcher in self._streams.flush():
            key = (watcher.subscriber, watcher.number)
            if key not in self._converting:
                self._converting[key] = None
                self.ctx.after(0.0, ConvertWatched(*key))

    @handle
    async def convert_watched(self, message: ConvertWatched) -> None:
        """Convert what is gathered for a watcher."""
        watcher = self._hub.find(message.subscriber, message.watch)
        try:
            if watcher is not None and watcher.shown is not None:
                waiting = [cast("TypedObject", one.object) for one in watcher.buffer]
                await self._conversions.convert_all(waiting, watcher.shown)
        except StatusError as refusal:
            assert watcher is not None, "something was converted for it"
            self._streams.fail(watcher, refusal.status)
        finally:
            del self._converting[message.subscriber, message.watch]
        self._streams.schedule_flush()

    @handle
    def send_bookmarks(self, message: SendBookmarks) -> None:
        """Tell watchers how far they have seen."""
        self._streams.send_bookmarks()

    @handle
    def end_watch(self, message: EndWatch) -> None:
        """A watch has lasted long enough, or almost."""
        self._streams.end(message)

    @handle
    def give_up(self, message: GiveUp) -> None:
        """Answer somebody who waits in vain."""
        self._freshness.give_up(message.number)

    @handle
    async def settle_definitions(self, message: SettleDefinitions) -> None:
        """Definitions have changed: serve what they describe."""
        if self._definitions is not None:
            await self._definitions.settle()

    @handle
    async def compact_history(self, message: CompactHistory) -> None:
        """Let the store forget what was old a while ago already."""
        revision, self._compact_revision = self._compact_revision, self._cacher.revision
        if revision:
            with suppress(AskError):  # there is a next time
                await self._store.ask(Compact(revision=revision))

    @handle
    async def repair_services(self, message: RepairServices) -> None:
        """See whether services have what was given out to them."""
        if self._ready.is_open:
            with suppress(AskError, StatusError):  # there is a next time
                await self._repair.look()

    # The path of a request.

    async def _answered(
        self, message: Q, verb: str, serve: Callable[[Resource, Q], Awaitable[R]], left: int = ATTEMPTS
    ) -> R | Status:
        """The answer, or the refusal as a Status: the one place where refusals become replies."""
        try:
            if not self._ready.is_open:
                await self._ready.wait()
            return await serve(self._admitted(message, verb), message)
        except NeedsConversion as need:
            return await self._anew(message, verb, serve, need, left)
        except StatusError as refusal:
            return refusal.status
        except AskTimedOut:
            return Timeout.saying("Timeout: request did not complete within the allotted timeout").status
        except AskError:
            return ServiceUnavailable.saying("the store cannot be reached, please try again").status

    async def _anew(  # what is done again, and how often it may be
        self, message: Q, verb: str, serve: Callable[[Resource, Q], Awaitable[R]], need: NeedsConversion, left: int
    ) -> R | Status:
        """Serve a request again, once what it needed has been converted."""
        if not left:
            return ServiceUnavailable.saying("the objects change faster than they can be converted").status
        try:
            await self._conversions.convert(need)
        except StatusError as refusal:
            return refusal.status
        return await self._answered(message, verb, serve, left - 1)

    def _admitted(self, message: AnyRequest, verb: str) -> Resource:
        """What the request is about, if its user may do that and the server knows how."""
        gvr = message.resource
        access = access_to(
            message.user,
            verb,
            gvr,
            namespace=message.namespace,
            name=message.name,
            subresource=message.subresource,
            field_selector=message.options.field_selector if isinstance(message, List | Watch) else "",
        )
        if not self._authorizer.allows(access):
            raise denied(access, self._authorizer.decide(access).reason)
        resource = self._resources.get(gvr)
        if resource is None:
            raise unknown_resource()
        if message.subresource:
            if (gvr, message.subresource) not in self._subresources:
                raise resource.missing(message.name) if resource.kind.custom else unknown_resource()
        elif verb not in resource.kind.verbs:
            raise not_allowed()
        return resource

    def _create(self, resource: Resource, message: Create) -> Awaitable[Result | Status]:
        """A binding that was sent to the namespace is one of the pod that it names."""
        if resource.kind.type is not Binding:
            return self._writer.create(resource, message)
        of_pod = replace(message, resource=PODS, name=message.object.metadata.name, subresource="binding")
        return self._writer.create(self._resources[PODS], of_pod)

    async def _renew(self, resource: Resource, message: RenewLeases) -> LeasesRenewed:
        return LeasesRenewed(failed=await renew(self._stored, resource, message))

    async def _delete_collection(self, resource: Resource, message: DeleteCollection) -> ListResult:
        selection = selection_of(resource, message.namespace, message.list_options)
        deleted = await self._writer.delete_collection(resource, message, selection)
        return await self._showing.in_version(resource, deleted)

    async def _watch(self, resource: Resource, message: Watch) -> WatchStarted:
        initial: ListResult | None = None
        if message.lists:
            initial = await self._showing.list(resource, message)
            options = replace(message.options, resource_version=initial.metadata.resource_version)
            message = replace(message, options=options)
        selection = selection_of(resource, message.namespace, message.options)
        start = start_of(message, resource)
        await await_start(message, start, self._freshness)
        if message.resource not in self._resources:
            raise unknown_resource()  # its definition has gone since this began to wait
        as_stored = resource.kind.stored_as is None and not resource.kind.is_asked_for
        shown = None if as_stored else resource.shown
        self._streams.begin(message, selection, start, shown)
        return WatchStarted(initial)

    # The cache.

    async def _prime(self) -> None:
        """Read everything, and watch from there; again and again while the store cannot be reached."""
        self._priming = True
        while not await self._primed():
            await self.ctx.sleep(RETRY_SECONDS)
        self._priming = False
        for resource in self._resources.values():
            resource.strategy.restore(resource.cache.objects.select(Selection()))
        self._freshness.advance()

    async def _primed(self) -> bool:
        end = prefix_end(ROOT)
        try:
            found = await self._store.ask(Range(op=RangeOp(key=ROOT, range_end=end)))
            assert isinstance(found, RangeReply), "the newest revision can be read"
            number = self._store_watch = self._store_watch + 1
            self._streams.close_all()  # who has come since the last attempt does not know what that has left out
            self._cacher.prime(found.revision, found.kvs)
            create = WatchCreate(
                subscriber=self.ctx.self,
                watch=self._store_watch,
                key=ROOT,
                range_end=end,
                start_revision=found.revision + 1,
            )
            return isinstance(await self._store.ask(create), WatchCreated) and self._store_watch == number
        except AskError:
            return False

    def _settle_later(self) -> None:
        if not self.ctx.self.tell(SettleDefinitions()):  # no room among the requests
            self.ctx.after(0.0, SettleDefinitions(), key="definitions")

    def _give_up_later(self, number: int) -> Timer:
        return self.ctx.after(self._config.freshness_seconds, GiveUp(number))
