"""Behaviours: which class handles an actor's messages, and how that changes. Source: `become` of Akka."""

from typing import TYPE_CHECKING

from kubeactors.actor.states import State

if TYPE_CHECKING:
    from kubeactors.actor.actor import Actor, Dispatch
    from kubeactors.actor.cell import Cell


def become(cell: "Cell", actor: "Actor[object]", dispatch: "Dispatch") -> None:
    """Let another instance handle the messages from now on."""
    if cell.state is State.RUNNING:
        actor.cell = cell
        cell.actor = actor
        change_class(cell, dispatch)


def change_class(cell: "Cell", dispatch: "Dispatch") -> None:
    """Dispatch messages to another class from now on, and count them for it."""
    cell.kernel.ledger.leaves(cell)
    cell.kernel.ledger.joins(cell, dispatch.name)
    cell.dispatch = dispatch
