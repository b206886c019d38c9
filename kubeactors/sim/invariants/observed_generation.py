"""What holds of what components say in statuses of what they have seen, whatever these are about."""

from collections.abc import Iterator
from typing import ClassVar, cast

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import ApiRequest, Patch, Result, Update
from kubeactors.sim.invariants.inspection import UNDISTURBED, commit_behind
from kubeactors.sim.invariants.invariant import Invariant, RequestInvariant
from kubeactors.sim.invariants.requests import told
from kubeactors.sim.network import Asked
from kubeactors.sim.processes import kind_of_process


class ObservedGenerationIsMonotonic(RequestInvariant):
    """Who says which spec he has seen last has seen that: never one that is yet to come, and no older one than before.

    Those who wait for a rollout take what else the status says for what has come of that spec. A patch is written whatever
    there is: of who lags it says what was so before.

    Source: `observedGeneration` in "API conventions: typical status properties" of Kubernetes.
    """

    name: ClassVar[str] = "observed-generation-is-monotonic"
    requests: ClassVar[tuple[type[ApiRequest[object]], ...]] = (Update, Patch)

    def answered(self, asked: Asked, answer: object) -> Iterator[str]:
        """Look at what a write has changed."""
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
                yield f"{asked.sender.path} writes {told(asked.request)}: {problem}"

    def _may_lag(self, asked: Asked) -> bool:
        return self.world.faults.disturbed_until(kind_of_process(asked.component)) + UNDISTURBED >= self.root.kernel.now


def changed(old: TypedObject, new: TypedObject) -> Iterator[str]:
    """What is wrong with what is said to be seen, if that is news: who writes something else leaves it as it was spoilt."""
    before, seen, newest = _seen(old), _seen(new), new.metadata.generation
    if newest < seen != before:
        yield f"it says that it has seen generation {seen}, and the newest is {newest}"
    elif seen < before <= newest:
        yield f"it says that it has seen generation {seen}, and said before that it had seen {before}"


def _seen(value: TypedObject) -> int:
    return cast("int | None", getattr(getattr(value, "status", None), "observed_generation", None)) or 0


INVARIANTS: tuple[type[Invariant], ...] = (ObservedGenerationIsMonotonic,)
