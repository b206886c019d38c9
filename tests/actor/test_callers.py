"""A handler that awaits can tell whether its caller still waits for the reply."""

from collections.abc import Callable

import anyio
import pytest

from kubeactors.actor import Actor, ActorSystem, AskTimedOut, Caller, Ref, SimSystem, handle
from kubeactors.message import Message, Request


class Work(Request[str], frozen=True):
    """Takes a minute."""


class Notify(Message, frozen=True):
    """The same, without a reply."""


class Worker(Actor[Work | Notify], reentrant=True):
    """Records the callers of its work."""

    def __init__(self, callers: list[Caller]) -> None:
        self.callers = callers

    @handle
    async def work(self, message: Work) -> str:
        self.callers.append(self.ctx.caller)
        await self.ctx.sleep(60)
        return "done"

    @handle
    def notify(self, message: Notify) -> None:
        self.callers.append(self.ctx.caller)


class Go(Message, frozen=True):
    seconds: float | None


class Client(Actor[Go]):
    """Sends two requests at once, and awaits the first."""

    def __init__(self, worker: Ref[Work | Notify]) -> None:
        self.worker = worker

    @handle
    async def go(self, message: Go) -> None:
        first, _ = (self.worker.send_request(Work(), timeout_seconds=message.seconds) for _ in range(2))
        await first


def leave_alone(sim: SimSystem, client: Ref[Go]) -> None: ...


def stop(sim: SimSystem, client: Ref[Go]) -> None:
    _ = sim.stop(client)


def crash(sim: SimSystem, client: Ref[Go]) -> None:
    sim.crash(client, RuntimeError("broken"))


@pytest.mark.parametrize(
    ("seconds", "happens", "waits"),
    [(None, leave_alone, True), (None, stop, False), (None, crash, False), (5.0, leave_alone, False)],
)
def test_a_caller_waits_until_it_ends_restarts_or_its_deadline_passes(
    seconds: float | None, happens: Callable[[SimSystem, Ref[Go]], object], *, waits: bool
) -> None:
    callers: list[Caller] = []
    sim = SimSystem(seed=1)
    worker = sim.spawn(lambda: Worker(callers), name="worker")
    client = sim.spawn(lambda: Client(worker), name="client")
    client.tell(Go(seconds))
    sim.run(1)
    assert [one.is_waiting for one in callers] == [True, True]
    happens(sim, client)
    sim.run(10)
    assert [one.is_waiting for one in callers] == [waits, waits]
    sim.run(60)
    assert [one.is_waiting for one in callers] == [False, False]


def test_the_sender_of_a_message_without_reply_counts_as_waiting() -> None:
    callers: list[Caller] = []
    sim = SimSystem(seed=1)
    sim.spawn(lambda: Worker(callers), name="worker").tell(Notify())
    sim.run(1)
    assert [one.is_waiting for one in callers] == [True]


async def test_a_cancelled_task_waits_no_longer() -> None:
    callers: list[Caller] = []
    async with ActorSystem() as system:
        worker = await system.spawn(lambda: Worker(callers))
        async with anyio.create_task_group() as group:
            group.start_soon(worker.ask, Work())
            while not callers:
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
        assert [one.is_waiting for one in callers] == [False]


async def test_code_outside_waits_until_its_deadline() -> None:
    callers: list[Caller] = []
    async with ActorSystem() as system:
        worker = await system.spawn(lambda: Worker(callers))
        with pytest.raises(AskTimedOut):
            await worker.ask(Work(), timeout_seconds=0.01)
        assert [one.is_waiting for one in callers] == [False]
