"""SelfSubjectReview: who am I? TokenReview: whose is this token?

Source: api/authentication/v1/types.go (v1.36).
"""

from kubeactors.apimachinery.meta import Object, TypedObject, always

GROUP = "authentication.k8s.io"


class UserInfo(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Somebody, as the server knows them."""

    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: dict[str, tuple[str, ...]] = {}


class SelfSubjectReviewStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who asks."""

    user_info: UserInfo = always(UserInfo())


class SelfSubjectReview(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who am I?"""

    api_version: str = "authentication.k8s.io/v1"
    kind: str = "SelfSubjectReview"
    status: SelfSubjectReviewStatus = always(SelfSubjectReviewStatus())


class TokenReviewSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A token, and for whom it should be; by default for the server."""

    token: str = ""
    audiences: tuple[str, ...] = ()


class TokenReviewStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Whose token it is, if it is valid, and for which of the audiences."""

    authenticated: bool = False
    user: UserInfo = always(UserInfo())
    audiences: tuple[str, ...] = ()
    error: str = ""


class TokenReview(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Whose token is this?"""

    api_version: str = "authentication.k8s.io/v1"
    kind: str = "TokenReview"
    spec: TokenReviewSpec = always(TokenReviewSpec())
    status: TokenReviewStatus = always(TokenReviewStatus())
