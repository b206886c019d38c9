"""Probes and builders."""

import pytest

from kubeactors.actor import AskTimedOut, SimSystem
from kubeactors.api import SCHEME
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.message import Message, Request
from kubeactors.testing import (
    Probe,
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


def test_a_probe_keeps_what_it_is_told_in_order() -> None:
    sim = SimSystem()
    probe = Probe(sim)
    probe.ref.tell(Hello("a"))
    probe.ref.tell(Bye())
    assert probe.expect(Hello) == Hello("a")
    assert probe.drain() == (Bye(),)
    assert list(probe) == []


def test_a_probe_fails_when_another_message_comes() -> None:
    sim = SimSystem()
    probe = Probe(sim)
    probe.ref.tell(Bye())
    with pytest.raises(AssertionError, match="expected Hello, got Bye"):
        probe.expect(Hello)


def test_a_probe_waits_in_virtual_time_and_fails_when_nothing_comes() -> None:
    sim = SimSystem()
    probe = Probe(sim)
    with pytest.raises(AssertionError, match="no Hello came within 3 s"):
        probe.expect(Hello, seconds=3)
    assert sim.now == 3_000_000_000


def test_a_probe_that_expects_nothing_fails_when_something_comes() -> None:
    sim = SimSystem()
    probe = Probe(sim)
    probe.expect_none()
    probe.ref.tell(Hello("a"))
    with pytest.raises(AssertionError, match="expected nothing, got Hello"):
        probe.expect_none()


def test_a_probe_answers_what_it_was_told_to_answer_and_nothing_else() -> None:
    sim = SimSystem()
    probe = Probe(sim, replies={Add: lambda message: message.one + message.other if isinstance(message, Add) else 0})
    assert sim.ask(probe.ref, Add(2, 3)) == 5
    silent = Probe(sim, "silent")
    with pytest.raises(AskTimedOut):
        sim.ask(silent.ref, Add(2, 3), timeout_seconds=1.0)


@pytest.mark.parametrize(
    "value",
    [make_pod(), make_replica_set(), make_deployment(), make_service(), make_node(), make_namespace()],
    ids=lambda value: type(value).__name__,
)
def test_what_the_builders_make_is_valid(value: TypedObject) -> None:
    kind = SCHEME.by_type(type(value))
    assert list(kind.validate(kind.default(value))) == []
