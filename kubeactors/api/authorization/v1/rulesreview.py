"""SelfSubjectRulesReview.

Source: api/authorization/v1/types.go (v1.36).
"""

import msgspec

from kubeactors.apimachinery.meta import Object, TypedObject, always


class ResourceRule(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Verbs on resources, as in a role."""

    verbs: tuple[str, ...] | None = always(None)
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    resource_names: tuple[str, ...] = ()


class NonResourceRule(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Verbs on other paths, as in a role."""

    verbs: tuple[str, ...] | None = always(None)
    non_resource_urls: tuple[str, ...] = msgspec.field(name="nonResourceURLs", default=())


class SelfSubjectRulesReviewSpec(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The namespace of the rules."""

    namespace: str = ""


class SubjectRulesReviewStatus(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The known rules; if `incomplete`, there may be more."""

    resource_rules: tuple[ResourceRule, ...] | None = always(None)
    non_resource_rules: tuple[NonResourceRule, ...] | None = always(None)
    incomplete: bool = always(False)
    evaluation_error: str = ""


class SelfSubjectRulesReview(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Lists the rules of the current user in a namespace."""

    api_version: str = "authorization.k8s.io/v1"
    kind: str = "SelfSubjectRulesReview"
    spec: SelfSubjectRulesReviewSpec = always(SelfSubjectRulesReviewSpec())
    status: SubjectRulesReviewStatus = always(SubjectRulesReviewStatus())
