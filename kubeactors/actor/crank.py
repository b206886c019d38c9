"""The crank: the one loop that runs ready actors. Everything hot is in line here.

Source: the idea of stepping a coroutine until it really waits, and then giving it the frame, is our own; what it
saves is a `StopIteration` for every `async def` handler that does not wait.
"""

# pyright: basic
# What stands in a mailbox is known by a look at its class: a `cast` for the checker would be a call for each message.

import types
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING

from kubeactors.actor.activation import Activation
from kubeactors.actor.cell import IN_HAND
from kubeactors.actor.envelope import Envelope, Mark, Reply, opened
from kubeactors.actor.ref import Later
from kubeactors.actor.states import State

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.kernel import Kernel

DONE = object()
"""The crank has run its turns, or nothing is ready."""
FOREIGN = object()
"""A handler that was resumed awaits something that is not the kernel's: `Crank.foreign`."""

Frame = Generator[object, Iterator[object], object]


class Crank:
    """A frame that runs handlers. When one of them waits, the frame is its own to its end, and the kernel makes another.

    So an `async def` handler is awaited from the very start: one that does not wait costs hardly more than a function.
    """

    __slots__ = ("foreign", "frame", "taken", "turn")

    def __init__(self, kernel: "Kernel") -> None:
        self.taken: bool = False
        self.foreign: Activation | None = None
        self.frame: Frame = _crank(kernel, self)  # pyright: ignore[reportAttributeAccessIssue] -- it is both
        next(self.frame)
        self.turn: Callable[[Iterator[object]], object] = self.frame.send


@types.coroutine
def _crank(kernel: "Kernel", crank: Crank) -> Frame:  # noqa: C901, PLR0912, PLR0915 -- one frame: a call is what it saves
    """Runs one entry for each item of what is sent, and yields DONE; or yields what a handler awaits."""
    ready, changes = kernel.ready, kernel.changes
    running, batch = State.RUNNING, kernel.batch
    goes_on = kernel.driver.goes_on
    message: object
    reply: Reply
    result: object = None
    turns = yield DONE
    while True:
        for _ in turns:
            while changes:
                kernel.current = None
                changes.popleft()()
            if not ready:
                break
            entry = ready.popleft()
            if entry.queued is IN_HAND and kernel.interceptor is None:
                cell: Cell = entry  # type: ignore[assignment] # pyright: ignore[reportAssignmentType] -- others have no hand
                posted = cell.hand
                method = cell.dispatch.plain.get(type(posted))
                if method is not None:
                    kernel.current = cell
                    cell.envelope, cell.hand, cell.queued = posted, None, True
                    try:
                        method(cell.actor, posted)
                    except Exception as error:  # noqa: BLE001 -- any failure is the supervisor's
                        cell.fail(error, None)
                    cell.handled += 1
                    kernel.current = cell.envelope = None
                    if cell.odd:
                        cell.go_on()
                    elif cell.mailbox:
                        ready.append(cell)
                    else:
                        cell.queued = False
                    continue
                cell.put_down()
            elif entry.queued is IN_HAND:
                entry.put_down()  # type: ignore[attr-defined] # pyright: ignore -- a cell: others have no hand
            mailbox = entry.mailbox
            if not mailbox or entry.state is not running:
                crank.foreign = entry.run()
                if crank.foreign is not None:
                    yield FOREIGN
                if kernel.stuck:
                    break
                continue
            cell = entry  # type: ignore[assignment] # pyright: ignore[reportAssignmentType] -- others have no mail
            kernel.current = cell
            actor, dispatch, intercept = cell.actor, cell.dispatch, kernel.interceptor
            plain = dispatch.plain
            handled = cell.handled
            left = len(mailbox)  # what comes meanwhile waits for the next turn
            limit = handled + (left if left < batch else batch)  # noqa: FURB136 -- a call
            reply = None
            try:
                while True:
                    posted = mailbox.popleft()
                    handled += 1
                    if intercept is not None and type(posted) is not Mark:
                        posted = intercept(cell, posted if type(posted) is tuple else opened(posted, cell.sender))
                        if posted is None:
                            if handled == limit or changes:
                                break
                            continue
                    cell.envelope = posted
                    if (method := plain.get(type(posted))) is not None:
                        method(actor, posted)
                    elif type(posted) is Mark:
                        cell.passes(posted)
                        handled -= 1
                        limit -= 1
                    else:
                        message = posted
                        if type(posted) is tuple:
                            envelope: Envelope = posted  # pyright: ignore[reportAssignmentType]
                            message, _, reply = envelope
                            method = plain.get(type(message))
                        if method is not None:
                            result = method(actor, message)
                        elif (method := dispatch.waiting.get(type(message))) is not None:
                            if kernel.helping and not dispatch.deterministic:
                                kernel.put_back(cell, posted)
                                handled -= 1
                                break
                            cell.handled = handled
                            result = yield from method(actor, message)  # type: ignore[misc] # pyright: ignore[reportGeneralTypeIssues] -- an `async def`
                            if crank.taken:
                                return result
                        else:
                            cell.unhandled(cell.in_hand())
                            reply = None
                        if reply is not None:
                            if result.__class__ is not Later:
                                reply.set(result)
                            reply = None
                    if handled == limit or changes:
                        left -= batch
                        if left <= 0 or changes or not goes_on(cell):
                            break
                        limit += left if left < batch else batch  # noqa: FURB136 -- a call
            except Exception as error:
                if crank.taken:
                    raise
                cell.fail(error, reply)
            cell.handled = handled
            kernel.current = None
            cell.envelope = None
            if cell.odd:
                cell.go_on()
                if kernel.stuck:
                    break
            elif mailbox:
                ready.append(cell)
            else:
                cell.queued = False
        else:
            while changes:
                changes.popleft()()
        turns = yield DONE
