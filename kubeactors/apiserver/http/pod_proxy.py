"""The proxy to pods and Services: `kubectl proxy`, `kubectl get --raw .../services/web:80/proxy/`.

The name has the form `[SCHEME:]NAME[:PORT]`. Requests to a Service go to its ready pods in turn (Kubernetes chooses at
random). Links in pages are not rewritten; Kubernetes rewrites those in HTML.

Source: pkg/registry/core/pod/strategy.go ResourceLocation, pkg/registry/core/service/storage/storage.go
ResourceLocation, apimachinery/pkg/util/proxy/{upgradeaware,transport}.go (v1.36).
"""

from collections.abc import Iterable, Iterator
from contextlib import AsyncExitStack
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

import msgspec

from kubeactors.api.core.v1 import ContainerPort, Pod, Service
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import (
    ADMIN,
    Get,
    GroupVersionResource,
    List,
    ListOptions,
    ListResult,
    Result,
)
from kubeactors.apimachinery.status import BadRequest, MethodNotAllowed, ServiceUnavailable, Status, StatusError
from kubeactors.apiserver.http.messages import Answer, HttpRequest, Response, Write
from kubeactors.apiserver.http.paths import ResourcePath
from kubeactors.apiserver.http.pod_streams import PodAccess
from kubeactors.apiserver.http.server_ref import ServerRef, ask
from kubeactors.kubelet import FindPort, PortAddress

if TYPE_CHECKING:
    import httpx2

PODS = GroupVersionResource("", "v1", "pods")
SERVICES = GroupVersionResource("", "v1", "services")
_SLICES = GroupVersionResource("discovery.k8s.io", "v1", "endpointslices")
_OF_SERVICE = "kubernetes.io/service-name"

_HOP_BY_HOP = frozenset(
    {
        *(b"connection", b"content-encoding", b"content-length", b"host", b"keep-alive", b"proxy-connection", b"te"),
        *(b"trailer", b"transfer-encoding", b"upgrade"),
    }
)
_OURS = frozenset({b"accept-encoding", b"authorization"})
"""Headers that are not forwarded: each side negotiates its encoding, and the token is meant for this server."""


class Target(msgspec.Struct, frozen=True):
    """The target of a proxied request. An empty port is the first port, or the unnamed one."""

    name: str
    scheme: str = "http"
    port: str = ""


class _Place(msgspec.Struct, frozen=True):
    """A port of a pod, or of an address without one."""

    namespace: str
    pod: str
    address: str
    port: int


def parse_target(text: str) -> Target | None:
    """The parts of `[SCHEME:]NAME[:PORT]`; None if it has another form.

    >>> parse_target("https:web:443")
    Target(name='web', scheme='https', port='443')
    >>> parse_target("web"), parse_target("ftp:web:21")
    (Target(name='web', scheme='http', port=''), None)
    """
    match text.split(":"):
        case [name]:
            return Target(name)
        case [name, port]:
            return Target(name, port=port)
        case ["" | "http" | "https" as scheme, name, port]:
            return Target(name, scheme or "http", port)
        case _:
            return None


