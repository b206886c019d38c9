"""What holds of the store."""

from collections.abc import Iterator
from typing import ClassVar

from kubeactors.actor.cell import Cell
from kubeactors.sim.invariants.invariant import Invariant
from kubeactors.sim.world import Commit, World


class RevisionsGrow(Invariant):
    """The store's revision never goes back, and none is left out."""

    name: ClassVar[str] = "revisions-grow"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._revision = 0

    def committed(self, commit: Commit) -> Iterator[str]:
        """One transaction is one revision; it may write several keys."""
        before, self._revision = self._revision, commit.revision
        if before and commit.revision not in (before, before + 1):
            yield f"after revision {before} the store committed {commit.revision}"


class UidsAreUnique(Invariant):
    """No two objects ever have the same uid."""

    name: ClassVar[str] = "uids-are-unique"

    def __init__(self, world: World, root: Cell) -> None:
        super().__init__(world, root)
        self._seen: dict[str, str] = {}

    def committed(self, commit: Commit) -> Iterator[str]:
        """An object that is new has a new uid."""
        if commit.old is None and commit.new is not None:
            uid = commit.new.metadata.uid
            if uid in self._seen:
                yield f"{commit.key} was created with the uid of {self._seen[uid]}"
            self._seen[uid] = commit.key


INVARIANTS: tuple[type[Invariant], ...] = (RevisionsGrow, UidsAreUnique)
