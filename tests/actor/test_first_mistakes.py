"""Common mistakes of new users, and their error messages."""

import logging
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest
from anyio import from_thread, to_thread

from kubeactors.actor import (
    Actor,
    ActorFailed,
    ActorStopped,
    ActorSystem,
    AskTimedOut,
    Mailbox,
    MailboxFull,
    SimSystem,
    Supervision,
    SystemFailed,
    WrongThread,
    handle,
)
from kubeactors.message import Message, Request
from kubeactors.testing import Actors, Alone
from tests.actor.messages import Add, Break, Counter, Divide, GetTotal


class Early(Actor[Add]):
    def __init__(self) -> None:
        self.name = self.ctx.name

    @handle
    def add(self, message: Add) -> None:
        """Never called."""


def test_using_the_context_in_init_fails_with_an_explanation() -> None:
    with pytest.raises(SystemFailed, match=r"Early\.ctx is available from `started` on, not in `__init__`"):
        Alone(Early)


def test_spawning_an_instance_in_place_of_a_class_is_rejected() -> None:
    with pytest.raises(TypeError, match="spawn takes an actor class, or a function that returns an actor"):
        SimSystem().spawn(Counter())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_a_mailbox_as_a_class_attribute_is_rejected() -> None:
    with pytest.raises(TypeError, match=r"Small.mailbox has no effect; .* given to `spawn\(\.\.\., mailbox=\.\.\.\)`"):

        class Small(Actor[Add]):  # pyright: ignore[reportUnusedClass]
            mailbox = Mailbox(capacity=1)


def test_two_handlers_of_one_message_are_rejected_but_an_override_is_not() -> None:
    class Twice(Actor[Add]):
        @handle
        def add(self, message: Add) -> None:
            """Never called."""

        @handle
        def also(self, message: Add) -> None:
            """Nor this."""

    class Doubled(Counter):
        @handle
        def double(self, message: Add) -> None:
            self.total += 2 * message.by

    sim = SimSystem()
    with pytest.raises(TypeError, match=r"Twice\.add and \.also both handle Add"):
        sim.spawn(Twice)
    doubled = sim.spawn(Doubled)
    doubled.tell(Add(2))
    assert sim.ask(doubled, GetTotal()) == 4


def test_a_handler_with_the_wrong_reply_type_is_rejected() -> None:
    class Shy(Actor[GetTotal]):
        @handle
        def get(self, message: GetTotal) -> None:
            """Forgets to return it."""

    class Chatty(Actor[GetTotal]):
        @handle
        async def get(self, message: GetTotal) -> str:
            return "a lot"

    for actor, said in ((Shy, "Shy.get returns NoneType"), (Chatty, "Chatty.get returns str")):
        with pytest.raises(TypeError, match=f"{said}, and GetTotal is answered with int"):
            SimSystem().spawn(actor)


class Unknown(Message, frozen=True):
    """Unhandled."""


class Total(Request[int], frozen=True):
    """Nor this."""


async def test_an_unhandled_message_is_logged_once_per_class(actors: Actors) -> None:
    one, other = [await actors.spawn(Counter, name=name) for name in ("one", "other")]
    for counter in (one, one, other):
        counter.tell(Unknown())  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        await counter.ask(GetTotal())
    (line,) = actors.logged
    assert (line.level, line.event, line.path) == ("warning", "actor.message_not_handled", "/one")
    assert (line.fields["actor_class"], line.fields["message_class"]) == ("Counter", "Unknown")
    assert actors.dead_letters == 3


async def test_the_error_of_an_ask_says_why_there_is_no_reply(actors: Actors) -> None:
    counter = await actors.spawn(Counter, name="counter")
    with pytest.raises(ActorStopped, match="/counter does not take Total: it has no handler for that"):
        await counter.ask(Total())
    await actors.stop(counter)
    with pytest.raises(ActorStopped, match="/counter does not take GetTotal: it has stopped"):
        await counter.ask(GetTotal())


async def test_the_log_of_a_failure_has_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async with ActorSystem() as system:
        counter = await system.spawn(Counter)
        counter.tell(Break("bug"))
        await counter.ask(GetTotal())
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ValueError)
    assert "tests/actor/messages.py" in logging.Formatter().format(record).replace("\\", "/")
    assert "exc_info" not in record.getMessage()


class Quick(Counter):
    def started(self) -> None:
        self.ctx.log.info("up")


async def test_a_log_line_outside_of_a_handler_names_no_cause(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "kubeactors")
    async with ActorSystem() as system:
        await system.spawn(lambda: Quick(), name="quick")  # noqa: PLW0108 -- begins in a turn of its own
    assert "cause" not in caplog.text