class PodProxy:
    """Forwards requests for `/api/v1/namespaces/NAMESPACE/{pods,services}/NAME/proxy/...`."""

    def __init__(self, server: ServerRef, pods: PodAccess) -> None:
        self._server = server
        self._pods = pods
        self._turn = count()

    async def answer(self, request: HttpRequest, path: ResourcePath) -> Answer:
        """The response of the pod.

        Raises:
            StatusError: the pod does not exist, nothing listens at the port, or the request is an upgrade.
        """
        if request.upgrades:
            raise MethodNotAllowed.saying("connections through the proxy cannot be upgraded")
        target = parse_target(path.name)
        kind = "pod" if path.resource == PODS else "service"
        if target is None:
            raise BadRequest.saying(f'invalid {kind} request "{path.name}"')
        find = self._of_pod if path.resource == PODS else self._of_service
        place = await find(path.namespace, target)
        if not path.rest and not request.path.endswith("/") and request.method == "GET":
            return Response(code=301, headers=((b"location", _with_query(f"{request.path}/", request).encode()),))
        return await self._pass_on(request, path, target.scheme, place)

    async def _of_pod(self, namespace: str, target: Target) -> _Place:
        pod = cast("Pod", await self._get(PODS, namespace, target.name))
        ports = [one.container_port for container in pod.spec.containers for one in container.ports if _is_tcp(one)]
        port = target.port or str(ports[0] if ports else 80)
        if not port.isdecimal():
            raise BadRequest.saying(f'invalid pod request "{target.name}:{port}"')
        if not pod.status.pod_ip:
            raise BadRequest.saying("address not allowed")
        return _Place(namespace, target.name, pod.status.pod_ip, int(port))

    async def _of_service(self, namespace: str, target: Target) -> _Place:
        service = cast("Service", await self._get(SERVICES, namespace, target.name))
        port = target.port
        if port.isdecimal():
            named = [one.name for one in service.spec.ports if one.port == int(port)]
            if not named:
                raise ServiceUnavailable.saying(f'no service port {port} found for service "{target.name}"')
            port = named[0]
        wanted = ListOptions(label_selector=f"{_OF_SERVICE}={target.name}")
        found = await ask(self._server, List(resource=_SLICES, namespace=namespace, user=ADMIN, options=wanted))
        slices = cast("tuple[EndpointSlice, ...]", cast("ListResult", found).items)
        places = [place for one in slices for place in _places(one, port)]
        if not places:
            raise ServiceUnavailable.saying(f'no endpoints available for service "{target.name}"')
        return places[next(self._turn) % len(places)]

    async def _get(self, resource: GroupVersionResource, namespace: str, name: str) -> TypedObject:
        """An object; users of the proxy need no permission to read it."""
        reply = await ask(self._server, Get(resource=resource, namespace=namespace, name=name, user=ADMIN))
        return cast("TypedObject", cast("Result", reply).object)

    async def _pass_on(self, request: HttpRequest, path: ResourcePath, scheme: str, place: _Place) -> Answer:
        import httpx2  # noqa: PLC0415 -- most clusters never use the proxy

        found = await self._port(place)
        if found.answer is not None:
            return Response(body=found.answer.encode(), content_type="text/plain; charset=utf-8")
        host, port = found.address or (place.address, place.port)
        refused = f"dial tcp {host}:{port}: connect: connection refused"
        if found.address is None:
            raise _not_reached(refused)
        slash = "/" if path.rest and request.path.endswith("/") else ""
        url = _with_query(f"{scheme}://{host}:{port}/{quote('/'.join(path.rest))}{slash}", request)
        headers = [one for one in _kept(request.headers()) if one[0] not in _OURS]
        body = await request.body()
        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(httpx2.AsyncClient(verify=False, trust_env=False, timeout=None))
            sent = client.build_request(request.method, url, headers=headers, content=body)
            try:
                reply = await client.send(sent, stream=True)
                if reply.status_code == HTTPStatus.OK and "content-length" not in reply.headers:
                    return ProxiedStream(reply, stack.pop_all())
                return _response(reply, await reply.aread())
            except httpx2.ConnectError as error:
                raise _not_reached(refused) from error
            except httpx2.HTTPError as error:
                raise _not_reached(str(error) or type(error).__name__) from error

    async def _port(self, place: _Place) -> PortAddress:
        """The address of the port on this machine, or the simulated answer."""
        if not place.pod:
            return PortAddress((place.address, place.port))
        pod = cast("Pod", await self._get(PODS, place.namespace, place.pod))
        wanted = FindPort(namespace=place.namespace, pod=place.pod, port=place.port)
        found = await self._pods.find_port(pod.spec.node_name, wanted)
        if isinstance(found, Status):
            raise StatusError.of(found)
        return found


class ProxiedStream:
    """A response of unknown length, forwarded piece by piece."""

    def __init__(self, reply: "httpx2.Response", connection: AsyncExitStack) -> None:
        self._reply = reply
        self._connection = connection
        self._closed = False

    @property
    def content_type(self) -> str:
        """The media type of the pod's response."""
        return str(self._reply.headers.get("content-type", "application/octet-stream"))

    async def run(self, write: Write) -> None:
        """Write pieces until the pod's response ends."""
        async with self._connection:
            async for piece in self._reply.aiter_bytes():
                if self._closed:
                    return
                await write(piece)

    def close(self) -> None:
        """End the stream before its next piece."""
        self._closed = True


def _places(one: EndpointSlice, port: str) -> Iterator[_Place]:
    """The addresses of this port in the ready pods."""
    for number in [each.port for each in one.ports or () if (each.name or "") == port and each.port]:
        for endpoint in one.endpoints or ():
            if endpoint.conditions.ready is not False and endpoint.addresses:
                of = endpoint.target_ref
                pod = of.name if of is not None and of.kind == "Pod" else ""
                yield _Place(one.metadata.namespace, pod, endpoint.addresses[0], number)


def _response(reply: "httpx2.Response", body: bytes) -> Response:
    kept = tuple(one for one in _kept(reply.headers.raw) if one[0] != b"content-type")
    kind = str(reply.headers.get("content-type", ""))
    return Response(code=reply.status_code, body=body, content_type=kind, headers=kept)


def _is_tcp(port: ContainerPort) -> bool:
    return (port.protocol or "TCP") == "TCP"


def _kept(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name.lower(), value) for name, value in headers if name.lower() not in _HOP_BY_HOP]


def _with_query(url: str, request: HttpRequest) -> str:
    return f"{url}?{request.query_bytes.decode('latin-1')}" if request.query_bytes else url


def _not_reached(why: str) -> StatusError:
    return ServiceUnavailable.saying(f"error trying to reach service: {why}")
