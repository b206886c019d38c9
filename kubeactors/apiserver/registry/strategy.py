"""How the registry treats a kind: what happens to an object before it is stored. Kinds with rules of their own derive.

Everything here is plain and synchronous; the registry calls it between reading and writing.

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
    """The rules of a kind that has none of its own: what is sent is stored."""

    creates_on_update: ClassVar[bool] = False
    """An update of what does not exist creates it."""
    unconditional_update: ClassVar[bool] = True
    """An update without a resource version replaces whatever there is."""
    returns_deleted: ClassVar[bool] = False
    """A deletion answers with the deleted object instead of a Status."""
    collected: ClassVar[bool] = True
    """The garbage collector looks after it."""
    ttl_seconds: ClassVar[int] = 0
    """How long an object lives; 0 for ever."""
    orphans: ClassVar[bool] = False
    """Dependents are orphaned unless the client asks otherwise."""
    repeats_metadata: ClassVar[bool] = False
    """An update validates the metadata as a create does once more; errors come twice, as in the original."""

    def __init__(self, kind: Kind[T], environment: Environment) -> None:
        self.kind = kind
        self.environment = environment

    def default(self, new: T) -> T:
        """Fill what is absent."""
        return self.kind.default(new)

    def default_change(self, new: T, old: T, subresource: str) -> T:
        """Fill what is absent in an object that an update brings."""
        del old, subresource
        return self.kind.default(new)

    def prepare_for_create(self, new: T) -> T:
        """Clear what a client may not set, set what the server decides."""
        return new

    def prepare_for_update(self, new: T, old: T) -> T:
        """Take over from `old` what an update may not change."""
        del old
        return new

    def prepare_for_status_update(self, new: T, old: T) -> T:
        """Take over from `old` everything that is not status."""
        del old
        return new

    def prepare(self, new: T, old: T, subresource: str) -> T:
        """What an update of a part makes of the stored object: "" is the main part, "status" the status."""
        if subresource == STATUS:
            return self.prepare_for_status_update(new, old)
        return self.prepare_for_update(new, old)

    def check(self, new: T, old: T, subresource: str) -> Iterator[FieldError]:
        """What is wrong with an update of a part."""
        if subresource == STATUS:
            return self.validate_status_update(new, old)
        return self.validate_update(new, old)

    def validate(self, new: T) -> Iterator[FieldError]:
        """What is wrong with a new object."""
        return self.kind.validate(new)

    def validate_update(self, new: T, old: T) -> Iterator[FieldError]:
        """What is wrong with a change."""
        return self.kind.validate_update(new, old)

    def validate_status_update(self, new: T, old: T) -> Iterator[FieldError]:
        """What is wrong with a change of the status."""
        return self.kind.validate_status_update(new, old)

    def warnings(self, new: T, old: T | None) -> tuple[str, ...]:
        """What a client should know about an object that is accepted."""
        return tuple(self.kind.warn(new, old))

    def deletion_warnings(self, options: DeleteOptions) -> tuple[str, ...]:
        """What a client should know about a deletion that it asks for like this."""
        del options
        return ()

    def plan_deletion(self, value: T, options: DeleteOptions) -> Deletion:
        """What deleting the object means.

        Raises:
            Conflict: a precondition does not hold.
        """
        rules = Rules(grace=self.grace_period(value, options), collected=self.collected, orphans=self.orphans)
        return plan_deletion(value, options, self.environment.wall, rules)

    def grace_period(self, value: T, options: DeleteOptions) -> int | None:
        """The seconds that a deletion leaves the object; None if the kind knows no graceful deletion."""
        del value, options
        return None

    def reserve(self, new: T, old: T | None) -> Reservation | None:
        """Take what the object needs and only one can have; None if it needs nothing of that kind.

        Raises:
            StatusError: it cannot be had.
        """
        del new, old
        return None

    def beside(self, new: T | None, old: T | None) -> Beside:
        """What is written along with the object; None as `old`: it is created, as `new`: it is deleted."""
        del new, old
        return ()

    def deleted(self, old: T) -> None:
        """Called after an object was deleted."""

    def restore(self, stored: Iterable[T]) -> None:
        """Called with what is stored, before the first request."""

    def may_finish(self, new: T) -> bool:
        """Whether an object that is being deleted and has lost its last finalizer may go."""
        del new
        return True


class CountsContent(Strategy[T]):
    """A kind without status whose generation counts changes of anything but metadata."""

    def prepare_for_create(self, new: T) -> T:
        """The first generation."""
        return with_generation(new, 1)

    def prepare_for_update(self, new: T, old: T) -> T:
        """Other content is another generation."""
        same = with_metadata(new, old.metadata) == old
        return new if same else with_generation(new, old.metadata.generation + 1)


class WithStatus(Strategy[T]):
    """A kind with `spec` and `status`: each is written through its own path, and the generation counts specs.

    Subclasses are for kinds whose Struct has both fields.
    """

    counts_generations: ClassVar[bool] = True
    status_keeps_labels: ClassVar[bool] = False
    """An update of the status leaves the labels alone."""

    def __init__(self, kind: Kind[T], environment: Environment) -> None:
        super().__init__(kind, environment)
        self._no_status: object = getattr(kind.type(), "status")  # noqa: B009  T has one, its bound does not say so

    def prepare_for_create(self, new: T) -> T:
        """No status yet; the first generation."""
        new = replace(new, status=self._no_status)
        return with_generation(new, 1) if self.counts_generations else new

    def prepare_for_update(self, new: T, old: T) -> T:
        """The status stays; another spec is another generation."""
        new = replace(new, status=_part(old, "status"))
        if self.counts_generations and not same_part(new, old, "spec"):
            return with_generation(new, old.metadata.generation + 1)
        return new

    def prepare_for_status_update(self, new: T, old: T) -> T:
        """The spec stays."""
        new = replace(new, spec=_part(old, "spec"))
        if self.status_keeps_labels:
            return with_metadata(new, replace(new.metadata, labels=old.metadata.labels))
        return new


def with_generation(value: T, generation: int) -> T:
    """The object with another generation."""
    return with_metadata(value, replace(value.metadata, generation=generation))


def same_part(new: TypedObject, old: TypedObject, field: str) -> bool:
    """Whether a field is the same, quickly if it is the very same object."""
    one, other = _part(new, field), _part(old, field)
    return one is other or one == other


def _part(value: TypedObject, field: str) -> object:
    return getattr(value, field)
