"""SubjectAccessReview and its variants: checks of permissions.

Source: api/authorization/v1/types.go, pkg/apis/authorization/validation/validation.go (v1.36).
"""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from kubeactors.apimachinery.field import FieldError, invalid
from kubeactors.apimachinery.meta import (
    FieldSelectorRequirement,
    LabelSelectorRequirement,
    Object,
    ObjectMeta,
    TypedObject,
    always,
)

GROUP = "authorization.k8s.io"


class FieldSelectorAttributes(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The field selector of a request, raw or parsed."""

    raw_selector: str = ""
    requirements: tuple[FieldSelectorRequirement, ...] = ()


class LabelSelectorAttributes(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The label selector of a request, raw or parsed."""

    raw_selector: str = ""
    requirements: tuple[LabelSelectorRequirement, ...] = ()


class ResourceAttributes(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A request for a resource; `*` stands for all. An empty namespace means all, or a cluster-scoped resource."""

    namespace: str = ""
    verb: str = ""
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    field_selector: FieldSelectorAttributes | None = None
    label_selector: LabelSelectorAttributes | None = None


class NonResourceAttributes(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A request for any other path."""

    path: str = ""
    verb: str = ""


class SubjectAccessReviewSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A user, and a request of one of the two kinds."""

    resource_attributes: ResourceAttributes | None = None
    non_resource_attributes: NonResourceAttributes | None = None
    user: str = ""
    groups: tuple[str, ...] = ()
    extra: dict[str, tuple[str, ...]] = {}
    uid: str = ""


class SelfSubjectAccessReviewSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A request of one of the two kinds, by the user of the review."""

    resource_attributes: ResourceAttributes | None = None
    non_resource_attributes: NonResourceAttributes | None = None


class SubjectAccessReviewStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The answer. Neither allowed nor denied means that no authorizer has an opinion."""

    allowed: bool = always(False)
    denied: bool = False
    reason: str = ""
    evaluation_error: str = ""


class SubjectAccessReview(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Checks whether a user may perform a request."""

    api_version: str = "authorization.k8s.io/v1"
    kind: str = "SubjectAccessReview"
    spec: SubjectAccessReviewSpec = always(SubjectAccessReviewSpec())
    status: SubjectAccessReviewStatus = always(SubjectAccessReviewStatus())


class LocalSubjectAccessReview(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Checks whether a user may perform a request in this namespace; permission to check is granted per namespace."""

    api_version: str = "authorization.k8s.io/v1"
    kind: str = "LocalSubjectAccessReview"
    spec: SubjectAccessReviewSpec = always(SubjectAccessReviewSpec())
    status: SubjectAccessReviewStatus = always(SubjectAccessReviewStatus())


class SelfSubjectAccessReview(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Checks whether the current user may perform a request."""

    api_version: str = "authorization.k8s.io/v1"
    kind: str = "SelfSubjectAccessReview"
    spec: SelfSubjectAccessReviewSpec = always(SelfSubjectAccessReviewSpec())
    status: SubjectAccessReviewStatus = always(SubjectAccessReviewStatus())


def validate_subject_access_review(review: SubjectAccessReview) -> Iterator[FieldError]:
    """A user or a group, and one request."""
    yield from _one_request(review.spec)
    yield from _somebody(review.spec)
    yield from _no_metadata(review.metadata, "must be empty")


def validate_self_subject_access_review(review: SelfSubjectAccessReview) -> Iterator[FieldError]:
    """One request."""
    yield from _one_request(review.spec)
    yield from _no_metadata(review.metadata, "must be empty")


def validate_local_subject_access_review(review: LocalSubjectAccessReview) -> Iterator[FieldError]:
    """A user or a group, and a request for a resource of the same namespace."""
    spec, namespace = review.spec, review.metadata.namespace
    yield from _one_request(spec)
    yield from _somebody(spec)
    yield from _no_metadata(replace(review.metadata, namespace=""), "must be empty except for namespace")
    if spec.resource_attributes is not None and spec.resource_attributes.namespace != namespace:
        given = spec.resource_attributes.namespace
        yield invalid("spec.resourceAttributes.namespace", given, "must match metadata.namespace")
    if spec.non_resource_attributes is not None:
        why = "disallowed on this kind of request"
        yield invalid("spec.nonResourceAttributes", spec.non_resource_attributes, why)


def _one_request(spec: SubjectAccessReviewSpec | SelfSubjectAccessReviewSpec) -> Iterator[FieldError]:
    resource, other = spec.resource_attributes, spec.non_resource_attributes
    if resource is not None and other is not None:
        why = "cannot be specified in combination with resourceAttributes"
        yield invalid("spec.nonResourceAttributes", other, why)
    if resource is None and other is None:
        why = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
        yield invalid("spec.resourceAttributes", None, why)


def _somebody(spec: SubjectAccessReviewSpec) -> Iterator[FieldError]:
    if not spec.user and not spec.groups:
        yield invalid("spec.user", spec.user, "at least one of user or group must be specified")


def _no_metadata(metadata: ObjectMeta, why: str) -> Iterator[FieldError]:
    if replace(metadata, managed_fields=()) != ObjectMeta():
        yield invalid("metadata", msgspec.to_builtins(metadata), why)
