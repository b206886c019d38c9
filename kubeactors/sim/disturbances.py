"""What breaks in a cluster, and whom it concerns: until when nobody can be blamed for being late or mistaken."""

from collections.abc import Mapping

from kubeactors.apimachinery.meta import TypedObject
from kubeactors.client import controller_of

LONG_AGO = -(1 << 62)


class Disturbances:
    """Faults as those see them who judge what components do.

    Args:
        by_uid: all objects as they are in the store.
    """

    def __init__(self, by_uid: Mapping[str, TypedObject]) -> None:
        self._by_uid = by_uid
        self.calm = True
        """No node is without power, and nothing else hinders pods to be available."""
        self.dark: dict[str, int] = {}
        """Nodes without power, and since when (virtual nanoseconds)."""
        self.paused: dict[str, None] = {}
        """Processes that stand still: they do not know what time it is."""
        self.disturbed: dict[str, int] = {}
        """Components, and until when (virtual nanoseconds) a fault concerned them last."""
        self._hindered: dict[str, int] = {}
        """The same of faults that hinder them, not only the containers that they look after."""
        self._deafened: dict[str, int] = {}
        """The same of faults after which a watch may be dead, and nobody has noticed yet."""
        self._spoilt: dict[str, None] = {}
        """See `is_spoilt`."""

    def disturb(self, component: str, until: int, *, hinders: bool = True, deafens: bool = True) -> None:
        """A fault concerns a component until then. `apiserver` and `store` concern everybody."""
        concerned = ((self.disturbed, True), (self._hindered, hinders), (self._deafened, deafens))
        for found in (one for one, does in concerned if does):
            found[component] = max(until, found.get(component, 0))

    def disturbed_until(self, *components: str) -> int:
        """When the last fault was over that concerned any of these, or the servers that all depend on.

        Long ago if none did.
        """
        return _last(self.disturbed, components)

    def hinder(self, component: str, until: int) -> None:
        """No fault, but what users will keeps a component from what it does: it is late, and otherwise as it was."""
        self._hindered[component] = max(until, self._hindered.get(component, 0))

    def hindered_until(self, *components: str) -> int:
        """The same of faults that hinder them: until then they may be late with what they do."""
        return _last(self._hindered, components)

    def deafened_until(self, *components: str) -> int:
        """The same of faults after which some may not be told what there is, and only notice that by and by."""
        return _last(self._deafened, components)

    def spoil(self, found: TypedObject | None) -> None:
        """A field of an object is wrong: what its owners have promised of it nobody can keep."""
        while found is not None and found.metadata.uid not in self._spoilt:
            self._spoilt[found.metadata.uid] = None
            owner = controller_of(found.metadata)
            found = self._by_uid.get(owner.uid) if owner is not None else None

    def is_spoilt(self, uid: str) -> bool:
        """Whether a field of that object has been wrong, or of one that it controls, or of one that this controls."""
        return uid in self._spoilt


def _last(ends: Mapping[str, int], components: tuple[str, ...]) -> int:
    return max(ends.get(one, LONG_AGO) for one in (*components, "apiserver", "store"))
