"""What simulated code must not ask of the real world."""

# ruff: noqa: TID251, PLW0108, DTZ011 -- here it is asked, from a line of this file

import datetime as dt
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
from random import choice
from time import time as now

import pytest

from kubeactors.actor import Actor, ActorFailed, ForeignCall, SimSystem, SystemFailed, handle
from tests.actor.messages import GetTotal

Ask = Callable[[], object]

FOREIGN: dict[str, Ask] = {
    "time.time()": lambda: time.time(),
    "time.monotonic()": lambda: time.monotonic(),
    "datetime.now()": lambda: dt.datetime.now(dt.UTC),
    "date.today()": lambda: dt.date.today(),
    "time.sleep()": lambda: time.sleep(0),
    "the random numbers that all share": lambda: random.random(),
    "uuid.uuid4()": lambda: uuid.uuid4(),
    "os.urandom()": lambda: os.urandom(1),
    "a thread": lambda: threading.Thread(target=int).start(),
    "a socket": lambda: socket.socket(),
    "a process": lambda: subprocess.run([sys.executable, "-V"], check=True),
}
BOUND_BEFORE: dict[str, Ask] = {
    "time.time()": lambda: now(),
    "the random numbers that all share": lambda: choice([1, 2]),
    "os.urandom()": lambda: secrets.token_hex(),
}


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
def test_a_simulated_handler_that_asks_the_real_world_is_told_so_with_its_line(
    actor: type[Curious | Patient], what: str, ask: Ask
) -> None:
    sim = SimSystem()
    ref = sim.spawn(lambda: actor(ask), name="curious")
    with pytest.raises(ActorFailed) as failure:
        sim.ask(ref, GetTotal())
    error = failure.value.__cause__
    assert isinstance(error, ForeignCall)
    assert str(error).startswith(f"/curious calls {what}")
    assert f"test_fences.py:{ask.__code__.co_firstlineno})" in str(error)
    assert sys.getprofile() is None


def test_a_start_that_asks_the_real_world_is_told_so() -> None:
    sim = SimSystem()
    sim.spawn(lambda: Hasty(time.time), name="hasty")
    with pytest.raises(SystemFailed, match=r"/hasty did not start: .*/hasty calls time\.time\(\)"):
        sim.settle()


def _harmless() -> None:
    logging.getLogger("x").warning("a line knows when it was")
    assert random.Random(7).random() == random.Random(7).random()
    assert dt.datetime(2026, 1, 1, tzinfo=dt.UTC).year == 2026
    time.perf_counter()
    tempfile.gettempdir()


@pytest.mark.parametrize("actor", [Curious, Patient])
def test_what_a_run_does_not_depend_on_may_be_asked(actor: type[Curious | Patient]) -> None:
    sim = SimSystem()
    assert sim.ask(sim.spawn(lambda: actor(_harmless)), GetTotal()) == 1


def test_what_others_do_while_a_handler_waits_is_not_watched() -> None:
    sim = SimSystem()
    ref = sim.spawn(lambda: Patient(int))
    ref.tell(GetTotal())
    sim.run(1.0)
    assert time.time() > 0
    sim.run(10.0)
    assert sim.ask(ref, GetTotal()) == 1


def test_who_is_profiled_is_not_watched() -> None:
    seen: list[str] = []
    sim = SimSystem()
    ref = sim.spawn(lambda: Curious(time.time))
    sys.setprofile(lambda _, event, __: seen.append(event))
    try:
        assert sim.ask(ref, GetTotal()) == 1
    finally:
        sys.setprofile(None)
    assert seen
