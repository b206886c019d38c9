"""TokenRequest: asks for a token of a service account; posted to `serviceaccounts/token`.

Source: api/authentication/v1/types.go, pkg/apis/authentication/v1/defaults.go,
pkg/apis/authentication/validation/validation.go (v1.36).
"""

from kubeactors.apimachinery.meta import Object, Time, TypedObject, always


class BoundObjectReference(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The pod, node or secret with whose end the token ends."""

    kind: str = ""
    api_version: str = ""
    name: str = ""
    uid: str = ""


class TokenRequestSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """For whom, for how long, bound to what."""

    audiences: tuple[str, ...] | None = always(None)
    expiration_seconds: int | None = always(None)
    bound_object_ref: BoundObjectReference | None = always(None)


class TokenRequestStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The token, and when it ends."""

    token: str = always("")
    expiration_timestamp: Time | None = always(None)


class TokenRequest(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A request for a token, and the answer to it."""

    api_version: str = "authentication.k8s.io/v1"
    kind: str = "TokenRequest"
    spec: TokenRequestSpec = always(TokenRequestSpec())
    status: TokenRequestStatus = always(TokenRequestStatus())
