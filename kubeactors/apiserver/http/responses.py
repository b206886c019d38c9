"""Responses as bytes: objects and Status in the negotiated media type, warnings, compression.

Source: apiserver/pkg/endpoints/handlers/responsewriters/writers.go (v1.36).
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import msgspec
import yaml

from kubeactors.apimachinery.status import Status
from kubeactors.apiserver.http.messages import HttpRequest, Response
from kubeactors.apiserver.http.negotiation import JSON, YAML, Accepted, as_is, negotiate

Headers: TypeAlias = tuple[tuple[bytes, bytes], ...]

GZIP_THRESHOLD_BYTES = 128 * 1024
CHUNK_BYTES = 256 * 1024
"""The size of the chunks in which a large body is joined, encrypted and written to the socket."""
_GZIP_WINDOW = 31  # 15 bits of window, plus 16 for the gzip header
TEXT = "text/plain; charset=utf-8"

_UNFOLDED = 1 << 30
"""The line width: long strings are not folded."""
_NO_CACHE = (b"cache-control", b"no-cache, private")
_ALONE: Headers = (_NO_CACHE,)
_NO_SNIFF = (b"x-content-type-options", b"nosniff")
_PEOPLE = ("curl", "Wget", "Mozilla/5.0")
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})


def data(request: HttpRequest, code: int, json: bytes, accepted: Accepted, warnings: tuple[str, ...] = ()) -> Response:
    """A response with a JSON body, in the negotiated media type."""
    headers = _headers(warnings)
    body = to_yaml(json) if accepted.media_type == YAML else _as_json(request, json, pretty=accepted.pretty)
    compressed = len(body) > GZIP_THRESHOLD_BYTES and "gzip" in request.header(b"accept-encoding")
    if compressed:
        headers += ((b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding"))
    return Response(code=code, body=body, compressed=compressed, content_type=accepted.media_type, headers=headers)


def listing(
    request: HttpRequest, pieces: Sequence[bytes], accepted: Accepted, warnings: tuple[str, ...] = ()
) -> Response:
    """A response with a list whose JSON comes in pieces."""
    large = sum(map(len, pieces)) > CHUNK_BYTES
    as_it_is = accepted.media_type == JSON and not _indented(request, pretty=accepted.pretty)
    if large and as_it_is and "gzip" not in request.header(b"accept-encoding"):
        return Response(pieces=(*pieces, b"\n"), content_type=JSON, headers=_headers(warnings))
    return data(request, 200, b"".join(pieces), accepted, warnings)


def chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Join pieces to chunks of a size that can be sent quickly."""
    gathered: list[bytes] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size >= CHUNK_BYTES:
            yield b"".join(gathered)
            gathered, size = [], 0
    if gathered:
        yield b"".join(gathered)


def compress(body: bytes) -> bytes:
    """Gzip a body at the fastest level, as Kubernetes does."""
    return zlib.compress(body, level=1, wbits=_GZIP_WINDOW)


def refusal(request: HttpRequest, status: Status) -> Response:
    """A Status in the negotiated media type; in JSON if none is acceptable, so that errors always have a body."""
    if request.audit is not None:
        request.audit.answered_status(status)
    accepted = negotiate(request.header(b"accept"), as_is) or Accepted()
    answer = data(request, status.code, msgspec.json.encode(status), accepted, request.warnings)
    if status.details is None or not status.details.retry_after_seconds:
        return answer
    retry = (b"retry-after", b"%d" % status.details.retry_after_seconds)
    return msgspec.structs.replace(answer, headers=(*answer.headers, retry))


def text(code: int, body: str) -> Response:
    """Plain text."""
    return Response(code=code, body=body.encode(), content_type=TEXT, headers=(_NO_CACHE, _NO_SNIFF))


def no_upgrade(status: Status) -> Response:
    """A failed upgrade: the kubelet's error as plain text, else the server's own as a Status."""
    return (
        text(status.code, status.message)
        if status.reason
        else Response(code=status.code, body=msgspec.json.encode(status))
    )


def page_not_found() -> Response:
    """What Go's HTTP library responds for an unknown path."""
    return text(404, "404 page not found\n")


def warning(message: str) -> bytes:
    r"""The value of a Warning header.

    >>> warning('unknown field "spec"')
    b'299 - "unknown field \\"spec\\""'
    """
    quoted = message.replace("\\", "\\\\").replace('"', '\\"')
    return f'299 - "{"".join(one for one in quoted if one.isprintable())}"'.encode()


def to_yaml(json: bytes) -> bytes:
    r"""A JSON value as YAML, with sorted keys as in Kubernetes.

    >>> to_yaml(b'{"b":[1],"a":"x"}')
    b'a: x\nb:\n- 1\n'
    """
    value: object = msgspec.json.decode(json)
    return yaml.dump(value, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=True, width=_UNFOLDED).encode()


def _as_json(request: HttpRequest, json: bytes, *, pretty: bool) -> bytes:
    if _indented(request, pretty=pretty):
        json = msgspec.json.format(json, indent=2)
    return json + b"\n"


def _headers(warnings: tuple[str, ...]) -> Headers:
    return (_NO_CACHE, *((b"warning", warning(text)) for text in warnings)) if warnings else _ALONE


def _indented(request: HttpRequest, *, pretty: bool) -> bool:
    """Whether to indent: as requested, by default for browsers, curl and Wget."""
    if pretty:
        return True
    if b"pretty" in request.query_bytes and (wish := request.query.text("pretty")):
        return wish in _TRUE
    return request.header(b"user-agent").startswith(_PEOPLE)
