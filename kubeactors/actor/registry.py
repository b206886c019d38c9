"""Actors by name, with the type of the messages that they handle."""

from typing import TYPE_CHECKING, Generic, TypeVar, cast

from kubeactors.actor.ref import Ref

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell

M = TypeVar("M")


class Name(Generic[M]):
    """A name under which an actor that handles `M` can be found: a constant of the module that defines the protocol.

    >>> from kubeactors import Actor, Message, SimSystem
    >>> CLOCK: Name[Message] = Name("clock")
    >>> class Clock(Actor[Message]):
    ...     def started(self) -> None:
    ...         self.ctx.register(CLOCK)
    >>> sim = SimSystem()
    >>> clock = sim.spawn(Clock)
    >>> sim.settle()
    >>> sim.find(CLOCK) is clock
    True
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text: str = text

    def __repr__(self) -> str:
        return f"Name({self.text!r})"


class Registry:
    """Names of actors. An actor keeps its names over restarts, until it has stopped."""

    def __init__(self) -> None:
        self._by_name: dict[str, Cell] = {}
        self._by_cell: dict[Cell, list[str]] = {}

    def register(self, name: Name[M], cell: "Cell") -> None:
        """Register an actor.

        Raises:
            ValueError: another living actor has that name.
        """
        found = self._by_name.setdefault(name.text, cell)
        if found is not cell:
            raise ValueError(f"{found.path} is registered as {name.text!r} already; stop it or choose another name")
        names = self._by_cell.setdefault(cell, [])
        if name.text not in names:
            names.append(name.text)

    def find(self, name: Name[M]) -> Ref[M] | None:
        """The actor with that name, if there is one."""
        return cast("Ref[M] | None", self._by_name.get(name.text))

    def forget(self, cell: "Cell") -> None:
        """Release the actor's names: it has stopped."""
        for name in self._by_cell.pop(cell, ()):
            del self._by_name[name]
