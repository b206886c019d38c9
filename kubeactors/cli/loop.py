"""The event loop of the commands: asyncio on uvloop where there is one."""

from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import TypeVar, TypeVarTuple

import anyio

R = TypeVar("R")
Ts = TypeVarTuple("Ts")


def run(function: Callable[[*Ts], Awaitable[R]], *arguments: *Ts) -> R:
    """Run an async function to its end."""
    options = {"use_uvloop": find_spec("uvloop") is not None}
    return anyio.run(function, *arguments, backend="asyncio", backend_options=options)
