"""How an instance ends, and how an actor does. Done by the kernel between two entries of the run queue.

Source: the order (children first, last started first) is that of Erlang/OTP.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from kubeactors.actor.actor import Actor
from kubeactors.actor.errors import ActorStopped, Exit, LinkedActorFailed, Terminated
from kubeactors.actor.extras import NONE, Extras
from kubeactors.actor.pipe import run_apart
from kubeactors.actor.stash import take_back
from kubeactors.actor.states import State

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell


def end_instance(cell: "Cell") -> None:
    """Throw the instance away: children (last first), waiting handlers, timers, replies that are owed."""
    _end_work(cell)
    actor, cell.actor = cell.actor, None
    if actor is None:
        return
    previous, cell.kernel.current = cell.kernel.current, cell
    try:
        if cell.dispatch.stop_waits:
            cell.kernel.driver.log("warning", "actor.stopped_left_out", cell.path)
        else:
            actor.stopped()
    except Exception as error:  # noqa: BLE001 -- it is gone anyway; say so and go on
        cell.kernel.report("actor.stopped_failed", cell, error)
    finally:
        cell.kernel.current = previous


def begin_stopped(cell: "Cell", told: Callable[[], object]) -> None:
    """Begin an `async def stopped`, when nothing else is left of the instance; tell when it has returned or failed."""
    _end_work(cell)
    stop, actor = cell.dispatch.stop, cell.actor
    assert stop is not None
    assert actor is not None

    def done(_: object, error: Exception | None) -> None:
        if error is not None:
            cell.kernel.report("actor.stopped_failed", cell, error)
        told()

    run_apart(cell, stop(actor), done)


def _end_work(cell: "Cell") -> None:
    """All of an instance but itself."""
    for child in reversed(list((cell.children or {}).values())):
        end(child, "parent stopped", Exit.SHUTDOWN)
    activations, cell.activations = cell.activations, None
    for activation in activations or ():
        activation.close(_gone(cell))
    if cell.extras is not NONE:
        _end_extras(cell, cell.extras)


def _gone(cell: "Cell") -> ActorStopped:
    return ActorStopped(f"{cell.path} went before it replied")


def _end_extras(cell: "Cell", extras: Extras) -> None:
    background, extras.background = extras.background, None
    for activation in background or ():
        activation.close(_gone(cell))
    take_back(cell)
    timers, extras.timers = extras.timers, None
    for timer in list((timers or {}).values()):
        timer.cancel()
    watching, extras.watching = extras.watching, None
    for watched in watching or ():
        (watched.extras.watchers or {}).pop(cell, None)
    owed, extras.owed = extras.owed, None
    for later in list(owed or ()):
        later.fail(_gone(cell))


def end(cell: "Cell", reason: str, how: Exit) -> None:
    """End for good."""
    if cell.state is State.STOPPED:
        return
    end_instance(cell)
    cell.hold()
    cell.state = State.STOPPED
    if cell.handled or cell.extras.restarted:
        cell.kernel.ledger.leaves(cell)
    cell.kernel.dead_letter_subscribers.pop(cell, None)
    cell.kernel.registry.forget(cell)
    if cell.parent is not None and cell.parent.children is not None:
        cell.parent.children.pop(cell.key, None)
    mailbox, cell.mailbox = cell.mailbox, None
    extras, cell.extras = cell.extras, NONE
    cell.factory = Actor  # others may know the place for long: let them not keep alive what it was made with
    _forget_chance(cell, extras)
    for envelope in extras.stash or ():
        cell.kernel.dead_letter(cell, envelope)
    while mailbox is not None and (taken := cell.take(mailbox)) is not None:
        cell.kernel.dead_letter(cell, taken)
    for wait, envelope in list((extras.senders or {}).items()):
        cell.kernel.dead_letter(cell, envelope)
        wait.set(False)
    if extras.started is not None:
        extras.started.fail(ActorStopped(f"{cell.path} did not start: {reason}"))
    _tell_links(cell, extras, reason, how)
    for ended in list(extras.ended or ()):
        ended.set(Terminated(ref=cell, reason=reason, exit=how))
    for watcher in extras.watchers or ():
        (watcher.extras.watching or {}).pop(cell, None)
        watcher.put_system(Terminated(ref=cell, reason=reason, exit=how))


def _forget_chance(cell: "Cell", extras: Extras) -> None:
    """If no other actor will ever be at this place, since a part of its path is a number."""
    if cell.ctx is None and extras.restarts is None:
        return  # it has drawn nothing
    place = cell
    while place.parent is not None:
        if not isinstance(place.key, str):
            cell.kernel.forget_chance(cell.path)
            return
        place = place.parent


def _tell_links(cell: "Cell", extras: Extras, reason: str, how: Exit) -> None:
    for linked in extras.links or ():
        (linked.extras.links or {}).pop(cell, None)
        if how is Exit.FAILED:
            cell.kernel.failed(linked, LinkedActorFailed(f"{cell.path} {reason}"))
