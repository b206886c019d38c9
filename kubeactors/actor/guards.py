"""Guards: simulated code that uses a real clock, randomness, thread or socket fails at once.

Only users' code is watched, while it runs: in this package `ruff` enforces the rule (banned-api), at no cost. What the
standard library does for itself is allowed: `logging` reads the time. Nothing is patched: the interpreter reports which
functions are called (`sys.setprofile`). A profiler in Python that is active still sees all calls; beside one in C
(`cProfile` before Python 3.12) nothing can be watched, and a warning says so.
"""

# ruff: noqa: TID251 -- they are named here in order to forbid them

import asyncio
import gc
import os
import random
import socket
import subprocess
import sys
import threading
import time
import uuid
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Generator
from datetime import date, datetime
from functools import wraps
from opcode import opname
from types import CodeType, FrameType, FunctionType, ModuleType, TracebackType
from typing import TypeAlias, TypeVar, cast

from kubeactors.actor.actor import Actor, Dispatch, Handler, dispatch_of
from kubeactors.actor.errors import ForeignCall
from kubeactors.actor.foreign import EVENT_LOOPS, package_of

__tracebackhide__ = True  # pytest shows the line that is wrong, not its detection

R = TypeVar("R")

Method = Callable[..., object]
Listener: TypeAlias = Callable[[FrameType, str, object], object]

NOT_WATCHED = (
    "a profiler is active that allows no other beside it: until it is off, simulated code that uses a real clock, "
    "randomness, thread or socket is not detected"
)
_USE_CONTEXT_TIME = "take the time from ctx.now or ctx.wall, in an operator from client.seconds"
_USE_CONTEXT_RANDOM = "take random values from ctx.random or ctx.uid(), in an operator from client.random"


def _functions(module: ModuleType, *names: str) -> dict[object, str]:
    """Functions of a module that this platform has, and their names as they are called."""
    return {getattr(module, name): f"{module.__name__}.{name}()" for name in names if hasattr(module, name)}


def _codes(module: ModuleType, *names: str) -> dict[CodeType, str]:
    return {
        cast("FunctionType", one).__code__: f"{said}; {_USE_CONTEXT_RANDOM}"
        for one, said in _functions(module, *names).items()
    }


_TIMES = ("time", "monotonic", "perf_counter", "process_time", "thread_time", "clock_gettime")
_CLOCKS: dict[object, str] = {
    **_functions(time, *_TIMES, *(f"{name}_ns" for name in _TIMES)),
    datetime.now: "datetime.now()",
    datetime.utcnow: "datetime.utcnow()",  # pyright: ignore[reportDeprecated] -- others call it
    datetime.today: "datetime.today()",
    date.today: "date.today()",
}
_OF_NOW = _functions(time, "localtime", "gmtime", "ctime", "asctime", "strftime")
"""These use the current time unless they get a time as an argument."""
_ARGUMENTS_WITH_TIME: dict[object, int] = {**dict.fromkeys(_OF_NOW, 1), time.strftime: 2}
"""With so many arguments they do."""
_SHARED = "the shared random generator"
_SHARED_RANDOM: dict[object, str] = {random.random: _SHARED, random.getrandbits: _SHARED}
_ENTROPY: dict[object, str] = _functions(os, "urandom", "getrandom")
_GENERATORS = ("random", "secrets")
_SLEEP: dict[object, str] = {time.sleep: "time.sleep()"}
_SEED = random.Random.seed.__code__
_PYTHON_FUNCTIONS: dict[CodeType, str] = {
    threading.Thread.start.__code__: "a thread; ctx.in_thread does blocking work",
    asyncio.gather.__code__: "asyncio.gather(); there is no event loop: await one after another",
    socket.socket.__init__.__code__: "a socket; there is no network",
    subprocess.Popen.__init__.__code__: "a process; there are none",
    **_codes(uuid, "uuid1", "uuid4", "uuid6", "uuid7"),
    _SEED: f"random.Random() without a seed; {_USE_CONTEXT_RANDOM}",
}
_OWN = "kubeactors"
_MEASURING = ("loguru", "opentelemetry", "prometheus_client", "sentry_sdk", "structlog")
"""Packages that report times and durations to humans, not to code."""
_MAY_READ_CLOCKS = {_OWN, *EVENT_LOOPS, *_MEASURING, *sys.stdlib_module_names}
"""Packages that may read clocks; awaits of event loops are detected by `foreign.py`."""
_CALLS = ("PRECALL", "CALL", "CALL_KW")
_MANY = 256


def _may_read_clocks(frame: FrameType | None) -> bool:
    return frame is not None and package_of(frame) in _MAY_READ_CLOCKS


def _wrong_builtin(frame: FrameType, function: object) -> str:
    """What is wrong with a call of a built-in function; empty if nothing."""
    if function in _CLOCKS:
        return "" if _may_read_clocks(frame) else f"{_CLOCKS[function]}; {_USE_CONTEXT_TIME}"
    if function in _OF_NOW:
        has_time = _may_read_clocks(frame) or _arguments(frame) >= _ARGUMENTS_WITH_TIME[function]
        return "" if has_time else f"{_OF_NOW[function]}; {_USE_CONTEXT_TIME}"
    if function in _ENTROPY:
        return (
            ""
            if _may_read_clocks(frame) and package_of(frame) not in _GENERATORS
            else f"{_ENTROPY[function]}; {_USE_CONTEXT_RANDOM}"
        )
    if function in _SHARED_RANDOM:
        return f"{_SHARED_RANDOM[function]}; {_USE_CONTEXT_RANDOM}"
    return f"{_SLEEP[function]}; ctx.sleep waits, an operator by client.sleep" if function in _SLEEP else ""


