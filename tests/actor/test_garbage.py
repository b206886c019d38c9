"""Objects are freed at once when they are no longer needed, without the garbage collector."""

import gc
import weakref
from collections.abc import Callable, Generator
from functools import partial

import pytest

from kubeactors import Actor, Message, SimSystem, handle


class Poke(Message, frozen=True):
    """Something to be sent, with a weak reference to see whether it is freed."""


class Watched(Actor[Poke]):
    """Sets timers, for the tests."""

    def __init__(self, arm: Callable[["Watched"], None]) -> None:
        self._arm = arm

    def started(self) -> None:
        """Arm the timers."""
        self._arm(self)

    @handle
    def poke(self, message: Poke) -> None:
        """Nothing more."""


@pytest.fixture(autouse=True)
def without_collector() -> Generator[None]:
    """Switch the garbage collector off."""
    gc.disable()
    yield
    gc.enable()


def test_a_timer_is_freed_at_once_when_it_has_fired_or_is_cancelled() -> None:
    timers: list[weakref.ref[object]] = []

    def arm(actor: Watched) -> None:
        kept = actor.ctx.after(1.0, Poke(), key="kept")
        replaced = actor.ctx.after(5.0, Poke(), key="again")
        timers.extend((weakref.ref(kept.action), weakref.ref(replaced.action)))
        actor.ctx.after(6.0, Poke(), key="again")

    sim = SimSystem()
    sim.spawn(partial(Watched, arm))
    sim.run(seconds=3.0)
    assert [timer() for timer in timers] == [None, None]


def test_a_ref_to_a_stopped_actor_keeps_nothing_of_it_alive() -> None:
    class Belonging:
        def arm(self, actor: Watched) -> None:
            actor.ctx.after(60.0, Poke())

    belonging = Belonging()
    seen = weakref.ref(belonging)
    sim = SimSystem()
    ref = sim.spawn(partial(Watched, belonging.arm))
    del belonging
    sim.settle()
    assert seen() is not None
    _ = sim.stop(ref)
    assert ref.ended
    assert seen() is None
