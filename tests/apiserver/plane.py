"""A store and an API server in a simulator, with short helpers for requests."""

from functools import partial
from typing import TypeVar

import msgspec

from kubeactors.actor import Mailbox, SimSystem
from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import ConfigMap, Container, Pod, PodSpec, ServiceAccount
from kubeactors.apimachinery.meta import DeleteOptions, ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import (
    ADMIN,
    MERGE_PATCH,
    NO_DELETE_OPTIONS,
    NO_LIST_OPTIONS,
    NO_WRITE_OPTIONS,
    Create,
    Delete,
    DeleteCollection,
    Get,
    GroupVersionResource,
    List,
    ListOptions,
    ListResult,
    Patch,
    Result,
    Update,
    Watch,
    WatchClosed,
    WatchEvents,
    WatchStarted,
    WriteOptions,
)
from kubeactors.apimachinery.status import Status
from kubeactors.apiserver import ApiServer, ApiServerConfig, ObjectCodec
from kubeactors.apiserver.registry.tokens import TokenIssuer
from kubeactors.storage import Store
from kubeactors.storage.backends.memory import MemoryBackend

T = TypeVar("T", bound=TypedObject)

DRY_RUN = WriteOptions(dry_run=("All",))


def gvr_of(type_: type[TypedObject]) -> GroupVersionResource:
    return SCHEME.by_type(type_).gvr


class Plane:
    """The server and its store. All requests are an administrator's, in the namespace `default`."""

    def __init__(
        self,
        config: ApiServerConfig | None = None,
        backend: MemoryBackend | None = None,
        tokens: TokenIssuer | None = None,
        mailbox: Mailbox | None = None,
    ) -> None:
        self.sim = SimSystem(seed=1)
        self.scheme = SCHEME.copy()
        self.backend = backend or MemoryBackend()
        self.store = self.sim.spawn(partial(Store, self.backend, ObjectCodec(self.scheme)), name="store")
        make = partial(ApiServer, self.scheme, self.store, config, None, tokens)
        self.server = self.sim.spawn(make, name="apiserver", mailbox=mailbox or Mailbox())

    def get(self, type_: type[T], name: str, namespace: str = "default", version: str = "", part: str = "") -> T:
        return self.object(self.try_get(type_, name, namespace, version, part), type_)

    def try_get(
        self, type_: type[TypedObject], name: str, namespace: str = "default", version: str = "", part: str = ""
    ) -> Result | Status:
        where = namespace if SCHEME.by_type(type_).namespaced else ""
        return self.sim.ask(
            self.server,
            Get(
                resource=gvr_of(type_),
                namespace=where,
                name=name,
                resource_version=version,
                subresource=part,
                user=ADMIN,
            ),
        )

    def listed(
        self, type_: type[TypedObject], namespace: str = "default", options: ListOptions = NO_LIST_OPTIONS
    ) -> ListResult:
        reply = self.try_list(type_, namespace, options)
        assert isinstance(reply, ListResult), reply
        return reply

    def try_list(
        self, type_: type[TypedObject], namespace: str = "default", options: ListOptions = NO_LIST_OPTIONS
    ) -> ListResult | Status:
        where = namespace if SCHEME.by_type(type_).namespaced else ""
        return self.sim.ask(self.server, List(resource=gvr_of(type_), namespace=where, options=options, user=ADMIN))

    def names(
        self, type_: type[TypedObject], namespace: str = "default", options: ListOptions = NO_LIST_OPTIONS
    ) -> list[str]:
        return [one.metadata.name for one in self.listed(type_, namespace, options).items]

    def create(self, value: T, options: WriteOptions = NO_WRITE_OPTIONS) -> T:
        reply = self.try_create(value, options)
        assert isinstance(reply, Result), reply
        return self.object(reply, type(value))

    def try_create(self, value: TypedObject, options: WriteOptions = NO_WRITE_OPTIONS) -> Result | Status:
        return self.sim.ask(self.server, self.creating(value, options))

    def creating(self, value: TypedObject, options: WriteOptions = NO_WRITE_OPTIONS) -> Create:
        """The request to create an object."""
        return Create(
            resource=gvr_of(type(value)), namespace=self._namespace(value), object=value, options=options, user=ADMIN
        )

    def act(self, type_: type[TypedObject], name: str, subresource: str, value: TypedObject) -> Result | Status:
        return self.sim.ask(
            self.server,
            Create(
                resource=gvr_of(type_),
                namespace="default",
                name=name,
                subresource=subresource,
                object=value,
                user=ADMIN,
            ),
        )

    def update(self, value: T, part: str = "", options: WriteOptions = NO_WRITE_OPTIONS) -> T:
        return self.object(self.try_update(value, part, options), type(value))

    def try_update(
        self, value: TypedObject, part: str = "", options: WriteOptions = NO_WRITE_OPTIONS
    ) -> Result | Status:
        return self.sim.ask(self.server, self.updating(value, part, options))

    def updating(self, value: TypedObject, part: str = "", options: WriteOptions = NO_WRITE_OPTIONS) -> Update:
        """The request to update an object."""
        return Update(
            resource=gvr_of(type(value)),
            namespace=self._namespace(value),
            name=value.metadata.name,
            subresource=part,
            object=value,
            options=options,
            user=ADMIN,
        )

    def patch(self, type_: type[T], name: str, patch: object, part: str = "", patch_type: str = MERGE_PATCH) -> T:
        return self.object(self.try_patch(type_, name, patch, part, patch_type), type_)

    def try_patch(
        self, type_: type[TypedObject], name: str, patch: object, part: str = "", patch_type: str = MERGE_PATCH
    ) -> Result | Status:
        return self.sim.ask(
            self.server,
            Patch(
                resource=gvr_of(type_),
                namespace="default" if SCHEME.by_type(type_).namespaced else "",
                name=name,
                subresource=part,
                patch_type=patch_type,
                patch=msgspec.json.encode(patch),
                user=ADMIN,
            ),
        )

    def delete(
        self, type_: type[TypedObject], name: str, options: DeleteOptions = NO_DELETE_OPTIONS
    ) -> Result | Status:
        return self.sim.ask(
            self.server,
            Delete(
                resource=gvr_of(type_),
                namespace="default" if SCHEME.by_type(type_).namespaced else "",
                name=name,
                options=options,
                user=ADMIN,
            ),
        )

    def delete_collection(
        self, type_: type[TypedObject], list_options: ListOptions, options: DeleteOptions = NO_DELETE_OPTIONS
    ) -> ListResult | Status:
        return self.sim.ask(
            self.server,
            DeleteCollection(
                resource=gvr_of(type_), namespace="default", list_options=list_options, options=options, user=ADMIN
            ),
        )

    def watch(
        self, type_: type[TypedObject], options: ListOptions = NO_LIST_OPTIONS, namespace: str = "default"
    ) -> "Seen":
        seen = Seen()
        where = namespace if SCHEME.by_type(type_).namespaced else ""
        reply = self.sim.ask(
            self.server,
            Watch(resource=gvr_of(type_), namespace=where, subscriber=seen, watch=7, options=options, user=ADMIN),
        )
        assert reply == WatchStarted(), reply
        return seen

    def with_account(self) -> "Plane":
        """Add the service account that pods run as."""
        self.create(ServiceAccount(metadata=ObjectMeta(name="default", namespace="default")))
        return self

    @staticmethod
    def object(reply: Result | Status, type_: type[T]) -> T:
        assert isinstance(reply, Result), reply
        assert isinstance(reply.object, type_)
        return reply.object

    @staticmethod
    def _namespace(value: TypedObject) -> str:
        return value.metadata.namespace or ("default" if SCHEME.by_type(type(value)).namespaced else "")


