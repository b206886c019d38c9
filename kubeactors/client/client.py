"""The client: typed requests to the API server, refusals as exceptions."""

from collections.abc import Awaitable, Generator, Mapping, Sequence
from typing import Generic, TypeVar, cast

import msgspec

from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import Binding, ObjectReference, Pod
from kubeactors.api.policy.v1 import Eviction
from kubeactors.apimachinery.meta import DeleteOptions, HasMeta, ListMeta, ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import (
    ADMIN,
    NO_DELETE_OPTIONS,
    NO_LIST_OPTIONS,
    STRATEGIC_MERGE_PATCH,
    ApiRequest,
    Create,
    Delete,
    DeleteCollection,
    Get,
    GroupVersionResource,
    List,
    ListOptions,
    Patch,
    Result,
    StopWatch,
    Update,
    UserInfo,
    Watch,
    WatchClosed,
    WatchEvents,
    WatchStarted,
    WriteOptions,
)
from kubeactors.apimachinery.scheme import Scheme
from kubeactors.apimachinery.status import NotFound, Status, StatusError
from kubeactors.apimachinery.unstructured import Unstructured
from kubeactors.client.transport import Transport
from kubeactors.message import Recipient

T = TypeVar("T", bound=TypedObject)
R = TypeVar("R")

FAILURE = "Failure"


class ObjectList(msgspec.Struct, Generic[T], frozen=True):
    """Objects of one kind at one revision, in key order."""

    metadata: ListMeta
    items: tuple[T, ...]


