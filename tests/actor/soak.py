"""A soak: actors that crash, stop, restart together, overflow and stash, and callers that time out.

Every message has a number, and a byte in which is noted what became of it; at the end each must have had exactly one
fate: begun by a handler once, a dead letter once, taken back by its sender, or replaced by a newer one of its key.
"""

import gc
from functools import partial
from itertools import pairwise
from random import Random

import anyio
import msgspec

from kubeactors.actor import (
    Actor,
    ActorSystem,
    AskError,
    Later,
    Mailbox,
    MailboxFull,
    Overflow,
    Ref,
    Restart,
    Strategy,
    Supervision,
    handle,
)
from kubeactors.message import Message, Request

BEGUN, DONE, CRASHED, DEAD, TAKEN_BACK = 1, 2, 4, 8, 16
WORKERS = 5
COALESCING = 3
"""The worker with a coalescing mailbox."""
KEYS = 8
STASHING = 0
ORDERLY = (1, 2, 4)
"""Workers that keep the order of one producer's messages of one class: they neither stash nor coalesce."""
PRODUCERS = 3
CAPACITY = 40


class Numbered(Message, frozen=True):
    number: int


class Pressing(Message, frozen=True):
    """Handled by an `async def` that may wait."""

    number: int


class Question(Request[int], frozen=True):
    number: int


class Quiet(Request[bool], frozen=True):
    """Whether its stash is empty."""


class Enough(Message, frozen=True):
    pass


class GetWorkers(Request["tuple[Ref[Work], ...]"], frozen=True):
    pass


class Hatch(Request["Ref[Numbered]"], frozen=True):
    """Spawn an actor that is stopped while messages wait."""


Work = Numbered | Pressing | Question | Quiet


class Ledger:
    """The fate of every message."""

    def __init__(self, messages: int, seed: int) -> None:
        self.fates = bytearray(messages)
        self.chance = Random(seed)
        self.doubled = 0
        self.disorder = 0
        self.restarts = 0
        self.newest: dict[tuple[int, int, type], int] = {}
        """The last message that was begun, by producer, worker and class."""

    def begin(self, worker: int, class_: type, number: int) -> None:
        self.doubled += self.fates[number] != 0
        self.fates[number] |= BEGUN
        place = (number % PRODUCERS, worker, class_)
        self.disorder += worker in ORDERLY and self.newest.get(place, -1) >= number
        self.newest[place] = number

    def note(self, number: int, fate: int) -> None:
        self.fates[number] |= fate

    def dead(self, _: str, message: object) -> None:
        if not isinstance(message, Numbered | Pressing | Question):
            return
        self.doubled += self.fates[message.number] != 0
        self.fates[message.number] |= DEAD

    def one_in(self, so_many: int) -> bool:
        return self.chance.random() * so_many < 1


class Shaky(Actor[Work]):
    """Crashes, waits and stashes at random."""

    def __init__(self, ledger: Ledger, index: int) -> None:
        self.ledger = ledger
        self.index = index
        self.aside = 0
        ledger.restarts += 1

    @handle
    def numbered(self, message: Numbered) -> Later[None] | None:
        ledger, number = self.ledger, message.number
        if self.index == STASHING and self.aside == 0 and ledger.one_in(500):
            self.aside = 1
            return self.ctx.stash()
        self.take_back()
        ledger.begin(self.index, Numbered, number)
        self.may_crash(number)
        ledger.note(number, DONE)
        return None

    @handle
    async def pressing(self, message: Pressing | Question) -> int:
        ledger, number = self.ledger, message.number
        self.take_back()
        ledger.begin(self.index, type(message), number)
        if ledger.one_in(50):
            await self.wait()
        self.may_crash(number)
        ledger.note(number, DONE)
        return number

    @handle
    def quiet(self, message: Quiet) -> bool:
        aside = self.aside
        self.take_back()
        return aside == 0

    def take_back(self) -> None:
        if self.aside:
            self.aside = 0
            self.ctx.unstash()

    async def wait(self) -> None:
        match self.ledger.chance.randrange(3):
            case 0:
                await anyio.lowlevel.checkpoint()
            case 1:
                await self.ctx.sleep(0.0001)
            case _:
                with anyio.move_on_after(0):
                    await anyio.sleep_forever()

    def may_crash(self, number: int) -> None:
        if self.ledger.one_in(1_000):
            self.ledger.note(number, CRASHED)
            raise ValueError(number)