class Seen:
    """A subscriber that records its messages; with `room` it accepts only that many."""

    def __init__(self, room: int = 1_000_000) -> None:
        self.room = room
        self.messages: list[WatchEvents] = []
        self.closed: WatchClosed | None = None

    def tell(self, message: WatchEvents | WatchClosed, /) -> bool:
        if isinstance(message, WatchClosed):
            self.closed = message
            return True
        if len(self.messages) >= self.room:
            return False
        self.messages.append(message)
        return True

    @property
    def events(self) -> list[tuple[str, str]]:
        return [(event.type, event.object.metadata.name) for one in self.messages for event in one.events]

    @property
    def versions(self) -> list[int]:
        return [int(event.object.metadata.resource_version) for one in self.messages for event in one.events]


def config_map(name: str, labels: dict[str, str] | None = None, **data: str) -> ConfigMap:
    return ConfigMap(metadata=ObjectMeta(name=name, labels=labels or {}), data=data)


def pod(name: str, node: str = "", **metadata: object) -> Pod:
    spec = PodSpec(containers=(Container(name="c", image="nginx"),), node_name=node)
    return Pod(metadata=msgspec.structs.replace(ObjectMeta(name=name), **metadata), spec=spec)


def refusal(reply: object) -> tuple[int, str, str]:
    """The code, reason and message of an error."""
    assert isinstance(reply, Status), reply
    assert reply.status == "Failure"
    return reply.code, reply.reason, reply.message
