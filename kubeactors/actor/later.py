"""Promises to reply later."""

from typing import TYPE_CHECKING, Generic, TypeVar, cast

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.waits import Wait

R = TypeVar("R")


class Later(Generic[R]):
    """A promise to reply later: a handler returns it in place of the reply.

    Args:
        cell: the actor that promises.
        wait: where the reply goes; None if nobody waits for it.
    """

    __slots__ = ("_cell", "_wait")

    def __init__(self, cell: "Cell", wait: "Wait[object] | None") -> None:
        self._cell = cell
        self._wait = wait

    def reply(self, value: R) -> None:
        """Reply now. Only the first call counts."""
        self._fulfil()
        if self._wait is not None:
            self._wait.set(value)

    def fail(self, error: Exception) -> None:
        """Make the caller's `ask` raise this error."""
        self._fulfil()
        if self._wait is not None:
            self._wait.fail(error)

    def _fulfil(self) -> None:
        promises = self._cell.cold.promises
        if promises is not None:
            promises.pop(cast("Later[object]", self), None)


def promise(cell: "Cell", wait: "Wait[object] | None") -> Later[R]:  # pyright: ignore[reportInvalidTypeVarUse] -- the caller names the reply type
    """A promise of an actor that fails when its instance ends."""
    later: Later[R] = Later(cell, wait)
    cold = cell.ensure_cold()
    promises = cold.promises = cold.promises or {}
    promises[cast("Later[object]", later)] = None
    return later
