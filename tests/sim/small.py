"""Small systems to search: writers of one number, with and without compare-and-swap, and an order that is hard to hit."""

from collections.abc import Callable
from functools import partial
from random import Random
from typing import cast

from kubeactors.actor import Actor, Ref, SimSystem, handle
from kubeactors.actor.driver import Entry
from kubeactors.message import Message
from kubeactors.storage import (
    Compare,
    MemoryBackend,
    PutOp,
    Range,
    RangeOp,
    RangeReply,
    Store,
    StoreMessage,
    Txn,
    TxnReply,
)

KEY = "number"


class Go(Message, frozen=True):
    pass


class Writer(Actor[Go]):
    """Adds 1 to the number, so many times; a careful one uses compare-and-swap."""

    def __init__(self, store: Ref[StoreMessage], times: int, *, careful: bool) -> None:
        self.store = store
        self.times = times
        self.careful = careful

    @handle
    async def go(self, message: Go) -> None:
        for _ in range(self.times):
            while not await self.add():
                pass

    async def add(self) -> bool:
        value, revision = await read(self.store)
        compare = (Compare(key=KEY, mod_revision=revision),) if self.careful else ()
        reply = await self.store.ask(Txn(compare=compare, success=(PutOp(key=KEY, value=value + 1),)))
        assert isinstance(reply, TxnReply)
        return reply.succeeded


async def read(store: Ref[StoreMessage]) -> tuple[int, int]:
    """The number and its revision; 0 and 0 if it was never written."""
    reply = await store.ask(Range(op=RangeOp(key=KEY)))
    assert isinstance(reply, RangeReply)
    return (cast("int", reply.kvs[0].value), reply.kvs[0].mod_revision) if reply.kvs else (0, 0)


def writers(sim: SimSystem, *, count: int = 2, times: int = 1, careful: bool = True) -> Callable[[], str]:
    """Writers of one number in a real store; no addition may be lost."""
    store = cast("Ref[StoreMessage]", sim.spawn(lambda: Store(MemoryBackend()), name="store"))
    for number in range(count):
        sim.spawn(partial(Writer, store, times, careful=careful), name=f"writer-{number}").tell(Go())

    def question() -> str:
        found, _ = sim.play(read(store))
        return "" if found == count * times else f"{count * times} additions came to {found}"

    return question


class Mail(Message, frozen=True):
    sender: str


class Sender(Actor[Go]):
    """Sends so many letters, one a turn."""

    def __init__(self, to: Ref[Mail], letters: int) -> None:
        self.to = to
        self.letters = letters

    @handle
    def go(self, message: Go) -> None:
        self.to.tell(Mail(self.ctx.name))
        self.letters -= 1
        if self.letters:
            self.ctx.self.tell(message)


class Reader(Actor[Mail]):
    """Fails if a long run of letters from a is followed by one from b, one from a, and one from b.

    So its bug is one of depth 4: who comes first, and three changes, each at the right time.
    """

    row = 10
    rows = ("a", "b", "a", "b")

    def __init__(self) -> None:
        self.done = 0
        self.length = 0

    @handle
    def mail(self, message: Mail) -> None:
        if self.done == len(self.rows):
            return
        if message.sender == self.rows[self.done]:
            self.length += 1
            if self.length == self.row:
                self.done, self.length = self.done + 1, 0
        elif self.length:
            self.done = self.length = 0


STEPS = 300
"""The approximate number of steps of a run of `senders`."""


def senders(sim: SimSystem) -> Callable[[], str]:
    """Two senders of 60 letters each, and a reader that fails at one order of them."""
    reader = Reader()
    ref = sim.spawn(lambda: reader, name="reader")
    for name in ("a", "b"):
        sim.spawn(partial(Sender, ref, 60), name=name).tell(Go())
    return lambda: "broken" if reader.done == len(Reader.rows) else ""


class UniformQueue:
    """A run queue that chooses uniformly among the ready entries."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._ready: list[Entry] = []

    def append(self, entry: Entry, /) -> None:
        self._ready.append(entry)

    def appendleft(self, entry: Entry, /) -> None:
        self._ready.append(entry)

    def popleft(self) -> Entry:
        return self._ready.pop(self._random.randrange(len(self._ready)))

    def __len__(self) -> int:
        return len(self._ready)
