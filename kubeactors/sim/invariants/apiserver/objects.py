"""What becomes of objects, write by write, whoever writes: what only the server says of them.

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
"""Finalizers that another deletion may exchange."""
NOT_CONTENT = ("api_version", "kind", "metadata", "status")


class ObjectIdentityIsImmutable(Invariant):
    """As long as an object lives it is the same one: its name, its uid, when it was created; and its version is new.

    What holds it is named once.
    """

    name: ClassVar[str] = "object-identity-is-immutable"

    def committed(self, commit: Commit) -> Iterator[str]:
        """Compare it with what it was."""
        new = commit.new
        if new is None:
            return
        metadata = new.metadata
        if metadata.resource_version != str(commit.revision):
            yield f"{title(new)} was written at {commit.revision}, and says that it is at {metadata.resource_version}"
        if len(dict.fromkeys(metadata.finalizers)) < len(metadata.finalizers):
            yield f"{title(new)} is held twice by one of {', '.join(metadata.finalizers)}"
        if not metadata.name or not metadata.uid or not metadata.creation_timestamp:
            yield f"{title(new)} has no name, no uid, or was never created"
        if commit.old is not None and _identity(commit.old.metadata) != _identity(metadata):
            yield f"{title(new)}: {_identity(commit.old.metadata)} became {_identity(metadata)}"


def _identity(metadata: ObjectMeta) -> tuple[str | None, ...]:
    return metadata.namespace, metadata.name, metadata.uid, metadata.creation_timestamp


class DeletionIsIrreversible(Invariant):
    """Who is being deleted is so until it has gone, no later than it was to, and not while a finalizer holds it.

    When the time that it was given has passed it is said anew that it goes now.
    """

    name: ClassVar[str] = "deletion-is-irreversible"

    def committed(self, commit: Commit) -> Iterator[str]:
        """Compare how it is to go, or whether it may go."""
        old, new = commit.old, commit.new
        if new is None:
            held = old.metadata.finalizers if old is not None else ()
            if len(held) > 1 or (old is not None and held and old.metadata.deletion_timestamp is None):
                yield f"{title(commit.current)} was removed, and {', '.join(held)} held it"
            return
        before, after = (old.metadata if old is not None else None), new.metadata
        if before is None or before.deletion_timestamp is None:
            if before is None and after.deletion_timestamp is not None:
                yield f"{title(new)} was created as one that is being deleted"
            return
        yield from _worse(before, after, title(new), self.root.kernel.wall + self.root.kernel.now)

    def settled(self) -> Iterator[str]:
        """Nothing lingers that nothing holds."""
        for _, one in self.world.everything():
            metadata = one.metadata
            held = metadata.finalizers or metadata.deletion_grace_period_seconds or _is_inhabited(one)
            if metadata.deletion_timestamp is not None and not held:
                yield f"{title(one)} is still there, though nothing holds it any more"


def _worse(before: ObjectMeta, after: ObjectMeta, what: str, wall: int) -> Iterator[str]:
    """In what a deletion was taken back, put off, or hindered anew, at a time in nanoseconds since 1970."""
    then, now = before.deletion_timestamp, after.deletion_timestamp
    if now is None or (then is not None and now > then and parse_time(now) > wall):
        yield f"{what} was to go at {then}, and then at {now}"
    if (after.deletion_grace_period_seconds or 0) > (before.deletion_grace_period_seconds or 0):
        yield f"{what} is given {after.deletion_grace_period_seconds} s to go, after {before.deletion_grace_period_seconds}"
    added = [one for one in after.finalizers if one not in before.finalizers and one not in OF_THE_COLLECTOR]
    if added:
        yield f"{what} is being deleted, and is held by {', '.join(added)} from now on"


def _is_inhabited(value: TypedObject) -> bool:
    return isinstance(value, Namespace) and bool(value.spec.finalizers)


class GenerationCountsSpecChanges(Invariant):
    """The generation of an object, if its kind has one, says how often what is wanted of it has changed.

    It is 1 at first, and grows by one with another spec, or when the object begins to go (but not a definition of a
    kind); nothing else moves it. That of a class of priorities stays 1. What was written past the server nobody has
    counted.

    Source: pkg/registry/scheduling/priorityclass/strategy.go (v1.36).
    """

    name: ClassVar[str] = "generation-counts-spec-changes"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._counted: dict[type[TypedObject], bool] = {}
        """Whether objects of a kind have a generation: either all have one, or none."""

    def committed(self, commit: Commit) -> Iterator[str]:
        """Reckon what it must be."""
        old, new = commit.old, commit.new
        if new is None or self.world.faults.is_spoilt(new.metadata.uid):
            return
        generation = new.metadata.generation
        if old is None:
            if self._counted.setdefault(type(new), bool(generation)) is not (generation == 1):
                yield f"{title(new)} begins with generation {generation}"
            return
        expected = old.metadata.generation + (1 if self._counted.get(type(new)) and _wants_more(old, new) else 0)
        if generation != expected and not (_is_annotated(old, new) and generation == old.metadata.generation + 1):
            yield f"{title(new)} has generation {generation} after {old.metadata.generation}, not {expected}"


def _wants_more(old: TypedObject, new: TypedObject) -> bool:
    """Whether what is wanted of it has changed.

    Where a pod is is not part of that; the labels of a slice of endpoints are.

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
    """Whether it is a deployment with other annotations: that counts, but not if its controller says them of it.

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
