"""The kinds of admission webhooks and policies."""

from kubeactors.api.admissionregistration.v1 import policy_validation as policies
from kubeactors.api.admissionregistration.v1 import webhook_validation as hooks
from kubeactors.api.admissionregistration.v1.mutating import MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding
from kubeactors.api.admissionregistration.v1.validating import (
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
)
from kubeactors.api.admissionregistration.v1.webhooks import (
    MutatingWebhookConfiguration,
    ValidatingWebhookConfiguration,
)
from kubeactors.apimachinery.scheme import Kind

GROUP = "admissionregistration.k8s.io"
_CATEGORIES = ("api-extensions",)

KINDS = (
    Kind(
        type=MutatingAdmissionPolicy,
        group=GROUP,
        kind="MutatingAdmissionPolicy",
        resource="mutatingadmissionpolicies",
        singular="mutatingadmissionpolicy",
        categories=_CATEGORIES,
        namespaced=False,
        default=policies.default_mutating_policy,
        validate=policies.validate_mutating_policy,
        validate_update=policies.validate_mutating_policy_update,
    ),
    Kind(
        type=MutatingAdmissionPolicyBinding,
        group=GROUP,
        kind="MutatingAdmissionPolicyBinding",
        resource="mutatingadmissionpolicybindings",
        singular="mutatingadmissionpolicybinding",
        categories=_CATEGORIES,
        namespaced=False,
        default=policies.default_mutating_binding,
        validate=policies.validate_mutating_binding,
        validate_update=policies.validate_mutating_binding_update,
    ),
    Kind(
        type=MutatingWebhookConfiguration,
        group=GROUP,
        kind="MutatingWebhookConfiguration",
        resource="mutatingwebhookconfigurations",
        singular="mutatingwebhookconfiguration",
        categories=_CATEGORIES,
        namespaced=False,
        default=hooks.default_mutating_webhooks,
        validate=hooks.validate_mutating_webhooks,
        validate_update=hooks.validate_mutating_webhooks_update,
    ),
    Kind(
        type=ValidatingAdmissionPolicy,
        group=GROUP,
        kind="ValidatingAdmissionPolicy",
        resource="validatingadmissionpolicies",
        singular="validatingadmissionpolicy",
        categories=_CATEGORIES,
        namespaced=False,
        subresources=("status",),
        default=policies.default_validating_policy,
        validate=policies.validate_validating_policy,
        validate_update=policies.validate_validating_policy_update,
    ),
    Kind(
        type=ValidatingAdmissionPolicyBinding,
        group=GROUP,
        kind="ValidatingAdmissionPolicyBinding",
        resource="validatingadmissionpolicybindings",
        singular="validatingadmissionpolicybinding",
        categories=_CATEGORIES,
        namespaced=False,
        default=policies.default_validating_binding,
        validate=policies.validate_validating_binding,
        validate_update=policies.validate_validating_binding_update,
    ),
    Kind(
        type=ValidatingWebhookConfiguration,
        group=GROUP,
        kind="ValidatingWebhookConfiguration",
        resource="validatingwebhookconfigurations",
        singular="validatingwebhookconfiguration",
        categories=_CATEGORIES,
        namespaced=False,
        default=hooks.default_validating_webhooks,
        validate=hooks.validate_validating_webhooks,
        validate_update=hooks.validate_validating_webhooks_update,
    ),
)
