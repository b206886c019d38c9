"""The ValidatingAdmissionPolicy status controller: type-checks policies and reports to `status.typeChecking`.

Source: pkg/controller/validatingadmissionpolicystatus/controller.go (v1.36).
"""

from msgspec.structs import replace

from kubeactors.api.admissionregistration.v1.type_checking import type_warnings
from kubeactors.api.admissionregistration.v1.validating import (
    TypeChecking,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyStatus,
)
from kubeactors.apimachinery.scheme import Scheme
from kubeactors.client import Change, Client, Controller, SharedInformer


class ValidatingAdmissionPolicyStatusController(Controller):
    """Checks each generation of a policy once. The findings do not affect what the policy does."""

    def __init__(self, client: Client, *, policies: SharedInformer[ValidatingAdmissionPolicy]) -> None:
        super().__init__()
        self._client = client
        self._policies = policies.lister
        self.observe(policies, self._on_policy)

    def _on_policy(self, change: Change[ValidatingAdmissionPolicy]) -> None:
        if change.new is not None and not is_checked(change.new):
            self.enqueue(change.new.metadata.name)

    async def reconcile(self, key: str) -> None:
        """Check the policy, unless its present generation has been checked."""
        found = self._policies.by_key(key)
        if found is not None and not is_checked(found):
            await self._client.update_status(replace(found, status=status_of(found, self._client.scheme)))


def is_checked(policy: ValidatingAdmissionPolicy) -> bool:
    """Whether the present generation of the policy has been checked."""
    return policy.metadata.generation <= policy.status.observed_generation


def status_of(policy: ValidatingAdmissionPolicy, scheme: Scheme) -> ValidatingAdmissionPolicyStatus:
    """The status after the check; conditions are kept."""
    found = TypeChecking(expression_warnings=tuple(type_warnings(policy.spec, scheme)))
    return replace(policy.status, observed_generation=policy.metadata.generation, type_checking=found)
