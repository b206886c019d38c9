"""Reviews, which are answered instead of stored: the identity of a user, and what it may do.

Source: pkg/registry/authorization/*/rest.go, pkg/registry/authentication/{selfsubjectreview,tokenreview}/storage.go,
pkg/registry/authorization/util/helpers.go (v1.36).
"""

from collections.abc import Callable
from typing import TypeAlias, TypeVar, cast

from msgspec.structs import replace

from kubeactors.api.authentication.v1 import (
    SelfSubjectReview,
    SelfSubjectReviewStatus,
    TokenReview,
    TokenReviewStatus,
)
from kubeactors.api.authentication.v1 import UserInfo as User
from kubeactors.api.authorization.v1 import (
    LocalSubjectAccessReview,
    NonResourceAttributes,
    NonResourceRule,
    ResourceAttributes,
    ResourceRule,
    SelfSubjectAccessReview,
    SelfSubjectRulesReview,
    SelfSubjectRulesReviewSpec,
    SubjectAccessReview,
    SubjectAccessReviewStatus,
    SubjectRulesReviewStatus,
)
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.requests import UserInfo
from kubeactors.apimachinery.status import BadRequest, aggregate, invalid
from kubeactors.apiserver.admission.plugin import Lookup
from kubeactors.apiserver.authorization import Access, Authorizer
from kubeactors.apiserver.registry.metadata import Environment
from kubeactors.apiserver.registry.resource import Resource
from kubeactors.apiserver.registry.tokens import SECOND, Claims, TokenIssuer, holds, user_of, vouchers

T = TypeVar("T", bound=TypedObject)

_Answer: TypeAlias = Callable[[TypedObject, UserInfo], TypedObject]


class Reviews:
    """Answers reviews. `tokens` verifies tokens; without it none are valid."""

    def __init__(
        self, authorizer: Authorizer, environment: Environment, lookup: Lookup, tokens: TokenIssuer | None
    ) -> None:
        self._authorizer = authorizer
        self._environment = environment
        self._lookup = lookup
        self._tokens = tokens
        self._answers: dict[type[TypedObject], _Answer] = {
            LocalSubjectAccessReview: _of(self._subject_access),
            SelfSubjectAccessReview: _of(self._own_access),
            SelfSubjectReview: _of(self._own_name),
            SelfSubjectRulesReview: _of(self._own_rules),
            SubjectAccessReview: _of(self._subject_access),
            TokenReview: _of(self._token),
        }

    def answers(self, resource: Resource) -> bool:
        """Whether a resource is a review."""
        return resource.kind.type in self._answers

    def answer(self, resource: Resource, value: TypedObject, user: UserInfo) -> TypedObject:
        """The review with its status.

        Raises:
            Invalid: it is not valid: it has no attributes, for example, or both kinds of them.
            BadRequest: the token or the namespace is missing.
        """
        kind = resource.kind
        if errors := tuple(kind.validate(value)):
            raise invalid("", kind.group, "", errors)
        return self._answers[kind.type](value, user)

    def _subject_access(
        self, review: SubjectAccessReview | LocalSubjectAccessReview, _: UserInfo
    ) -> SubjectAccessReview | LocalSubjectAccessReview:
        spec = review.spec
        about = UserInfo(name=spec.user, uid=spec.uid, groups=spec.groups, extra=spec.extra)
        return replace(review, status=self._judged(spec.resource_attributes, spec.non_resource_attributes, about))

    def _own_access(self, review: SelfSubjectAccessReview, user: UserInfo) -> SelfSubjectAccessReview:
        spec = review.spec
        return replace(review, status=self._judged(spec.resource_attributes, spec.non_resource_attributes, user))

    def _judged(
        self, resource: ResourceAttributes | None, other: NonResourceAttributes | None, user: UserInfo
    ) -> SubjectAccessReviewStatus:
        decision = self._authorizer.decide(_access(resource, other, user))
        return SubjectAccessReviewStatus(allowed=decision.allowed, reason=decision.reason)

    def _own_rules(self, review: SelfSubjectRulesReview, user: UserInfo) -> SelfSubjectRulesReview:
        namespace = review.spec.namespace
        if not namespace:
            raise BadRequest.saying("no namespace on request")
        found = self._authorizer.rules(user, namespace)
        status = SubjectRulesReviewStatus(
            resource_rules=tuple(
                ResourceRule(
                    verbs=one.verbs,
                    api_groups=one.api_groups,
                    resources=one.resources,
                    resource_names=one.resource_names,
                )
                for one in found.rules
                if one.resources
            ),
            non_resource_rules=tuple(
                NonResourceRule(verbs=one.verbs, non_resource_urls=one.non_resource_urls)
                for one in found.rules
                if one.non_resource_urls
            ),
            incomplete=found.incomplete or bool(found.errors),
            evaluation_error=aggregate(found.errors) if found.errors else "",
        )
        return replace(review, spec=SelfSubjectRulesReviewSpec(), status=status)

    def _own_name(self, review: SelfSubjectReview, user: UserInfo) -> SelfSubjectReview:
        metadata = ObjectMeta(creation_timestamp=self._environment.timestamp())
        return replace(review, metadata=metadata, status=SelfSubjectReviewStatus(user_info=_shown(user)))

    def _token(self, review: TokenReview, _: UserInfo) -> TokenReview:
        spec = review.spec
        if not spec.token:
            raise BadRequest.saying("token is required for TokenReview in authentication")
        claims = None if self._tokens is None else self._tokens.read(spec.token)
        if claims is None or self._tokens is None:
            return replace(review, status=TokenReviewStatus())
        audiences = spec.audiences or self._tokens.audiences
        meant = tuple(one for one in claims.audiences if one in audiences)
        if not meant or not self._holds(claims, spec.token):
            return replace(review, status=TokenReviewStatus(error="invalid bearer token"))
        user = user_of(claims)
        user = replace(user, groups=(*user.groups, "system:authenticated"))
        return replace(review, status=TokenReviewStatus(authenticated=True, user=_shown(user), audiences=meant))

    def _holds(self, claims: Claims, token: str) -> bool:
        """Whether the token is valid, and the objects that it depends on exist."""
        found = [self._lookup.get(*one) for one in vouchers(claims)]
        return holds(claims, token, found, self._environment.wall // SECOND)


def _access(resource: ResourceAttributes | None, other: NonResourceAttributes | None, user: UserInfo) -> Access:
    if other is not None:
        return Access(user=user, verb=other.verb, path=other.path)
    assert resource is not None, "a valid review has one kind of attributes"
    selector = resource.field_selector
    return Access(
        user=user,
        verb=resource.verb,
        group=resource.group,
        resource=resource.resource,
        subresource=resource.subresource,
        namespace=resource.namespace,
        name=resource.name,
        field_selector="" if selector is None else selector.raw_selector,
    )


def _shown(user: UserInfo) -> User:
    return User(username=user.name, uid=user.uid, groups=user.groups, extra=user.extra)


def _of(answer: Callable[[T, UserInfo], T]) -> _Answer:
    return cast("_Answer", answer)