class Mayfly(Actor[Numbered | Enough]):
    """Uses most of the context, and may be stopped before its messages are handled."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def started(self) -> None:
        self.ctx.every(60, Enough(), "never")
        self.ctx.after(self.ctx.random.random() / 1_000, Enough())
        self.ctx.uid()

    @handle
    def numbered(self, message: Numbered) -> None:
        self.ledger.begin(-1, Numbered, message.number)
        self.ledger.note(message.number, DONE)

    @handle
    def enough(self, message: Enough) -> None:
        self.ctx.stop()


class Keeper(Actor[GetWorkers | Hatch]):
    """Restarts all children when one crashes."""

    supervision = Supervision(strategy=Strategy.ONE_FOR_ALL, max_restarts=1_000_000_000)

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def started(self) -> None:
        self.workers: tuple[Ref[Work], ...] = tuple(
            self.ctx.spawn(partial(Shaky, self.ledger, index), name=f"shaky-{index}", mailbox=mailbox)
            for index, mailbox in enumerate(MAILBOXES)
        )

    @handle
    def get_workers(self, message: GetWorkers) -> tuple[Ref[Work], ...]:
        return self.workers

    @handle
    def hatch(self, message: Hatch) -> Ref[Numbered]:
        return self.ctx.spawn(partial(Mayfly, self.ledger), restart=Restart.TEMPORARY)


def key_of(message: object) -> tuple[int, int] | None:
    return key(message.number) if isinstance(message, Numbered) else None


def key(number: int) -> tuple[int, int]:
    """With the producer: later messages have higher numbers."""
    return number // WORKERS % KEYS, number % PRODUCERS


MAILBOXES = (
    *(Mailbox(capacity=CAPACITY, overflow=overflow) for overflow in Overflow),
    Mailbox(capacity=CAPACITY, key=key_of),
    Mailbox(capacity=CAPACITY, urgent=(Pressing,)),
)


class Producer:
    """A task that tells, sends and asks, in the order of its numbers, and sometimes gives up waiting."""

    def __init__(self, ledger: Ledger, keeper: Ref[GetWorkers | Hatch], workers: tuple[Ref[Work], ...]) -> None:
        self.ledger = ledger
        self.keeper = keeper
        self.workers = workers

    async def run(self, numbers: range) -> None:
        burst = 0
        for number in numbers:
            worker = self.workers[number % WORKERS]
            way = self.ledger.chance.random()
            if way < 0.8:
                worker.tell(Numbered(number))
            elif way < 0.9:
                worker.tell(Pressing(number))
            elif way < 0.96:
                await self.send(worker, number)
            elif way < 0.999:
                await self.ask(worker, number)
            else:
                (await self.keeper.ask(Hatch())).tell(Numbered(number))
            burst -= 1
            if burst < 0:
                burst = await self.pause()

    async def send(self, worker: Ref[Work], number: int) -> None:
        message = Numbered(number)
        if not self.ledger.one_in(4):
            await worker.send(message)
            return
        sent = False
        with anyio.move_on_after(0):  # cancelled if it has to wait
            await worker.send(message)
            sent = True
        if not sent:
            self.ledger.note(number, TAKEN_BACK)

    async def ask(self, worker: Ref[Work], number: int) -> None:
        timeout = 0.0001 if self.ledger.one_in(20) else 30.0
        try:
            with anyio.move_on_after(0 if self.ledger.one_in(10) else 30):
                await worker.ask(Question(number), timeout_seconds=timeout)
        except MailboxFull:
            self.ledger.note(number, DEAD)
        except AskError:
            pass  # it crashed or timed out

    async def pause(self) -> int:
        """Pause, mostly until mailboxes are empty; sometimes they overflow. Returns the number of messages until the next pause."""
        await anyio.lowlevel.checkpoint()
        if not self.ledger.one_in(4):
            while any(worker.load for worker in self.workers):
                await anyio.lowlevel.checkpoint()
        return self.ledger.chance.randrange(1_500)


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a soak. `lost`, `doubled` and `disorder` must be 0."""

    done: int
    crashed: int
    cut_short: int
    """Begun by a handler that was suspended when its actor was restarted with a sibling."""
    dead: int
    taken_back: int
    replaced: int
    lost: int
    doubled: int
    disorder: int
    restarts: int
    objects: tuple[int, ...]
    """Objects known to the garbage collector, after each round."""
    left: int
    """Deadlines, timers and random streams that the kernel still keeps at the end."""


