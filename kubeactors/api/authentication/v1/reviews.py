"""SelfSubjectReview and TokenReview.

Source: api/authentication/v1/types.go (v1.36).
"""

from kubeactors.apimachinery.meta import Object, TypedObject, always

GROUP = "authentication.k8s.io"


class UserInfo(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An authenticated user."""

    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: dict[str, tuple[str, ...]] = {}


class SelfSubjectReviewStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The user of the request."""

    user_info: UserInfo = always(UserInfo())


class SelfSubjectReview(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Returns the user of the request."""

    api_version: str = "authentication.k8s.io/v1"
    kind: str = "SelfSubjectReview"
    status: SelfSubjectReviewStatus = always(SelfSubjectReviewStatus())


class TokenReviewSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A token, and the intended audiences; by default the server."""

    token: str = ""
    audiences: tuple[str, ...] = ()


class TokenReviewStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Whether the token is valid, its user, and the audiences it is valid for."""

    authenticated: bool = False
    user: UserInfo = always(UserInfo())
    audiences: tuple[str, ...] = ()
    error: str = ""


class TokenReview(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Authenticates a token."""

    api_version: str = "authentication.k8s.io/v1"
    kind: str = "TokenReview"
    spec: TokenReviewSpec = always(TokenReviewSpec())
    status: TokenReviewStatus = always(TokenReviewStatus())
