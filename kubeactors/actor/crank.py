"""The crank: the loop that runs ready actors. Everything hot is in line here.

Source: the idea of stepping a coroutine until it really waits, and then giving it the frame, is our own; what it
saves is a `StopIteration` for every `async def` handler that does not wait.
"""

# pyright: basic
# The class of an item tells what it is: a `cast` for the type checker would be a call per message.

import types
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING

from kubeactors.actor.activation import Activation
from kubeactors.actor.cell import IN_SLOT
from kubeactors.actor.envelope import Envelope, Reply, SenderMark, envelope_of
from kubeactors.actor.later import Later
from kubeactors.actor.states import State

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.kernel import Kernel

DONE = object()
"""The crank has run its turns, or nothing is ready."""
FOREIGN = object()
"""A resumed handler awaits something foreign: `Crank.foreign`."""

Frame = Generator[object, Iterator[object], object]


class Crank:
    """A coroutine frame that runs handlers. When one of them waits, it keeps the frame, and the kernel makes a new crank.

    So an `async def` handler is awaited from the start, and one that does not wait costs hardly more than a function.
    """

    __slots__ = ("detached", "foreign", "frame", "turn")

    def __init__(self, kernel: "Kernel") -> None:
        self.detached: bool = False  # a handler has kept the frame
        self.foreign: Activation | None = None
        self.frame: Frame = _crank(kernel, self)  # pyright: ignore[reportAttributeAccessIssue] -- it is both
        next(self.frame)
        self.turn: Callable[[Iterator[object]], object] = self.frame.send


@types.coroutine
def _crank(kernel: "Kernel", crank: Crank) -> Frame:  # noqa: C901, PLR0912, PLR0915 -- one frame: a call is what it saves
    """Runs an entry for each item of the iterator that is sent in, and yields DONE; or yields what a handler awaits."""
    ready, deferred = kernel.ready, kernel.deferred
    running, batch = State.RUNNING, kernel.batch
    may_continue = kernel.driver.may_continue
    message: object
    reply: Reply
    result: object = None
    turns = yield DONE
    while True:
        for _ in turns:
            while deferred:
                kernel.current = None
                deferred.popleft()()
            if not ready:
                break
            entry = ready.popleft()
            if entry.queued is IN_SLOT and kernel.interceptor is None:
                cell: Cell = entry  # type: ignore[assignment] # pyright: ignore[reportAssignmentType] -- only cells have a slot
                item = cell.slot
                method = cell.dispatch.plain.get(type(item))
                if method is not None:
                    kernel.current = cell
                    cell.envelope, cell.slot, cell.queued = item, None, True
                    try:
                        method(cell.actor, item)
                    except Exception as error:  # noqa: BLE001 -- any failure is the supervisor's
                        cell.fail(error, None)
                    cell.handled += 1
                    kernel.current = cell.envelope = None
                    if cell.slow_path:
                        cell.end_turn()
                    elif cell.mailbox:
                        ready.append(cell)
                    else:
                        cell.queued = False
                    continue
                cell.spill_slot()
            elif entry.queued is IN_SLOT:
                entry.spill_slot()  # type: ignore[attr-defined] # pyright: ignore -- only cells have a slot
            mailbox = entry.mailbox
            if not mailbox or entry.state is not running:
                crank.foreign = entry.run()
                if crank.foreign is not None:
                    yield FOREIGN
                if kernel.stuck:
                    break
                continue
            cell = entry  # type: ignore[assignment] # pyright: ignore[reportAssignmentType] -- only cells have messages
            kernel.current = cell
            actor, dispatch, intercept = cell.actor, cell.dispatch, kernel.interceptor
            plain = dispatch.plain
            handled = cell.handled
            left = len(mailbox)  # messages that arrive meanwhile wait for the next turn
            limit = handled + (left if left < batch else batch)  # noqa: FURB136 -- a call
            reply = None
            try:
                while True:
                    item = mailbox.popleft()
                    handled += 1
                    if intercept is not None and type(item) is not SenderMark:
                        item = intercept(cell, item if type(item) is tuple else envelope_of(item, cell.sender))
                        if item is None:
                            if handled == limit or deferred:
                                break
                            continue
                    cell.envelope = item
                    if (method := plain.get(type(item))) is not None:
                        method(actor, item)
                    elif type(item) is SenderMark:
                        cell.apply_mark(item)
                        handled -= 1
                        limit -= 1
                    else:
                        message = item
                        if type(item) is tuple:
                            envelope: Envelope = item  # pyright: ignore[reportAssignmentType]
                            message, _, reply = envelope
                            method = plain.get(type(message))
                        if method is not None:
                            result = method(actor, message)
                        elif (method := dispatch.waiting.get(type(message))) is not None:
                            if kernel.helping and not dispatch.deterministic:
                                kernel.stop_helping(cell, item)
                                handled -= 1
                                break
                            cell.handled = handled
                            result = yield from method(actor, message)  # type: ignore[misc] # pyright: ignore[reportGeneralTypeIssues] -- an `async def`
                            if crank.detached:
                                return result
                        else:
                            kernel.dead_letters.add_unhandled(cell, cell.current_envelope())
                            reply = None
                        if reply is not None:
                            if result.__class__ is not Later:
                                reply.set(result)
                            reply = None
                    if handled == limit or deferred:
                        left -= batch
                        if left <= 0 or deferred or not may_continue(cell):
                            break
                        limit += left if left < batch else batch  # noqa: FURB136 -- a call
            except Exception as error:
                if crank.detached:
                    raise
                cell.fail(error, reply)
            cell.handled = handled
            kernel.current = None
            cell.envelope = None
            if cell.slow_path:
                cell.end_turn()
                if kernel.stuck:
                    break
            elif mailbox:
                ready.append(cell)
            else:
                cell.queued = False
        else:
            while deferred:
                deferred.popleft()()
        turns = yield DONE
