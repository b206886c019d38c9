"""The index of the policies, bindings and webhooks in force."""

from typing import Generic, Protocol, TypeVar, cast

import msgspec

from kubeactors.api.admissionregistration.v1.mutating import MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding
from kubeactors.api.admissionregistration.v1.validating import (
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
)
from kubeactors.api.admissionregistration.v1.webhooks import (
    MutatingWebhook,
    MutatingWebhookConfiguration,
    ValidatingWebhook,
    ValidatingWebhookConfiguration,
)
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import GroupVersionResource
from kubeactors.apimachinery.scheme import Kind, Scheme
from kubeactors.apiserver.admission.plugin import Lookup
from kubeactors.apiserver.changes import Change

GROUP = "admissionregistration.k8s.io"

P = TypeVar("P", bound=TypedObject)
B = TypeVar("B", bound=TypedObject)


class InForce(msgspec.Struct, Generic[P, B], frozen=True):
    """A policy, and a binding that puts it in force."""

    policy: P
    binding: B

    @property
    def name(self) -> str:
        """A unique name of the pair."""
        return f"{self.policy.metadata.name}/{self.binding.metadata.name}"


Validating = InForce[ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding]
Mutating = InForce[MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding]


Webhook = MutatingWebhook | ValidatingWebhook


class Hook(msgspec.Struct, frozen=True):
    """A webhook, and the name of its configuration: webhook names are unique within a configuration only."""

    configuration: str
    webhook: Webhook

    @property
    def name(self) -> str:
        """A unique name of the webhook."""
        return f"{self.configuration}/{self.webhook.name}"


class _Spec(Protocol):
    @property
    def policy_name(self) -> str: ...


class _Binding(Protocol):
    @property
    def spec(self) -> _Spec: ...


class PolicyIndex:
    """Follows the cache, and is rebuilt on demand after a policy, binding or configuration has changed."""

    def __init__(self, scheme: Scheme, lookup: Lookup) -> None:
        self.scheme: Scheme = scheme
        """The kinds that parameters can have."""
        self._lookup = lookup
        self._is_old = True
        self._validating: tuple[Validating, ...] = ()
        self._mutating: tuple[Mutating, ...] = ()
        self._webhooks: tuple[Hook, ...] = ()

    def concerns(self, kind: Kind[TypedObject]) -> bool:
        """Policies, bindings and webhook configurations."""
        return kind.group == GROUP

    def observe(self, kind: Kind[TypedObject], change: Change) -> None:
        """Mark the index stale."""
        del kind, change
        self._is_old = True

    def reset(self) -> None:
        """Mark the index stale."""
        self._is_old = True

    @property
    def validating(self) -> tuple[Validating, ...]:
        """The validating policies, by name."""
        if self._is_old:
            self._read()
        return self._validating

    @property
    def mutating(self) -> tuple[Mutating, ...]:
        """The mutating policies, by name."""
        if self._is_old:
            self._read()
        return self._mutating

    @property
    def webhooks(self) -> tuple[Hook, ...]:
        """The mutating webhooks, then the validating ones, each by the name of the configuration."""
        if self._is_old:
            self._read()
        return self._webhooks

    def _read(self) -> None:
        changing = cast("list[MutatingWebhookConfiguration]", self._all("mutatingwebhookconfigurations"))
        refusing = cast("list[ValidatingWebhookConfiguration]", self._all("validatingwebhookconfigurations"))
        self._webhooks = (
            *(Hook(one.metadata.name, hook) for one in changing for hook in one.webhooks),
            *(Hook(one.metadata.name, hook) for one in refusing for hook in one.webhooks),
        )
        self._validating = cast("tuple[Validating, ...]", self._bound("validating"))
        self._mutating = cast("tuple[Mutating, ...]", self._bound("mutating"))
        self._is_old = False

    def _bound(self, prefix: str) -> tuple[InForce[TypedObject, TypedObject], ...]:
        """Policies joined with their bindings; a binding without a policy has no effect."""
        bindings = self._all(f"{prefix}admissionpolicybindings")
        return tuple(
            InForce(policy, binding)
            for policy in self._all(f"{prefix}admissionpolicies")
            for binding in bindings
            if cast("_Binding", binding).spec.policy_name == policy.metadata.name
        )

    def _all(self, resource: str) -> list[TypedObject]:
        found = self._lookup.select(GroupVersionResource(GROUP, "v1", resource))
        return sorted(found, key=lambda one: one.metadata.name)
