"""All requests that are not for API objects: discovery, version, health, OpenAPI, OpenID; and their authorization.

Source: apiserver/pkg/server/routes (v1.36).
"""

from collections.abc import Callable, Mapping

import msgspec

from kubeactors.apimachinery.scheme import Scheme
from kubeactors.apimachinery.status import MethodNotAllowed, StatusDetails
from kubeactors.apiserver.authorization import Authorizer
from kubeactors.apiserver.http import zpages
from kubeactors.apiserver.http.access import access_of, require
from kubeactors.apiserver.http.discovery import Discovery, etag
from kubeactors.apiserver.http.health import Health
from kubeactors.apiserver.http.messages import HttpRequest, Response
from kubeactors.apiserver.http.metrics import Metrics
from kubeactors.apiserver.http.negotiation import (
    Accepted,
    Target,
    as_aggregated_discovery,
    as_is,
    negotiate,
    not_acceptable,
)
from kubeactors.apiserver.http.openapi import OpenApi
from kubeactors.apiserver.http.openid import PATHS as ISSUER_PATHS
from kubeactors.apiserver.http.openid import Issuer
from kubeactors.apiserver.http.representations import Clock
from kubeactors.apiserver.http.responses import data, page_not_found, text
from kubeactors.apiserver.http.routes import not_found

VERSION = {
    "major": "1",
    "minor": "36",
    "emulationMajor": "1",
    "emulationMinor": "36",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "35",
    "gitVersion": "v1.36.2",
    "gitCommit": "kubeactors",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "cpython",
    "platform": "any",
}
"""The version of Kubernetes whose behaviour is served; the build fields are those of this project."""

# As clients request it; Go's media type parser rejects the `@`, so responses have a dot in its place.
_PROTOBUF_V2 = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"


_OTHERS = ("/metrics", "/metrics/slis", "/openapi/v2", "/openapi/v3", "/openapi/v3/", "/version", *zpages.PATHS)


ACTORS = "/debug/actors"
"""A snapshot of the actors of this process, for `kubeactors top`. It is not listed among the paths."""


