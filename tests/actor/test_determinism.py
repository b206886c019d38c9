"""The same seed gives the same trace, byte for byte: in one process, and under any hash seed."""

import os
import subprocess
import sys
from functools import partial
from typing import ClassVar, cast

from kubeactors.actor import Actor, Ref, SimSystem, Strategy, Supervision, Terminated, handle
from kubeactors.actor.cell import Cell
from kubeactors.actor.envelope import Envelope, sender_of
from kubeactors.message import Message, Request

HASH_SEEDS = ("0", "1", "4242")


class Rumour(Message, frozen=True):
    text: str
    hops: int


class Count(Request[int], frozen=True):
    pass


class Gossip(Actor[Rumour | Count], reentrant=True):
    """Passes rumours on to random others; sometimes sleeps, fails and asks."""

    def __init__(self, friends: list[Ref[Rumour | Count]]) -> None:
        self.friends = friends
        self.heard = 0

    def started(self) -> None:
        self.ctx.every(0.1 + self.ctx.random.random(), Rumour(f"from {self.ctx.name} {self.ctx.uid()}", 9), "rumour")
        for friend in self.friends:
            self.ctx.watch(friend)

    @handle
    async def rumour(self, message: Rumour) -> None:
        self.heard += 1
        if self.ctx.random.random() < 0.02:
            raise ValueError(message.text)
        if message.hops and self.friends:
            friend = self.ctx.random.choice(self.friends)
            await self.ctx.sleep(self.ctx.random.random() / 10)
            friend.tell(Rumour(f"{message.text}, heard {await friend.ask(Count())}", message.hops - 1))

    @handle
    def count(self, message: Count) -> int:
        return self.heard

    @handle
    def terminated(self, message: Terminated) -> None:
        self.heard += 1000


class Town(Actor[Terminated]):
    supervision: ClassVar[Supervision] = Supervision(strategy=Strategy.REST_FOR_ONE, max_restarts=1_000_000)

    def __init__(self, trace: list[str]) -> None:
        self.trace = trace

    def started(self) -> None:
        friends: list[Ref[Rumour | Count]] = []
        for number in range(12):
            friends.append(self.ctx.spawn(partial(Gossip, list(friends)), name=f"gossip-{number}"))

    def stopped(self) -> None:
        self.trace.append("town stopped")

    @handle
    def terminated(self, message: Terminated) -> None:
        """Never called."""


def run(seed: int) -> str:
    """The trace of a town that lives for ten virtual seconds and is stopped, and of another one after it."""
    trace: list[str] = []
    sim = SimSystem(seed)

    def observe(cell: Cell, envelope: Envelope) -> Envelope:
        message, sender = envelope[0], sender_of(envelope)
        trace.append(f"{sim.now} {sender.path if sender else '-'} -> {cell.path} {message!r}")
        return envelope

    sim.kernel.interceptor = observe
    for _ in range(2):
        town = sim.spawn(partial(Town, trace), name="town")
        sim.run(10)
        _ = sim.stop(town)
        sim.run(1)
    trace += [repr(line) for line in sim.logged]
    return "\n".join(trace)


def first_difference(one: str, other: str) -> str:
    """The first message in which two traces differ."""
    for number, (left, right) in enumerate(zip(one.splitlines(), other.splitlines(), strict=False)):
        if left != right:
            return f"message {number}: {left!r} against {right!r}"
    return "one is longer"


def test_the_same_seed_gives_the_same_trace_in_one_process() -> None:
    one, other = run(7), run(7)
    assert one == other, first_difference(one, other)
    assert len(one.splitlines()) > 1000
    assert "town stopped" in one
    assert "actor.failed" in one


def test_another_seed_gives_another_trace() -> None:
    assert run(7) != run(8)


def test_the_trace_does_not_depend_on_the_hash_seed() -> None:
    command = [sys.executable, "-c", "from tests.actor.test_determinism import run; print(run(7))"]
    traces = [
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in HASH_SEEDS
    ]
    assert all(traces)
    for trace in traces[1:]:
        assert trace == traces[0], first_difference(trace, traces[0])


def test_another_actor_does_not_shift_the_random_choices_of_the_others() -> None:
    alone, sim = SimSystem(3), SimSystem(3)
    for system in (alone, sim):
        system.spawn(partial(Gossip, []), name="gossip")
    sim.spawn(partial(Gossip, []), name="another")
    draws = [system.kernel.random_streams.stream("/gossip", "").random() for system in (alone, sim)]
    assert draws[0] == draws[1]


def test_the_successor_of_an_actor_repeats_no_random_numbers() -> None:
    sim = SimSystem(3)
    uids: list[str] = []
    for _ in range(2):
        gossip = cast("Cell", sim.spawn(partial(Gossip, []), name="gossip"))
        sim.settle()
        assert gossip.ctx is not None
        uids.append(gossip.ctx.uid())
        _ = sim.stop(gossip)
    assert uids[0] != uids[1]


def test_numbers_are_unique_over_all_actors_and_restarts() -> None:
    sim = SimSystem(3)
    cells = [cast("Cell", sim.spawn(partial(Gossip, []), name=name)) for name in ("one", "another")]
    sim.settle()
    numbers = [cell.context().number() for cell in cells]
    for cell in cells:
        sim.crash(cell, RuntimeError("boom"))
    sim.run(0.05)
    numbers += [cell.context().number() for cell in cells]
    assert numbers == [1, 2, 3, 4]