def _arguments(frame: FrameType) -> int:
    """How many arguments the call at a frame's current instruction has; `_MANY` if its bytecode does not say."""
    code, at = frame.f_code.co_code, frame.f_lasti
    return code[at + 1] if opname[code[at]] in _CALLS else _MANY


def _wrong_function(frame: FrameType) -> str:
    """What is wrong with a call of a Python function, whose frame this is; empty if nothing."""
    wrong = _PYTHON_FUNCTIONS.get(frame.f_code, "")
    return "" if wrong and frame.f_code is _SEED and _is_seeded(frame) else wrong


def _is_seeded(frame: FrameType) -> bool:
    """Whether a random generator gets a seed, or is one that the standard library makes for itself."""
    if frame.f_locals.get("a") is not None:
        return True
    caller = frame.f_back
    while caller is not None and package_of(caller) in _GENERATORS:
        caller = caller.f_back
    return _may_read_clocks(caller)


class Guard:
    """A context manager within which nothing nondeterministic may be called; it may be entered repeatedly.

    Args:
        path: the path of the actor whose code it guards.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._watches = False
        self._other: Listener | None = None
        """Another profiler, which is called as well."""

    def __enter__(self) -> None:
        other = cast("object", sys.getprofile())
        self._other = cast("Listener", other) if callable(other) else None
        self._watches = not isinstance(getattr(other, "__self__", None), Guard)  # nested: the outer one watches
        if other is not None and self._other is None:
            self._watches = False
            warnings.warn(NOT_WATCHED, RuntimeWarning, stacklevel=2)
        if self._watches:
            sys.setprofile(self._look)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._watches:
            sys.setprofile(self._other)

    def _look(self, frame: FrameType, event: str, argument: object) -> None:
        if self._other is not None:
            self._other(frame, event, argument)
        if event == "c_call":
            wrong = _wrong_builtin(frame, argument)
        elif event == "call":
            wrong = _wrong_function(frame)
        else:
            return
        if wrong and not _is_collecting(frame):
            raise ForeignCall(f"{self._path} calls {wrong}{_where(frame)}")


def _is_collecting(frame: FrameType) -> bool:
    """Whether the garbage collector has caused the call (`gc.callbacks`; Hypothesis has one), not the guarded code."""
    codes = [cast("object", getattr(one, "__code__", None)) for one in gc.callbacks]
    at: FrameType | None = frame
    while at is not None:
        if at.f_code in codes:
            return True
        at = at.f_back
    return False


def _where(frame: FrameType) -> str:
    """The innermost line of users' code."""
    at: FrameType | None = frame
    while _may_read_clocks(at):
        at = at.f_back if at is not None else None
    return f" (at {at.f_code.co_filename}:{at.f_lineno})" if at is not None else ""


class GuardedCoroutine(Coroutine[object, None, R]):
    """A coroutine whose steps are guarded; what others do while it waits is not."""

    def __init__(self, path: str, coroutine: Coroutine[object, None, R]) -> None:
        self._coroutine = coroutine
        self._guard = Guard(path)

    @property
    def cr_frame(self) -> FrameType | None:
        """The coroutine's frame, for error reports."""
        return cast("FrameType | None", getattr(self._coroutine, "cr_frame", None))

    def send(self, value: None) -> object:
        """See `Coroutine.send`."""
        with self._guard:
            return self._coroutine.send(value)

    def throw(self, *error: object) -> object:
        """See `Coroutine.throw`."""
        throw = cast("Callable[..., object]", self._coroutine.throw)
        with self._guard:
            return throw(*error)

    def close(self) -> None:
        """See `Coroutine.close`."""
        self._coroutine.close()

    def __await__(self) -> Generator[object, None, R]:
        return cast("Generator[object, None, R]", self)

    def __iter__(self) -> "GuardedCoroutine[R]":
        return self

    def __next__(self) -> object:
        return self.send(None)


async def guarded(path: str, call: Callable[[], Awaitable[R]]) -> R:
    """Call users' code, and await its result, guarded."""
    with Guard(path):
        awaitable = call()
    if not isinstance(awaitable, Coroutine):
        return await awaitable
    return await GuardedCoroutine(path, cast("Coroutine[object, None, R]", awaitable))


def guarded_dispatch_of(actor: type[Actor[object]]) -> Dispatch:
    """The `Dispatch` of an actor class, with guarded handlers unless the class is this package's own."""
    plain = dispatch_of(actor)
    if actor.__module__.partition(".")[0] == _OWN or type(plain.table) is not dict:
        return plain
    found = _DISPATCHES.get(plain)
    if found is None:
        found = _DISPATCHES[plain] = Dispatch(
            plain.name,
            {
                message: Handler(_guarded_method(one.method), is_async=one.is_async)
                for message, one in plain.table.items()
            },
            reentrant=plain.reentrant,
            deterministic=plain.deterministic,
            start=None
            if plain.start is None
            else cast("Callable[[Actor[object]], Awaitable[None] | None]", _guarded_method(plain.start)),
            stop=None
            if plain.stop is None
            else cast("Callable[[Actor[object]], Awaitable[None]]", _guarded_method(plain.stop)),
        )
    return found


_DISPATCHES: dict[Dispatch, Dispatch] = {}


def _guarded_method(method: Method) -> Method:
    @wraps(method)
    def guarded_method(actor: Actor[object], *message: object) -> object:
        path = actor.cell.path
        with Guard(path):
            result = method(actor, *message)
        if not isinstance(result, Coroutine):
            return result
        return GuardedCoroutine(path, cast("Coroutine[object, None, object]", result))

    return guarded_method
