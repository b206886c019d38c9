"""What the code of an operator is given."""

from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import TypeVar, cast

from kubeactors.actor import Context
from kubeactors.actor.supervision import SECOND
from kubeactors.apimachinery.meta import TypedObject
from kubeactors.apimachinery.requests import UserInfo
from kubeactors.apimachinery.scheme import Scheme
from kubeactors.client import Client, Lister, SharedInformer, Transport, check_is_kind
from kubeactors.sim.mistakes import Mistake

M = TypeVar("M")
T = TypeVar("T", bound=TypedObject)

OPERATOR_USER = UserInfo(name="operator", groups=("system:masters", "system:authenticated"))
"""It may do everything: what it is allowed to do elsewhere is not what is tested."""


SLEEPS_AT_ONCE = 10_000
"""So often nobody waits for nothing who does not wait for ever."""


class Misuse(Mistake):
    """The code of an operator asks for what there is not; the message says what to do."""


class OperatorClient(Client):
    """A `Client`, with the operator's caches and clock.

    Args:
        transport: the way to the API server.
        scheme: the kinds that the operator knows.
        caches: what its informers know, by kind.
        ctx: of the actor that runs the code: its time, and its chance.
    """

    def __init__(
        self,
        transport: Transport,
        scheme: Scheme,
        caches: Mapping[type[TypedObject], SharedInformer[TypedObject]],
        ctx: Context[M],
    ) -> None:
        super().__init__(transport, OPERATOR_USER, manager="operator", scheme=scheme)
        self._caches = caches
        self._sleep = ctx.sleep
        self._now: Callable[[], int] = lambda: ctx.now
        self._slept_at = self._slept = 0
        self.random: Random = ctx.random_for("operator")
        """In place of the module `random`."""
        self.memory: dict[str, object] = {}
        """What the operator's process remembers: empty again when it starts again."""

    @property
    def kinds(self) -> tuple[type[TypedObject], ...]:
        """What is cached."""
        return tuple(self._caches)

    @property
    def seconds(self) -> float:
        """Virtual time."""
        return self._now() / SECOND

    def cached(self, type_: type[T]) -> Lister[T]:
        """What the operator's informer of a kind knows by now. It may be old; it never waits.

        Raises:
            Misuse: nothing of this kind is watched or owned.
            TypeError: this is no kind, but perhaps the name of one.
        """
        found = self._caches.get(type_)
        if found is None:
            check_is_kind(type_)
            known = ", ".join(one.__name__ for one in self._caches)
            raise Misuse(f"nothing is cached of {type_.__name__}, only of {known}; name it in `watches` or `owns`")
        return cast("Lister[T]", found.lister)

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Awaitable: done after so many seconds of virtual time.

        Raises:
            Misuse: it has slept so often that it would for ever, and no time has passed.
        """
        now = self._now()
        self._slept = self._slept + 1 if now == self._slept_at else 1
        self._slept_at = now
        if self._slept > SLEEPS_AT_ONCE:
            raise Misuse(f"client.sleep was called {SLEEPS_AT_ONCE} times, and no time has passed: sleep for longer")
        return self._sleep(seconds)
