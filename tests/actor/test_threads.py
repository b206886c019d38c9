"""Pools for blocking work."""

import threading  # noqa: TID251 -- the work is in threads, and waits there
from functools import partial

import anyio
import pytest

from kubeactors.actor import (
    Actor,
    ActorFailed,
    ActorStopped,
    ActorSystem,
    Ref,
    Restart,
    SimSystem,
    ThreadPool,
    ThreadPoolFull,
    handle,
)
from kubeactors.message import Message, Request


class Work(Request[int], frozen=True):
    of: int


class Crash(Message, frozen=True):
    pass


class Office:
    """Shared by the work: it records what has begun, and holds all work until its door is opened."""

    def __init__(self, *, is_open: bool = False) -> None:
        self.begun: list[int] = []
        self.refusals: list[str] = []
        self.door = threading.Event()
        if is_open:
            self.door.set()

    def work(self, of: int) -> int:
        self.begun.append(of)
        assert self.door.wait(10)
        return 10 // of


class Clerk(Actor[Work | Crash], reentrant=True):
    pool: ThreadPool

    def __init__(self, office: Office, threads: int, queue: int) -> None:
        self.office, self.threads, self.queue = office, threads, queue

    def started(self) -> None:
        self.pool = ThreadPool(self.ctx, threads=self.threads, queue=self.queue)

    @handle
    async def work(self, message: Work) -> int:
        try:
            return await self.pool.run(partial(self.office.work, message.of))
        except ThreadPoolFull as error:
            self.office.refusals.append(str(error))
            return -1

    @handle
    def crash(self, message: Crash) -> None:
        raise ValueError("bug")


async def ask_into(results: dict[int, object], clerk: Ref[Work], of: int) -> None:
    try:
        results[of] = await clerk.ask(Work(of))
    except (ActorFailed, ActorStopped) as error:
        results[of] = type(error.__cause__ or error)


async def until_begun(office: Office, count: int) -> None:
    with anyio.fail_after(10):
        while len(office.begun) < count:  # noqa: ASYNC110 -- a thread sets no event of the loop
            await anyio.sleep(0.001)


@pytest.mark.anyio
async def test_a_pool_is_limited_in_its_threads_and_its_queue() -> None:
    office, results = Office(), dict[int, object]()
    async with ActorSystem() as system, anyio.create_task_group() as group:
        clerk = await system.spawn(lambda: Clerk(office, threads=2, queue=1), name="clerk")
        for of in (1, 2, 5):
            group.start_soon(ask_into, results, clerk, of)
        await until_begun(office, 2)
        await anyio.wait_all_tasks_blocked()
        assert len(office.begun) == 2
        assert await clerk.ask(Work(10)) == -1
        office.door.set()
    assert results == {1: 10, 2: 5, 5: 2}
    assert office.refusals == ["/clerk has 2 busy threads and a queue of 1"]


@pytest.mark.anyio
async def test_queued_work_is_done_when_a_thread_is_free_and_errors_are_raised() -> None:
    office, results = Office(), dict[int, object]()
    async with ActorSystem() as system, anyio.create_task_group() as group:
        clerk = await system.spawn(lambda: Clerk(office, threads=1, queue=10))
        for of in (1, 2, 5):
            group.start_soon(ask_into, results, clerk, of)
        await until_begun(office, 1)
        office.door.set()
    assert results == {1: 10, 2: 5, 5: 2}


@pytest.mark.anyio
async def test_queued_work_of_a_stopped_actor_is_never_begun_and_the_block_waits_for_running_work() -> None:
    office, results = Office(), dict[int, object]()
    async with anyio.create_task_group() as group, ActorSystem() as system:
        clerk = await system.spawn(lambda: Clerk(office, threads=1, queue=10), name="clerk")
        for of in (1, 2, 5):
            group.start_soon(ask_into, results, clerk, of)
        await until_begun(office, 1)
        await anyio.wait_all_tasks_blocked()
        _ = system.stop(clerk)
        await anyio.wait_all_tasks_blocked()
        assert results == dict.fromkeys((1, 2, 5), ActorStopped)
        office.door.set()
    assert len(office.begun) == 1


@pytest.mark.anyio
async def test_a_pool_ends_with_a_restart() -> None:
    office, results = Office(), dict[int, object]()
    async with ActorSystem() as system, anyio.create_task_group() as group:
        clerk = await system.spawn(lambda: Clerk(office, threads=1, queue=10))
        for of in (1, 2):
            group.start_soon(ask_into, results, clerk, of)
        await until_begun(office, 1)
        await anyio.wait_all_tasks_blocked()
        clerk.tell(Crash())
        group.start_soon(ask_into, results, clerk, 5)
        await until_begun(office, 2)
        office.door.set()
    assert results == {1: ActorStopped, 2: ActorStopped, 5: 2}
    assert office.begun[1:] == [5]


def test_in_the_simulator_work_is_done_at_once_and_in_order() -> None:
    office = Office(is_open=True)
    sim = SimSystem()
    clerk = sim.spawn(lambda: Clerk(office, threads=1, queue=0))
    assert [sim.ask(clerk, Work(of)) for of in (1, 2, 5)] == [10, 5, 2]
    assert office.begun == [1, 2, 5]
    with pytest.raises(ActorFailed) as failure:
        sim.ask(clerk, Work(0))
    assert isinstance(failure.value.__cause__, ZeroDivisionError)
    assert sim.now == 0


@pytest.mark.parametrize(("threads", "queue"), [(0, 1), (1, -1)])
def test_a_pool_without_threads_is_rejected(threads: int, queue: int) -> None:
    sim = SimSystem()
    sim.spawn(lambda: Clerk(Office(), threads, queue), restart=Restart.TEMPORARY)
    sim.settle()
    assert "it needs at least 1 and 0" in str(sim.logged[0][4]["error"])
