"""Misuse of the framework raises clear errors."""

import time
from collections.abc import Callable
from functools import partial

import anyio
import msgspec
import pytest

from kubeactors.actor import (
    Actor,
    ActorFailed,
    ActorStopped,
    ActorSystem,
    AskCycle,
    Fifo,
    Later,
    Mailbox,
    Ref,
    SimSystem,
    SystemNotRunning,
    handle,
)
from kubeactors.message import Message, Request
from tests.actor.messages import Add, Counter, GetTotal

# Mutable messages.


def with_list() -> type:
    class Bad(Message, frozen=True):
        x: list[int]

    return Bad


def with_optional_dict() -> type:
    class Bad(Message, frozen=True):
        x: dict[str, int] | None = None

    return Bad


def with_set_in_tuple() -> type:
    class Bad(Message, frozen=True):
        x: "tuple[set[int], ...]"

    return Bad


def with_bytearray() -> type:
    class Bad(Request[int], frozen=True):
        x: bytearray

    return Bad


class Changing(msgspec.Struct):
    value: int


def with_changing_struct() -> type:
    class Bad(Message, frozen=True):
        x: Changing

    return Bad


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        (with_list, "Bad.x: a list is mutable, and would be shared with the receiver; make it a tuple"),
        (
            with_optional_dict,
            "Bad.x: a dict is mutable, and would be shared with the receiver; make it a read-only Mapping",
        ),
        (with_set_in_tuple, "Bad.x: a set is mutable, and would be shared with the receiver; make it a frozenset"),
        (with_bytearray, "Bad.x: a bytearray is mutable, and would be shared with the receiver; make it bytes"),
        (
            with_changing_struct,
            "Bad.x: a Changing is mutable, and would be shared with the receiver; add frozen=True to its class",
        ),
    ],
)
def test_a_message_class_with_a_mutable_field_is_rejected_at_its_definition(
    definition: Callable[[], type], said: str
) -> None:
    with pytest.raises(TypeError, match=said):
        definition()


def test_a_message_may_have_immutable_fields_and_forward_references() -> None:
    class Good(Message, frozen=True):
        numbers: tuple[int, ...]
        names: frozenset[str] | None
        then: Ref[list[int]]
        make: Callable[[list[int]], None]
        later: "DefinedFurtherDown"  # type: ignore[name-defined] # noqa: F821 # pyright: ignore[reportUndefinedVariable, reportUnknownVariableType] -- as if it were

    assert Good.__struct_fields__ == ("numbers", "names", "then", "make", "later")


def test_a_handler_of_a_mutable_message_is_rejected_at_its_definition() -> None:
    class Thawed(Message, frozen=False):  # type: ignore[misc] # pyright: ignore[reportGeneralTypeIssues] -- the checkers refuse it too
        value: int

    with pytest.raises(TypeError, match="Thawed: a message must not be mutable; add frozen=True to the class"):

        class Careless(Actor[Thawed]):  # pyright: ignore[reportUnusedClass] -- it never comes to be
            @handle
            def take(self, message: Thawed) -> None: ...


def test_a_mutable_message_in_a_forward_reference_is_rejected_at_spawn() -> None:
    class Careless(Actor[Message]):
        @handle
        def take(self, message: "Changing") -> None: ...

    with pytest.raises(TypeError, match="Changing: a message must not be mutable; add frozen=True to the class"):
        SimSystem().spawn(Careless)


# Asks in a cycle.


class Ask(Request[int], frozen=True):
    """Passed along a chain of actors, whose last one replies."""

    line: tuple[Ref["Ask"], ...] = ()


class Node(Actor[Ask]):
    def __init__(self, timeout_seconds: float = 30.0) -> None:
        self.timeout_seconds = timeout_seconds

    @handle
    async def ask(self, message: Ask) -> int:
        if not message.line:
            return 0
        first, *rest = message.line
        return 1 + await first.ask(Ask(tuple(rest)), timeout_seconds=self.timeout_seconds)


