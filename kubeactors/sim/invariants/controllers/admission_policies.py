"""Invariant of the status of admission policies."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.api.admissionregistration.v1.validating import ValidatingAdmissionPolicy
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.invariants.prompt import PromptInvariant


class AdmissionPoliciesAreChecked(PromptInvariant):
    """When all is quiet, and soon after each change, the expressions of every ValidatingAdmissionPolicy have been checked.

    Source: "Validating Admission Policy: type checking" in Kubernetes' documentation; reconcile in
    pkg/controller/validatingadmissionpolicystatus/controller.go (v1.36).
    """

    name: ClassVar[str] = "admission-policies-are-checked"
    reads: ClassVar[tuple[type[TypedObject], ...]] = (ValidatingAdmissionPolicy,)

    def settled(self) -> Iterator[str]:
        """Check the status of each policy."""
        for problem, _ in self.pending():
            yield problem

    def pending(self) -> Iterator[tuple[str, str]]:
        """The policies whose present generation is unchecked."""
        for one in self.world.of(ValidatingAdmissionPolicy).values():
            seen, generation = one.status.observed_generation, one.metadata.generation
            if one.metadata.deletion_timestamp is None and (seen != generation or one.status.type_checking is None):
                yield f"{title(one)} is at generation {generation}, but the last one checked is {seen}", str(generation)


INVARIANTS: tuple[type[Invariant], ...] = (AdmissionPoliciesAreChecked,)
