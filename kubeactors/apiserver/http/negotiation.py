"""Content negotiation: JSON or YAML; the object itself, a Table, or metadata only.

Source: apiserver/pkg/endpoints/handlers/negotiation/negotiate.go, munnerz/goautoneg (v1.36).
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeAlias

import msgspec

from kubeactors.apimachinery.status import NotAcceptable, StatusDetails, StatusError, UnsupportedMediaType

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
SERVED = (JSON, YAML)
READ = (JSON, YAML, PROTOBUF)
NAMED = f"{JSON}, {YAML}, {PROTOBUF}"
"""The accepted types in messages. Protobuf is decoded, never encoded: clients that accept it accept JSON as well."""


class Target(msgspec.Struct, frozen=True):
    """The kind that the response is to be converted to."""

    kind: str = ""
    group: str = ""
    version: str = ""

    @property
    def api_version(self) -> str:
        """`meta.k8s.io/v1`."""
        return f"{self.group}/{self.version}"


class Accepted(msgspec.Struct, frozen=True):
    """The outcome of negotiation."""

    media_type: str = JSON
    target: Target | None = None
    pretty: bool = False


Allows: TypeAlias = Callable[[Target | None], bool]
"""Whether an endpoint can convert its response to the target."""


class _Clause(msgspec.Struct, frozen=True):
    media_type: str
    parameters: dict[str, str]
    quality: float


def as_is(target: Target | None) -> bool:
    """For endpoints without conversion."""
    return target is None


def as_table_or_metadata(target: Target | None) -> bool:
    """For endpoints of API objects."""
    if target is None:
        return True
    of_meta = target.group == "meta.k8s.io" and target.version in {"v1", "v1beta1"}
    return of_meta and target.kind in {"Table", "PartialObjectMetadata", "PartialObjectMetadataList"}


def as_aggregated_discovery(target: Target | None) -> bool:
    """For aggregated discovery at `/api` and `/apis`."""
    return target == Target("APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2")


@lru_cache(maxsize=1024)
def negotiate(accept: str, allows: Allows) -> Accepted | None:
    """The representation to respond with; None if none is acceptable.

    >>> negotiate("application/json;as=Table;g=meta.k8s.io;v=v1,application/json", as_table_or_metadata).target.kind
    'Table'
    >>> negotiate("text/html", as_is) is None
    True
    """
    if not accept:
        return Accepted() if allows(None) else None
    for clause in _clauses(accept):
        for media_type in SERVED:
            if _matches(clause.media_type, media_type) and (found := _accepted(clause, media_type, allows)):
                return found
    return None


def negotiate_object(accept: str) -> Accepted:
    """The representation of an API object to respond with.

    Raises:
        NotAcceptable: none is acceptable.
    """
    if found := negotiate(accept, as_table_or_metadata):
        return found
    if any(_matches(clause.media_type, one) for clause in _clauses(accept) for one in (JSON, YAML, PROTOBUF)):
        raise not_acceptable()
    # Kubernetes' router rejects an unknown media type before any handler runs
    message = f"406: Not Acceptable\n\nAvailable representations: {NAMED}"
    raise NotAcceptable.saying(message, StatusDetails())


def check_streamed(accepted: Accepted) -> None:
    """Reject YAML, which has no framing for streams.

    Raises:
        NotAcceptable: it lists the types that can be streamed.
    """
    if accepted.media_type != JSON:
        raise not_acceptable(f"{JSON};stream=watch, {PROTOBUF};stream=watch")


def not_acceptable(named: str = NAMED) -> StatusError:
    """The error if no accepted media type is served."""
    return NotAcceptable.saying(f"only the following media types are accepted: {named}")


@lru_cache(maxsize=256)
def body_type(content_type: str) -> str:
    """The media type of a request's body; JSON by default.

    >>> body_type("application/json; charset=utf-8")
    'application/json'

    Raises:
        UnsupportedMediaType: it is not supported.
    """
    media_type = content_type.partition(";")[0].strip().lower() or JSON
    if media_type not in READ:
        raise UnsupportedMediaType.saying(
            f"the body of the request was in an unknown format - accepted media types include: {', '.join(READ)}"
        )
    return media_type


def _clauses(accept: str) -> list[_Clause]:
    """The clauses of an Accept header by quality; of equal quality the more specific ones first."""
    return sorted(_parsed(accept), key=lambda one: (-one.quality, one.media_type.count("*")))


def _parsed(accept: str) -> Iterator[_Clause]:
    for part in accept.split(","):
        media_type, *parameters = (piece.strip() for piece in part.split(";"))
        named = dict(one.split("=", 1) for one in parameters if "=" in one)
        yield _Clause(media_type, named, _quality(named.pop("q", "1")))


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0


def _matches(wanted: str, served: str) -> bool:
    return wanted in {served, "*/*", "application/*"}


def _accepted(clause: _Clause, media_type: str, allows: Allows) -> Accepted | None:
    given = clause.parameters
    if given.get("stream", "watch") != "watch" or given.get("sv"):
        return None
    target = None
    if "as" in given or "g" in given or "v" in given:
        target = Target(given.get("as", ""), given.get("g", ""), given.get("v", ""))
    return Accepted(media_type, target, given.get("pretty") == "1") if allows(target) else None
