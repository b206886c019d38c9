"""Strategies: what the registry does to the objects of a kind before it stores them. Kinds with own rules derive.

A strategy is plain and synchronous; the registry calls it between reading and writing.

Source: apiserver/pkg/registry/rest/create.go, update.go, delete.go (v1.36).
"""

from collections.abc import Iterable, Iterator
from typing import ClassVar, Generic, TypeVar

from msgspec.structs import replace

from kubeactors.apimachinery.field import FieldError
from kubeactors.apimachinery.meta import DeleteOptions, TypedObject
from kubeactors.apimachinery.scheme import Kind
from kubeactors.apiserver.objects import with_metadata
from kubeactors.apiserver.registry.deletion import Deletion, Rules, plan_deletion
from kubeactors.apiserver.registry.metadata import Environment
from kubeactors.apiserver.registry.reservations import Reservation
from kubeactors.apiserver.registry.storage import Beside

T = TypeVar("T", bound=TypedObject)

STATUS = "status"


class Strategy(Generic[T]):
    """The strategy of a kind without rules of its own: objects are stored as sent."""

    creates_on_update: ClassVar[bool] = False
    """Whether an update creates a missing object."""
    unconditional_update: ClassVar[bool] = True
    """Whether an update without a resource version replaces the current object."""
    returns_deleted: ClassVar[bool] = False
    """Whether a deletion returns the object instead of a Status."""
    collected: ClassVar[bool] = True
    """Whether the garbage collector handles its objects."""
    ttl_seconds: ClassVar[int] = 0
    """The time to live of an object; 0 for no limit."""
    orphans: ClassVar[bool] = False
    """Whether dependents are orphaned by default."""
    repeats_metadata: ClassVar[bool] = False
    """Whether an update validates metadata twice, so that errors are reported twice, as in Kubernetes."""

    def __init__(self, kind: Kind[T], environment: Environment) -> None:
        self.kind = kind
        self.environment = environment

    def default(self, new: T) -> T:
        """Apply defaults."""
        return self.kind.default(new)

    def default_change(self, new: T, old: T, subresource: str) -> T:
        """Apply defaults to the object of an update."""
        del old, subresource
        return self.kind.default(new)

    def prepare_for_create(self, new: T) -> T:
        """Clear fields that clients may not set; set those that the server sets."""
        return new

    def prepare_for_update(self, new: T, old: T) -> T:
        """Copy from `old` what an update may not change."""
        del old
        return new

    def prepare_for_status_update(self, new: T, old: T) -> T:
        """Copy from `old` everything but the status."""
        del old
        return new

    def prepare(self, new: T, old: T, subresource: str) -> T:
        """The object to store for an update of a subresource; "" is the object itself."""
        if subresource == STATUS:
            return self.prepare_for_status_update(new, old)
        return self.prepare_for_update(new, old)

    def check(self, new: T, old: T, subresource: str) -> Iterator[FieldError]:
        """The errors of an update of a subresource; "" is the object itself."""
        if subresource == STATUS:
            return self.validate_status_update(new, old)
        return self.validate_update(new, old)

    def validate(self, new: T) -> Iterator[FieldError]:
        """The errors of a new object."""
        return self.kind.validate(new)

    def validate_update(self, new: T, old: T) -> Iterator[FieldError]:
        """The errors of an update."""
        return self.kind.validate_update(new, old)

    def validate_status_update(self, new: T, old: T) -> Iterator[FieldError]:
        """The errors of a status update."""
        return self.kind.validate_status_update(new, old)

    def preparation_warnings(self, new: T) -> tuple[str, ...]:
        """The warnings about what `prepare_for_create` translates, which the result does not show."""
        del new
        return ()

    def warnings(self, new: T, old: T | None) -> tuple[str, ...]:
        """The warnings about a valid object."""
        return tuple(self.kind.warn(new, old))

    def deletion_warnings(self, options: DeleteOptions) -> tuple[str, ...]:
        """The warnings about a delete request."""
        del options
        return ()

    def plan_deletion(self, value: T, options: DeleteOptions) -> Deletion:
        """The effect of a delete request.

        Raises:
            Conflict: a precondition does not hold.
        """
        rules = Rules(grace=self.grace_period(value, options), collected=self.collected, orphans=self.orphans)
        return plan_deletion(value, options, self.environment.wall, rules)

    def grace_period(self, value: T, options: DeleteOptions) -> int | None:
        """The grace period in seconds; None if the kind has no graceful deletion."""
        del value, options
        return None

    def reserve(self, new: T, old: T | None) -> Reservation | None:
        """Allocate what must be unique; None if the object needs nothing of that kind.

        Raises:
            StatusError: it is not available.
        """
        del new, old
        return None

    def beside(self, new: T | None, old: T | None) -> Beside:
        """Further writes of the transaction; `old` is None for a creation, `new` for a deletion."""
        del new, old
        return ()

    def deleted(self, old: T) -> None:
        """Called after an object is deleted."""

    def restore(self, stored: Iterable[T]) -> None:
        """Called with the stored objects, before the first request."""

    def may_finish(self, new: T) -> bool:
        """Whether an object marked for deletion, without finalizers in its metadata, may be deleted."""
        del new
        return True


class CountsContent(Strategy[T]):
    """A kind without status. Its generation counts changes of anything but metadata."""

    def prepare_for_create(self, new: T) -> T:
        """Generation 1."""
        return with_generation(new, 1)

    def prepare_for_update(self, new: T, old: T) -> T:
        """Count changes."""
        same = with_metadata(new, old.metadata) == old
        return new if same else with_generation(new, old.metadata.generation + 1)


class WithStatus(Strategy[T]):
    """A kind with `spec` and `status`, each updated by its own endpoint. The generation counts changes of the spec.

    For kinds whose Struct has both fields.
    """

    counts_generations: ClassVar[bool] = True
    status_keeps_labels: ClassVar[bool] = False
    """Whether a status update keeps the labels."""

    def __init__(self, kind: Kind[T], environment: Environment) -> None:
        super().__init__(kind, environment)
        self._no_status: object = getattr(kind.type(), "status")  # noqa: B009  T has one, its bound does not say so

    def prepare_for_create(self, new: T) -> T:
        """No status; generation 1."""
        new = replace(new, status=self._no_status)
        return with_generation(new, 1) if self.counts_generations else new

    def prepare_for_update(self, new: T, old: T) -> T:
        """Keep the status; count changes of the spec."""
        new = replace(new, status=_part(old, "status"))
        if self.counts_generations and not same_part(new, old, "spec"):
            return with_generation(new, old.metadata.generation + 1)
        return new

    def prepare_for_status_update(self, new: T, old: T) -> T:
        """Keep the spec."""
        new = replace(new, spec=_part(old, "spec"))
        if self.status_keeps_labels:
            return with_metadata(new, replace(new.metadata, labels=old.metadata.labels))
        return new


def with_generation(value: T, generation: int) -> T:
    """The object with another generation."""
    return with_metadata(value, replace(value.metadata, generation=generation))


def same_part(new: TypedObject, old: TypedObject, field: str) -> bool:
    """Whether a field is equal; quick if it is the very same object."""
    one, other = _part(new, field), _part(old, field)
    return one is other or one == other


def _part(value: TypedObject, field: str) -> object:
    return getattr(value, field)