class Client:
    """Talks to the API server as one user. All methods raise a `StatusError` when the server refuses.

    They also raise `ServiceUnavailable` and `Timeout` when it does not answer; then a write may have happened.
    Objects that are returned are shared with everybody in this process, and are never changed.
    """

    def __init__(
        self, transport: Transport, user: UserInfo = ADMIN, *, manager: str = "", scheme: Scheme = SCHEME
    ) -> None:
        self._transport = transport
        self._scheme = scheme
        self.user = user
        self._write_options = WriteOptions(field_manager=manager)
        self._dry_run_options = WriteOptions(field_manager=manager, dry_run=("All",))

    def as_user(self, user: UserInfo, *, manager: str = "") -> "Client":
        """The same connection, used by somebody else."""
        return Client(self._transport, user, manager=manager, scheme=self._scheme)

    @property
    def scheme(self) -> Scheme:
        """The kinds that this client knows."""
        return self._scheme

    def resource(self, type_: type[TypedObject]) -> GroupVersionResource:
        """The resource that serves a kind.

        Raises:
            NotFound: nobody serves this custom kind, not yet or no longer.
            TypeError: this is no kind, but the name of one, or a dict.
        """
        try:
            return self._scheme.resource_of(type_)
        except KeyError:
            check_is_kind(type_)
            if issubclass(type_, Unstructured):
                raise NotFound.saying("the server could not find the requested resource") from None
            raise

    def submit(self, request: ApiRequest[R | Status]) -> "Awaitable[R]":
        """Like `send`, but the request is on its way at once: send several, then await them."""
        return _Granted(self._transport.send(request))

    async def send(self, request: ApiRequest[R | Status]) -> R:
        """Send any request as it is; its reply if it is not a refusal. The base of all other methods."""
        reply = await self._transport.send(request)
        if isinstance(reply, Status) and reply.status == FAILURE:
            raise StatusError.of(reply)
        return reply  # type: ignore[return-value] # pyright: ignore[reportReturnType] -- a cast is a call

    async def get(self, type_: type[T], name: str, namespace: str = "", *, resource_version: str = "") -> T:
        """One object: the newest, or with `resource_version` "0" what the server's cache holds."""
        request = Get(
            resource=self.resource(type_),
            namespace=namespace,
            name=name,
            resource_version=resource_version,
            user=self.user,
        )
        return cast("T", (await self.send(request)).object)

    async def find(self, type_: type[T], name: str, namespace: str = "") -> T | None:
        """Like `get`, but None if there is no such object."""
        try:
            return await self.get(type_, name, namespace)
        except NotFound:
            return None

    async def again(self, value: T) -> T | None:
        """The same object as it is now; None if it has gone, also if another one has its name by now."""
        found = await self.find(type(value), value.metadata.name, value.metadata.namespace)
        return found if found is not None and found.metadata.uid == value.metadata.uid else None

    async def list(  # noqa: PLR0913 -- these are the options of a list
        self,
        type_: type[T],
        namespace: str = "",
        *,
        label_selector: str = "",
        field_selector: str = "",
        resource_version: str = "",
        limit: int = 0,
        continue_: str = "",
    ) -> ObjectList[T]:
        """A collection. An empty `resource_version` reads the newest."""
        options = NO_LIST_OPTIONS
        if label_selector or field_selector or resource_version or limit or continue_:
            options = ListOptions(
                label_selector=label_selector,
                field_selector=field_selector,
                resource_version=resource_version,
                limit=limit,
                continue_=continue_,
            )
        request = List(resource=self.resource(type_), namespace=namespace, options=options, user=self.user)
        result = await self.send(request)
        return ObjectList(result.metadata, cast("tuple[T, ...]", result.items))

    async def create(self, object: T, *, namespace: str | None = None, dry_run: bool = False) -> T:  # noqa: A002 -- the field's name
        """Create an object, in the namespace of its metadata unless another is given."""
        result = await self.send(self._creation(object, namespace, self._dry_run_options if dry_run else None))
        return cast("T", result.object)

    def submit_create(self, object: TypedObject) -> "Awaitable[Result]":  # noqa: A002 -- the field's name
        """Like `create`, but the request is on its way at once: send several, then await them."""
        return self.submit(self._creation(object))

    async def create_subresource(
        self,
        type_: type[TypedObject],
        name: str,
        subresource: str,
        object: HasMeta,  # noqa: A002 -- the field's name
        namespace: str = "",
    ) -> HasMeta | Status:
        """Act on an object through a subresource such as `binding`, `eviction` or `token`."""
        request = Create(
            resource=self.resource(type_),
            namespace=namespace,
            name=name,
            subresource=subresource,
            object=object,
            options=self._write_options,
            user=self.user,
        )
        reply = cast("Result | Status", await self.send(request))
        return reply.object if isinstance(reply, Result) else reply

    async def update(self, object: T, *, subresource: str = "") -> T:  # noqa: A002 -- the field's name
        """Replace an object. With a resource version in its metadata, only if it is still at that version."""
        request = Update(
            resource=self.resource(type(object)),
            namespace=object.metadata.namespace,
            name=object.metadata.name,
            subresource=subresource,
            object=object,
            options=self._write_options,
            user=self.user,
        )
        return cast("T", (await self.send(request)).object)

    def update_status(self, object: T) -> "Awaitable[T]":  # noqa: A002 -- the field's name
        """Replace the status of an object."""
        return self.update(object, subresource="status")

    async def patch(  # noqa: PLR0913 -- these are the parts of a patch
        self,
        type_: type[T],
        name: str,
        patch: Mapping[str, object] | Sequence[object] | bytes,
        namespace: str = "",
        *,
        patch_type: str = STRATEGIC_MERGE_PATCH,
        subresource: str = "",
    ) -> T:
        """Change an object."""
        request = Patch(
            resource=self.resource(type_),
            namespace=namespace,
            name=name,
            subresource=subresource,
            patch_type=patch_type,
            patch=patch if isinstance(patch, bytes) else msgspec.json.encode(patch),
            options=self._write_options,
            user=self.user,
        )
        return cast("T", (await self.send(request)).object)

    async def delete(
        self, type_: type[TypedObject], name: str, namespace: str = "", *, options: DeleteOptions = NO_DELETE_OPTIONS
    ) -> None:
        """Delete an object, or begin to."""
        await self.send(
            Delete(resource=self.resource(type_), namespace=namespace, name=name, options=options, user=self.user)
        )

    def submit_delete(self, doomed: TypedObject, options: DeleteOptions) -> "Awaitable[object]":
        """Delete this object, or begin to; the request is on its way at once."""
        metadata = doomed.metadata
        request = Delete(
            resource=self.resource(type(doomed)),
            namespace=metadata.namespace,
            name=metadata.name,
            options=options,
            user=self.user,
        )
        return self.submit(request)

    def submit_patch(
        self,
        patched: TypedObject,
        patch: Mapping[str, object],
        *,
        patch_type: str = STRATEGIC_MERGE_PATCH,
    ) -> "Awaitable[Result]":
        """Change this object; the request is on its way at once."""
        metadata = patched.metadata
        request = Patch(
            resource=self.resource(type(patched)),
            namespace=metadata.namespace,
            name=metadata.name,
            patch_type=patch_type,
            patch=msgspec.json.encode(patch),
            options=self._write_options,
            user=self.user,
        )
        return self.submit(request)

    async def delete_collection(
        self, type_: type[TypedObject], namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> None:
        """Delete what a list with these selectors would show."""
        options = ListOptions(label_selector=label_selector, field_selector=field_selector)
        await self.send(
            DeleteCollection(resource=self.resource(type_), namespace=namespace, list_options=options, user=self.user)
        )

    async def bind(self, pod: Pod, node_name: str) -> None:
        """Put a pod on a node. `Conflict` if it is on one already, or is another pod of that name by now."""
        metadata = pod.metadata
        binding = Binding(
            metadata=ObjectMeta(name=metadata.name, namespace=metadata.namespace, uid=metadata.uid),
            target=ObjectReference(kind="Node", name=node_name),
        )
        await self.create_subresource(Pod, metadata.name, "binding", binding, metadata.namespace)

    async def evict(self, pod: Pod, options: DeleteOptions | None = None) -> None:
        """Delete a pod as far as disruption budgets allow; `TooManyRequests` if they do not now."""
        metadata = pod.metadata
        eviction = Eviction(
            metadata=ObjectMeta(name=metadata.name, namespace=metadata.namespace), delete_options=options
        )
        await self.create_subresource(Pod, metadata.name, "eviction", eviction, metadata.namespace)

    async def watch(  # noqa: PLR0913 -- these are the parts of a watch
        self,
        type_: type[TypedObject],
        subscriber: Recipient[WatchEvents | WatchClosed],
        watch: int,
        options: ListOptions,
        namespace: str = "",
        *,
        lists: bool = False,
    ) -> WatchStarted:
        """Begin a watch; its events are told to the subscriber under its own number `watch`.

        If it `lists`, what it begins with comes with the reply. Events may come before that.
        """
        return await self.send(
            Watch(
                resource=self.resource(type_),
                namespace=namespace,
                subscriber=subscriber,
                watch=watch,
                options=options,
                lists=lists,
                user=self.user,
            )
        )

    def stop_watch(self, subscriber: Recipient[WatchEvents | WatchClosed], watch: int) -> None:
        """End a watch; messages that are on their way still arrive."""
        self._transport.stop_watch(StopWatch(subscriber=subscriber, watch=watch))

    def _creation(
        self,
        object: TypedObject,  # noqa: A002 -- the field's name
        namespace: str | None = None,
        options: WriteOptions | None = None,
    ) -> Create:
        return Create(
            resource=self.resource(type(object)),
            namespace=object.metadata.namespace if namespace is None else namespace,
            object=object,
            options=options or self._write_options,
            user=self.user,
        )


def check_is_kind(type_: object) -> None:
    """Refuse what people may take for a kind.

    Raises:
        TypeError: it is no class of objects; said is what is one.
    """
    if not isinstance(type_, type) or not issubclass(type_, TypedObject):
        given = type_.__name__ if isinstance(type_, type) else repr(type_)
        raise TypeError(
            f"{given} is no kind of objects; a kind is a class: ConfigMap, or type_of_kind('example.com/v1', 'Cache'), "
            "which makes objects by Cache(metadata=..., fields={'spec': ...})"
        )


class _Granted(Generic[R]):
    """A reply that is not a refusal."""

    __slots__ = ("_reply",)

    def __init__(self, reply: "Awaitable[R | Status]") -> None:
        self._reply = reply

    def __await__(self) -> Generator[object, None, R]:
        reply = yield from self._reply.__await__()
        if isinstance(reply, Status) and reply.status == FAILURE:
            raise StatusError.of(reply)
        return cast("R", reply)
