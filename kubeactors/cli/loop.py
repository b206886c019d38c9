"""The event loop of the commands: asyncio on uvloop where there is one."""

import gc
from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from typing import TypeVar, TypeVarTuple

import anyio

R = TypeVar("R")
Ts = TypeVarTuple("Ts")


YOUNG, MIDDLE, OLD = 100_000, 50, 1000
"""Objects until the garbage collector looks at each generation. Almost nothing in a cluster is cyclic garbage, and to
look through everything again and again as it grows costs a sixth of the time at 5,000 nodes and 25,000 pods."""


def run(function: Callable[[*Ts], Awaitable[R]], *arguments: *Ts) -> R:
    """Run an async function to its end."""
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    options = {"use_uvloop": find_spec("uvloop") is not None}
    return anyio.run(function, *arguments, backend="asyncio", backend_options=options)
