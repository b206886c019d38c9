"""A soak: many messages, with random crashes, restarts and overflows; every message is accounted for."""

import anyio

from kubeactors.actor import Actor, ActorSystem, Mailbox, Overflow, Supervision, handle
from kubeactors.message import Message, Request


class Numbered(Message, frozen=True):
    number: int


class Ready(Request[None], frozen=True):
    pass


class Ledger:
    """What happened to every message."""

    def __init__(self) -> None:
        self.handled = 0
        self.crashed = 0
        self.last = -1
        self.disorder = 0


class Shaky(Actor[Numbered | Ready]):
    """Crashes at one message in a thousand; waits at one in a hundred."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    @handle
    async def numbered(self, message: Numbered) -> None:
        ledger = self.ledger
        ledger.disorder += message.number <= ledger.last  # doubled, or out of order
        ledger.last = message.number
        if message.number % 1_000 == 7:
            ledger.crashed += 1
            raise ValueError(message.number)
        if message.number % 100 == 3:
            await anyio.lowlevel.checkpoint()
        ledger.handled += 1

    @handle
    def ready(self, message: Ready) -> None:
        """Everything before has been handled."""


class Keeper(Actor[Ready]):
    """Restarts it for ever."""

    supervision = Supervision(max_restarts=1_000_000_000)

    def __init__(self, ledger: Ledger, overflow: Overflow) -> None:
        self.ledger = ledger
        self.overflow = overflow

    def started(self) -> None:
        self.shaky = self.ctx.spawn(
            lambda: Shaky(self.ledger), name="shaky", mailbox=Mailbox(capacity=500, overflow=self.overflow)
        )

    @handle
    def ready(self, message: Ready) -> None:
        """It is there."""


async def soak(messages: int, overflow: Overflow) -> tuple[Ledger, int, int]:
    """Tell so many messages in bursts that now and then overflow: the ledger, messages taken, dead letters."""
    ledger = Ledger()
    taken = 0
    async with ActorSystem() as system:
        await system.spawn(lambda: Keeper(ledger, overflow), name="keeper")
        await anyio.lowlevel.checkpoint()
        keeper = system.kernel.root.children
        assert keeper is not None
        shaky = (keeper["keeper"].children or {})["shaky"]
        for number in range(messages):
            taken += shaky.tell(Numbered(number))
            if number % 300 == 0 and number % 10_000 >= 3_000:
                while shaky.load:
                    await anyio.lowlevel.checkpoint()
        while shaky.load:
            await anyio.lowlevel.checkpoint()
        await shaky.ask(Ready())
        return ledger, taken, system.dead_letters
