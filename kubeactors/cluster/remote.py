"""A transport to a remote API server: requests over HTTPS, for a `Client` in an event loop. Watches are not supported.

Source: k8s.io/client-go/rest/request.go (v1.36): paths, parameters and bodies.
"""

from collections.abc import Awaitable
from typing import TypeVar, cast

import httpx2
import msgspec

from kubeactors.api import SCHEME
from kubeactors.apimachinery import serializer
from kubeactors.apimachinery.meta import HasMeta, ListMeta, TypedObject
from kubeactors.apimachinery.requests import (
    ApiRequest,
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
)
from kubeactors.apimachinery.scheme import Scheme
from kubeactors.apimachinery.status import NotFound, ServiceUnavailable, Status, Timeout

R = TypeVar("R")

JSON = "application/json"
_PARAMETERS = ("label_selector", "field_selector", "resource_version", "resource_version_match", "continue_")


class RemoteTransport:
    """Sends requests to a server over HTTPS. See `Transport`.

    Args:
        client: has the server's address, and credentials.
        scheme: the kinds in responses.
    """

    def __init__(self, client: httpx2.AsyncClient, scheme: Scheme = SCHEME) -> None:
        self._client = client
        self._scheme = scheme

    def send(self, request: ApiRequest[R]) -> Awaitable[R]:
        """See `Transport.send`; the request is sent when it is awaited."""
        return cast("Awaitable[R]", self._send(cast("ApiRequest[object]", request)))

    def stop_watch(self, message: StopWatch) -> None:
        """Watches are not supported, so there is nothing to stop."""

    async def _send(self, request: ApiRequest[object]) -> Result | ListResult | Status:
        method, body, type_ = _body(request)
        try:
            answer = await self._client.request(
                method,
                path_of(request, namespaced=self._is_namespaced(request)),
                content=body,
                params=_parameters(request),
                headers={"Content-Type": type_, "Accept": JSON},
            )
        except httpx2.TimeoutException as error:
            raise Timeout.saying("the API server did not answer in time") from error
        except httpx2.HTTPError as error:
            raise ServiceUnavailable.saying(f"the API server cannot be reached: {error}") from error
        return self._reply(request, answer.content, answer.status_code)

    def _is_namespaced(self, request: ApiRequest[object]) -> bool:
        kind = self._scheme.by_resource(request.resource)
        return kind is None or kind.namespaced

    def _reply(self, request: ApiRequest[object], content: bytes, code: int) -> Result | ListResult | Status:
        try:
            said = serializer.type_of(content)
            if said.kind == "Status":
                return serializer.decode(content, Status).object
            if isinstance(request, List | DeleteCollection):
                return self._list(request, content)
            kind = self._scheme.by_kind(said.api_version, said.kind)
            type_ = kind.type if kind is not None else TypedObject
            return Result(object=cast("HasMeta", serializer.decode(content, type_).object), code=code)
        except (ValueError, msgspec.MsgspecError) as error:
            # The path is not served. Source: client-go rest/request.go, newUnstructuredResponseError.
            if code == NotFound.code:
                raise NotFound.saying("the server could not find the requested resource") from error
            raise ServiceUnavailable.saying(
                f"the API server answered {code} with a body that is not an object: {error}"
            ) from error

    def _list(self, request: ApiRequest[object], content: bytes) -> ListResult:
        found = msgspec.json.decode(content, type=dict[str, object])
        kind = self._scheme.by_resource(request.resource)
        type_ = kind.type if kind is not None else TypedObject
        items = cast("list[object]", found.get("items") or [])
        return ListResult(
            metadata=serializer.from_builtins(found.get("metadata", {}), ListMeta).object,
            items=tuple(serializer.from_builtins(one, type_).object for one in items),
        )


def path_of(request: ApiRequest[object], *, namespaced: bool = True) -> str:
    """The path of a request's object or collection.

    >>> from kubeactors.apimachinery.requests import GroupVersionResource
    >>> path_of(Get(resource=GroupVersionResource("apps", "v1", "deployments"), namespace="default", name="web"))
    '/apis/apps/v1/namespaces/default/deployments/web'
    """
    resource = request.resource
    base = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    place = f"/namespaces/{request.namespace}" if request.namespace and namespaced else ""
    rest = [resource.resource, "" if isinstance(request, Create) and not request.subresource else request.name]
    return "/".join([base + place, *(part for part in (*rest, request.subresource) if part)])


def _body(request: ApiRequest[object]) -> tuple[str, bytes | None, str]:
    """The method, the body, and its media type."""
    match request:
        case Create():
            return "POST", serializer.encode(request.object), JSON
        case Update():
            return "PUT", serializer.encode(request.object), JSON
        case Patch():
            return "PATCH", request.patch, request.patch_type
        case Delete() | DeleteCollection():
            return "DELETE", serializer.encode(request.options), JSON
        case Get() | List():
            return "GET", None, JSON
        case _:
            raise TypeError(f"{type(request).__name__} cannot be sent to a remote server")


def _parameters(request: ApiRequest[object]) -> dict[str, str]:
    match request:
        case Create() | Update() | Patch() if request.options.field_manager:
            return {"fieldManager": request.options.field_manager}
        case Get() if request.resource_version:
            return {"resourceVersion": request.resource_version}
        case List():
            return _selection(request.options)
        case DeleteCollection():
            return _selection(request.list_options)
        case _:
            return {}


def _selection(options: ListOptions) -> dict[str, str]:
    found = {_camel(name): str(getattr(options, name)) for name in _PARAMETERS if getattr(options, name)}
    return {**found, "limit": str(options.limit)} if options.limit else found


def _camel(name: str) -> str:
    """As query parameters.

    >>> _camel("label_selector"), _camel("continue_")
    ('labelSelector', 'continue')
    """
    first, *others = name.strip("_").split("_")
    return first + "".join(one.title() for one in others)