async def test_a_failure_that_reaches_the_top_is_named_with_its_line() -> None:
    async def fail() -> None:
        async with ActorSystem(supervision=Supervision()) as system:
            counter = await system.spawn(Counter)
            for _ in range(4):
                counter.tell(Break("bug"))
            await anyio.sleep_forever()

    with pytest.raises(SystemFailed, match=r"4 failures .* the last of them ValueError\('bug'\) at tests\.actor\."):
        await fail()


async def test_a_tell_from_another_thread_is_rejected_with_the_remedy() -> None:
    async with ActorSystem("shop") as system:
        counter = await system.spawn(Counter)
        said: list[str] = []

        def tell() -> None:
            try:
                counter.tell(Add(1))
            except WrongThread as error:
                said.append(str(error))
            for use in (ask, spawn):
                with pytest.raises(WrongThread):
                    use()
            from_thread.run_sync(counter.tell, Add(2), token=system.token)

        def ask() -> None:
            counter.ask(GetTotal()).close()

        def spawn() -> None:
            system.spawn(Counter).send(None)

        await anyio.wait_all_tasks_blocked()
        await to_thread.run_sync(tell)
        assert await counter.ask(GetTotal()) == 2  # the rejected tell had no effect
    (error,) = said
    assert error.startswith("shop runs in another thread; use `anyio.from_thread.run_sync(ref.tell, message, ")


async def test_an_ask_from_another_thread_is_rejected_also_while_messages_wait() -> None:
    async with ActorSystem("shop") as system:
        counter = await system.spawn(Counter)
        counter.tell(Add(1))  # the system is awake
        with ThreadPoolExecutor() as pool, pytest.raises(WrongThread):
            _ = pool.submit(counter.ask, GetTotal()).result()
        assert await counter.ask(GetTotal()) == 1


@pytest.mark.parametrize("kind", ["generator", "async generator"])
def test_a_generator_as_a_handler_is_rejected_at_its_definition(kind: str) -> None:
    def generator(_: Counter, message: Add) -> Iterator[int]:
        yield message.by

    async def async_generator(_: Counter, message: Add) -> AsyncIterator[int]:
        yield message.by

    method = generator if kind == "generator" else async_generator
    with pytest.raises(TypeError, match=r"generator is a generator, so that a call of it handles nothing; return the"):
        handle(method)


def test_a_failing_test_in_the_simulator_names_the_actors_that_failed() -> None:
    actors = Actors("simulator")

    async def test() -> None:
        counter = await actors.spawn(Counter, name="counter")
        counter.tell(Add(1))
        counter.tell(Break("bug"))
        assert await counter.ask(GetTotal()) == 1

    with pytest.raises(AssertionError) as failed:
        actors.hosting(test)()
    (note,) = failed.value.__notes__
    assert note.startswith("/counter failed: ValueError('bug') at tests.actor.messages:")


async def test_errors_name_the_class_of_an_actor_without_a_name_of_its_own() -> None:
    async with ActorSystem() as system:
        counter = await system.spawn(Counter)
        with pytest.raises(ActorFailed) as failed:
            await counter.ask(Divide(0))
        full = await system.spawn(Counter, mailbox=Mailbox(capacity=0))
        with pytest.raises(MailboxFull) as rejected:
            await full.ask(Divide(1))
        with pytest.raises(AskTimedOut) as expired:
            await counter.ask(Divide(1), timeout_seconds=0)
        await system.stop(counter)
        with pytest.raises(ActorStopped) as gone:
            await counter.ask(GetTotal())
    path = counter.path
    assert [str(one.value) for one in (failed, rejected, expired, gone)] == [
        f"{path} (Counter) failed: ZeroDivisionError('integer division or modulo by zero')",
        f"the mailbox of {full.path} (Counter) is full (0 messages): it is slower than its senders",
        f"{path} (Counter) did not reply to Divide in time; whether it took effect is unknown",
        f"{path} (Counter) does not take GetTotal: it has stopped",
    ]


async def test_a_name_that_is_taken_at_the_top_is_rejected() -> None:
    async with ActorSystem() as system:
        await system.spawn(Counter, name="counter")
        with pytest.raises(ValueError, match="the system has a child named 'counter' already; choose another"):
            await system.spawn(Counter, name="counter")


class Relay(Actor[GetTotal]):
    @handle
    async def get_total(self, message: GetTotal) -> int:
        return await self.ctx.self.ask(message)


async def test_a_failed_ask_is_logged_with_the_line_that_asked(caplog: pytest.LogCaptureFixture) -> None:
    async with ActorSystem() as system:
        relay = await system.spawn(Relay, name="relay")
        with pytest.raises(ActorFailed):
            await relay.ask(GetTotal())
    line = Relay.get_total.__code__.co_firstlineno + 2
    (record,) = caplog.records
    assert f"where='{__name__}:{line}'" in record.getMessage()
    assert "actor_class='Relay'" in record.getMessage()
