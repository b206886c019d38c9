"""What the registry holds for an object while it is being written: kept if the write succeeds, else given back."""

from collections.abc import Callable

from kubeactors.apimachinery.meta import TypedObject


class Reservation:
    """Things taken, and things to be given back once the write has succeeded."""

    def __init__(self, value: TypedObject) -> None:
        self.value = value
        """The object with what was reserved for it."""
        self._undo: list[Callable[[], None]] = []
        self._later: list[Callable[[], None]] = []

    def taken(self, give_back: Callable[[], None]) -> None:
        """Something was taken; this gives it back."""
        self._undo.append(give_back)

    def released(self, give_back: Callable[[], None]) -> None:
        """Something will not be needed once the object is written."""
        self._later.append(give_back)

    def keep(self) -> None:
        """The object was written."""
        for give_back in self._later:
            give_back()

    def drop(self) -> None:
        """It was not, or only in a dry run."""
        for give_back in self._undo:
            give_back()
