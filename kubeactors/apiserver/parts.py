"""The parts of a server, created and wired with each instance."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from kubeactors.actor import Context, Ref, Timer
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.scheme import Scheme
from kubeactors.apiserver.admission.chain import Chain
from kubeactors.apiserver.admission.webhooks.call import Call
from kubeactors.apiserver.admission.webhooks.webhooks import Webhooks
from kubeactors.apiserver.authorization import Authorizer
from kubeactors.apiserver.cacher import Cacher
from kubeactors.apiserver.config import ApiServerConfig
from kubeactors.apiserver.customresources.conversions import Conversions
from kubeactors.apiserver.customresources.definitions import DEFINITIONS, Definitions
from kubeactors.apiserver.customresources.served import CustomKinds, Tables
from kubeactors.apiserver.field_manager import FieldManager
from kubeactors.apiserver.freshness import CacheFreshness
from kubeactors.apiserver.reading import Reader
from kubeactors.apiserver.registry.allocators import AddressAllocator, PortAllocator
from kubeactors.apiserver.registry.registry import Registry
from kubeactors.apiserver.registry.repair import Repair
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.registry.reviews import Reviews
from kubeactors.apiserver.registry.storage import Stored
from kubeactors.apiserver.registry.subresources import Subresource
from kubeactors.apiserver.registry.templates import Templates
from kubeactors.apiserver.registry.tokens import TokenIssuer
from kubeactors.apiserver.service_repair import ServiceRepair, recording
from kubeactors.apiserver.serving import (
    Known,
    Shared,
    admission_of,
    ledger_of,
    policy_index_of,
    resources_of,
    subresources_of,
)
from kubeactors.apiserver.streams import Streams
from kubeactors.apiserver.versioned_reading import VersionedReader
from kubeactors.apiserver.watchers import WatchHub
from kubeactors.apiserver.writing import Writer
from kubeactors.message import Message
from kubeactors.storage.messages import StoreMessage

M = TypeVar("M", bound=Message)


class Dependencies(NamedTuple):
    """What the parts depend on."""

    scheme: Scheme
    store: Ref[StoreMessage]
    config: ApiServerConfig
    authorizer: Authorizer
    tokens: TokenIssuer | None
    call_webhook: Call
    hub: WatchHub
    cacher: Cacher


class Parts:
    """The parts of one instance.

    Args:
        dependencies: their dependencies.
        ctx: the server's: time, ids, randomness, and event recorders.
        give_up_later: see `CacheFreshness`.
        settle_later: called when definitions have changed.
    """

    def __init__(
        self,
        dependencies: Dependencies,
        ctx: Context[M],
        give_up_later: Callable[[int], Timer],
        settle_later: Callable[[], None],
    ) -> None:
        config, cacher, tokens = dependencies.config, dependencies.cacher, dependencies.tokens
        self.streams: Streams = Streams(ctx, dependencies.hub, cacher, config.watch_seconds)
        self.addresses: AddressAllocator = AddressAllocator(config.service_cidr, ctx.random_for("addresses"))
        ports = PortAllocator(config.node_port_first, config.node_port_last, ctx.random_for("node ports"))
        shared = Shared(environment=ctx, addresses=self.addresses, ports=ports, templates=Templates())
        policies = policy_index_of(dependencies.scheme, cacher)
        known = Known(shared.templates, ledger_of(cacher, ctx), policies, config.node_labels)
        dependencies.authorizer.follow(cacher)
        admission = admission_of(dependencies.authorizer, cacher, ctx.random_for("token volumes"), known)
        self.resources: dict[GroupVersionResource, Resource] = resources_of(dependencies.scheme, cacher, shared)
        self.subresources: dict[tuple[GroupVersionResource, str], Subresource] = subresources_of(
            self.resources, ctx, cacher, tokens
        )
        self.freshness: CacheFreshness = CacheFreshness(dependencies.store, cacher, give_up_later)
        self.stored: Stored = Stored(dependencies.store)
        self.conversions: Conversions = Conversions(cacher, ctx, dependencies.call_webhook)
        reader = Reader(dependencies.store, self.freshness)
        self.reader: VersionedReader = VersionedReader(reader, self.subresources, self.conversions)
        self.registry: Registry = self._registry(dependencies, ctx, admission, known)
        self.writer: Writer = Writer(
            self.registry,
            reader,
            self.freshness,
            self.subresources,
            FieldManager(ctx),
            reviews=Reviews(dependencies.authorizer, ctx, cacher, tokens),
            conversions=self.conversions,
        )
        self.repair: ServiceRepair = ServiceRepair(
            Repair(self.addresses, ports),
            self.resources,
            self.stored,
            self.freshness,
            environment=ctx,
            record=recording(ctx),
        )
        self.definitions: Definitions | None = self._definitions(dependencies, ctx, settle_later)
        """None if the scheme has no custom resources."""

    def _registry(self, dependencies: Dependencies, ctx: Context[M], admission: Chain, known: Known) -> Registry:
        webhooks = Webhooks(
            known.policies, dependencies.cacher, dependencies.authorizer, ctx, dependencies.call_webhook
        )
        return Registry(self.stored, ctx, admission, webhooks)

    def _definitions(
        self, dependencies: Dependencies, ctx: Context[M], settle_later: Callable[[], None]
    ) -> Definitions | None:
        resource = self.resources.get(DEFINITIONS)
        if resource is None:
            return None
        tables = Tables(dependencies.scheme, self.resources, self.subresources)
        custom = CustomKinds(tables, dependencies.cacher, self.streams, ctx, self.conversions)
        definitions = Definitions(self.registry, resource, dependencies.cacher, custom, ctx)
        definitions.wake = settle_later
        dependencies.cacher.follow(definitions)
        return definitions