class Delegate(Actor[Ask]):
    @handle
    def ask(self, message: Ask) -> Later[int]:
        first, *rest = message.line
        return self.ctx.delegate(first, Ask(tuple(rest)))


def nodes(sim: SimSystem, names: str, timeout_seconds: float = 30.0) -> list[Ref[Ask]]:
    return [sim.spawn(partial(Node, timeout_seconds), name=name) for name in names]


def cycle_of(failure: ActorFailed) -> str:
    """The message of the innermost failure."""
    cause: BaseException = failure
    while isinstance(cause, ActorFailed) and cause.__cause__ is not None:
        cause = cause.__cause__
    assert isinstance(cause, AskCycle)
    return str(cause)


def test_an_actor_that_asks_itself_fails_and_is_named() -> None:
    sim = SimSystem()
    (a,) = nodes(sim, "a")
    with pytest.raises(ActorFailed) as failure:
        sim.ask(a, Ask((a,)))
    assert cycle_of(failure.value) == (
        "/a asks /a, which waits for the reply: make one reentrant, or tell instead of ask"
    )


@pytest.mark.parametrize("timeout_seconds", [0.001, 30.0])
def test_a_cycle_of_three_asks_is_detected_at_once_whatever_the_deadlines(timeout_seconds: float) -> None:
    sim = SimSystem()
    a, b, c = nodes(sim, "abc", timeout_seconds)
    with pytest.raises(ActorFailed) as failure:
        sim.ask(a, Ask((b, c, a)))
    assert cycle_of(failure.value).startswith("/c asks /a asks /b asks /c, which waits for the reply")
    assert sim.now == 0


def test_a_cycle_through_a_delegated_request_is_detected() -> None:
    sim = SimSystem()
    a, c = nodes(sim, "ac")
    delegate = sim.spawn(Delegate, name="delegate")
    with pytest.raises(ActorFailed) as failure:
        sim.ask(a, Ask((delegate, c, a)))
    assert cycle_of(failure.value).startswith("/c asks /a asks /c, which waits for the reply")
    assert sim.now == 0


class Pass(Request[int], frozen=True):
    """Passed on by each actor of a ring."""


class Note(Message, frozen=True):
    number: int


class Ring(Actor[Pass | Note]):
    def __init__(self, ring: list[Ref[Pass]], noted: list[int]) -> None:
        self.ring = ring
        self.noted = noted

    @handle
    async def pass_on(self, message: Pass) -> int:
        position = [one.path for one in self.ring].index(self.ctx.path)
        return await self.ring[(position + 1) % len(self.ring)].ask(message)

    @handle
    def note(self, message: Note) -> None:
        self.noted.append(message.number)


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("mailbox", [Mailbox(), Mailbox(urgent=(Note,))])
def test_after_a_cycle_of_asks_each_actor_has_failed_once_and_handles_its_other_messages(
    size: int, mailbox: Mailbox
) -> None:
    sim = SimSystem(schedule=Fifo())
    noted: list[int] = []
    ring: list[Ref[Pass]] = []
    members = [sim.spawn(partial(Ring, ring, noted), mailbox=mailbox) for _ in range(size)]
    ring.extend(members)
    asked = members[0].ask(Pass())
    for number in range(4):
        members[0].tell(Note(number))
    with pytest.raises(ActorFailed):
        sim.play(asked)
    sim.run(seconds=600)
    assert [one.restarts for one in sim.statistics()] == [1] * size
    assert noted == [0, 1, 2, 3]


def test_a_chain_of_asks_without_a_cycle_is_allowed() -> None:
    sim = SimSystem()
    a, b, c, d = nodes(sim, "abcd")
    assert sim.ask(a, Ask((b, c, d))) == 3
    assert sim.ask(a, Ask((b, c, d))) == 3


