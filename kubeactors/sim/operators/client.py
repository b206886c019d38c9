"""The client that the code of an operator gets."""

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
"""The operator may do everything: its RBAC rules are not under test."""


SLEEPS_AT_ONCE = 10_000
"""More sleeps than this without progress of time are taken for an endless loop."""


class Misuse(Mistake):
    """The code of an operator misuses its client; the message says what to do."""


class OperatorClient(Client):
    """A `Client`, with the operator's caches and clock.

    Args:
        transport: to the API server.
        scheme: the kinds that the operator knows.
        caches: its informers, by kind.
        ctx: of the actor that runs the code: its clock and randomness.
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
        """Use this instead of the module `random`."""
        self.memory: dict[str, object] = {}
        """The in-memory state of the operator's process: empty again after a restart."""

    @property
    def kinds(self) -> tuple[type[TypedObject], ...]:
        """The cached kinds."""
        return tuple(self._caches)

    @property
    def seconds(self) -> float:
        """Virtual time."""
        return self._now() / SECOND

    def cached(self, type_: type[T]) -> Lister[T]:
        """The lister of the operator's informer of a kind. It may be stale; it never waits.

        Raises:
            Misuse: the kind is neither watched nor owned.
            TypeError: `type_` is not a kind, but perhaps the name of one.
        """
        found = self._caches.get(type_)
        if found is None:
            check_is_kind(type_)
            known = ", ".join(one.__name__ for one in self._caches)
            raise Misuse(f"{type_.__name__} is not cached, only {known}; name it in `watches` or `owns`")
        return cast("Lister[T]", found.lister)

    def sleep(self, seconds: float) -> Awaitable[None]:
        """Sleep for so many seconds of virtual time.

        Raises:
            Misuse: it was called very often without time passing.
        """
        now = self._now()
        self._slept = self._slept + 1 if now == self._slept_at else 1
        self._slept_at = now
        if self._slept > SLEEPS_AT_ONCE:
            raise Misuse(f"client.sleep was called {SLEEPS_AT_ONCE} times, and no time has passed: sleep for longer")
        return self._sleep(seconds)
