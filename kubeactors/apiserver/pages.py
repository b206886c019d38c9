"""Continue tokens of paged lists.

A token is opaque to clients. It holds the revision of the list and the key after its last item.

Source: apiserver/pkg/storage/continue.go, apiserver/pkg/storage/etcd3/errors.go (v1.36).
"""

import base64
import binascii
import posixpath

import msgspec

from kubeactors.apimachinery.meta import ListMeta
from kubeactors.apimachinery.status import BadRequest, Expired, Status, StatusError

NEWEST = -1
"""The revision in a token that continues with the current state: an inconsistent list."""

_VERSION = "meta.k8s.io/v1"


class _Token(msgspec.Struct):
    v: str = ""
    rv: int = 0
    start: str = ""


def encode_continue(prefix: str, next_key: str, revision: int) -> str:
    """The token that continues a list below `prefix` at `next_key`.

    >>> decode_continue("/registry/pods/a/", encode_continue("/registry/pods/a/", "/registry/pods/a/b", 7))
    ('/registry/pods/a/b', 7)
    """
    token = _Token(v=_VERSION, rv=revision, start=next_key.removeprefix(prefix))
    return base64.urlsafe_b64encode(msgspec.json.encode(token)).rstrip(b"=").decode()


def decode_continue(prefix: str, token: str) -> tuple[str, int]:
    """The key at which the list continues, and its revision.

    Raises:
        BadRequest: the token is malformed, or not of a server like this one; list again without it.
    """
    found = _parsed(token)
    if found.v != _VERSION:
        raise _invalid(f"continue key is not valid: server does not recognize this encoded version {found.v}")
    if found.rv == 0:
        raise _invalid("continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)")
    if not found.start:
        raise _invalid("continue key is not valid: encoded start key empty (version meta.k8s.io/v1)")
    start = found.start if found.start.startswith("/") else f"/{found.start}"
    if posixpath.normpath(start) != start:
        raise _invalid(f"continue key is not valid: {found.start}")
    return prefix + start[1:], found.rv


def expired_page(prefix: str, next_key: str) -> StatusError:
    """The error for a token whose revision is compacted. It carries a token that continues inconsistently."""
    message = (
        "The provided continue parameter is too old to display a consistent list result. "
        "You can start a new list without the continue parameter, or use the continue token in this response to "
        "retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - "
        "objects that were created, modified, or deleted between the time the first chunk was returned and now "
        "may show up in the list."
    )
    metadata = ListMeta(continue_=encode_continue(prefix, next_key, NEWEST))
    return Expired(Status(metadata=metadata, status="Failure", message=message, reason="Expired", code=410))


def _parsed(token: str) -> _Token:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(raw, type=_Token)
    except (binascii.Error, ValueError, msgspec.DecodeError) as error:
        raise _invalid(f"continue key is not valid: {error}") from error


def _invalid(why: str) -> StatusError:
    return BadRequest.saying(f"invalid continue token: {why}")
