"""How a request reaches an actor: through its mailbox, or by a call of its handler inside the caller's turn.

The call is allowed only where nobody can tell it from a queued request that was scheduled at once.
"""

from typing import TYPE_CHECKING, TypeVar, cast

from kubeactors.actor.activation import Activation
from kubeactors.actor.deadlines import deadline
from kubeactors.actor.errors import ActorStopped, MailboxFull
from kubeactors.actor.later import Later
from kubeactors.actor.ref import ASK_SECONDS
from kubeactors.actor.states import State
from kubeactors.actor.waits import Wait
from kubeactors.message import Request

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from kubeactors.actor.cell import Cell
    from kubeactors.actor.envelope import Envelope

R = TypeVar("R")

MAX_INLINE_DEPTH = 16
"""How many inline asks may nest before they queue: bounds the Python stack."""
_RUNNING = State.RUNNING  # a global is faster than an attribute of an enum


def send_request(cell: "Cell", request: Request[R], timeout_seconds: float | None) -> Wait[R]:
    """Put the request into the mailbox, or have it answered at once."""
    kernel = cell.kernel
    if kernel.current is None:
        kernel.driver.refresh()  # first of all, since it rejects other threads
    if timeout_seconds is not ASK_SECONDS:
        timeout_seconds = deadline(timeout_seconds)
    wait: Wait[R] = Wait()
    wait.target = cell
    reply: Wait[object] = wait  # type: ignore[assignment] # pyright: ignore[reportAssignmentType] -- a cast is a call
    if _can_run_inline(cell, type(request)):
        _run_inline(cell, (request, kernel.current, reply))
    elif not cell.put((request, kernel.current, reply)):
        gone = cell.state is State.STOPPED
        wait.fail(ActorStopped(f"{cell.display_name} has stopped") if gone else mailbox_full(cell))
    if timeout_seconds is not None and not wait.done:
        kernel.deadlines.set(reply, request, timeout_seconds)
    return wait


def mailbox_full(cell: "Cell") -> MailboxFull:
    """The error of a request that the mailbox rejects."""
    messages = f"{cell.capacity} messages"
    return MailboxFull(f"the mailbox of {cell.display_name} is full ({messages}): it is slower than its senders")


def runs_without_task(cell: "Cell", request: object) -> bool:
    """Whether the handler of the request never needs a task of its own."""
    return cell.dispatch.deterministic or request.__class__ not in cell.dispatch.waiting


def _can_run_inline(cell: "Cell", request: type) -> bool:
    """Whether the actor is idle and has no messages, and the handler needs no task."""
    if cell.queued or cell.mailbox or cell.state is not _RUNNING:
        return False
    kernel = cell.kernel
    if not kernel.inline_asks or kernel.inline_depth >= MAX_INLINE_DEPTH or kernel.deferred or kernel.stuck:
        return False
    dispatch = cell.dispatch
    return dispatch.plain.get(request) is not None or (dispatch.deterministic and request in dispatch.table)


def _run_inline(cell: "Cell", envelope: "Envelope") -> None:
    kernel = cell.kernel
    kernel.inline_depth += 1
    cell.queued = True
    try:
        kernel.variables.copy().run(_deliver, cell, envelope)
    finally:
        kernel.inline_depth -= 1
        cell.requeue()


def _deliver(cell: "Cell", envelope: "Envelope") -> None:
    kernel = cell.kernel
    if kernel.interceptor is not None:
        passed = kernel.interceptor(cell, envelope)
        if passed is None:
            return
        envelope = passed
    message, _, reply = envelope
    handler = cell.dispatch.table.get(message.__class__)
    if handler is None:
        kernel.dead_letters.add_unhandled(cell, envelope)
        return
    cell.envelope = envelope
    cell.handled += 1
    previous, kernel.current = kernel.current, cell
    try:
        result = handler.method(cell.actor, message)
        if handler.is_async:
            Activation(cell, cast("Coroutine[object, object, object]", result), envelope, starting=False).run()
        elif reply is not None and result.__class__ is not Later:
            reply.set(result)
    except kernel.failures as error:
        cell.fail(error, reply)
    finally:
        kernel.current = previous
        cell.envelope = None
