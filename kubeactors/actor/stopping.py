"""How an instance is discarded, and how an actor terminates. Done by the kernel between two entries of the run queue.

Source: the order (children first, last started first) is that of Erlang/OTP.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from kubeactors.actor.actor import Actor
from kubeactors.actor.cold_state import EMPTY, ColdState
from kubeactors.actor.envelope import SenderMark, envelope_of
from kubeactors.actor.errors import ActorStopped, Exit, LinkedActorFailed, Terminated
from kubeactors.actor.pipe import run_apart
from kubeactors.actor.stash import unstash
from kubeactors.actor.states import State

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell


def discard_instance(cell: "Cell") -> None:
    """Discard the instance and what belongs to it: children (last first), suspended handlers, timers, promises."""
    _discard_work(cell)
    actor, cell.actor = cell.actor, None
    if actor is None:
        return
    previous, cell.kernel.current = cell.kernel.current, cell
    try:
        if cell.dispatch.stop_waits:
            cell.kernel.driver.log("warning", "actor.stopped_left_out", cell.path)
        else:
            actor.stopped()
    except Exception as error:  # noqa: BLE001 -- it ends anyway; log the error and go on
        cell.kernel.log_failure("actor.stopped_failed", cell, error)
    finally:
        cell.kernel.current = previous


def run_stopped(cell: "Cell", then: Callable[[], object]) -> None:
    """Run an `async def stopped` once all else of the instance is discarded; `then` is called when it is done."""
    _discard_work(cell)
    stop, actor = cell.dispatch.stop, cell.actor
    assert stop is not None
    assert actor is not None

    def done(_: object, error: Exception | None) -> None:
        if error is not None:
            cell.kernel.log_failure("actor.stopped_failed", cell, error)
        then()

    run_apart(cell, stop(actor), done)


def _discard_work(cell: "Cell") -> None:
    for child in reversed(list((cell.children or {}).values())):
        terminate(child, "parent stopped", Exit.SHUTDOWN)
    activations, cell.activations = cell.activations, None
    for activation in activations or ():
        activation.close(_no_reply(cell))
    if cell.cold is not EMPTY:
        _discard_cold_state(cell, cell.cold)


def _no_reply(cell: "Cell") -> ActorStopped:
    return ActorStopped(f"{cell.path} stopped before it replied")


def _discard_cold_state(cell: "Cell", cold: ColdState) -> None:
    background, cold.background = cold.background, None
    for activation in background or ():
        activation.close(_no_reply(cell))
    unstash(cell)
    timers, cold.timers = cold.timers, None
    for timer in list((timers or {}).values()):
        timer.cancel()
    watching, cold.watching = cold.watching, None
    for watched in watching or ():
        (watched.cold.watchers or {}).pop(cell, None)
    promises, cold.promises = cold.promises, None
    for later in list(promises or ()):
        later.fail(_no_reply(cell))


def terminate(cell: "Cell", reason: str, how: Exit) -> None:
    """End an actor and its descendants for good, at once. Its messages become dead letters; its watchers are told."""
    if cell.state is State.STOPPED:
        return
    discard_instance(cell)
    cell.suspend()
    cell.state = State.STOPPED
    kernel = cell.kernel
    if cell.handled or cell.cold.restarted:
        kernel.ledger.leaves(cell)
    kernel.dead_letters.subscribers.pop(cell, None)
    kernel.registry.forget(cell)
    if cell.parent is not None and cell.parent.children is not None:
        cell.parent.children.pop(cell.key, None)
    cold, cell.cold = cell.cold, EMPTY
    cell.factory = Actor  # refs may live long: they should not keep alive what the factory holds
    _forget_random_streams(cell, cold)
    _drop_messages(cell, cold)
    if cold.started is not None:
        cold.started.fail(ActorStopped(f"{cell.display_name} did not start: {reason}"))
    _tell_links(cell, cold, reason, how)
    for ended in list(cold.ended or ()):
        ended.set(Terminated(ref=cell, reason=reason, exit=how))
    for watcher in cold.watchers or ():
        (watcher.cold.watching or {}).pop(cell, None)
        watcher.put_system(Terminated(ref=cell, reason=reason, exit=how))


def _forget_random_streams(cell: "Cell", cold: ColdState) -> None:
    """If no other actor can ever have this path, since a part of it is a number."""
    if cell.ctx is None and cold.restarts is None:
        return  # it has drawn nothing
    place = cell
    while place.parent is not None:
        if not isinstance(place.key, str):
            cell.kernel.random_streams.forget(cell.path)
            return
        place = place.parent


def _drop_messages(cell: "Cell", cold: ColdState) -> None:
    """All messages that wait become dead letters: stashed ones first, those of waiting senders last."""
    dead_letters = cell.kernel.dead_letters
    mailbox, cell.mailbox = cell.mailbox, None
    for envelope in cold.stash or ():
        dead_letters.add(cell, envelope)
    while mailbox:
        item = mailbox.popleft()
        if isinstance(item, SenderMark):
            cell.apply_mark(item)
        else:
            dead_letters.add(cell, envelope_of(item, cell.sender))
    for wait, envelope in list((cold.senders or {}).items()):
        dead_letters.add(cell, envelope)
        wait.set(False)


def _tell_links(cell: "Cell", cold: ColdState, reason: str, how: Exit) -> None:
    for linked in cold.links or ():
        (linked.cold.links or {}).pop(cell, None)
        if how is Exit.FAILED:
            cell.kernel.actor_failed(linked, LinkedActorFailed(f"{cell.path} {reason}"))
