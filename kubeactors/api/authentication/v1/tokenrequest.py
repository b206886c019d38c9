"""TokenRequest: asks for a token of a service account; posted to `serviceaccounts/token`.

Source: api/authentication/v1/types.go, pkg/apis/authentication/v1/defaults.go,
pkg/apis/authentication/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

from msgspec.structs import replace

from kubeactors.apimachinery.field import FieldError, invalid
from kubeactors.apimachinery.meta import Object, Time, TypedObject, always

HOUR = 3600
SHORTEST, LONGEST = 600, 1 << 32
"""The bounds of a token's lifetime in seconds."""


class BoundObjectReference(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The pod, node or secret whose deletion invalidates the token."""

    kind: str = ""
    api_version: str = ""
    name: str = ""
    uid: str = ""


class TokenRequestSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The audiences, the lifetime, and the object that the token is bound to."""

    audiences: tuple[str, ...] | None = always(None)
    expiration_seconds: int | None = always(None)
    bound_object_ref: BoundObjectReference | None = always(None)


class TokenRequestStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The token, and its expiration time."""

    token: str = always("")
    expiration_timestamp: Time | None = always(None)


class TokenRequest(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A request for a service account token."""

    api_version: str = "authentication.k8s.io/v1"
    kind: str = "TokenRequest"
    spec: TokenRequestSpec = always(TokenRequestSpec())
    status: TokenRequestStatus = always(TokenRequestStatus())


def default_token_request(request: TokenRequest) -> TokenRequest:
    """The default lifetime is an hour.

    >>> default_token_request(TokenRequest()).spec.expiration_seconds
    3600
    """
    if request.spec.expiration_seconds is not None:
        return request
    return replace(request, spec=replace(request.spec, expiration_seconds=HOUR))


def validate_token_request(request: TokenRequest) -> Iterator[FieldError]:
    """The lifetime is at least ten minutes, and at most 2^32 seconds."""
    seconds = request.spec.expiration_seconds or 0
    if seconds < SHORTEST:
        yield invalid("spec.expirationSeconds", seconds, "may not specify a duration less than 10 minutes")
    if seconds > LONGEST:
        yield invalid("spec.expirationSeconds", seconds, "may not specify a duration larger than 2^32 seconds")