class Documents:
    """Serves what `Resources` does not. `actors` returns a snapshot of the process, as JSON."""

    def __init__(  # noqa: PLR0913, PLR0917 -- called in one place
        self,
        scheme: Scheme,
        authorizer: Authorizer,
        health: Health,
        address: str,
        metrics: Metrics,
        actors: Callable[[], bytes] | None = None,
        issuer: Issuer | None = None,
        *,
        clock: Clock,
        flags: Mapping[str, str],
    ) -> None:
        self._clock = clock
        self._started = clock()
        self._flags = flags
        self._issuer = issuer
        self._actors = actors
        self._authorizer = authorizer
        self._metrics = metrics
        self._health = health
        self._scheme = scheme
        self._address = address
        self._made_of = -1
        self._renew()
        self._version = msgspec.json.encode(VERSION)

    async def answer(self, request: HttpRequest) -> Response:
        """The response to a request.

        Raises:
            StatusError: it is rejected.
        """
        parts = request.path.strip("/").split("/")
        if self._scheme.generation != self._made_of:
            self._renew()
        require(self._authorizer, access_of(request, None))
        if parts[0] in {"api", "apis"}:
            return self._discover(request, parts)
        if parts[0] == "openapi":
            return self._describe(request, parts)
        if found := await self._health.answer(request):
            return found
        if self._issuer is not None and (found := self._issuer.answer(request, self._address)):
            _reading(request)
            return found
        return self._page(request, parts)

    def _page(self, request: HttpRequest, parts: list[str]) -> Response:
        match parts:
            case ["metrics"]:
                return self._metrics.answer(request)
            case ["metrics", "slis"]:
                return self._metrics.of_health(self._health)
            case ["debug", "actors"] if self._actors is not None:
                return _plain(request, self._actors())
            case ["version"]:
                return _plain(request, self._version)
            case ["statusz"]:
                return text(200, zpages.statusz(self._started, self._clock(), VERSION, self.paths()))
            case ["flagz"]:
                return text(200, zpages.flagz(self._flags))
            case [""]:
                return _plain(request, msgspec.json.encode({"paths": self.paths()}))
            case _:
                return page_not_found()

    def _renew(self) -> None:
        """Kinds were added or removed."""
        self._made_of = self._scheme.generation
        self._discovery = Discovery(self._scheme, self._address)
        self._openapi = OpenApi(self._scheme, VERSION["gitVersion"])

    def paths(self) -> list[str]:
        """All paths other than those of API objects."""
        issuer = () if self._issuer is None else ISSUER_PATHS
        return sorted([*self._discovery.paths(), *self._health.paths(), *issuer, *_OTHERS])

    def _discover(self, request: HttpRequest, parts: list[str]) -> Response:
        if len(parts) == 1:
            return self._roots(request, parts[0])
        group, versions = ("", parts[1:]) if parts[0] == "api" else (parts[1], parts[2:])
        if not self._discovery.serves_group(group):
            return page_not_found()
        document = self._discovery.resources(group, versions[0]) if versions else self._discovery.group(group)
        if document is None or len(versions) > 1:
            raise not_found()
        return _plain(request, document)

    def _describe(self, request: HttpRequest, parts: list[str]) -> Response:
        """OpenAPI. Version 2 is available in protobuf as well, which some clients require."""
        if parts == ["openapi", "v3"]:
            return text(200, self._openapi.v3_index.decode())
        if parts == ["openapi", "v2"] and request.header(b"accept") == _PROTOBUF_V2:
            return Response(body=self._openapi.v2_protobuf, content_type=_PROTOBUF_V2.replace("@", "."))
        document = self._openapi.v2 if parts == ["openapi", "v2"] else None
        if parts[1:2] == ["v3"]:
            document = self._openapi.v3("/".join(parts[2:]))
        if document is None:
            return page_not_found()
        if negotiate(request.header(b"accept"), as_is) is None:
            return text(406, "")
        _reading(request)
        answer = data(request, 200, document, Accepted())
        return msgspec.structs.replace(answer, headers=(*answer.headers, (b"etag", etag(document))))

    def _roots(self, request: HttpRequest, root: str) -> Response:
        core = root == "api"
        accepted = negotiate(request.header(b"accept"), _aggregated_or_plain)
        if accepted is None:
            raise not_acceptable()
        if accepted.target is None:
            return _plain(request, self._discovery.core_versions if core else self._discovery.group_list)
        _reading(request)
        document = self._discovery.aggregated_core if core else self._discovery.aggregated_groups
        return _aggregated(request, document, accepted)


def _aggregated(request: HttpRequest, document: bytes, accepted: Accepted) -> Response:
    tag = etag(document)
    headers = ((b"etag", tag), (b"vary", b"Accept"), (b"cache-control", b"public"))
    if request.header(b"if-none-match") == tag.decode():
        return Response(code=304, headers=headers)
    answer = data(request, 200, document, accepted)
    target = accepted.target
    assert target is not None
    content_type = f"{accepted.media_type};g={target.group};v={target.version};as={target.kind}"
    kept = tuple(one for one in answer.headers if one[0] not in {b"cache-control", b"vary"})
    return msgspec.structs.replace(answer, content_type=content_type, headers=(*headers, *kept))


def _aggregated_or_plain(target: Target | None) -> bool:
    return target is None or as_aggregated_discovery(target)


def _plain(request: HttpRequest, document: bytes) -> Response:
    _reading(request)
    accepted = negotiate(request.header(b"accept"), as_is)
    if accepted is None:
        raise not_acceptable()
    return data(request, 200, document, accepted)


def _reading(request: HttpRequest) -> None:
    """Only GET and HEAD are allowed."""
    if request.method not in {"GET", "HEAD"}:
        raise MethodNotAllowed.saying(
            "the server does not allow this method on the requested resource", StatusDetails()
        )
