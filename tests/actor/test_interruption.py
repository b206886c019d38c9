"""However the block ends, actors are stopped one by one, last started first."""

import signal

import anyio
import pytest

from kubeactors.actor import Actor, ActorSystem, handle
from kubeactors.message import Message


class Interrupt(Message, frozen=True):
    pass


class Recorder(Actor[Interrupt]):
    def __init__(self, stopped: list[str]) -> None:
        self._stopped = stopped

    @handle
    def interrupt(self, message: Interrupt) -> None:
        signal.raise_signal(signal.SIGINT)

    def stopped(self) -> None:
        self._stopped.append(self.ctx.name)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_ctrl_c_inside_a_handler_stops_all_actors_in_order(backend: str) -> None:
    stopped: list[str] = []

    async def main() -> None:
        async with ActorSystem() as system:
            first = await system.spawn(lambda: Recorder(stopped), name="first")
            await system.spawn(lambda: Recorder(stopped), name="second")
            first.tell(Interrupt())
            await anyio.sleep_forever()

    with pytest.raises(KeyboardInterrupt):
        anyio.run(main, backend=backend)
    assert stopped == ["second", "first"]


async def test_an_observer_that_raises_ends_the_block_and_all_actors_are_stopped() -> None:
    stopped: list[str] = []

    def raises(path: str, message: object) -> None:
        raise LookupError(path, message)

    async def fail() -> None:
        async with ActorSystem() as system:
            system.kernel.dead_letters.observer = raises
            first = await system.spawn(lambda: Recorder(stopped), name="first")
            await system.spawn(lambda: Recorder(stopped), name="second")
            first.tell(Interrupt())
            _ = system.stop(first)
            await anyio.sleep_forever()

    with pytest.raises(ExceptionGroup) as raised:
        await fail()
    assert raised.group_contains(LookupError)
    assert stopped == ["first", "second"]
