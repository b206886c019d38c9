"""Invariant of deletions: the finalizers of a terminating object express the propagation policy that was requested."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.api import SCHEME
from kubeactors.api.core.v1 import Namespace
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import Delete, Result
from kubeactors.sim.invariants.inspection import commit_behind
from kubeactors.sim.invariants.invariant import Invariant, ServerInvariant, title
from kubeactors.sim.network import Served
from kubeactors.sim.world import World

FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}


class DeletionsKeepTheirPolicy(ServerInvariant):
    """A deletion with a propagation policy sets the finalizer of that policy, and removes that of the other.

    Unless the object was terminating already, so that the request has no effect.

    Source: BeforeDelete in apiserver pkg/registry/rest/delete.go, Store.Delete in pkg/registry/generic/registry/store.go,
    Delete in pkg/registry/core/namespace/storage/storage.go (v1.36).
    """

    name: ClassVar[str] = "deletions-keep-their-policy"
    answers: ClassVar[tuple[type[object], ...]] = (Result,)

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._explained: dict[int, None] = {}
        """The revisions at which some deletion set the finalizers as requested."""
        self._doubtful: list[tuple[int, str]] = []
        """Revisions that another deletion may have written, and the problem if none has."""

    def served(self, served: Served, answer: object) -> Iterator[str]:
        """Compare the finalizers with the policy."""
        request = served.request
        if not isinstance(request, Delete) or not isinstance(answer, Result) or request.options.dry_run:
            return
        kind, new = SCHEME.by_resource(request.resource), answer.object
        policy = request.options.propagation_policy
        if kind is None or not kind.stored or policy is None or not isinstance(new, TypedObject):
            return
        if new.metadata.deletion_timestamp is None:  # some kinds return the last state of the deleted object
            return
        commit = commit_behind(self.world, new)
        if commit is None:
            return
        before = commit.old if commit.revision > served.revision else new
        wrong = _wrong(policy, new)
        if not wrong:
            self._explained[commit.revision] = None
        elif not _is_pending(request, before):
            self._doubtful.append((commit.revision, f"delete of {title(new)}: {wrong}"))
        yield from ()

    def looked(self) -> Iterator[str]:
        """Report what no other deletion has explained."""
        doubtful, self._doubtful = self._doubtful, []
        yield from (problem for revision, problem in doubtful if revision not in self._explained)


def _wrong(policy: str, new: TypedObject) -> str:
    held = new.metadata.finalizers
    if all((policy == one) is (finalizer in held) for one, finalizer in FINALIZERS.items()):
        return ""
    return f"its propagation policy was {policy}, but the finalizers are {', '.join(held) or 'empty'}"


def _is_pending(request: Delete, before: TypedObject | None) -> bool:
    """Whether the object was terminating, and the request does not shorten its grace period."""
    if before is None or before.metadata.deletion_timestamp is None:
        return False
    granted, wanted = before.metadata.deletion_grace_period_seconds, request.options.grace_period_seconds
    return isinstance(before, Namespace) or (granted is not None and (wanted is None or wanted >= granted))


INVARIANTS: tuple[type[Invariant], ...] = (DeletionsKeepTheirPolicy,)
