"""What users want of objects: what they delete, leave without an owner, or decide themselves."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Protocol, TypeVar

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of
from kubeactors.sim.workload import Propagation

T = TypeVar("T", bound=TypedObject)


class Objects(Protocol):
    """The objects as they are in the store."""

    by_uid: dict[str, TypedObject]

    def find(self, type_: type[T], name: str, namespace: str) -> T | None:
        """The object of that name."""
        ...

    def controlled_by(self, uid: str) -> Mapping[str, TypedObject]:
        """The objects whose controller has that uid."""
        ...


class Intents:
    """The will of users, uid by uid, as those see it who judge what components do.

    Args:
        objects: what there is when a user says something.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self.in_hand: dict[str, None] = {}
        """The uids of objects that users have deleted, or changed so that their owners let them go."""
        self.forced: dict[str, None] = {}
        """The uids of pods that users have deleted by force: their containers may go on for a while."""
        self.free: dict[str, None] = {}
        """The uids of objects that users want to stay without an owner: nobody else may delete them."""
        self.leaving: dict[str, str] = {}
        """The uids of such objects whose owner is deleted and leaves them, with the owner's."""
        self.resized: dict[str, None] = {}
        """The names of deployments whose size users have said themselves."""
        self.hastened: dict[str, None] = {}
        """The uids of owners that users have deleted without waiting for what these own."""
        self._doomed: dict[str, None] = {}
        """The uids of objects that users have deleted."""
        self._removing: list[tuple[type[TypedObject], str, str]] = []
        """Kind, name, and namespace of what users delete at the moment by name."""
        self._goes_with_all: dict[str, None] = {}
        """Those that were to go with what they own."""

    # What users say.

    def takes_in_hand(self, found: TypedObject) -> None:
        """The user deletes it."""
        self.in_hand[found.metadata.uid] = None
        self._doomed[found.metadata.uid] = None
        self.free.pop(found.metadata.uid, None)

    @contextmanager
    def removing(self, type_: type[TypedObject], name: str, namespace: str) -> Generator[None]:
        """While this lasts the user deletes what has that name, also if it comes to have it only now."""
        live = self._objects.find(type_, name, namespace)
        if live is not None:
            self.takes_in_hand(live)
        self._removing.append((type_, name, namespace))
        try:
            yield
        finally:
            self._removing.remove((type_, name, namespace))

    def forces(self, found: TypedObject) -> None:
        """The user deletes it without waiting for its end."""
        self.forced[found.metadata.uid] = None

    def sets_free(self, found: TypedObject) -> None:
        """The user has made it without an owner, or taken it out of its owner's hands.

        An owner may have taken what had none before the user is told that it is made.
        """
        uid = found.metadata.uid
        self.in_hand[uid] = None
        live = self._objects.by_uid.get(uid, found)
        is_adopted = controller_of(found.metadata) is None and controller_of(live.metadata) is not None
        if uid not in self._doomed and not is_adopted:
            self.free[uid] = None

    def deleting(self, owner: TypedObject, propagation: Propagation) -> None:
        """The user deletes an owner; with `Orphan` what it controls is to stay."""
        uid, orphan = owner.metadata.uid, propagation == "Orphan"
        if propagation != "Foreground":
            self.hastened[uid] = None
        self.in_hand[uid] = None
        if not orphan:
            self._goes_with_all[uid] = None
        orphan = orphan and uid not in self._doomed
        self._doomed[uid] = None
        for one in self._objects.controlled_by(uid).values():
            if orphan and one.metadata.uid not in self._doomed:
                self.free[one.metadata.uid] = None
                self.leaving[one.metadata.uid] = uid
            else:
                self.free.pop(one.metadata.uid, None)

    # What comes of it.

    def created(self, new: TypedObject) -> None:
        """Something was made, perhaps under a name that a user is deleting."""
        if self._removing and (type(new), new.metadata.name, new.metadata.namespace) in self._removing:
            self.takes_in_hand(new)

    def adopted(self, new: TypedObject) -> None:
        """What had no controller may have one: what an owner that lives has taken is no longer without one.

        Nor is what an owner has taken that a user deletes at that moment with all that it owns: it was asked whether it
        lives before it took. A user cannot tell that from one that has taken first.
        """
        controller = controller_of(new.metadata)
        if controller is None:
            return
        owner = self._objects.by_uid.get(controller.uid)
        lives = owner is not None and owner.metadata.deletion_timestamp is None
        if lives or controller.uid in self._goes_with_all:
            self.free.pop(new.metadata.uid, None)
