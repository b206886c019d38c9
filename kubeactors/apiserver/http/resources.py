"""Requests for API objects: from paths, queries and bodies to the Structs that the server handles, and back.

Source: apiserver/pkg/endpoints/handlers (v1.36).
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

import msgspec

from kubeactors.api.authentication.v1 import TokenRequest
from kubeactors.api.metrics.v1beta1.usage import GROUP as METRICS
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import (
    APPLY_PATCH,
    JSON_PATCH,
    MERGE_PATCH,
    STRATEGIC_MERGE_PATCH,
    Create,
    Delete,
    DeleteCollection,
    Get,
    List,
    ListResult,
    Patch,
    Result,
    StopWatch,
    Update,
    Watch,
    WatchClosed,
)
from kubeactors.apimachinery.scheme import Kind, Scheme, nothing
from kubeactors.apimachinery.status import BadRequest, Expired, Status, StatusDetails, UnsupportedMediaType
from kubeactors.apiserver.audit.event import DEPRECATED, ISSUED_CREDENTIAL, credential_id
from kubeactors.apiserver.authorization import Authorizer
from kubeactors.apiserver.http import bodies, options
from kubeactors.apiserver.http.access import access_of, require
from kubeactors.apiserver.http.encodings import Encodings
from kubeactors.apiserver.http.messages import Answer, HttpRequest, Response
from kubeactors.apiserver.http.negotiation import JSON, Accepted, check_streamed, negotiate_object
from kubeactors.apiserver.http.node_proxy import NodeProxy
from kubeactors.apiserver.http.paths import ResourcePath
from kubeactors.apiserver.http.pod_proxy import PODS, SERVICES, PodProxy
from kubeactors.apiserver.http.pod_streams import STREAMED, PodAccess, PodStreams
from kubeactors.apiserver.http.representations import Clock, Representation, line_as_is, line_of, representation
from kubeactors.apiserver.http.responses import data, listing, page_not_found
from kubeactors.apiserver.http.routes import route
from kubeactors.apiserver.http.server_ref import ServerRef, ask
from kubeactors.apiserver.http.usage import NODES, UsageApi
from kubeactors.apiserver.http.watching import EventEncoder, WatchSink, WatchStream

PATCH_TYPES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH, APPLY_PATCH)

_Handler: TypeAlias = Callable[["_Call"], Awaitable[Answer]]


class _Call(msgspec.Struct, frozen=True, gc=False):
    """A request in progress: its path, its kind, and the representation of its response."""

    request: HttpRequest
    path: ResourcePath
    kind: Kind[TypedObject]
    accepted: Accepted


class Resources:
    """Serves requests for API objects."""

    def __init__(
        self, server: ServerRef, scheme: Scheme, authorizer: Authorizer, clock: Clock, pods: PodAccess | None
    ) -> None:
        self._server = server
        self._scheme = scheme
        self._authorizer = authorizer
        self._clock = clock
        self._encodings = Encodings()
        self._streams = PodStreams(server, pods)
        self._usage = None if pods is None else UsageApi(server, pods)
        self._nodes = None if pods is None else NodeProxy(pods)
        self._proxy = None if pods is None else PodProxy(server, pods)
        self._handlers: dict[str, _Handler] = {
            "get": self._get,
            "list": self._list,
            "watch": self._watch,
            "create": self._create,
            "update": self._update,
            "patch": self._patch,
            "delete": self._delete,
            "deletecollection": self._delete_collection,
        }

    async def answer(self, request: HttpRequest, path: ResourcePath) -> Answer:
        """The response to a request.

        Raises:
            StatusError: it is rejected.
        """
        access = access_of(request, path)
        require(self._authorizer, access)  # before any other check, whose error would reveal something
        verb = access.verb
        if request.upgrades:  # a WebSocket request is a GET, whatever it does
            require(self._authorizer, msgspec.structs.replace(access, verb="create"))
        if not self._serves(path):
            return page_not_found()
        kind = route(self._scheme, path, verb)
        if kind.deprecation:
            request.warnings = (kind.deprecation,)
            if request.audit is not None:
                request.audit.annotate(DEPRECATED, "true")
        if self._nodes is not None and path.subresource == "proxy" and path.resource == NODES and verb == "get":
            await ask(
                self._server, Get(resource=NODES, name=path.name, user=request.user)
            )  # fails if it does not exist
            return await self._nodes.answer(path)
        if self._proxy is not None and path.subresource == "proxy" and path.resource in {PODS, SERVICES}:
            return await self._proxy.answer(request, path)
        if path.subresource in STREAMED:
            return await self._streams.answer(request, path)
        if verb == "patch":
            _patch_type(request)  # Kubernetes checks the patch type before the Accept header
        call = _Call(request, path, kind, negotiate_object(request.header(b"accept")))
        return await self._handlers[verb](call)

    def _serves(self, path: ResourcePath) -> bool:
        """Whether a custom or unknown group serves the path; for built-in groups the error is more specific."""
        kind = self._scheme.by_resource(path.resource)
        if kind is None:
            return "." not in path.resource.group or self._scheme.has_group(path.resource.group)
        return not kind.custom or kind.namespaced or not path.namespace

    async def _get(self, call: _Call) -> Answer:
        query, path = call.request.query, call.path
        if self._usage is not None and path.resource.group == METRICS:
            return self._object(call, await self._usage.get(path))
        if query.flag("export"):
            raise BadRequest.saying("the export parameter, deprecated since v1.14, is no longer supported")
        request = Get(
            resource=path.resource,
            namespace=path.namespace,
            name=path.name,
            subresource=path.subresource,
            user=call.request.user,
            resource_version=query.text("resourceVersion"),
        )
        return self._object(call, await ask(self._server, request))

    async def _list(self, call: _Call) -> Answer:
        path = call.path
        wanted = options.check_list_options(options.list_options(call.request.query))
        if self._usage is not None and path.resource.group == METRICS:
            return self._list_of(call, await self._usage.list(path, wanted))
        request = List(resource=path.resource, namespace=path.namespace, user=call.request.user, options=wanted)
        return self._list_of(call, await ask(self._server, request))

    async def _watch(self, call: _Call) -> Answer:
        path = call.path
        check_streamed(call.accepted)
        wanted = options.check_watch_options(options.list_options(call.request.query, path.name))
        sink = WatchSink()
        request = Watch(
            resource=path.resource,
            namespace=path.namespace,
            user=call.request.user,
            options=wanted,
            subscriber=sink,
            watch=0,
        )
        encode = self._encoder(call)
        try:
            await ask(self._server, request)
        except Expired as error:  # reported in the stream, as in Kubernetes
            sink.tell(WatchClosed(0, error.status))
        return WatchStream(
            sink,
            encode,
            content_type=JSON,
            stop=lambda: self._server.tell(StopWatch(subscriber=sink, watch=0)),
        )

    async def _create(self, call: _Call) -> Answer:
        path, request = call.path, call.request
        wanted = options.create_options(request.query, request.header(b"user-agent"))
        body = await self._body(call, wanted.field_validation)
        request.warnings += body.warnings
        message = Create(
            resource=path.resource,
            namespace=path.namespace,
            name=path.name,
            subresource=path.subresource,
            user=request.user,
            object=body.object,
            options=msgspec.structs.replace(wanted, warnings=body.warnings),
        )
        return self._object(call, await ask(self._server, message))

    async def _update(self, call: _Call) -> Answer:
        path, request = call.path, call.request
        wanted = options.update_options(request.query, request.header(b"user-agent"))
        body = await self._body(call, wanted.field_validation)
        request.warnings += body.warnings
        message = Update(
            resource=path.resource,
            namespace=path.namespace,
            name=path.name,
            subresource=path.subresource,
            user=request.user,
            object=body.object,
            options=msgspec.structs.replace(wanted, warnings=body.warnings),
        )
        return self._object(call, await ask(self._server, message))

    async def _patch(self, call: _Call) -> Answer:
        path, request = call.path, call.request
        patch_type = _patch_type(request)
        patch = await request.body()
        apply = patch_type == APPLY_PATCH
        wanted = options.patch_options(request.query, request.header(b"user-agent"), apply=apply)
        if apply:
            patch, warnings = bodies.read_apply_patch(patch, wanted.field_validation)
            wanted = msgspec.structs.replace(wanted, warnings=warnings)
            request.warnings += warnings
        if request.audit is not None:
            request.audit.read_patch(patch, patch_type)
        message = Patch(
            resource=path.resource,
            namespace=path.namespace,
            name=path.name,
            subresource=path.subresource,
            user=request.user,
            patch_type=patch_type,
            patch=patch,
            options=wanted,
        )
        return self._object(call, await ask(self._server, message))

    async def _delete(self, call: _Call) -> Answer:
        path, request = call.path, call.request
        message = Delete(
            resource=path.resource,
            namespace=path.namespace,
            name=path.name,
            subresource=path.subresource,
            user=request.user,
            options=await bodies.read_delete_options(request),
        )
        return self._object(call, await ask(self._server, message))

    async def _delete_collection(self, call: _Call) -> Answer:
        path, request = call.path, call.request
        message = DeleteCollection(
            resource=path.resource,
            namespace=path.namespace,
            user=request.user,
            list_options=options.check_list_options(options.list_options(request.query)),
            options=await bodies.read_delete_options(request),
        )
        return self._list_of(call, await ask(self._server, message))

    def _encoder(self, call: _Call) -> EventEncoder:
        """The encoder of events. Those in the plain representation share their bytes with lists and other watches."""
        if call.accepted.target is None:
            return partial(line_as_is, encodings=self._encodings)
        shown = self._shown(call)
        return lambda event: line_of(event, shown.of_object(event.object))

    def _shown(self, call: _Call) -> Representation:
        return representation(call.kind, call.accepted.target, call.request.query, self._clock, self._encodings)

    async def _body(self, call: _Call, field_validation: str) -> bodies.Body:
        wanted = bodies.type_of_body(call.kind, call.path.subresource)
        kind = call.kind
        unknown_fields = kind.unknown_fields if wanted is kind.type else nothing
        body = await bodies.read_object(call.request, self._scheme, wanted, field_validation, unknown_fields)
        if call.request.audit is not None:
            call.request.audit.read(body.object)
        return body

    def _object(self, call: _Call, reply: Result | Status) -> Response:
        if isinstance(reply, Status):
            return _status(call, reply)
        json = self._shown(call).of_object(reply.object)
        if call.request.audit is not None:
            call.request.audit.answered((json,))
            if isinstance(reply.object, TokenRequest):
                call.request.audit.annotate(ISSUED_CREDENTIAL, credential_id(reply.object.status.token))
        return data(call.request, reply.code, json, call.accepted, reply.warnings)

    def _list_of(self, call: _Call, reply: ListResult | Status) -> Response:
        if isinstance(reply, Status):
            return _status(call, reply)
        pieces = self._shown(call).of_list(reply)
        if call.request.audit is not None:
            call.request.audit.answered(pieces)
        return listing(call.request, pieces, call.accepted, reply.warnings)


def _status(call: _Call, status: Status) -> Response:
    """A response about success, without an object."""
    if call.request.audit is not None:
        call.request.audit.answered_status(status)
    return data(call.request, status.code or 200, msgspec.json.encode(status), call.accepted)


def _patch_type(request: HttpRequest) -> str:
    """The media type of a patch.

    Raises:
        UnsupportedMediaType: it is not a supported patch type.
    """
    patch_type = request.header(b"content-type").partition(";")[0]
    if patch_type not in PATCH_TYPES:
        raise UnsupportedMediaType.saying("415: Unsupported Media Type", StatusDetails())
    return patch_type
