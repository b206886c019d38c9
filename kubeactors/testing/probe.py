"""A probe: an actor that keeps what it is told, for tests in virtual time.

Source: the shape is that of Akka's TestProbe.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, TypeVar, cast

from kubeactors.actor import Actor, Later, Ref, SimSystem
from kubeactors.actor.actor import Handler
from kubeactors.message import Message

M = TypeVar("M")


class _EveryMessage(dict[type, Handler]):
    """A dispatch table with one handler for everything."""

    def __init__(self, handler: Handler) -> None:
        super().__init__()
        self._handler = handler

    def get(self, key: type, default: object = None) -> Handler:  # pyright: ignore[reportIncompatibleMethodOverride] -- whoever asks gets it
        """The handler."""
        return self._handler


class ProbeActor(Actor[Message]):
    """The actor behind a probe. What is asked of it is answered by `replies`, by the type of the request."""

    handlers: ClassVar[dict[type, Handler]]

    def __init__(self, inbox: list[object], replies: Mapping[type, Callable[[object], object]]) -> None:
        self._inbox = inbox
        self._replies = replies

    def take(self, message: object) -> object:
        """Keep it, and reply if there is a reply to it."""
        self._inbox.append(message)
        reply = self._replies.get(type(message))
        if reply is not None:
            return reply(message)
        unanswered: Later[object] = self.ctx.later()
        return unanswered


ProbeActor.handlers = _EveryMessage(Handler(ProbeActor.take))


class Probe:
    """Stands in for an actor in a `SimSystem`; `ref` is its address.

    >>> from kubeactors.message import Message
    >>> class Greeting(Message, frozen=True):
    ...     text: str
    >>> sim = SimSystem()
    >>> probe = Probe(sim)
    >>> probe.ref.tell(Greeting("hello"))
    True
    >>> probe.expect(Greeting)
    Greeting(text='hello')

    Args:
        sim: whose time passes while the probe waits.
        name: of the actor.
        replies: what it answers, by the type of the request. Other requests it never answers.
    """

    def __init__(
        self,
        sim: SimSystem,
        name: str = "probe",
        replies: Mapping[type, Callable[[object], object]] | None = None,
    ) -> None:
        self._sim = sim
        self._inbox: list[object] = []
        self.ref: Ref[object] = cast(
            "Ref[object]", sim.spawn(lambda: ProbeActor(self._inbox, replies or {}), name=name)
        )

    def __iter__(self) -> Iterator[object]:
        """What has come and was not expected yet, in order."""
        return iter(self._inbox)

    def expect(self, type_: type[M], *, seconds: float = 5.0) -> M:
        """The next message, which must be of this type; lets virtual time pass until it comes.

        Raises:
            AssertionError: it is another one, or none comes within so many seconds.
        """
        self._sim.run_until(lambda: bool(self._inbox), seconds)
        assert self._inbox, f"no {type_.__name__} came within {seconds:g} s"
        message = self._inbox.pop(0)
        assert isinstance(message, type_), f"expected {type_.__name__}, got {message!r}"
        return message

    def expect_none(self, *, seconds: float = 1.0) -> None:
        """Let so much virtual time pass, in which nothing comes.

        Raises:
            AssertionError: something has come.
        """
        self._sim.run_until(lambda: bool(self._inbox), seconds)
        assert not self._inbox, f"expected nothing, got {self._inbox[0]!r}"

    def drain(self) -> tuple[object, ...]:
        """Take everything that has come, without waiting."""
        self._sim.settle()
        taken, self._inbox[:] = tuple(self._inbox), []
        return taken
