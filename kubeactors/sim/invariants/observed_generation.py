"""Invariant of `observedGeneration` in the status of any kind."""

from collections.abc import Iterator
from typing import ClassVar, cast

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ApiRequest, Patch, Result, Update
from kubeactors.sim.invariants.inspection import commit_behind, informed_at
from kubeactors.sim.invariants.invariant import Invariant, RequestInvariant
from kubeactors.sim.invariants.requests import described
from kubeactors.sim.network import Asked
from kubeactors.sim.processes import kind_of_process


class ObservedGenerationIsMonotonic(RequestInvariant):
    """`observedGeneration` never exceeds the object's generation, and never decreases.

    Clients that wait for a rollout take the rest of the status as the outcome of that generation. Patches have no
    precondition: those of a component that may lag are exempt.

    Source: `observedGeneration` in "API conventions: typical status properties" of Kubernetes.
    """

    name: ClassVar[str] = "observed-generation-is-monotonic"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Update, Patch)
    answers: ClassVar[tuple[type[object], ...]] = (Result,)

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Compare `observedGeneration` before and after a write."""
        if not isinstance(answer, Result) or not isinstance(asked.request, Update | Patch):
            return
        written = answer.object
        if not isinstance(written, TypedObject) or (isinstance(asked.request, Patch) and self._may_lag(asked)):
            return
        commit = commit_behind(self.world, written)
        if (
            commit is not None
            and commit.old is not None
            and commit.new is not None
            and commit.revision > asked.revision
        ):
            for problem in changed(commit.old, commit.new):
                yield f"{asked.sender.path} writes {described(asked.request)}: {problem}"

    def _may_lag(self, asked: Asked) -> bool:
        return informed_at(self.world, kind_of_process(asked.component)) >= self.root.kernel.now


def changed(old: TypedObject, new: TypedObject) -> Iterator[str]:
    """What is wrong with a changed `observedGeneration`; an unchanged one may have been corrupted before this write."""
    before, seen, newest = _seen(old), _seen(new), new.metadata.generation
    if newest < seen != before:
        yield f"observedGeneration is {seen}, but the generation is only {newest}"
    elif seen < before <= newest:
        yield f"observedGeneration went back from {before} to {seen}"


def _seen(value: TypedObject) -> int:
    return cast("int | None", getattr(getattr(value, "status", None), "observed_generation", None)) or 0


INVARIANTS: tuple[type[Invariant], ...] = (ObservedGenerationIsMonotonic,)
