"""What is allocated for an object while it is being written: kept if the write succeeds, else released."""

from collections.abc import Callable

from kubeactors.apimachinery.meta import TypedObject


class Reservation:
    """Allocations for a write, and releases that wait for its success."""

    def __init__(self, value: TypedObject) -> None:
        self.value = value
        """The object with its allocations."""
        self._undo: list[Callable[[], None]] = []
        self._later: list[Callable[[], None]] = []

    def taken(self, give_back: Callable[[], None]) -> None:
        """Something was allocated; `give_back` releases it if the write fails."""
        self._undo.append(give_back)

    def released(self, give_back: Callable[[], None]) -> None:
        """Something is no longer needed; `give_back` releases it once the write succeeds."""
        self._later.append(give_back)

    def keep(self) -> None:
        """The write has succeeded."""
        for give_back in self._later:
            give_back()

    def drop(self) -> None:
        """The write has failed, or was a dry run."""
        for give_back in self._undo:
            give_back()
