"""Invariants of the metadata that only the server sets, from one write of an object to the next, whoever writes.

Source: the documentation of ObjectMeta in apimachinery/pkg/apis/meta/v1/types.go, BeforeCreate, BeforeUpdate and
BeforeDelete in apiserver/pkg/registry/rest (v1.36).
"""

from collections.abc import Iterator
from functools import cache
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.api.apiextensions.v1.customresourcedefinition import CustomResourceDefinition
from kubeactors.api.apps.v1 import Deployment
from kubeactors.api.core.v1 import Namespace, Pod
from kubeactors.api.discovery.v1 import EndpointSlice
from kubeactors.api.scheduling.v1 import PriorityClass
from kubeactors.apimachinery.meta import ObjectMeta, TypedObject
from kubeactors.apimachinery.time import parse_time
from kubeactors.sim.invariants.invariant import Invariant, title
from kubeactors.sim.world import Commit, World

OF_THE_COLLECTOR = ("orphan", "foregroundDeletion")
"""Finalizers of the garbage collector, which another deletion may replace."""
NOT_CONTENT = ("api_version", "kind", "metadata", "status")


class ObjectIdentityIsImmutable(Invariant):
    """An object keeps its name, uid and creation time, each write has a new resource version, and finalizers are unique."""

    name: ClassVar[str] = "object-identity-is-immutable"

    def committed(self, commit: Commit) -> Iterator[str]:
        """Compare the metadata before and after."""
        new = commit.new
        if new is None:
            return
        metadata = new.metadata
        if metadata.resource_version != str(commit.revision):
            yield f"{title(new)} was written at revision {commit.revision}, but its resourceVersion is {metadata.resource_version}"
        if len(dict.fromkeys(metadata.finalizers)) < len(metadata.finalizers):
            yield f"{title(new)} has a duplicate finalizer: {', '.join(metadata.finalizers)}"
        if not metadata.name or not metadata.uid or not metadata.creation_timestamp:
            yield f"{title(new)} has no name, no uid, or no creation timestamp"
        if commit.old is not None and _identity(commit.old.metadata) != _identity(metadata):
            yield f"{title(new)}: its identity changed from {_identity(commit.old.metadata)} to {_identity(metadata)}"


def _identity(metadata: ObjectMeta) -> tuple[str | None, ...]:
    return metadata.namespace, metadata.name, metadata.uid, metadata.creation_timestamp


class DeletionIsIrreversible(Invariant):
    """A deletion is not revoked or postponed, and completes exactly when no finalizer and no grace period is left.

    A deletion timestamp in the past may be replaced by the present.
    """

    name: ClassVar[str] = "deletion-is-irreversible"

    def committed(self, commit: Commit) -> Iterator[str]:
        """Compare the state of a deletion, or check whether the object may be removed."""
        old, new = commit.old, commit.new
        if new is None:
            held = old.metadata.finalizers if old is not None else ()
            if len(held) > 1 or (old is not None and held and old.metadata.deletion_timestamp is None):
                yield f"{title(commit.current)} was removed while it had the finalizers {', '.join(held)}"
            return
        before, after = (old.metadata if old is not None else None), new.metadata
        if before is None or before.deletion_timestamp is None:
            if before is None and after.deletion_timestamp is not None:
                yield f"{title(new)} was created with a deletion timestamp"
            return
        yield from _worse(before, after, title(new), self.root.kernel.wall + self.root.kernel.now)

    def settled(self) -> Iterator[str]:
        """Look for deleted objects that nothing keeps."""
        for _, one in self.world.everything():
            metadata = one.metadata
            held = metadata.finalizers or metadata.deletion_grace_period_seconds or _is_inhabited(one)
            if metadata.deletion_timestamp is not None and not held:
                yield f"{title(one)} is still there, though it is deleted and has no finalizer and no grace period"


def _worse(before: ObjectMeta, after: ObjectMeta, what: str, wall: int) -> Iterator[str]:
    """How a deletion was revoked, postponed or blocked anew; `wall` is the present in unix nanoseconds."""
    then, now = before.deletion_timestamp, after.deletion_timestamp
    if now is None or (then is not None and now > then and parse_time(now) > wall):
        yield f"{what}: its deletion timestamp changed from {then} to {now}"
    if (after.deletion_grace_period_seconds or 0) > (before.deletion_grace_period_seconds or 0):
        yield (
            f"{what}: its deletion grace period grew from {before.deletion_grace_period_seconds} s "
            f"to {after.deletion_grace_period_seconds} s"
        )
    added = [one for one in after.finalizers if one not in before.finalizers and one not in OF_THE_COLLECTOR]
    if added:
        yield f"{what} is being deleted, but got the new finalizers {', '.join(added)}"


def _is_inhabited(value: TypedObject) -> bool:
    return isinstance(value, Namespace) and bool(value.spec.finalizers)


class GenerationCountsSpecChanges(Invariant):
    """`generation`, for kinds that have one, counts changes of the spec.

    It starts at 1, and grows by one with each change of the spec and when a deletion starts (but not of a
    CustomResourceDefinition), and only then. That of a PriorityClass stays 1. Writes of corrupted objects bypassed the
    server and are not counted.

    Source: pkg/registry/scheduling/priorityclass/strategy.go (v1.36).
    """

    name: ClassVar[str] = "generation-counts-spec-changes"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._counted: dict[type[TypedObject], bool] = {}
        """Whether a kind has generations: either all of its objects have one, or none."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Compute the expected generation."""
        old, new = commit.old, commit.new
        if new is None or self.world.faults.is_corrupted(new.metadata.uid):
            return
        generation = new.metadata.generation
        if old is None:
            if self._counted.setdefault(type(new), bool(generation)) is not (generation == 1):
                yield f"{title(new)} was created with generation {generation}"
            return
        expected = old.metadata.generation + (1 if self._counted.get(type(new)) and _wants_more(old, new) else 0)
        if generation != expected and not (_is_annotated(old, new) and generation == old.metadata.generation + 1):
            yield f"{title(new)}: its generation went from {old.metadata.generation} to {generation}, not {expected}"


def _wants_more(old: TypedObject, new: TypedObject) -> bool:
    """Whether its generation must grow.

    A pod's binding does not count; labels of an EndpointSlice do.

    Source: PrepareForUpdate in pkg/registry/discovery/endpointslice/strategy.go (v1.36).
    """
    if old.metadata.deletion_timestamp is None and new.metadata.deletion_timestamp is not None:
        return not isinstance(new, CustomResourceDefinition)
    if isinstance(old, Pod) and isinstance(new, Pod) and old.spec.node_name != new.spec.node_name:
        return False
    if isinstance(new, PriorityClass):
        return False
    if isinstance(new, EndpointSlice) and old.metadata.labels != new.metadata.labels:
        return True
    return any(getattr(old, one) != getattr(new, one) for one in _content(type(new)))


def _is_annotated(old: TypedObject, new: TypedObject) -> bool:
    """Whether it is a deployment with changed annotations, which may count: not those that its controller writes.

    Source: PrepareForUpdate in pkg/registry/apps/deployment/strategy.go (v1.36).
    """
    return isinstance(new, Deployment) and old.metadata.annotations != new.metadata.annotations


@cache
def _content(type_: type[TypedObject]) -> tuple[str, ...]:
    return tuple(one for one in type_.__struct_fields__ if one not in NOT_CONTENT)


INVARIANTS: tuple[type[Invariant], ...] = (
    ObjectIdentityIsImmutable,
    DeletionIsIrreversible,
    GenerationCountsSpecChanges,
)
