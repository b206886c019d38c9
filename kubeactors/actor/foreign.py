"""Errors for awaits that cannot be simulated: they name the actor and the line."""

from traceback import walk_tb
from types import FrameType
from typing import TYPE_CHECKING, cast

from kubeactors.actor.errors import ForeignAwait

if TYPE_CHECKING:
    from kubeactors.actor.activation import Activation

EVENT_LOOPS = ("anyio", "asyncio", "sniffio", "trio")
"""Packages whose code looks for the running event loop."""


def foreign_await(path: str, what: str, frame: FrameType | None, line: int) -> ForeignAwait:
    """The error for a handler that awaits something at a line of a frame."""
    at = f" at {frame.f_code.co_filename}:{line}" if frame is not None else ""
    return ForeignAwait(
        f"{path} awaits {what}{at}; a deterministic handler, as all are in the simulator, may await only asks, "
        "sends, ctx.sleep, ctx.in_thread and gates, an operator only its client"
    )


def reject(activation: "Activation") -> None:
    """Raise `ForeignAwait` in a handler, at the line of its await."""
    cell, coroutine = activation.cell, activation.coroutine
    handler = getattr(coroutine, "gi_yieldfrom", coroutine)
    frame = cast("FrameType | None", getattr(handler, "cr_frame", None))
    what = f"a {type(activation.foreign).__name__}"
    error = foreign_await(cell.path, what, frame, frame.f_lineno if frame is not None else 0)
    previous, cell.kernel.current = cell.kernel.current, cell
    cell.envelope = activation.envelope
    try:
        activation.variables.run(coroutine.throw, error)
    except StopIteration as stop:
        activation.finished(stop.value)
    except Exception as raised:  # noqa: BLE001 -- the supervisor's
        activation.failed(raised)
    else:
        activation.failed(error)  # it has caught the error, and awaits something foreign again
    finally:
        cell.kernel.current = previous
        cell.envelope = None


def explained(path: str, error: BaseException) -> BaseException:
    """The error; if it was raised because no event loop runs, a `ForeignAwait` that says what needed one, and where."""
    steps = list(walk_tb(error.__traceback__))
    if not isinstance(error, RuntimeError | AttributeError) or not steps or package_of(steps[-1][0]) not in EVENT_LOOPS:
        return error
    own = [step for step in steps if package_of(step[0]) not in EVENT_LOOPS]
    called = next(frame for frame, _ in steps[len(own) :]) if len(own) < len(steps) else steps[-1][0]
    frame, line = own[-1] if own else (None, 0)
    module = str(called.f_globals.get("__name__"))
    found = foreign_await(path, f"{public_name(module)}.{called.f_code.co_name}", frame, line)
    found.__cause__ = error
    return found


def public_name(module: str) -> str:
    """The package from which users import what a private module defines.

    >>> public_name("anyio._core._eventloop"), public_name("anyio.to_thread")
    ('anyio', 'anyio.to_thread')
    """
    return module.partition("._")[0]


def package_of(frame: FrameType) -> str:
    """The top-level package of a frame's code."""
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
