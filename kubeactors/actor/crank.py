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
from kubeactors.actor.envelope import Reply, opened
from kubeactors.actor.ref import Later
from kubeactors.actor.states import State

if TYPE_CHECKING:
    from kubeactors.actor.cell import Cell
    from kubeactors.actor.kernel import Kernel

DONE = object()
"""The crank has run its turns, or nothing is ready."""
FOREIGN = object()
"""A handler that was resumed awaits something that is not the kernel's: `Crank.foreign`."""

Frame = Generator[object, Iterator[int], object]


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
        self.turn: Callable[[Iterator[int]], object] = self.frame.send


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
            mailbox = entry.mailbox
            if not mailbox or entry.state is not running:
                crank.foreign = entry.run()
                if crank.foreign is not None:
                    yield FOREIGN
                if kernel.stuck:
                    break
                continue
            cell: Cell = entry  # type: ignore[assignment] # pyright: ignore[reportAssignmentType] -- others have no mail
            kernel.current = cell
            actor, plain, intercept = cell.actor, cell.dispatch.plain, kernel.interceptor
            handled = cell.handled
            left = len(mailbox)  # what comes meanwhile waits for the next turn
            limit = handled + (left if left < batch else batch)  # noqa: FURB136 -- a call
            reply = None
            try:
                while True:
                    envelope = mailbox.popleft()
                    handled += 1
                    if intercept is not None:
                        passed = intercept(cell, opened(envelope))
                        if passed is None:
                            if handled == limit or changes:
                                break
                            continue
                        envelope = passed
                    cell.envelope = envelope
                    if envelope.__class__ is tuple:
                        message, _, reply = envelope  # pyright: ignore[reportGeneralTypeIssues]
                    else:
                        message, reply = envelope, None
                    if (method := plain.get(message.__class__)) is not None:
                        result = method(actor, message)
                    elif (method := cell.dispatch.waiting.get(message.__class__)) is not None:
                        if kernel.helping and not cell.dispatch.deterministic:
                            kernel.put_back(cell, envelope)
                            handled -= 1
                            break
                        cell.handled = handled
                        result = yield from method(actor, message)  # type: ignore[misc] # pyright: ignore[reportGeneralTypeIssues] -- an `async def`
                        if crank.taken:
                            return result
                    else:
                        cell.unhandled(opened(envelope))
                        reply = None
                    if reply is not None and result.__class__ is not Later:
                        reply.set(result)
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
