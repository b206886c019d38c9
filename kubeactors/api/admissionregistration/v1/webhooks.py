"""Admission webhooks.

Source: api/admissionregistration/v1/types.go (v1.36).
"""

from typing import Annotated

from kubeactors.api.admissionregistration.v1.matching import MatchCondition, RuleWithOperations, WebhookClientConfig
from kubeactors.apimachinery.meta import (
    LabelSelector,
    Object,
    TypedObject,
    always,
    merge_by,
)


class ValidatingWebhook(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A webhook that may reject requests."""

    name: str = always("")
    client_config: WebhookClientConfig = always(WebhookClientConfig())
    rules: tuple[RuleWithOperations, ...] = ()
    failure_policy: str | None = None
    match_policy: str | None = None
    namespace_selector: LabelSelector | None = None
    object_selector: LabelSelector | None = None
    side_effects: str | None = always(None)
    timeout_seconds: int | None = None
    admission_review_versions: tuple[str, ...] | None = always(None)
    match_conditions: Annotated[tuple[MatchCondition, ...], merge_by("name")] = ()


class ValidatingWebhookConfiguration(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Webhooks that are called before a write, and may reject it."""

    api_version: str = "admissionregistration.k8s.io/v1"
    kind: str = "ValidatingWebhookConfiguration"
    webhooks: Annotated[tuple[ValidatingWebhook, ...], merge_by("name")] = ()


class MutatingWebhook(Object, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A webhook that may change the object of a request."""

    name: str = always("")
    client_config: WebhookClientConfig = always(WebhookClientConfig())
    rules: tuple[RuleWithOperations, ...] = ()
    failure_policy: str | None = None
    match_policy: str | None = None
    namespace_selector: LabelSelector | None = None
    object_selector: LabelSelector | None = None
    side_effects: str | None = always(None)
    timeout_seconds: int | None = None
    admission_review_versions: tuple[str, ...] | None = always(None)
    reinvocation_policy: str | None = None
    match_conditions: Annotated[tuple[MatchCondition, ...], merge_by("name")] = ()


class MutatingWebhookConfiguration(TypedObject, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Webhooks that are called before a write, and may change it."""

    api_version: str = "admissionregistration.k8s.io/v1"
    kind: str = "MutatingWebhookConfiguration"
    webhooks: Annotated[tuple[MutatingWebhook, ...], merge_by("name")] = ()