@pytest.mark.anyio
async def test_a_cycle_of_asks_is_detected_in_an_event_loop_too() -> None:
    async with ActorSystem() as system:
        a, b, c = [await system.spawn(Node, name=name) for name in "abc"]
        with pytest.raises(ActorFailed) as failure:
            await a.ask(Ask((b, c, a)))
        assert cycle_of(failure.value).startswith("/c asks /a asks /b asks /c")


# Before the start and after the end of the system.


@pytest.mark.anyio
async def test_an_actor_can_be_spawned_only_while_the_system_runs() -> None:
    system = ActorSystem("shop")
    with pytest.raises(SystemNotRunning, match="shop is not running yet; spawn inside `async with"):
        await system.spawn(Counter)
    async with system:
        await system.spawn(Counter)
        with pytest.raises(SystemNotRunning, match="shop has been entered before"):
            await system.__aenter__()
    with pytest.raises(ActorStopped, match="the system has stopped; nothing can be spawned"):
        await system.spawn(Counter)


@pytest.mark.anyio
async def test_a_tell_to_a_stopped_actor_is_a_dead_letter_and_raises_nothing() -> None:
    async with ActorSystem() as system:
        counter = await system.spawn(Counter, name="counter")
    assert not counter.tell(Add(1))
    assert not await counter.send(Add(1))
    with pytest.raises(ActorStopped, match="/counter does not take GetTotal"):
        await counter.ask(GetTotal())
    assert system.dead_letters == 3


# Handlers that take too long.


class Block(Message, frozen=True):
    pass


class BlockSoon(Request[None], frozen=True):
    pass


def block() -> None:
    until = time.monotonic() + 0.11  # noqa: TID251 -- it blocks, which is the point
    while time.monotonic() < until:  # noqa: TID251 -- the same
        pass


class Blocking(Actor[Block | BlockSoon]):
    @handle
    def at_once(self, message: Block) -> None:
        block()

    @handle
    async def later(self, message: BlockSoon) -> None:
        await anyio.lowlevel.checkpoint()
        block()


@pytest.mark.anyio
async def test_a_system_in_debug_mode_names_the_handler_that_blocks_all_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with ActorSystem(debug=True) as system:
        blocking = await system.spawn(Blocking, name="blocking")
        blocking.tell(Block())
        await blocking.ask(BlockSoon())
        (statistics,) = system.statistics()
    assert statistics.busy_seconds >= 0.2  # steps in a task of its own count, too
    warnings = [record.getMessage() for record in caplog.records if "actor.blocks" in record.getMessage()]
    assert [warning.partition(" seconds=")[0] for warning in warnings] == [
        "event='actor.blocks' actor='/blocking' handler='Blocking.at_once'",
        "event='actor.blocks' actor='/blocking' handler='Blocking.later'",
    ]
    assert all(float(warning.partition(" seconds=")[2].split()[0]) >= 0.1 for warning in warnings)


class Stubborn(Actor[Block]):
    """Its handler ignores cancellation."""

    def __init__(self, release: anyio.Event) -> None:
        self.release = release

    @handle
    async def hold(self, message: Block) -> None:
        with anyio.CancelScope(shield=True):
            await self.release.wait()


@pytest.mark.anyio
async def test_a_handler_that_does_not_end_when_the_system_does_is_named(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kubeactors.actor.pump.UNFINISHED", 1_000_000)
    release = anyio.Event()

    async def release_when_named() -> None:
        while "actor.does_not_end" not in caplog.text:  # noqa: ASYNC110 -- a line of the log sets no event
            await anyio.sleep(0.001)
        release.set()

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group, ActorSystem() as system:
            stubborn = await system.spawn(partial(Stubborn, release), name="stubborn")
            stubborn.tell(Block())
            await anyio.wait_all_tasks_blocked()
            group.start_soon(release_when_named)
    assert "event='actor.does_not_end' actor='/stubborn' handler='Stubborn.hold'" in caplog.text
