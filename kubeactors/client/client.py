"""The client: typed requests to the API server, whose errors are raised as exceptions."""

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
    """Sends requests to the API server as one user. All methods raise a `StatusError` if the server rejects a request.

    They raise `ServiceUnavailable` or `Timeout` if it does not answer; a write may have taken effect then. Returned
    objects are shared within this process, and immutable.
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
        """A client with the same connection for another user."""
        return Client(self._transport, user, manager=manager, scheme=self._scheme)

    @property
    def scheme(self) -> Scheme:
        """The kinds that this client knows."""
        return self._scheme

    def resource(self, type_: type[TypedObject]) -> GroupVersionResource:
        """The resource that serves a kind.

        Raises:
            NotFound: this custom kind is not served, not yet or no longer.
            TypeError: this is not a kind, but the name of one, or a dict.
        """
        try:
            return self._scheme.resource_of(type_)
        except KeyError:
            check_is_kind(type_)
            if issubclass(type_, Unstructured):
                raise NotFound.saying("the server could not find the requested resource") from None
            raise

    def submit(self, request: ApiRequest[R | Status]) -> "Awaitable[R]":
        """Like `send`, but the request is sent at once: send several, then await them."""
        return _Accepted(self._transport.send(request))

    async def send(self, request: ApiRequest[R | Status]) -> R:
        """Send any request and return its reply. The base of all other methods."""
        reply = await self._transport.send(request)
        if isinstance(reply, Status) and reply.status == FAILURE:
            raise StatusError.of(reply)
        return reply  # type: ignore[return-value] # pyright: ignore[reportReturnType] -- a cast is a call

    async def get(self, type_: type[T], name: str, namespace: str = "", *, resource_version: str = "") -> T:
        """Read an object live; with `resource_version` "0" from the server's cache."""
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
        """Read an object again, live. None if it has been deleted, also if another one has its name by now."""
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
        """Read a collection; live, if `resource_version` is empty."""
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
        """Like `create`, but the request is sent at once: send several, then await them."""
        return self.submit(self._creation(object))

    async def create_subresource(
        self,
        type_: type[TypedObject],
        name: str,
        subresource: str,
        object: HasMeta,  # noqa: A002 -- the field's name
        namespace: str = "",
    ) -> HasMeta | Status:
        """Post to a subresource of an object, such as `binding`, `eviction` or `token`."""
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
        """Replace an object. A resource version in its metadata is a precondition."""
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
        """Patch an object."""
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
        """Delete an object; with finalizers or a grace period, start its deletion."""
        await self.send(
            Delete(resource=self.resource(type_), namespace=namespace, name=name, options=options, user=self.user)
        )

    def submit_delete(self, doomed: TypedObject, options: DeleteOptions) -> "Awaitable[object]":
        """Like `delete`, but the request is sent at once."""
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
        """Like `patch`, but the request is sent at once."""
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
        """Delete the objects that a list with these selectors would return."""
        options = ListOptions(label_selector=label_selector, field_selector=field_selector)
        await self.send(
            DeleteCollection(resource=self.resource(type_), namespace=namespace, list_options=options, user=self.user)
        )

    async def bind(self, pod: Pod, node_name: str) -> None:
        """Bind a pod to a node. `Conflict` if it is bound already, or if another pod has its name by now."""
        metadata = pod.metadata
        binding = Binding(
            metadata=ObjectMeta(name=metadata.name, namespace=metadata.namespace, uid=metadata.uid),
            target=ObjectReference(kind="Node", name=node_name),
        )
        await self.create_subresource(Pod, metadata.name, "binding", binding, metadata.namespace)

    async def evict(self, pod: Pod, options: DeleteOptions | None = None) -> None:
        """Evict a pod. `TooManyRequests` if a disruption budget does not allow it now."""
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
        """Start a watch. Its events are sent to the subscriber, with its own number `watch`.

        If it `lists`, the reply has the initial objects; events may arrive before the reply.
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
        """Stop a watch; messages in flight still arrive."""
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
    """Reject what users may take for a kind.

    Raises:
        TypeError: it is not a class of objects; the message says what is one.
    """
    if not isinstance(type_, type) or not issubclass(type_, TypedObject):
        given = type_.__name__ if isinstance(type_, type) else repr(type_)
        raise TypeError(
            f"{given} is not a kind; a kind is a class: ConfigMap, or type_of_kind('example.com/v1', 'Cache'), "
            "which makes objects by Cache(metadata=..., fields={'spec': ...})"
        )


class _Accepted(Generic[R]):
    """Awaitable: the reply, or raises if it is an error."""

    __slots__ = ("_reply",)

    def __init__(self, reply: "Awaitable[R | Status]") -> None:
        self._reply = reply

    def __await__(self) -> Generator[object, None, R]:
        reply = yield from self._reply.__await__()
        if isinstance(reply, Status) and reply.status == FAILURE:
            raise StatusError.of(reply)
        return cast("R", reply)
