"""Event-sourced actors come back as they were."""

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

import msgspec
import pytest

from kubeactors.actor import ActorFailed, Fifo, Ref, SimSystem, handle
from kubeactors.message import Request
from kubeactors.storage import (
    Backend,
    EventSourced,
    JournalConflict,
    MemoryBackend,
    SqliteBackend,
    Store,
    StoreMessage,
)


class Deposited(msgspec.Struct, frozen=True):
    amount: int


class Deposit(Request[int], frozen=True):
    amount: int


class Crash(Request[int], frozen=True):
    pass


class Account(EventSourced[Deposit | Crash, Deposited, int]):
    event = Deposited
    snapshot = int
    snapshot_every = 10

    def apply(self, state: int, event: Deposited) -> int:
        return state + event.amount

    @handle
    async def deposit(self, message: Deposit) -> int:
        return await self.persist(Deposited(message.amount))

    @handle
    def crash(self, message: Crash) -> int:
        raise ValueError("crash")


def plane(backend: Backend) -> tuple[SimSystem, Ref[StoreMessage], Callable[[], Ref[Deposit | Crash]]]:
    sim = SimSystem(schedule=Fifo())
    store = cast("Ref[StoreMessage]", sim.spawn(lambda: Store(backend)))
    return sim, store, lambda: sim.spawn(partial(Account, store, "ann", 0))


@pytest.mark.parametrize("deposits", [1, 9, 10, 11, 35])
def test_an_actor_comes_back_with_its_state_after_a_crash(deposits: int) -> None:
    sim, _, open_account = plane(MemoryBackend())
    account = open_account()
    for _ in range(deposits):
        sim.ask(account, Deposit(2))
    with pytest.raises(ActorFailed):
        sim.ask(account, Crash())
    assert sim.ask(account, Deposit(1)) == 2 * deposits + 1


def test_state_outlives_the_process_on_sqlite(tmp_path: Path) -> None:
    for expected in (5, 10, 15):
        with SqliteBackend(tmp_path / "store.db") as backend:
            sim, _, open_account = plane(backend)
            account = open_account()
            assert [sim.ask(account, Deposit(1)) for _ in range(5)][-1] == expected
            sim.shutdown()


DEPOSIT_FOR_EVER = """
import sys
from pathlib import Path
from tests.storage.test_eventsourcing import Deposit, plane
from kubeactors.storage import SqliteBackend
with SqliteBackend(Path(sys.argv[1])) as backend:
    sim, _, open_account = plane(backend)
    account = open_account()
    while True:
        print(sim.ask(account, Deposit(1)), flush=True)
"""


def test_whatever_was_acknowledged_is_replayed_after_the_process_was_killed(tmp_path: Path) -> None:
    path, told = tmp_path / "store.db", 0
    for deposits in (3, 8, 25):
        command = [sys.executable, "-c", DEPOSIT_FOR_EVER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
            assert process.stdout is not None
            totals = [int(process.stdout.readline()) for _ in range(deposits)]
            process.kill()
            totals += [int(line) for line in process.stdout if line.endswith("\n")]
        first, *_, last = totals
        assert first in (told + 1, told + 2)  # the last one before may be kept though nobody was told
        assert totals == list(range(first, last + 1))
        told = last
    with SqliteBackend(path) as backend:
        sim, _, open_account = plane(backend)
        assert sim.ask(open_account(), Deposit(0)) in (told, told + 1)


def test_a_second_writer_fails_and_reads_what_happened() -> None:
    sim, _, open_account = plane(MemoryBackend())
    one, two = open_account(), open_account()
    sim.settle()
    assert sim.ask(one, Deposit(1)) == 1
    with pytest.raises(ActorFailed) as failure:
        sim.ask(two, Deposit(1))
    assert isinstance(failure.value.__cause__, JournalConflict)
    assert sim.ask(two, Deposit(1)) == 2