async def soak(messages: int, *, rounds: int = 4, seed: int = 1) -> Account:
    """Send so many messages, in rounds; after each round the system is idle."""
    ledger = Ledger(messages, seed)
    objects: list[int] = []
    async with ActorSystem(seed=str(seed)) as system:
        system.kernel.dead_letters.observer = ledger.dead
        keeper = await system.spawn(partial(Keeper, ledger), name="keeper")
        workers = await keeper.ask(GetWorkers())
        bounds = [messages * part // rounds for part in range(rounds + 1)]
        for start, end in pairwise(bounds):
            async with anyio.create_task_group() as group:
                for number in range(PRODUCERS):
                    first = start + (number - start) % PRODUCERS
                    group.start_soon(Producer(ledger, keeper, workers).run, range(first, end, PRODUCERS))
            await rest(system, workers)
            objects.append(len(gc.get_objects()) if gc.collect() >= 0 else 0)
        left = left_in(system)
    return settle(ledger, objects, left)


def left_in(system: ActorSystem) -> int:
    """What an idle kernel still keeps."""
    kernel = system.kernel
    return len(kernel.deadlines) + len(kernel.timers) - kernel.deadlines.timers + len(kernel.random_streams.paths)


async def rest(system: ActorSystem, workers: tuple[Ref[Work], ...]) -> None:
    """Return when all mailboxes and stashes are empty, and the mayflies have stopped."""
    quiet = False
    while not quiet:
        await anyio.sleep(0.001)
        quiet = all([await is_quiet(worker) for worker in workers]) and not any(worker.load for worker in workers)
        quiet = quiet and len(system.statistics()) == 1 + WORKERS


async def is_quiet(worker: Ref[Work]) -> bool:
    try:
        return await worker.ask(Quiet())
    except AskError:
        return False


def settle(ledger: Ledger, objects: list[int], left: int) -> Account:
    """Check the fate of every message."""
    fates = ledger.fates
    counts = {fate: fates.count(fate) for fate in set(fates)}
    replaced = replaced_of(fates)
    known = {0, BEGUN, BEGUN | DONE, BEGUN | CRASHED, DEAD, TAKEN_BACK}
    return Account(
        done=counts.get(BEGUN | DONE, 0),
        crashed=counts.get(BEGUN | CRASHED, 0),
        cut_short=counts.get(BEGUN, 0),
        dead=counts.get(DEAD, 0),
        taken_back=counts.get(TAKEN_BACK, 0),
        replaced=replaced,
        lost=counts.get(0, 0) - replaced,
        doubled=ledger.doubled + sum(count for fate, count in counts.items() if fate not in known),
        disorder=ledger.disorder,
        restarts=ledger.restarts,
        objects=tuple(objects),
        left=left,
    )


def replaced_of(fates: bytearray) -> int:
    """How many messages to the coalescing worker were replaced by a newer one of their key that was begun."""
    replaced = 0
    begun: set[tuple[int, int]] = set()
    for number in range(len(fates) - 1, -1, -1):
        if number % WORKERS == COALESCING:
            if fates[number] & BEGUN:
                begun.add(key(number))
            elif fates[number] == 0:
                replaced += key(number) in begun
    return replaced
