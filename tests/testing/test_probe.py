"""Probes and builders."""

from collections.abc import Awaitable, Generator

import pytest

from kubeactors.actor import (
    Actor,
    ActorFailed,
    AskTimedOut,
    DeadLetter,
    ForeignAwait,
    Gate,
    SimSystem,
    Terminated,
    handle,
)
from kubeactors.api import SCHEME
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.message import Message, Recipient, Request
from kubeactors.testing import (
    AloneFactory,
    TestProbe,
    make_deployment,
    make_namespace,
    make_node,
    make_pod,
    make_replica_set,
    make_service,
)


class Hello(Message, frozen=True):
    text: str


class Bye(Message, frozen=True):
    pass


class Add(Request[int], frozen=True):
    one: int
    other: int


def test_a_probe_records_messages_in_order() -> None:
    sim = SimSystem()
    probe = TestProbe(sim)
    probe.ref.tell(Hello("a"))
    probe.ref.tell(Bye())
    assert probe.expect(Hello) == Hello("a")
    assert probe.drain() == (Bye(),)
    assert list(probe) == []


def test_a_probe_fails_when_another_message_comes() -> None:
    sim = SimSystem()
    probe = TestProbe(sim)
    probe.ref.tell(Bye())
    with pytest.raises(AssertionError, match="expected Hello, got Bye"):
        probe.expect(Hello)


def test_a_probe_waits_in_virtual_time_and_fails_if_it_receives_nothing() -> None:
    sim = SimSystem()
    probe = TestProbe(sim)
    with pytest.raises(AssertionError, match="no Hello came within 3 s"):
        probe.expect(Hello, seconds=3)
    assert sim.now == 3_000_000_000


def test_a_probe_that_expects_nothing_fails_when_it_receives_a_message() -> None:
    sim = SimSystem()
    probe = TestProbe(sim)
    probe.expect_none()
    probe.ref.tell(Hello("a"))
    with pytest.raises(AssertionError, match="expected nothing, got Hello"):
        probe.expect_none()


def test_a_probe_replies_only_to_the_requests_it_was_configured_for() -> None:
    sim = SimSystem()
    probe = TestProbe(
        sim, replies={Add: lambda message: message.one + message.other if isinstance(message, Add) else 0}
    )
    assert sim.ask(probe.ref, Add(2, 3)) == 5
    silent = TestProbe(sim, "silent")
    with pytest.raises(AskTimedOut):
        sim.ask(silent.ref, Add(2, 3), timeout_seconds=1.0)


def test_a_probe_inspects_messages_and_fishes_for_one() -> None:
    sim = SimSystem()
    probe = TestProbe(sim)
    for text in "abc":
        probe.ref.tell(Hello(text))
    with pytest.raises(AssertionError, match=r"expected another Hello than Hello\(text='a'\)"):
        probe.expect(Hello, lambda hello: hello.text == "b")
    assert probe.fish_for(Hello, lambda hello: hello.text == "c") == Hello("c")
    probe.ref.tell(Hello("d"))
    with pytest.raises(AssertionError, match=r"no such Bye came within 1 s, but \[Hello\(text='d'\)\]"):
        probe.fish_for(Bye, seconds=1)


def test_a_probe_takes_messages_in_any_order_and_says_what_is_missing() -> None:
    sim = SimSystem()
    probe = TestProbe(sim)
    for text in "ab":
        probe.ref.tell(Hello(text))
    probe.expect_in_any_order(Hello("b"), Hello("a"))
    probe.ref.tell(Hello("c"))
    with pytest.raises(AssertionError, match=r"\[Bye\(\)\] did not come within 1 s"):
        probe.expect_in_any_order(Bye(), Hello("c"), seconds=1)
    probe.ref.tell(Hello("d"))
    with pytest.raises(AssertionError, match=r"expected \[Bye\(\)\] in any order, got Hello"):
        probe.expect_in_any_order(Bye())


def test_a_probe_replies_once_and_only_to_requests() -> None:
    sim = SimSystem()
    probe = TestProbe(sim)
    reply = probe.ref.ask(Add(2, 3))
    assert probe.expect(Add) == Add(2, 3)
    probe.reply(5)
    assert sim.play(_result(reply)) == 5
    with pytest.raises(AssertionError, match="nobody waits for a reply"):
        probe.reply(5)


async def _result(reply: Awaitable[int]) -> int:
    return await reply


def test_a_probe_receives_terminated_and_dead_letters() -> None:
    sim = SimSystem()
    probe, other = TestProbe(sim), TestProbe(sim, "other")
    sim.settle()
    probe.watch(other.ref)
    probe.subscribe_dead_letters()
    _ = sim.stop(other.ref)
    other.ref.tell(Bye())
    probe.expect_in_any_order(Terminated(ref=other.ref), DeadLetter("/other", Bye(), "stopped"))


class Greeter(Actor[Hello | Bye | Add]):
    def __init__(self, to: Recipient[Hello]) -> None:
        self.to = to

    @handle
    def hello(self, message: Hello) -> None:
        self.ctx.log.info("greeter.hello", text=message.text)
        self.ctx.after(60, Bye())

    @handle
    def bye(self, message: Bye) -> None:
        self.to.tell(Hello("back"))

    @handle
    def add(self, message: Add) -> int:
        return message.one // message.other


def test_an_actor_alone_is_told_and_asked_and_its_timers_fire(alone: AloneFactory) -> None:
    told: list[Hello] = []
    greeter = alone(lambda: Greeter(_Listener(told)))
    greeter.tell(Hello("a"))
    assert greeter.logged == [("greeter.hello", {"text": "a"})]
    greeter.advance(59)
    assert told == []
    greeter.advance(1)
    assert told == [Hello("back")]
    assert greeter.ask(Add(6, 3)) == 2
    greeter.stop()
    with pytest.raises(AssertionError, match="/alone refused Bye"):
        greeter.tell(Bye())


def test_an_error_of_an_actor_alone_is_raised_in_the_test(alone: AloneFactory) -> None:
    broken = alone(lambda: Greeter(_Broken()))
    with pytest.raises(ZeroDivisionError):
        broken.tell(Bye())
    with pytest.raises(ActorFailed):
        broken.ask(Add(1, 0))
    broken.tell(Hello("it was restarted"))


class _Listener:
    def __init__(self, told: list[Hello]) -> None:
        self.told = told

    def tell(self, message: Hello, /) -> bool:
        self.told.append(message)
        return True


class _Broken:
    def tell(self, message: Hello, /) -> bool:
        raise ZeroDivisionError


def test_code_that_is_played_must_not_await_an_event_loop(sim: SimSystem) -> None:
    async def foreign() -> None:
        await _Foreign()

    with pytest.raises(ForeignAwait, match="a str is awaited"):
        sim.play(foreign())


def test_code_that_waits_for_something_that_never_comes_times_out(sim: SimSystem) -> None:
    async def waiting() -> None:
        await Gate().wait()

    with pytest.raises(AskTimedOut, match="nothing is left to run"):
        sim.play(waiting())


class _Foreign:
    def __await__(self) -> Generator[str, None, None]:
        yield "something of an event loop"


@pytest.mark.parametrize(
    "value",
    [make_pod(), make_replica_set(), make_deployment(), make_service(), make_node(), make_namespace()],
    ids=lambda value: type(value).__name__,
)
def test_the_builders_make_valid_objects(value: TypedObject) -> None:
    kind = SCHEME.by_type(type(value))
    assert list(kind.validate(kind.default(value))) == []
