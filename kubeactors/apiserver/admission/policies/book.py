"""The policies, bindings and webhooks that are in force, as the cache of the server knows them."""

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
    """A policy, and one binding that puts it into force."""

    policy: P
    binding: B

    @property
    def name(self) -> str:
        """Names the two among all."""
        return f"{self.policy.metadata.name}/{self.binding.metadata.name}"


Validating = InForce[ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding]
Mutating = InForce[MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding]


Webhook = MutatingWebhook | ValidatingWebhook


class Hook(msgspec.Struct, frozen=True):
    """A webhook, and the name of its configuration: another one may have a webhook of the same name."""

    configuration: str
    webhook: Webhook

    @property
    def name(self) -> str:
        """Names it among all."""
        return f"{self.configuration}/{self.webhook.name}"


class _Spec(Protocol):
    @property
    def policy_name(self) -> str: ...


class _Binding(Protocol):
    @property
    def spec(self) -> _Spec: ...


class Book:
    """Follows the cache: what is in force is put together again when a policy or a binding has changed."""

    def __init__(self, scheme: Scheme, lookup: Lookup) -> None:
        self.scheme: Scheme = scheme
        """The kinds that parameters may be of."""
        self._lookup = lookup
        self._is_old = True
        self._validating: tuple[Validating, ...] = ()
        self._mutating: tuple[Mutating, ...] = ()
        self._webhooks: tuple[Hook, ...] = ()

    def concerns(self, kind: Kind[TypedObject]) -> bool:
        """Policies and their bindings."""
        return kind.group == GROUP

    def observe(self, kind: Kind[TypedObject], change: Change) -> None:
        """One of them has changed."""
        del kind, change
        self._is_old = True

    def reset(self) -> None:
        """The cache has begun anew."""
        self._is_old = True

    @property
    def validating(self) -> tuple[Validating, ...]:
        """Policies that refuse, in the order of their names."""
        if self._is_old:
            self._read()
        return self._validating

    @property
    def mutating(self) -> tuple[Mutating, ...]:
        """Policies that change, in the order of their names."""
        if self._is_old:
            self._read()
        return self._mutating

    @property
    def webhooks(self) -> tuple[Hook, ...]:
        """Those that may change, then those that may refuse, each in the order of their configurations' names."""
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
        """Policies with their bindings; what names no policy that is there does nothing."""
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
