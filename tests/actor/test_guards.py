"""Nondeterministic calls that simulated code must not make."""

# ruff: noqa: TID251, PLW0108, DTZ011 -- here it is asked, from a line of this file

import datetime as dt
import gc
import logging
import os
import random
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from cProfile import Profile
from random import choice
from time import localtime as local
from time import time as now
from types import FrameType

import pytest

from kubeactors.actor import Actor, ActorFailed, ForeignCall, SimSystem, SystemFailed, handle
from tests.actor.messages import GetTotal

Ask = Callable[[], object]

FOREIGN: dict[str, Ask] = {
    "time.time()": lambda: time.time(),
    "time.monotonic()": lambda: time.monotonic(),
    "datetime.now()": lambda: dt.datetime.now(dt.UTC),
    "date.today()": lambda: dt.date.today(),
    "time.time_ns()": lambda: time.time_ns(),
    "time.monotonic_ns()": lambda: time.monotonic_ns(),
    "time.perf_counter()": lambda: time.perf_counter(),
    "time.perf_counter_ns()": lambda: time.perf_counter_ns(),
    "time.process_time()": lambda: time.process_time(),
    "time.process_time_ns()": lambda: time.process_time_ns(),
    "time.thread_time()": lambda: time.thread_time(),
    "time.clock_gettime()": lambda: time.clock_gettime(time.CLOCK_REALTIME),
    "time.clock_gettime_ns()": lambda: time.clock_gettime_ns(time.CLOCK_REALTIME),
    "time.localtime()": lambda: time.localtime(),
    "time.gmtime()": lambda: time.gmtime(),
    "time.ctime()": lambda: time.ctime(),
    "time.asctime()": lambda: time.asctime(),
    "time.strftime()": lambda: time.strftime("%Y"),
    "time.sleep()": lambda: time.sleep(0),
    "the shared random generator": lambda: random.random(),
    "uuid.uuid4()": lambda: uuid.uuid4(),
    "random.Random() without a seed": lambda: random.Random(),
    "uuid.uuid1()": lambda: uuid.uuid1(),
    "os.urandom()": lambda: os.urandom(1),
    "os.getrandom()": lambda: os.getrandom(1),
    "a thread": lambda: threading.Thread(target=int).start(),
    "a socket": lambda: socket.socket(),
    "a process": lambda: subprocess.run([sys.executable, "-V"], check=True),
}
BOUND_BEFORE: dict[str, Ask] = {
    "time.time()": lambda: now(),
    "the shared random generator": lambda: choice([1, 2]),
    "os.urandom()": lambda: secrets.token_hex(),
    "random.Random() without a seed": lambda: Loaded(),
    "time.localtime()": lambda: local(),
}


class Loaded(random.Random):
    """A user's own random generator."""


class Curious(Actor[GetTotal]):
    def __init__(self, ask: Ask) -> None:
        self.ask = ask

    @handle
    def get(self, message: GetTotal) -> int:
        self.ask()
        return 1


class Patient(Actor[GetTotal]):
    def __init__(self, ask: Ask) -> None:
        self.ask = ask

    @handle
    async def get(self, message: GetTotal) -> int:
        await self.ctx.sleep(5.0)
        self.ask()
        return 1


class Hasty(Curious):
    def started(self) -> None:
        self.ask()


@pytest.mark.parametrize("actor", [Curious, Patient])
@pytest.mark.parametrize(("what", "ask"), [*FOREIGN.items(), *BOUND_BEFORE.items()])
def test_a_nondeterministic_call_in_a_simulated_handler_fails_and_names_the_line(
    actor: type[Curious | Patient], what: str, ask: Ask
) -> None:
    sim = SimSystem()
    ref = sim.spawn(lambda: actor(ask), name="curious")
    with pytest.raises(ActorFailed) as failure:
        sim.ask(ref, GetTotal())
    error = failure.value.__cause__
    assert isinstance(error, ForeignCall)
    assert str(error).startswith(f"/curious calls {what}")
    assert f"test_guards.py:{ask.__code__.co_firstlineno})" in str(error)
    assert sys.getprofile() is None


def test_a_nondeterministic_call_in_started_fails() -> None:
    sim = SimSystem()
    sim.spawn(lambda: Hasty(time.time), name="hasty")
    with pytest.raises(SystemFailed, match=r"/hasty did not start: .*/hasty calls time\.time\(\)"):
        sim.settle()


def _harmless() -> None:
    logging.getLogger("x").warning("a line knows when it was")
    assert random.Random(7).random() == random.Random(7).random()
    assert dt.datetime(2026, 1, 1, tzinfo=dt.UTC).year == 2026
    assert random.Random("a").getstate() != random.Random(b"b").getstate()
    assert time.gmtime(0)[:3] == (1970, 1, 1)
    assert time.strftime("%Y", time.gmtime(0)) == "1970"
    assert [time.ctime(0), time.asctime(time.gmtime(0)), time.localtime(*(0,))]
    with tempfile.TemporaryDirectory():  # the standard library has its own random generators
        pass
    tempfile.gettempdir()


@pytest.mark.parametrize("actor", [Curious, Patient])
def test_calls_that_do_not_affect_a_run_are_allowed(actor: type[Curious | Patient]) -> None:
    sim = SimSystem()
    assert sim.ask(sim.spawn(lambda: actor(_harmless)), GetTotal()) == 1


def test_code_outside_is_not_guarded_while_a_handler_waits() -> None:
    sim = SimSystem()
    ref = sim.spawn(lambda: Patient(int))
    ref.tell(GetTotal())
    sim.run(1.0)
    assert time.time() > 0
    sim.run(10.0)
    assert sim.ask(ref, GetTotal()) == 1


def test_packages_that_measure_may_read_clocks() -> None:
    measured = eval("lambda: time.perf_counter()", {"__name__": "prometheus_client.context_managers", "time": time})
    sim = SimSystem()
    assert sim.ask(sim.spawn(lambda: Curious(measured)), GetTotal()) == 1


def test_callbacks_of_the_garbage_collector_may_read_clocks() -> None:
    looked: list[float] = []

    def collected(_phase: str, _found: dict[str, int]) -> None:
        looked.append(time.perf_counter())

    sim = SimSystem()
    ref = sim.spawn(lambda: Curious(gc.collect))
    gc.callbacks.append(collected)
    try:
        assert sim.ask(ref, GetTotal()) == 1
    finally:
        gc.callbacks.remove(collected)
    assert looked


def test_profiled_code_is_guarded_and_the_profiler_sees_all_calls() -> None:
    called: list[object] = []

    def profiler(_frame: FrameType, _event: str, argument: object) -> None:
        called.append(argument)

    sim = SimSystem()
    ref = sim.spawn(lambda: Curious(lambda: time.time()))
    sys.setprofile(profiler)
    try:
        with pytest.raises(ActorFailed):
            sim.ask(ref, GetTotal())
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(None)
    assert time.time in called


def test_a_profiler_that_disables_the_guard_causes_a_warning() -> None:
    sim = SimSystem()
    ref = sim.spawn(lambda: Curious(lambda: time.time()))
    profiler = Profile()
    profiler.enable()
    is_alone = sys.getprofile() is not None  # since Python 3.12 there can be others beside it
    try:
        with pytest.warns(RuntimeWarning, match="a profiler is active") if is_alone else pytest.raises(ActorFailed):
            assert sim.ask(ref, GetTotal()) == 1
    finally:
        profiler.disable()
