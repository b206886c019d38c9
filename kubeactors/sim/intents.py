"""What users intend for objects: which they delete, orphan, or manage themselves."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Protocol, TypeVar

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of
from kubeactors.sim.workload import Propagation

T = TypeVar("T", bound=TypedObject)


class Objects(Protocol):
    """The objects in the store."""

    by_uid: dict[str, TypedObject]

    def find(self, type_: type[T], name: str, namespace: str) -> T | None:
        """The object of that name."""
        ...

    def controlled_by(self, uid: str) -> Mapping[str, TypedObject]:
        """The objects whose controller has that uid."""
        ...


class Intents:
    """What users intend, by UID of the object, for invariants that judge components.

    Args:
        objects: the present contents of the store.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self.user_managed: dict[str, None] = {}
        """The UIDs of objects that users have deleted, or changed so that their owners release them."""
        self.force_deleted: dict[str, None] = {}
        """The UIDs of pods that users have force-deleted: their containers may run on for a while."""
        self.ownerless: dict[str, None] = {}
        """The UIDs of objects that users want to keep without an owner: no component may delete them."""
        self.being_orphaned: dict[str, str] = {}
        """The UIDs of such objects whose owner is being deleted with `Orphan`, with the owner's UID."""
        self.resized: dict[str, None] = {}
        """The names of Deployments that users have scaled themselves."""
        self.deleted_without_waiting: dict[str, None] = {}
        """The UIDs of owners that users have deleted without waiting for their dependents."""
        self._deleted: dict[str, None] = {}
        """The UIDs of objects that users have deleted."""
        self._deleting: list[tuple[type[TypedObject], str, str]] = []
        """Kind, name and namespace of objects that users are deleting by name right now."""
        self._deleted_with_dependents: dict[str, None] = {}
        """The UIDs of owners that users have deleted together with their dependents."""

    # Users' actions.

    def deletes(self, found: TypedObject) -> None:
        """The user deletes an object."""
        self.user_managed[found.metadata.uid] = None
        self._deleted[found.metadata.uid] = None
        self.ownerless.pop(found.metadata.uid, None)

    @contextmanager
    def deleting_by_name(self, type_: type[TypedObject], name: str, namespace: str) -> Generator[None]:
        """Within the block the user deletes the object of that name, even one created only meanwhile."""
        live = self._objects.find(type_, name, namespace)
        if live is not None:
            self.deletes(live)
        self._deleting.append((type_, name, namespace))
        try:
            yield
        finally:
            self._deleting.remove((type_, name, namespace))

    def force_deletes(self, found: TypedObject) -> None:
        """The user force-deletes a pod."""
        self.force_deleted[found.metadata.uid] = None

    def leaves_ownerless(self, found: TypedObject) -> None:
        """The user has created an object without an owner, or removed it from its owner's selection.

        An owner may have adopted it before the user has the reply to its creation.
        """
        uid = found.metadata.uid
        self.user_managed[uid] = None
        live = self._objects.by_uid.get(uid, found)
        is_adopted = controller_of(found.metadata) is None and controller_of(live.metadata) is not None
        if uid not in self._deleted and not is_adopted:
            self.ownerless[uid] = None

    def deletes_owner(self, owner: TypedObject, propagation: Propagation) -> None:
        """The user deletes an owner; with `Orphan` its dependents are to stay."""
        uid, orphan = owner.metadata.uid, propagation == "Orphan"
        if propagation != "Foreground":
            self.deleted_without_waiting[uid] = None
        self.user_managed[uid] = None
        if not orphan:
            self._deleted_with_dependents[uid] = None
        orphan = orphan and uid not in self._deleted
        self._deleted[uid] = None
        for one in self._objects.controlled_by(uid).values():
            if orphan and one.metadata.uid not in self._deleted:
                self.ownerless[one.metadata.uid] = None
                self.being_orphaned[one.metadata.uid] = uid
            else:
                self.ownerless.pop(one.metadata.uid, None)

    # Effects.

    def created(self, new: TypedObject) -> None:
        """An object was created, perhaps under a name that a user is deleting."""
        if self._deleting and (type(new), new.metadata.name, new.metadata.namespace) in self._deleting:
            self.deletes(new)

    def adopted(self, new: TypedObject) -> None:
        """An object without a controller may have been adopted: then it is no longer to be kept without one.

        Also if a user is deleting the adopter with its dependents at that moment: the adopter checked that it was live
        before it adopted, and the user cannot tell which came first.
        """
        controller = controller_of(new.metadata)
        if controller is None:
            return
        owner = self._objects.by_uid.get(controller.uid)
        lives = owner is not None and owner.metadata.deletion_timestamp is None
        if lives or controller.uid in self._deleted_with_dependents:
            self.ownerless.pop(new.metadata.uid, None)
